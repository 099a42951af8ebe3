"""Rules for the customer's key: everything that holds data is under it, and without it nothing speaks of it."""

import re
from typing import Any

import pytest

Template = dict[str, Any]
Resources = dict[str, dict[str, Any]]

KEY, NOTHING = {"Ref": "KmsKeyArn"}, {"Ref": "AWS::NoValue"}
DECRYPT, ENCRYPT = "kms:Decrypt", "kms:GenerateDataKey"
USES = {  # who does what with the key, by way of which services
    "ReceiveCallbackRole": {DECRYPT: ["dynamodb", "s3", "secretsmanager"], ENCRYPT: ["s3"]},
    "SendMmsRole": {DECRYPT: ["dynamodb", "s3", "secretsmanager", "sqs"], ENCRYPT: ["s3", "sqs"]},
    "ProducerPolicy": {DECRYPT: ["s3", "sqs"], ENCRYPT: ["s3", "sqs"]},  # an upload in parts is decrypted too
    "ReaderPolicy": {DECRYPT: ["dynamodb", "s3"]},
    "OperatorPolicy": {DECRYPT: ["dynamodb", "s3", "sqs"], ENCRYPT: ["s3", "sqs"]},
}


def with_key(then: Any, otherwise: Any = NOTHING) -> dict[str, Any]:
    return {"Fn::If": ["HasKey", then, otherwise]}


def statements(resources: Resources, name: str) -> list[dict[str, Any]]:
    """Of a managed policy or a role's only policy."""
    document = resources[name].get("PolicyDocument") or resources[name]["Policies"][0]["PolicyDocument"]
    found: list[dict[str, Any]] = document["Statement"]
    return found


def test_without_a_key_all_is_as_aws_encrypts_it(template: Template) -> None:
    assert template["Parameters"]["KmsKeyArn"]["Default"] == ""
    assert template["Conditions"]["HasKey"] == {"Fn::Not": [{"Fn::Equals": [KEY, ""]}]}


def test_a_key_is_named_by_its_arn_and_not_by_an_alias(template: Template) -> None:
    pattern = re.compile(template["Parameters"]["KmsKeyArn"]["AllowedPattern"])
    arn = "arn:aws:kms:us-east-1:111122223333:"
    for good in (
        "",
        f"{arn}key/1234abcd-12ab-34cd-56ef-1234567890ab",
        f"{arn}key/mrk-1234abcd12ab34cd56ef1234567890ab",
    ):
        assert pattern.fullmatch(good)
    for bad in (f"{arn}alias/mms", "1234abcd-12ab-34cd-56ef-1234567890ab", f"{arn}key/*", f"{arn}key/"):
        assert not pattern.fullmatch(bad)


def test_the_table_is_under_the_key(resources: Resources) -> None:
    own = {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": KEY}
    assert resources["Table"]["SSESpecification"] == with_key(own, {"SSEEnabled": False})


def test_the_bucket_is_under_the_key_and_asks_for_it_seldom(resources: Resources) -> None:
    (rule,) = resources["MediaBucket"]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    own = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}
    assert rule["ServerSideEncryptionByDefault"] == with_key(own, {"SSEAlgorithm": "AES256"})
    assert rule["BucketKeyEnabled"] == with_key(True)


@pytest.mark.parametrize("queue", ["SendQueue", "DeadLetterQueue"])
def test_a_queue_is_under_the_key_and_lets_go_of_it_within_5_minutes(resources: Resources, queue: str) -> None:
    assert resources[queue]["KmsMasterKeyId"] == with_key(KEY)
    assert resources[queue]["KmsDataKeyReusePeriodSeconds"] == with_key(300)
    assert resources[queue]["SqsManagedSseEnabled"] == {"Fn::If": ["HasKey", False, True]}


def test_a_new_secret_is_under_the_key(resources: Resources) -> None:
    assert resources["Secret"]["KmsKeyId"] == with_key(KEY)


def test_log_groups_are_not_for_that_would_need_a_grant_in_the_keys_own_policy(template: Template) -> None:
    groups = [one["Properties"] for one in template["Resources"].values() if one["Type"] == "AWS::Logs::LogGroup"]
    assert groups
    assert not any("KmsKeyId" in group for group in groups)


@pytest.mark.parametrize("name", sorted(USES))
def test_who_touches_data_may_use_the_key_by_way_of_the_services_that_hold_it_and_not_otherwise(
    resources: Resources, name: str
) -> None:
    conditional = [one["Fn::If"] for one in statements(resources, name) if one.get("Fn::If", [""])[0] == "HasKey"]
    assert all(otherwise == NOTHING for _, _, otherwise in conditional)
    uses = {
        statement["Action"]: [
            service["Fn::Sub"].removesuffix(".${AWS::Region}.${AWS::URLSuffix}")
            for service in statement["Condition"]["StringEquals"]["kms:ViaService"]
        ]
        for _, statement, _ in conditional
    }
    assert uses == USES[name]
    for _, statement, _ in conditional:
        assert (statement["Effect"], statement["Resource"]) == ("Allow", KEY)
        assert list(statement["Condition"]) == ["StringEquals"]


def test_nobody_else_may_use_the_key_and_nobody_without_the_parameter(template: Template) -> None:
    resources = {name: one.get("Properties", {}) for name, one in template["Resources"].items()}
    for name, properties in resources.items():
        if name not in USES:
            assert "kms:" not in str(properties).replace("aws:kms", "").replace("server-side-encryption-aws-kms", ""), (
                name
            )
            continue
        unconditional = [one for one in statements(resources, name) if one.get("Fn::If", [""])[0] != "HasKey"]
        assert "kms:" not in str(unconditional), name
