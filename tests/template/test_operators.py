"""Rules for the operator's policy: what it may, and what it may not though operators might like to."""

import json
from typing import Any

Template = dict[str, Any]
Resources = dict[str, dict[str, Any]]

MOST = 6144  # characters that AWS lets a managed policy have, blanks aside
LONGEST_NAMES = 150  # characters of an ARN that CloudFormation puts in
KNOW_NO_NARROWER = {
    "ListBackups": ["dynamodb:ListBackups"],
    "LookAtWhatTheyAreGiven": ["lambda:ListEventSourceMappings", "cloudwatch:GetMetricStatistics"],
}


def statements(resources: Resources) -> dict[str, dict[str, Any]]:
    found = resources["OperatorPolicy"]["PolicyDocument"]["Statement"]
    return {one["Sid"]: one for one in (each["Fn::If"][1] if "Fn::If" in each else each for each in found)}


def actions(statement: dict[str, Any]) -> list[str]:
    return statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]


def test_nobody_is_given_the_secret_by_a_policy(resources: Resources) -> None:
    """It holds the account's password, and the tokens with which callbacks are forged."""
    for name in ("ProducerPolicy", "ReaderPolicy", "OperatorPolicy"):
        assert "secretsmanager" not in str(resources[name]), name


def test_an_operator_works_on_the_data_and_not_on_what_holds_it(resources: Resources) -> None:
    allowed = {action for one in statements(resources).values() for action in actions(one)}
    assert not any("*" in action for action in allowed)
    verbs = {action.partition(":")[2] for action in allowed}
    changing = {
        verb for verb in verbs if verb.startswith(("Create", "Update", "Delete", "Put", "Tag", "Purge", "Restore"))
    }
    assert changing == {"UpdateItem", "PutItem", "PutObject", "DeleteObject", "DeleteObjectVersion", "DeleteMessage"}


def test_only_what_knows_no_narrower_resource_is_allowed_on_all(resources: Resources) -> None:
    on_all = {sid: actions(one) for sid, one in statements(resources).items() if one["Resource"] == "*"}
    assert on_all == KNOW_NO_NARROWER


def test_the_policy_is_not_longer_than_aws_takes(resources: Resources) -> None:
    text = json.dumps(resources["OperatorPolicy"]["PolicyDocument"], separators=(",", ":"))
    assert len(text) + LONGEST_NAMES * text.count('{"Fn::') < MOST
