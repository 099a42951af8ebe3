"""Rules for the template as a whole, its functions and their roles."""

import re
from typing import Any

import pytest

from local.places import ROOT
from local.template_values import read_template
from mms_gateway.send_settings import OPTIONAL as SEND_OPTIONAL
from mms_gateway.send_settings import REQUIRED as SEND_REQUIRED
from mms_gateway.settings import REQUIRED

Template = dict[str, Any]
Resources = dict[str, dict[str, Any]]

API_PATIENCE = 29  # seconds: API Gateway gives up on a function then
OPENMARKET_PATIENCE = 10  # seconds: OpenMarket asks for an answer by then
READ = {"ReceiveCallback": set(REQUIRED), "SendMms": {*SEND_REQUIRED, *SEND_OPTIONAL}}
USES_OF_THE_KEY = {"DecryptWithTheKey", "EncryptWithTheKey"}
ROLES = {
    "ReceiveCallbackRole": {"RecordMessages", "StoreMedia", "ReadSecret", "WriteLogs", "WriteTraces", *USES_OF_THE_KEY},
    "SendMmsRole": {
        "RecordMessages",
        "StoreMedia",
        "ReadMedia",
        "SeeWhetherMediaAreMissing",
        "ReadMediaElsewhere",
        "SeeWhetherMediaAreMissingElsewhere",
        "ReadSecret",
        "TakeFromTheQueue",
        "SetAsideWhatCanNotBeRecorded",
        "WriteLogs",
        "WriteTraces",
        *USES_OF_THE_KEY,
    },
}


def of_type(template: Template, kind: str) -> dict[str, dict[str, Any]]:
    found = {name: one for name, one in template["Resources"].items() if one["Type"] == kind}
    assert found
    return found


def statements(resources: Resources, role: str = "ReceiveCallbackRole") -> dict[str, dict[str, Any]]:
    (policy,) = resources[role]["Policies"]
    # One that stands under a condition counts as if it held.
    found = [one["Fn::If"][1] if "Fn::If" in one else one for one in policy["PolicyDocument"]["Statement"]]
    return {statement["Sid"]: statement for statement in found}


@pytest.mark.parametrize("section", ["Parameters", "Outputs"])
def test_every_parameter_and_output_is_described_in_a_full_sentence(template: Template, section: str) -> None:
    for name, entry in template[section].items():
        assert re.fullmatch(r"[A-Z].{30,}\.", entry["Description"]), name


def test_every_parameter_stands_in_one_group(template: Template) -> None:
    groups = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    grouped = [name for group in groups for name in group["Parameters"]]
    assert sorted(grouped) == sorted(template["Parameters"])


def test_parameters_are_asked_for_in_the_order_of_their_groups_and_timing_last(template: Template) -> None:
    """`sam deploy --guided` asks for each of them, in the template's order; what people set comes first."""
    groups = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    as_written = list(read_template(ROOT / "template.yaml")["Parameters"])
    assert as_written == [name for group in groups for name in group["Parameters"]]
    assert as_written[-1] == "Timing"


def test_the_stack_deploys_without_a_single_parameter(template: Template) -> None:
    assert [name for name, entry in template["Parameters"].items() if "Default" not in entry] == []


def test_the_outputs_are_those_that_others_rely_on(template: Template) -> None:
    contract = {"CallbackUrl", "TableName", "TableStreamArn", "MediaBucketName", "SecretArn"}
    contract |= {"Version"}  # what is deployed
    contract |= {"SendQueueUrl", "SendQueueArn", "DeadLetterQueueUrl"}
    policies = {"ProducerPolicyArn", "ReaderPolicyArn", "OperatorPolicyArn"}
    assert set(template["Outputs"]) == contract | policies | {"ReceiveCallbackName", "SendMmsName", "DashboardUrl"}


def test_both_timing_profiles_are_complete(template: Template) -> None:
    timing = template["Mappings"]["Timing"]
    assert set(timing) == set(template["Parameters"]["Timing"]["AllowedValues"]) == {"production", "fast"}
    assert set(timing["production"]) == set(timing["fast"])


def test_the_function_answers_before_openmarket_and_the_api_give_up(template: Template, resources: Resources) -> None:
    assert resources["ReceiveCallback"]["Timeout"] == {
        "Fn::FindInMap": ["Timing", {"Ref": "Timing"}, "CallbackTimeout"]
    }
    for profile in template["Mappings"]["Timing"].values():
        assert profile["CallbackTimeout"] < OPENMARKET_PATIENCE < API_PATIENCE


@pytest.mark.parametrize("function", sorted(READ))
def test_a_function_reads_just_what_the_template_sets(resources: Resources, function: str) -> None:
    told = set(resources[function]["Environment"]["Variables"])
    powertools = {"POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE", "POWERTOOLS_LOG_LEVEL"}
    assert told == READ[function] | powertools


