"""The metrics of AWS that the template names, as their documentation has them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.dashboard.metrics import Metric
from local.template_values import STACK

PERCENTILES = frozenset({"p50", "p99"})
USUAL = frozenset({"Sum", "Average", "Maximum", "Minimum", "SampleCount"})


@dataclass(frozen=True, slots=True)
class Documented:
    """Under which dimensions a metric comes, and what may be asked of it."""

    dimensions: tuple[str, ...]
    statistics: frozenset[str]


OF_A_FUNCTION = Documented(("FunctionName",), frozenset({"Sum"}))
OF_A_STAGE = Documented(("ApiName", "Stage"), frozenset({"Sum", "Average"}))
OF_A_QUEUE = Documented(("QueueName",), USUAL)
OF_A_TABLE = Documented(("TableName",), frozenset({"Sum", "SampleCount"}))

DOCUMENTED: Mapping[tuple[str, str], Documented] = {
    # https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
    ("AWS/Lambda", "Errors"): OF_A_FUNCTION,
    ("AWS/Lambda", "Throttles"): OF_A_FUNCTION,
    ("AWS/Lambda", "Duration"): Documented(("FunctionName",), PERCENTILES | {"Average", "Maximum", "Minimum"}),
    ("AWS/Lambda", "ConcurrentExecutions"): Documented(("FunctionName",), frozenset({"Maximum"})),
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html
    ("AWS/ApiGateway", "Count"): Documented(("ApiName", "Stage"), frozenset({"SampleCount"})),
    ("AWS/ApiGateway", "4XXError"): OF_A_STAGE,
    ("AWS/ApiGateway", "5XXError"): OF_A_STAGE,
    ("AWS/ApiGateway", "Latency"): Documented(("ApiName", "Stage"), USUAL | PERCENTILES),
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible"): OF_A_QUEUE,
    ("AWS/SQS", "ApproximateNumberOfMessagesNotVisible"): OF_A_QUEUE,
    ("AWS/SQS", "ApproximateAgeOfOldestMessage"): OF_A_QUEUE,
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
    ("AWS/DynamoDB", "SuccessfulRequestLatency"): Documented(
        ("TableName", "Operation"), frozenset({"Average", "Maximum", "Minimum", "SampleCount"})
    ),
    ("AWS/DynamoDB", "ReadThrottleEvents"): OF_A_TABLE,
    ("AWS/DynamoDB", "WriteThrottleEvents"): OF_A_TABLE,
}


def is_documented(metric: Metric, stat: str) -> bool:
    """Whether AWS has such a metric, under just these dimensions, with that statistic."""
    told = DOCUMENTED.get((metric.namespace, metric.name))
    names = tuple(name for name, _ in metric.dimensions)
    return told is not None and names == told.dimensions and stat in told.statistics


RESOURCES = {  # whose metrics a namespace has; the Api's carry its name, and then its stage's
    "AWS/Lambda": "AWS::Serverless::Function",
    "AWS/ApiGateway": "AWS::Serverless::Api",
    "AWS/SQS": "AWS::SQS::Queue",
    "AWS/DynamoDB": "AWS::DynamoDB::Table",
}


def is_of_the_stack(metric: Metric, template: Mapping[str, Any]) -> bool:
    """Whether the template makes the resource that a metric is of."""
    kind = RESOURCES[metric.namespace]
    resources = {name: one for name, one in template["Resources"].items() if one["Type"] == kind}
    value = metric.dimensions[0][1]
    if metric.namespace == "AWS/ApiGateway":
        (api,) = resources.values()
        assert api["Properties"]["Name"] == {"Ref": "AWS::StackName"}
        return metric.dimensions == (("ApiName", STACK), ("Stage", api["Properties"]["StageName"]))
    return value.removeprefix(f"{STACK}-").removesuffix(".QueueName") in resources
