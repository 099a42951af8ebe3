"""The example bot's template: what it takes from the gateway, what its role may do, how its stream is read."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from local.places import ROOT, TOOLS

Template = dict[str, Any]


@pytest.fixture(scope="module")
def bot() -> Template:
    """examples/bot/template.yaml after the SAM transform."""
    script = Path(__file__).with_name("translate.py")
    answer = subprocess.run(
        [TOOLS / "sam" / "bin" / "python", script, ROOT / "examples" / "bot" / "template.yaml"],
        capture_output=True,
        text=True,
        check=True,
    )
    expanded: Template = json.loads(answer.stdout)
    return expanded


def properties(bot: Template, name: str) -> dict[str, Any]:
    found: dict[str, Any] = bot["Resources"][name]["Properties"]
    return found


def test_what_it_must_be_told_are_outputs_of_the_gateway(bot: Template, template: Template) -> None:
    asked = {name for name, entry in bot["Parameters"].items() if "Default" not in entry}
    assert asked
    assert asked <= set(template["Outputs"])


def test_its_other_parameters_are_named_like_the_gateways_or_are_its_own(bot: Template) -> None:
    assert {name for name, entry in bot["Parameters"].items() if "Default" in entry} == {
        "PictureKey",
        "KmsKeyArn",
        "AlarmTopicArn",
    }


def test_its_role_may_do_what_the_bot_does_and_send_like_every_producer(bot: Template) -> None:
    role = properties(bot, "AnswerMessagesRole")
    assert role["ManagedPolicyArns"] == [{"Ref": "ProducerPolicyArn"}]
    (policy,) = role["Policies"]
    allowed = {}
    for statement in policy["PolicyDocument"]["Statement"]:
        one = statement["Fn::If"][1] if "Fn::If" in statement else statement
        assert (one["Effect"], one["Resource"] != "*") == ("Allow", True)
        allowed[one["Sid"]] = one["Action"]
    assert allowed == {
        "ReadTheStream": [f"dynamodb:{call}" for call in ("DescribeStream", "GetShardIterator", "GetRecords")],
        "FindTheStream": "dynamodb:ListStreams",
        "CopyPicturesFromHandsets": "s3:GetObject",
        "RememberOptOuts": ["dynamodb:GetItem", "dynamodb:PutItem"],
        "SetAsideWhatCanNotBeAnswered": "sqs:SendMessage",
        "WriteLogs": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "DecryptTheStream": "kms:Decrypt",
    }


def test_it_may_list_the_streams_of_the_gateways_table_and_no_others(bot: Template) -> None:
    """What is asked for then is table/<name>/stream/*, which the ARN of one stream does not match."""
    (policy,) = properties(bot, "AnswerMessagesRole")["Policies"]
    (resource,) = [
        one["Resource"] for one in policy["PolicyDocument"]["Statement"] if one.get("Sid") == "FindTheStream"
    ]
    text, values = resource["Fn::Sub"]
    assert text == "${TableArn}/stream/*"
    assert values == {"TableArn": {"Fn::Select": [0, {"Fn::Split": ["/stream/", {"Ref": "TableStreamArn"}]}]}}


def test_one_bad_record_can_not_hold_up_the_others_for_ever(bot: Template) -> None:
    source = properties(bot, "AnswerMessagesNewMessages")
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert source["BisectBatchOnFunctionError"] is True
    assert 0 <= source["MaximumRetryAttempts"] <= 100
    assert 60 <= source["MaximumRecordAgeInSeconds"] <= 86_400  # seconds: the stream holds no more
    assert source["DestinationConfig"] == {"OnFailure": {"Destination": {"Fn::GetAtt": ["Unanswered", "Arn"]}}}


def test_a_first_deployment_answers_nothing_that_came_before_it(bot: Template) -> None:
    assert properties(bot, "AnswerMessagesNewMessages")["StartingPosition"] == "LATEST"


def test_who_opted_out_is_remembered_when_the_stack_goes(bot: Template) -> None:
    table = bot["Resources"]["OptOuts"]
    assert (table["DeletionPolicy"], table["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")


def test_it_runs_where_the_gateways_functions_do(bot: Template, template: Template) -> None:
    ours, theirs = properties(bot, "AnswerMessages"), properties(template, "SendMms")
    assert (ours["Runtime"], ours["Architectures"]) == (theirs["Runtime"], theirs["Architectures"])


def test_it_brings_the_versions_that_the_gateway_brings() -> None:
    def pins(file: str) -> set[str]:
        return {line.split(" ")[0] for line in (ROOT / file).read_text().splitlines() if "==" in line}

    own = pins("examples/bot/answer_messages/requirements.txt")
    assert own
    assert own <= pins("layers/dependencies/requirements.txt")
