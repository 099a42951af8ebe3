"""Rules for the alarms: each looks at a metric that exists, can ring, tells whom to tell and says what to do."""

import re
from typing import Any

import pytest

from console.command import load
from local.dashboard.metrics import Metric, curves_of_alarm
from local.dashboard.observed import observed
from local.places import ROOT
from local.template_values import PSEUDO, STACK, TemplateValues, read_template
from tests.template.aws_metrics import is_documented, is_of_the_stack
from tests.template.printed import MODULES, emitted

TEMPLATE = read_template(ROOT / "template.yaml")
VALUES = TemplateValues(TEMPLATE)
ALARMS = {name: one["Properties"] for name, one in TEMPLATE["Resources"].items() if name.endswith("Alarm")}
OURS = f"MmsGateway/{STACK}"
DASHBOARD = f"{STACK}-{PSEUDO['AWS::Region']}"
A_DAY = 86_400  # seconds: no alarm may look back farther
ANSWER_MARGIN = 500  # ms: the function that receives callbacks answers so long before its end
TELL = {"Fn::If": ["HasAlarmTopic", [{"Ref": "AlarmTopicArn"}], {"Ref": "AWS::NoValue"}]}
STATES = {  # what goes on until somebody or something ends it; all others tell of a message that waits for a person
    *(
        "CallbackSecretAlarm",
        "CallbacksUnavailableAlarm",
        "UndeliveredAlarm",
        "OrphanReportsAlarm",
        "ServerErrorsAlarm",
    ),
    *("DeadLettersAlarm", "OldestQueuedAlarm", "RejectedAlarm", "RetriedAlarm", "CredentialsRefusedAlarm"),
    *("SendSecretAlarm", "RedirectedAlarm", "SendUnavailableAlarm"),
    *(f"{function}{what}Alarm" for function in MODULES for what in ("Errors", "Throttles", "Duration")),
}

Properties = dict[str, Any]


def told(name: str, **parameters: str) -> Properties:
    """An alarm's properties, as CloudFormation makes them."""
    found: Properties = TemplateValues(TEMPLATE, **parameters).of(ALARMS[name])
    return found


def filtered_metrics() -> set[Metric]:
    """What the metric filters make of the access log."""
    return {
        Metric(VALUES.of(made["MetricNamespace"]), made["MetricName"])
        for one in TEMPLATE["Resources"].values()
        if one["Type"] == "AWS::Logs::MetricFilter"
        for made in one["Properties"]["MetricTransformations"]
    }


def test_everything_that_is_called_an_alarm_is_one_and_nothing_else() -> None:
    kinds = {name for name, one in TEMPLATE["Resources"].items() if one["Type"] == "AWS::CloudWatch::Alarm"}
    assert kinds == set(ALARMS)


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_is_named_after_the_stack_and_what_it_tells(name: str) -> None:
    words = "-".join(re.findall(r"[A-Z][a-z]+", name.removesuffix("Alarm"))).lower()
    assert told(name)["AlarmName"] == f"{STACK}-{words}"


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_looks_at_metrics_that_exist_under_just_these_dimensions(name: str) -> None:
    for curve in curves_of_alarm(told(name)):
        if curve.metric is None:
            continue
        if curve.metric.namespace == OURS:
            assert curve.metric in emitted() | filtered_metrics()
            assert curve.stat == "Sum"
        else:
            assert is_documented(curve.metric, curve.stat)
            assert is_of_the_stack(curve.metric, TEMPLATE)


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_tells_the_topic_and_tells_of_the_end_of_a_state(name: str) -> None:
    assert ALARMS[name]["AlarmActions"] == TELL
    assert ("OKActions" in ALARMS[name]) == (name in STATES)
    assert ALARMS[name].get("OKActions", TELL) == TELL
    assert "AlarmActions" not in told(name), "without a topic there is nobody to tell"
    topic = "arn:aws:sns:eu-west-1:123456789012:at-night"
    assert told(name, AlarmTopicArn=topic)["AlarmActions"] == [topic]


def test_there_are_alarms_of_a_topic_only_where_it_is_one() -> None:
    pattern = re.compile(TEMPLATE["Parameters"]["AlarmTopicArn"]["AllowedPattern"])
    assert [one for one in ("", "arn:aws:sns:eu-west-1:123456789012:at-night") if not pattern.fullmatch(one)] == []
    bad = ("at-night", "arn:aws:sqs:eu-west-1:123456789012:q", "arn:aws:sns:eu-west-1:123456789012:t.fifo")
    assert [one for one in bad if pattern.fullmatch(one)] == []


# --- what an alarm says -----------------------------------------------------------------------------------------------


def saved_queries() -> set[str]:
    kind = "AWS::Logs::QueryDefinition"
    return {VALUES.of(one["Properties"]["Name"]) for one in TEMPLATE["Resources"].values() if one["Type"] == kind}


def options_of(call: str) -> set[str]:
    """The options of the `mms` command that is called so."""
    first, *rest = call.split()
    command: Any = load(first)
    if hasattr(command, "commands"):
        command = command.commands[rest[0]]
    return {option for parameter in command.params for option in parameter.opts}


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_says_in_a_few_sentences_what_to_do_first(name: str) -> None:
    text = told(name)["AlarmDescription"]
    assert re.fullmatch(r"[A-Z].+[.:)]", text)
    assert len(text) <= 500
    assert 2 <= len(re.findall(r"[.:;](?: |$)", text)) <= 8
    first_steps = ("`mms ", "saved query", "dashboard", "secret", "Ask OpenMarket")
    assert any(step in text for step in first_steps)


