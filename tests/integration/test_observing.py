"""What the stack observes, after a real `sam deploy`: alarms that ring, a dashboard that names what is there."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from local.dashboard.metrics import curves_of_alarm, curves_of_widget
from local.dashboard.observed import observed
from local.deployment import STACK_NAME, chosen_parameters
from local.stack import Stack
from local.template_values import PSEUDO
from tests.integration.test_stack import wait_until

EXPECTED = observed(**chosen_parameters())
CALLBACK_LOGS = f"/aws/lambda/{STACK_NAME}-receive-callback"


@pytest.fixture(scope="module")
def alarms(stack: Stack) -> dict[str, dict[str, Any]]:
    """The alarms of the stack by name."""
    pages = stack.client("cloudwatch").get_paginator("describe_alarms").paginate()
    return {one["AlarmName"]: one for page in pages for one in page["MetricAlarms"]}


@pytest.fixture(scope="module")
def dashboard(stack: Stack) -> dict[str, Any]:
    told = stack.client("cloudwatch").get_dashboard(DashboardName=f"{STACK_NAME}-{stack.region}")["DashboardBody"]
    body: dict[str, Any] = json.loads(told)
    return body


@pytest.fixture(scope="module")
def dimensions(stack: Stack) -> set[str]:
    """The values that a dimension may have."""
    queues = (url.rpartition("/")[2] for url in (stack.send_queue_url, stack.dead_letter_queue_url))
    functions = (stack.function_name, stack.send_function_name, "receive_callback", "send_mms")
    operations = ("PutItem", "UpdateItem", "GetItem", "Query")
    return {*functions, *queues, stack.table_name, STACK_NAME, "mms", *operations}


def test_the_alarms_stand_as_the_template_has_them(
    stack: Stack, alarms: dict[str, dict[str, Any]], dimensions: set[str]
) -> None:
    told = ("MetricName", "Namespace", "Statistic", "Period", "EvaluationPeriods", "AlarmDescription")
    expected = {one["AlarmName"]: {name: one[name] for name in told} for one in EXPECTED.alarms.values()}
    for one in expected.values():
        one["AlarmDescription"] = one["AlarmDescription"].replace(PSEUDO["AWS::Region"], stack.region)
    assert {name: {each: one[each] for each in told} for name, one in alarms.items()} == expected
    named = {one["AlarmName"]: float(one["Threshold"]) for one in EXPECTED.alarms.values()}
    assert {name: one["Threshold"] for name, one in alarms.items()} == named
    for one in alarms.values():
        (curve,) = curves_of_alarm(one)
        assert curve.metric is not None
        assert {value for _, value in curve.metric.dimensions} <= dimensions


def test_the_dashboard_stands_and_names_what_is_there(
    dashboard: dict[str, Any], alarms: dict[str, dict[str, Any]], dimensions: set[str]
) -> None:
    assert len(dashboard["widgets"]) == len(EXPECTED.body["widgets"])
    shown = [arn for one in dashboard["widgets"] if one["type"] == "alarm" for arn in one["properties"]["alarms"]]
    assert sorted(shown) == sorted(one["AlarmArn"] for one in alarms.values())
    for widget in dashboard["widgets"]:
        if widget["type"] == "metric":
            curves = curves_of_widget(widget["properties"])
            used = {value for one in curves if one.metric for _, value in one.metric.dimensions}
            assert used <= dimensions


def test_the_output_leads_to_the_dashboard(stack: Stack) -> None:
    (told,) = stack.client("cloudformation").describe_stacks(StackName=STACK_NAME)["Stacks"]
    outputs = {one["OutputKey"]: one["OutputValue"] for one in told["Outputs"]}
    assert outputs["DashboardUrl"] == (
        f"https://{stack.region}.console.aws.amazon.com/cloudwatch/home?region={stack.region}"
        f"#dashboards/dashboard/{STACK_NAME}-{stack.region}"
    )


def test_the_access_log_is_counted(stack: Stack) -> None:
    told = stack.client("logs").describe_metric_filters(logGroupName=f"/aws/apigateway/{STACK_NAME}")["metricFilters"]
    made = {one["metricTransformations"][0]["metricName"]: one["filterPattern"] for one in told}
    assert made == {
        "TooLarge": '{ $.status = "413" }',
        "TurnedAway": '{ ($.status = "403") || ($.status = "429") }',
    }


def rings(stack: Stack, name: str) -> Callable[[], bool]:
    """Whether an alarm rings; the embedded AWS looks at its alarms when it is handed a metric, whichever that is."""

    def look() -> bool:
        watch = stack.client("cloudwatch")
        watch.put_metric_data(Namespace="Tests", MetricData=[{"MetricName": "Looked", "Value": 1}])
        (alarm,) = watch.describe_alarms(AlarmNames=[f"{STACK_NAME}-{name}"])["MetricAlarms"]
        return bool(alarm["StateValue"] == "ALARM")

    return look


def test_what_the_function_prints_of_a_quarantined_callback_makes_its_alarm_ring(
    stack: Stack, alarms: dict[str, dict[str, Any]]
) -> None:
    """The embedded AWS takes no metrics out of logs, so this does it as CloudWatch would, with what stands there."""
    mark = uuid.uuid4().hex
    httpx.post(stack.callback_url, content=mark.encode()).raise_for_status()
    written: list[dict[str, Any]] = []

    def metrics_come() -> bool:
        pages = stack.client("logs").get_paginator("filter_log_events").paginate(logGroupName=CALLBACK_LOGS)
        lines = [one["message"] for page in pages for one in page["events"]]
        written[:] = [json.loads(line) for line in lines if line.startswith('{"_aws"') and '"Quarantined"' in line]
        return bool(written)

    wait_until(metrics_come)
    document = written[-1]
    (directive,) = document["_aws"]["CloudWatchMetrics"]
    ((dimension,),) = directive["Dimensions"]
    alarm = alarms[f"{STACK_NAME}-quarantined"]
    found = {"Name": dimension, "Value": document[dimension]}
    assert (directive["Namespace"], [found]) == (alarm["Namespace"], alarm["Dimensions"])
    datum = {"MetricName": "Quarantined", "Dimensions": [found], "Value": document["Quarantined"][0], "Unit": "Count"}
    stack.client("cloudwatch").put_metric_data(Namespace=directive["Namespace"], MetricData=[datum])
    wait_until(rings(stack, "quarantined"))


def test_a_function_that_ends_without_an_answer_makes_its_alarm_ring(stack: Stack) -> None:
    answer = stack.client("lambda").invoke(FunctionName=stack.send_function_name, Payload=b"{}")
    assert "FunctionError" in answer
    wait_until(rings(stack, "send-mms-errors"))
