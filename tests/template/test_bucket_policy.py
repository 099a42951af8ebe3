"""Rules for what the media bucket refuses, whoever asks."""

from typing import Any

Template = dict[str, Any]
Resources = dict[str, dict[str, Any]]


def refusals(resources: Resources) -> dict[str, dict[str, Any]]:
    found = resources["MediaBucketPolicy"]["PolicyDocument"]["Statement"]
    plain = [one["Fn::If"][1] if "Fn::If" in one else one for one in found]
    assert {one["Effect"] for one in plain} == {"Deny"}
    return {one["Sid"]: one for one in plain}


def test_it_only_ever_refuses_and_it_refuses_everybody(template: Template, resources: Resources) -> None:
    assert template["Resources"]["MediaBucketPolicy"]["Condition"] == "HasTls"
    assert {one["Principal"] for one in refusals(resources).values()} == {"*"}
    assert set(refusals(resources)) == {"RefuseWithoutTls", "RefuseKeysThatOnlyTheCallerHas", "RefuseOtherKeys"}


def test_objects_under_a_key_that_only_the_caller_has_are_refused(resources: Resources) -> None:
    """The gateway could not read them, nor could anybody get them back: it is how a thief locks a bucket."""
    refused = refusals(resources)["RefuseKeysThatOnlyTheCallerHas"]
    assert refused["Action"] == "s3:PutObject"
    assert refused["Condition"] == {"Null": {"s3:x-amz-server-side-encryption-customer-algorithm": "false"}}


def test_with_a_key_objects_under_another_one_are_refused_and_those_that_name_none_get_it(
    resources: Resources,
) -> None:
    conditional = [
        one["Fn::If"] for one in resources["MediaBucketPolicy"]["PolicyDocument"]["Statement"] if "Fn::If" in one
    ]
    assert [(one[0], one[2]) for one in conditional] == [("HasKey", {"Ref": "AWS::NoValue"})]
    refused = refusals(resources)["RefuseOtherKeys"]
    assert refused["Action"] == "s3:PutObject"
    # A key that is absent does not equal ours, so the first condition leaves those alone that name no encryption.
    assert refused["Condition"] == {
        "Null": {"s3:x-amz-server-side-encryption": "false"},
        "StringNotEquals": {"s3:x-amz-server-side-encryption-aws-kms-key-id": {"Ref": "KmsKeyArn"}},
    }