@pytest.mark.parametrize("name", ALARMS)
def test_what_an_alarm_names_exists(name: str) -> None:
    text = told(name)["AlarmDescription"]
    assert set(re.findall(rf"saved query ({STACK}/[a-z-]+)", text)) <= saved_queries()
    assert text.count("saved query") == len(re.findall(rf"saved query {STACK}/", text))
    assert set(re.findall(r"dashboard ([a-z0-9-]+)", text)) <= {DASHBOARD}
    for call in re.findall(r"`mms ([^`]+)`", text):
        assert set(re.findall(r"--[a-z-]+", call)) <= options_of(call)
        assert call.endswith(f" --stack-name {STACK}")
    settings = set(re.findall(r"\b[A-Z][a-z]+(?:[A-Z][a-z]+)+\b", text)) - {"OpenMarket"}
    assert settings <= set(TEMPLATE["Parameters"])


# --- when an alarm rings ----------------------------------------------------------------------------------------------


def of_function(function: str, metric: str) -> list[Properties]:
    return [
        one
        for one in map(told, ALARMS)
        if one.get("Namespace") == "AWS/Lambda"
        and one["MetricName"] == metric
        and one["Dimensions"] == [{"Name": "FunctionName", "Value": f"{STACK}-{function}"}]
    ]


@pytest.mark.parametrize("function", MODULES)
def test_each_function_has_alarms_of_errors_throttles_and_duration(function: str) -> None:
    for metric in ("Errors", "Throttles", "Duration"):
        assert len(of_function(function, metric)) == 1


@pytest.mark.parametrize("function", [name for name, one in TEMPLATE["Resources"].items() if "Function" in one["Type"]])
def test_no_function_is_without_alarms(function: str) -> None:
    assert function in MODULES


@pytest.mark.parametrize(
    ("queue", "metric"),
    [("SendQueue", "ApproximateAgeOfOldestMessage"), ("DeadLetterQueue", "ApproximateNumberOfMessagesVisible")],
)
def test_each_queue_has_its_alarm(queue: str, metric: str) -> None:
    dimension = [{"Name": "QueueName", "Value": f"{STACK}-{queue}.QueueName"}]
    assert [one["MetricName"] for one in map(told, ALARMS) if one.get("Dimensions") == dimension] == [metric]


def test_no_queue_is_without_an_alarm() -> None:
    queues = {name for name, one in TEMPLATE["Resources"].items() if one["Type"] == "AWS::SQS::Queue"}
    assert queues == {"SendQueue", "DeadLetterQueue"}


@pytest.mark.parametrize("timing", ["production", "fast"])
def test_a_duration_rings_before_the_timeout_and_before_the_function_gives_up_by_itself(timing: str) -> None:
    times = TEMPLATE["Mappings"]["Timing"][timing]
    assert float(told("ReceiveCallbackDurationAlarm", Timing=timing)["Threshold"]) == times["CallbackAlarm"]
    assert float(told("SendMmsDurationAlarm", Timing=timing)["Threshold"]) == times["SendAlarm"]
    assert (
        times["CallbackAlarm"]
        == 0.8 * times["CallbackTimeout"] * 1000
        < times["CallbackTimeout"] * 1000 - ANSWER_MARGIN
    )
    assert times["SendAlarm"] == 0.8 * times["SendTimeout"] * 1000
    assert float(times["CallSeconds"]) * 1000 < times["SendAlarm"], "one call that takes all its time is no alarm"


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_looks_at_no_more_than_a_day_and_rings_at_or_over_its_threshold(name: str) -> None:
    alarm = told(name)
    (period,) = {curve.period for curve in curves_of_alarm(alarm)}
    assert alarm["EvaluationPeriods"] * period <= A_DAY
    assert 1 <= alarm.get("DatapointsToAlarm", 1) <= alarm["EvaluationPeriods"]
    assert alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
    assert float(alarm["Threshold"]) > 0, "a zero must not ring"


@pytest.mark.parametrize("name", ALARMS)
def test_nothing_is_good_news_but_of_the_dead_letters(name: str) -> None:
    """Functions count what happens, and SQS falls silent on a queue that nobody touches, full or empty."""
    expected = "ignore" if name == "DeadLettersAlarm" else "notBreaching"
    assert told(name)["TreatMissingData"] == expected


def test_every_number_that_a_team_tunes_is_used() -> None:
    used = re.findall(r"FindInMap': \['Alarms', '(\w+)', '(\w+)'\]", str(TEMPLATE["Resources"]))
    tuned = {(name, key) for name, one in TEMPLATE["Mappings"]["Alarms"].items() for key in one}
    assert set(used) == tuned


def test_all_alarms_but_those_that_calculate_stand_on_the_local_stack_too() -> None:
    calculating = {name for name, one in ALARMS.items() if "Metrics" in one}
    local = TemplateValues(TEMPLATE, Timing="fast")
    assert {name for name in ALARMS if not local.exists(name)} == calculating
    assert len(observed(Timing="fast").alarms) == len(ALARMS) - len(calculating)
    assert len(observed().alarms) == len(ALARMS)