def test_functions_and_layers_are_of_one_runtime_and_machine(template: Template) -> None:
    for function in of_type(template, "AWS::Lambda::Function").values():
        assert function["Properties"]["Runtime"] == "python3.13"
        assert function["Properties"]["Architectures"] == ["arm64"]
    for layer in of_type(template, "AWS::Lambda::LayerVersion").values():
        assert layer["Properties"]["CompatibleRuntimes"] == ["python3.13"]
        assert layer["Properties"]["CompatibleArchitectures"] == ["arm64"]


def test_functions_are_traced_unless_told_otherwise_and_the_api_is_not(
    template: Template, resources: Resources
) -> None:
    """A segment of API Gateway's holds the whole URL, and with it the token."""
    assert template["Parameters"]["Tracing"]["Default"] == "Active"
    for function in of_type(template, "AWS::Lambda::Function").values():
        assert function["Properties"]["TracingConfig"] == {"Mode": {"Ref": "Tracing"}}
    assert resources["ApimmsStage"]["TracingEnabled"] is False


@pytest.mark.parametrize("role", sorted(ROLES))
def test_a_role_may_write_traces_only_where_calls_are_traced(
    template: Template, resources: Resources, role: str
) -> None:
    assert template["Conditions"]["Traced"] == {"Fn::Equals": [{"Ref": "Tracing"}, "Active"]}
    (policy,) = resources[role]["Policies"]
    (traces,) = [
        one["Fn::If"]
        for one in policy["PolicyDocument"]["Statement"]
        if "Fn::If" in one and one["Fn::If"][1]["Sid"] == "WriteTraces"
    ]
    assert (traces[0], traces[2]) == ("Traced", {"Ref": "AWS::NoValue"})


def test_every_function_writes_to_a_log_group_that_forgets(template: Template) -> None:
    groups = of_type(template, "AWS::Logs::LogGroup")
    for group in groups.values():
        assert group["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}
    for function in of_type(template, "AWS::Lambda::Function").values():
        assert function["Properties"]["LoggingConfig"]["LogGroup"]["Ref"] in groups


def test_a_function_tells_its_secret_and_its_stores_like_the_other(resources: Resources) -> None:
    receiving, sending = (resources[name]["Environment"]["Variables"] for name in READ)
    for name in ("TABLE_NAME", "MEDIA_BUCKET", "SECRET_ARN", "POWERTOOLS_METRICS_NAMESPACE", "POWERTOOLS_LOG_LEVEL"):
        assert receiving[name] == sending[name]


def test_the_role_touches_the_table_by_three_actions(resources: Resources) -> None:
    assert statements(resources)["RecordMessages"] == {
        "Sid": "RecordMessages",
        "Effect": "Allow",
        "Action": ["dynamodb:PutItem", "dynamodb:GetItem", "dynamodb:UpdateItem"],
        "Resource": {"Fn::GetAtt": ["Table", "Arn"]},
    }


def test_the_role_stores_media_under_three_prefixes(resources: Resources) -> None:
    assert statements(resources)["StoreMedia"] == {
        "Sid": "StoreMedia",
        "Effect": "Allow",
        "Action": "s3:PutObject",
        "Resource": [{"Fn::Sub": f"${{MediaBucket.Arn}}/{prefix}/*"} for prefix in ("mo", "raw", "quarantine")],
    }


@pytest.mark.parametrize("role", sorted(ROLES))
def test_a_role_has_no_wildcards_but_where_x_ray_needs_one(resources: Resources, role: str) -> None:
    for sid, statement in statements(resources, role).items():
        assert "*" not in str(statement["Action"])
        assert (statement["Resource"] == "*") == (sid == "WriteTraces")
    assert set(statements(resources, role)) == ROLES[role]
    assert "ManagedPolicyArns" not in resources[role]


def test_each_function_has_a_role_of_its_own(template: Template, resources: Resources) -> None:
    assert set(of_type(template, "AWS::IAM::Role")) == {*ROLES, "ApiLogRole"}
    for function in of_type(template, "AWS::Lambda::Function"):
        assert resources[function]["Role"] == {"Fn::GetAtt": [f"{function}Role", "Arn"]}


@pytest.mark.parametrize("function", sorted(READ))
def test_a_function_reads_the_secret_and_writes_to_its_own_log_group(resources: Resources, function: str) -> None:
    allowed = statements(resources, f"{function}Role")
    assert allowed["ReadSecret"]["Action"] == "secretsmanager:GetSecretValue"
    assert allowed["ReadSecret"]["Resource"] == resources[function]["Environment"]["Variables"]["SECRET_ARN"]
    assert allowed["WriteLogs"]["Action"] == ["logs:CreateLogStream", "logs:PutLogEvents"]
    assert allowed["WriteLogs"]["Resource"] == {"Fn::Sub": f"${{{function}Logs.Arn}}"}
    assert resources[function]["LoggingConfig"]["LogGroup"] == {"Ref": f"{function}Logs"}
