"""Rules for what is kept: the table of the contract, the bucket, the secret."""

import json
import re
from typing import Any

import pytest

from release.importing import import_template

Template = dict[str, Any]
Resources = dict[str, dict[str, Any]]

SERVICE_ENTRY = {"direction", "handset", "subject", "status"}
INDEXES = [
    ("by-handset", ("handset", "handsetOrder"), "ALL", set()),
    ("by-service", ("serviceDay", "serviceOrder"), "INCLUDE", SERVICE_ENTRY),
    ("attention", ("attention", "attentionSince"), "KEYS_ONLY", set()),
]


def key(schema: list[dict[str, str]]) -> tuple[str, ...]:
    assert [part["KeyType"] for part in schema] == ["HASH", "RANGE"]
    return tuple(part["AttributeName"] for part in schema)


def rules(resources: Resources) -> dict[str, dict[str, Any]]:
    found = resources["MediaBucket"]["LifecycleConfiguration"]["Rules"]
    return {rule["Id"]: rule for rule in found if "Id" in rule}  # without those under a condition


def test_the_tables_key_is_pk_and_sk(resources: Resources) -> None:
    assert key(resources["Table"]["KeySchema"]) == ("pk", "sk")


@pytest.mark.parametrize(("name", "expected_key", "projection", "attributes"), INDEXES)
def test_an_index_has_the_contracts_key_and_projection(
    resources: Resources, name: str, expected_key: tuple[str, str], projection: str, attributes: set[str]
) -> None:
    (index,) = [one for one in resources["Table"]["GlobalSecondaryIndexes"] if one["IndexName"] == name]
    assert key(index["KeySchema"]) == expected_key
    assert index["Projection"]["ProjectionType"] == projection
    assert set(index["Projection"].get("NonKeyAttributes", [])) == attributes


def test_there_is_no_other_index_and_every_key_is_text(resources: Resources) -> None:
    table = resources["Table"]
    assert len(table["GlobalSecondaryIndexes"]) == len(INDEXES)
    assert "LocalSecondaryIndexes" not in table
    keys = {"pk", "sk"} | {attribute for index in INDEXES for attribute in index[1]}
    assert {one["AttributeName"]: one["AttributeType"] for one in table["AttributeDefinitions"]} == dict.fromkeys(
        keys, "S"
    )


def test_the_table_can_be_restored_streamed_and_aged(resources: Resources) -> None:
    table = resources["Table"]
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["PointInTimeRecoverySpecification"] == {
        "PointInTimeRecoveryEnabled": True,
        "RecoveryPeriodInDays": 35,
    }
    assert table["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expiresAt", "Enabled": True}


def test_the_table_is_protected_unless_told_otherwise(template: Template, resources: Resources) -> None:
    assert resources["Table"]["DeletionProtectionEnabled"] == {"Ref": "ProtectTable"}
    assert template["Parameters"]["ProtectTable"]["Default"] == "true"


# A first deployment that fails takes its empty bucket and secret with it; of a protected table it could not.
@pytest.mark.parametrize(
    ("name", "policy"),
    [
        ("Table", "Retain"),
        ("MediaBucket", "RetainExceptOnCreate"),
        ("Secret", "RetainExceptOnCreate"),
        ("SendQueue", "RetainExceptOnCreate"),
        ("DeadLetterQueue", "RetainExceptOnCreate"),
    ],
)
def test_what_can_not_be_had_again_stays_when_the_stack_goes(template: Template, name: str, policy: str) -> None:
    assert template["Resources"][name]["DeletionPolicy"] == policy
    assert template["Resources"][name]["UpdateReplacePolicy"] == "Retain"


def test_the_bucket_is_private_encrypted_and_versioned(resources: Resources) -> None:
    bucket = resources["MediaBucket"]
    assert bucket["PublicAccessBlockConfiguration"] == dict.fromkeys(
        ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True
    )
    assert bucket["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    (encryption,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    _, with_key, without = encryption["ServerSideEncryptionByDefault"]["Fn::If"]
    assert (with_key["SSEAlgorithm"], without["SSEAlgorithm"]) == ("aws:kms", "AES256")


def test_the_bucket_is_reached_only_by_tls_in_production(template: Template, resources: Resources) -> None:
    assert template["Resources"]["MediaBucketPolicy"]["Condition"] == "HasTls"
    assert template["Conditions"]["HasTls"] == {"Fn::Equals": [{"Ref": "Timing"}, "production"]}
    statement = resources["MediaBucketPolicy"]["PolicyDocument"]["Statement"][0]
    assert statement["Resource"] == [
        {"Fn::GetAtt": ["MediaBucket", "Arn"]},
        {"Fn::Sub": "${MediaBucket.Arn}/*"},
    ]
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_raw_callbacks_go_after_raw_days_and_for_good_a_day_later(template: Template, resources: Resources) -> None:
    rule = rules(resources)["expire-raw"]
    assert (rule["Status"], rule["Prefix"]) == ("Enabled", "raw/")
    assert rule["ExpirationInDays"] == {"Fn::If": ["KeepRaw", {"Ref": "RawDays"}, 1]}
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 1}
    assert template["Conditions"]["KeepRaw"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "RawDays"}, "0"]}]}


def test_without_a_retention_only_raw_callbacks_expire(resources: Resources) -> None:
    expiring = [name for name, rule in rules(resources).items() if "ExpirationInDays" in rule]
    assert expiring == ["expire-raw"]


def test_uploads_that_were_never_completed_go_after_a_day(resources: Resources) -> None:
    rule = rules(resources)["abort-incomplete-uploads"]
    assert rule["Status"] == "Enabled"
    assert "Prefix" not in rule
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}


def test_a_new_secret_is_an_empty_skeleton_and_none_is_made_beside_an_existing_one(
    template: Template, resources: Resources
) -> None:
    assert json.loads(resources["Secret"]["SecretString"]) == {"accountId": "", "password": "", "callbackTokens": []}
    assert template["Resources"]["Secret"]["Condition"] == "MakeSecret"
    assert template["Conditions"]["MakeSecret"] == {"Fn::Equals": [{"Ref": "SecretArn"}, ""]}
    one_or_the_other = {"Fn::If": ["MakeSecret", {"Fn::GetAtt": ["Secret", "Id"]}, {"Ref": "SecretArn"}]}
    assert template["Outputs"]["SecretArn"]["Value"] == one_or_the_other
    assert resources["ReceiveCallback"]["Environment"]["Variables"]["SECRET_ARN"] == one_or_the_other


def test_a_new_stack_takes_over_the_table_and_the_bucket_by_a_template_of_them_alone(template: Template) -> None:
    taken = json.loads(import_template(template))
    assert set(taken["Resources"]) == {"Table", "MediaBucket"}
    assert "Outputs" not in taken
    assert "Transform" not in taken
    for name, resource in taken["Resources"].items():
        assert resource == template["Resources"][name], "or the next deployment would change it"
    text = json.dumps(taken)
    known = {*taken["Parameters"], *taken["Resources"], "AWS::NoValue"}
    assert set(re.findall(r'"Ref": "([^"]+)"', text)) <= known
    assert set(re.findall(r'"Fn::If": \["([^"]+)"', text)) <= set(taken["Conditions"])
    assert len(text) < 51_200, "CloudFormation takes no longer template in a call"
