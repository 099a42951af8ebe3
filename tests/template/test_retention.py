"""Rules for how long things are kept: for ever, or for a time that is safe, in the table and in the bucket alike."""

import re
from typing import Any

from mms_gateway.retention import LEAST

Template = dict[str, Any]
Resources = dict[str, dict[str, Any]]

NOTHING = {"Ref": "AWS::NoValue"}


def rules(resources: Resources) -> list[dict[str, Any]]:
    """The bucket's rules, those under a condition too."""
    found = resources["MediaBucket"]["LifecycleConfiguration"]["Rules"]
    return [rule["Fn::If"][1] if "Fn::If" in rule else rule for rule in found]


def test_everything_is_kept_unless_told_otherwise(template: Template) -> None:
    assert template["Parameters"]["RetentionDays"]["Default"] == "0"
    assert template["Conditions"]["HasRetention"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "RetentionDays"}, "0"]}]}


def test_a_retention_that_would_forget_what_may_still_repeat_is_refused_before_anything_is_deployed(
    template: Template,
) -> None:
    pattern = re.compile(template["Parameters"]["RetentionDays"]["AllowedPattern"])
    allowed = {days for days in range(5000) if pattern.fullmatch(str(days))}
    assert allowed == {0, *range(LEAST.days, 3651)}
    assert not any(pattern.fullmatch(odd) for odd in ("", "030", "00", "-30", "30.5", "a month"))


def test_both_functions_are_told_the_retention(resources: Resources) -> None:
    for function in ("ReceiveCallback", "SendMms"):
        assert resources[function]["Environment"]["Variables"]["RETENTION_DAYS"] == {"Ref": "RetentionDays"}


def test_an_item_outlasts_every_message_that_may_come_again(resources: Resources) -> None:
    in_both_queues = resources["SendQueue"]["MessageRetentionPeriod"]  # counted on from the one into the other
    assert resources["DeadLetterQueue"]["MessageRetentionPeriod"] == in_both_queues
    assert LEAST.total_seconds() > 2 * in_both_queues  # a redrive makes it new once more


def test_with_a_retention_every_object_of_the_bucket_expires_after_it(resources: Resources) -> None:
    conditional = [
        one["Fn::If"] for one in resources["MediaBucket"]["LifecycleConfiguration"]["Rules"] if "Fn::If" in one
    ]
    ((condition, rule, otherwise),) = conditional
    assert (condition, otherwise) == ("HasRetention", NOTHING)
    assert rule == {"Id": "expire-everything", "Status": "Enabled", "ExpirationInDays": {"Ref": "RetentionDays"}}


def test_raw_callbacks_go_with_the_rest_or_before(resources: Resources) -> None:
    """Where two rules say when an object expires, S3 takes the shorter time."""
    expiring = {rule["Id"]: rule.get("Prefix") for rule in rules(resources) if "ExpirationInDays" in rule}
    assert expiring == {"expire-raw": "raw/", "expire-everything": None}


def test_no_version_outlasts_the_tables_backups(resources: Resources) -> None:
    """So that a person's data is gone for good at one time, RetentionDays and 35 days later."""
    everywhere = [rule for rule in rules(resources) if "Prefix" not in rule]
    (version,) = [rule["NoncurrentVersionExpiration"] for rule in everywhere if "NoncurrentVersionExpiration" in rule]
    recovery = resources["Table"]["PointInTimeRecoverySpecification"]
    assert version["NoncurrentDays"] < recovery["RecoveryPeriodInDays"] == 35


# What a rule may consist of for CloudFormation, which does not count ExpiredObjectDeleteMarker (aws-cloudformation/
# cloudformation-coverage-roadmap, issue 1124).
ENOUGH = {"ExpirationInDays", "NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload"}


def test_marks_of_deletion_go_with_the_last_version(resources: Resources) -> None:
    (rule,) = [rule for rule in rules(resources) if rule.get("ExpiredObjectDeleteMarker")]
    assert "Prefix" not in rule
    assert "ExpirationInDays" not in rule, "S3 refuses the two together"


def test_every_rule_is_one_that_cloudformation_takes(resources: Resources) -> None:
    for rule in rules(resources):
        assert ENOUGH & rule.keys(), rule["Id"]


def test_rules_have_names_of_their_own(resources: Resources) -> None:
    names = [rule["Id"] for rule in rules(resources)]
    assert len(names) == len(set(names))
