"""What the template asks for, as AWS has it: the stores, the queues, the functions, the alarms."""

import json
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from console.connection import Gateway
from console.doctoring import examine
from local.places import ROOT
from local.stack import Stack
from local.template_values import read_template
from tests.aws.deployed import DeployedStack

LAMBDAS_RUNTIME, MACHINE = "python3.13", ["arm64"]


@pytest.fixture(scope="module")
def table(gateway: Gateway) -> dict[str, Any]:
    return {**gateway.dynamodb.describe_table(TableName=gateway.addresses.table_name)["Table"]}


@pytest.mark.real_aws
def test_the_doctor_finds_nothing_that_does_not_work(gateway: Gateway) -> None:
    assert [finding for finding in examine(gateway) if finding.verdict == "failed"] == []


def test_the_deployed_version_is_that_of_this_checkout(gateway: Gateway) -> None:
    assert gateway.outputs["Version"] == read_template(ROOT / "template.yaml")["Outputs"]["Version"]["Value"]


def test_the_table_is_protected_as_the_parameter_says(table: dict[str, Any], parameters: dict[str, str]) -> None:
    assert str(table["DeletionProtectionEnabled"]).lower() == parameters["ProtectTable"]


def test_the_table_streams_and_is_on_demand_and_its_indexes_are_there(table: dict[str, Any]) -> None:
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert table["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    indexes = {each["IndexName"] for each in table["GlobalSecondaryIndexes"]}
    assert indexes == {"by-handset", "by-service", "attention"}


@pytest.mark.real_aws
def test_the_table_can_be_restored_to_any_second(gateway: Gateway) -> None:
    told = gateway.dynamodb.describe_continuous_backups(TableName=gateway.addresses.table_name)
    recovery = told["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    assert recovery["PointInTimeRecoveryStatus"] == "ENABLED"


@pytest.mark.real_aws
def test_the_table_forgets_what_has_an_end(gateway: Gateway) -> None:
    told = gateway.dynamodb.describe_time_to_live(TableName=gateway.addresses.table_name)["TimeToLiveDescription"]
    assert (told["TimeToLiveStatus"], told["AttributeName"]) == ("ENABLED", "expiresAt")


def test_the_bucket_is_private_and_versioned(gateway: Gateway) -> None:
    bucket = {"Bucket": gateway.addresses.media_bucket}
    blocked = gateway.s3.get_public_access_block(**bucket)["PublicAccessBlockConfiguration"]
    assert set(blocked.values()) == {True}
    assert gateway.s3.get_bucket_versioning(**bucket)["Status"] == "Enabled"


@pytest.mark.real_aws
def test_the_bucket_refuses_without_tls(stack: DeployedStack) -> None:
    plain = stack.session.client("s3", use_ssl=False, config=Config(retries={"total_max_attempts": 1}))
    with pytest.raises(ClientError, match=r"AccessDenied|403"):
        plain.get_object(Bucket=stack.media_bucket, Key="mo/none")


@pytest.mark.real_aws
@pytest.mark.parametrize("queue", ["send_queue_url", "dead_letter_queue_url"])
def test_a_queue_refuses_without_tls(stack: DeployedStack, queue: str) -> None:
    plain = stack.session.client("sqs", use_ssl=False, config=Config(retries={"total_max_attempts": 1}))
    with pytest.raises(ClientError, match="AccessDenied"):
        plain.get_queue_attributes(QueueUrl=getattr(stack, queue), AttributeNames=["QueueArn"])


def test_dead_letters_are_those_of_the_send_queue(gateway: Gateway) -> None:
    told = gateway.sqs.get_queue_attributes(QueueUrl=gateway.addresses.send_queue_url, AttributeNames=["All"])
    redrive = json.loads(told["Attributes"]["RedrivePolicy"])
    assert int(redrive["maxReceiveCount"]) == 200
    assert (
        redrive["deadLetterTargetArn"].rpartition(":")[2] == gateway.addresses.dead_letter_queue_url.rpartition("/")[2]
    )


@pytest.mark.parametrize("name", ["function_name", "send_function_name"])
def test_a_function_runs_as_the_template_says(stack: Stack, parameters: dict[str, str], name: str) -> None:
    told = stack.client("lambda").get_function_configuration(FunctionName=getattr(stack, name))
    assert (told["Runtime"], told["Architectures"]) == (LAMBDAS_RUNTIME, MACHINE)
    assert told["TracingConfig"]["Mode"] == parameters.get("Tracing", "Active")
    assert len(told["Layers"]) == 2


@pytest.mark.real_aws
def test_every_alarm_of_the_template_is_there_and_acts(gateway: Gateway) -> None:
    resources = read_template(ROOT / "template.yaml")["Resources"]
    wanted = {name for name, each in resources.items() if each["Type"] == "AWS::CloudWatch::Alarm"}
    pages = gateway.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=gateway.name)
    made = {
        each["LogicalResourceId"]: each["PhysicalResourceId"]
        for page in pages
        for each in page["StackResourceSummaries"]
        if each["ResourceType"] == "AWS::CloudWatch::Alarm"
    }
    unconditional = {name for name in wanted if "Condition" not in resources[name]}
    assert unconditional <= set(made) <= wanted
    if made:
        alarms = gateway.client("cloudwatch").describe_alarms(AlarmNames=list(made.values()))["MetricAlarms"]
        assert {alarm["AlarmName"] for alarm in alarms} == set(made.values())
        assert all(alarm["ActionsEnabled"] for alarm in alarms)
