"""Rules for the logs: how long they are kept, of which class they are, and what is counted in the API's."""

import re
from typing import Any

import pytest

from local.dashboard.metrics import Metric, curves_of_alarm
from local.template_values import STACK, TemplateValues
from tests.template.test_observing import ALARMS, OURS, TEMPLATE, VALUES

INFREQUENT = TemplateValues(TEMPLATE, AccessLogClass="INFREQUENT_ACCESS")
GROUPS = {name: one for name, one in TEMPLATE["Resources"].items() if one["Type"] == "AWS::Logs::LogGroup"}
FORMAT = TEMPLATE["Resources"]["Api"]["Properties"]["AccessLogSetting"]["Format"]


def filters(values: TemplateValues) -> dict[str, dict[str, Any]]:
    """The metric filters that exist, each with what it counts."""
    return {
        name: values.of(one["Properties"])
        for name, one in TEMPLATE["Resources"].items()
        if one["Type"] == "AWS::Logs::MetricFilter" and values.exists(name)
    }


def test_all_logs_forget_after_the_same_days() -> None:
    assert {name: one["Properties"]["RetentionInDays"] for name, one in GROUPS.items()} == {
        name: {"Ref": "LogRetentionDays"} for name in ("ReceiveCallbackLogs", "SendMmsLogs", "ApiLogs")
    }


def test_the_functions_logs_are_always_of_the_class_that_metrics_are_made_of() -> None:
    """INFREQUENT_ACCESS has neither metric filters nor the embedded metric format: every alarm of ours would be dead.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch_Logs_Log_Classes.html
    """
    assert {name for name, one in GROUPS.items() if "LogGroupClass" in one["Properties"]} == {"ApiLogs"}
    assert "alarms come from them" in TEMPLATE["Parameters"]["AccessLogClass"]["Description"]


def test_the_access_log_is_of_the_class_that_is_asked_for_and_a_new_one_has_a_new_name() -> None:
    usual, infrequent = (one.of(GROUPS["ApiLogs"]["Properties"]) for one in (VALUES, INFREQUENT))
    assert (usual["LogGroupClass"], infrequent["LogGroupClass"]) == ("STANDARD", "INFREQUENT_ACCESS")
    assert usual["LogGroupName"] == f"/aws/apigateway/{STACK}" != infrequent["LogGroupName"]
    assert TEMPLATE["Parameters"]["AccessLogClass"]["AllowedValues"] == ["STANDARD", "INFREQUENT_ACCESS"]


@pytest.mark.parametrize(("name", "statuses"), [("TooLargeMetric", ["413"]), ("TurnedAwayMetric", ["403", "429"])])
def test_a_metric_filter_counts_the_lines_with_these_statuses(name: str, statuses: list[str]) -> None:
    """The log writes the status as text, and so it stands in the pattern."""
    counted = filters(VALUES)[name]
    assert '"status":"$context.status"' in FORMAT
    each = [f'$.status = "{status}"' for status in statuses]
    expected = f"{{ {each[0]} }}" if len(each) == 1 else f"{{ {' || '.join(f'({one})' for one in each)} }}"
    assert counted["FilterPattern"] == expected
    assert counted["LogGroupName"] == f"{STACK}-ApiLogs"
    (made,) = counted["MetricTransformations"]
    assert made == {
        "MetricNamespace": OURS,
        "MetricName": name.removesuffix("Metric"),
        "MetricValue": "1",
        "DefaultValue": 0,
    }


def test_without_metrics_of_the_access_log_its_alarm_rings_too_much_rather_than_never() -> None:
    assert filters(INFREQUENT) == {}
    assert not INFREQUENT.exists("TurnedAwayAlarm")
    (usual,), (fallback,) = (curves_of_alarm(one.of(ALARMS["TooLargeAlarm"])) for one in (VALUES, INFREQUENT))
    assert usual.metric == Metric(OURS, "TooLarge")
    assert fallback.metric == Metric("AWS/ApiGateway", "4XXError", (("ApiName", STACK), ("Stage", "mms")))
    assert {one.of(ALARMS["TooLargeAlarm"])["Threshold"] for one in (VALUES, INFREQUENT)} == {1}


def test_two_stacks_in_one_account_do_not_share_their_numbers() -> None:
    for function in ("ReceiveCallback", "SendMms"):
        variables = TEMPLATE["Resources"][function]["Properties"]["Environment"]["Variables"]
        assert variables["POWERTOOLS_METRICS_NAMESPACE"] == {"Fn::Sub": "MmsGateway/${AWS::StackName}"}
    written = re.findall(r"MmsGateway[^'\"]*", str(TEMPLATE["Resources"]))
    assert set(written) == {"MmsGateway/${AWS::StackName}"}


def test_no_two_names_in_an_account_are_the_same_for_two_stacks() -> None:
    kinds = {"AWS::CloudWatch::Alarm": "AlarmName", "AWS::CloudWatch::Dashboard": "DashboardName"}
    kinds |= {"AWS::Logs::QueryDefinition": "Name"}
    for one in TEMPLATE["Resources"].values():
        if one["Type"] in kinds:
            assert "${AWS::StackName}" in one["Properties"][kinds[one["Type"]]]["Fn::Sub"]
