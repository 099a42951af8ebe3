"""`sam deploy` by a person, who answers its questions in a terminal, onto the embedded AWS."""

import json
import re
import shutil
import subprocess
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from local.build import built_bundle
from local.deployment import sam_environment
from local.embedded_aws import REGION
from local.places import ROOT
from local.stack import Stack
from local.template_values import read_template
from tests.integration.desk import CONFIRMATION, Desk
from tests.integration.terminal import Dialogue, Question

GUIDED = "mms-gateway-guided"
PROD = "mms-gateway-prod"
EXECUTION_ROLE = "arn:aws:iam::000000000000:role/mms-gateway-execution"
MADE_BY_CLOUDFORMATION = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "cloudformation.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}
TAKEN_OVER = ("TableName", "MediaBucketName")
IN_TIME = {"Delay": 1, "MaxAttempts": 60}
BEFORE_THE_PARAMETERS = ["Stack Name", "AWS Region"]
AFTER_THE_PARAMETERS = [
    "Confirm changes before deploy",
    "Allow SAM CLI IAM role creation",
    "Disable rollback",
    "Save arguments to configuration file",
    "SAM configuration file",
    "SAM configuration environment",
]


def template_parameters() -> dict[str, str]:
    """The template's parameters and their defaults, in its order."""
    parameters = read_template(ROOT / "template.yaml")["Parameters"]
    return {name: str(entry["Default"]) for name, entry in parameters.items()}


@pytest.fixture(scope="module")
def desk(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    folder = tmp_path_factory.mktemp("desk")
    (folder / "temporary").mkdir()
    (folder / ".aws-sam").mkdir()
    shutil.copy(ROOT / "samconfig.toml", folder)
    environment = sam_environment(stack.aws_endpoint_url, folder / "temporary")
    with built_bundle(environment, folder / "build.log", print) as template:
        (folder / ".aws-sam" / "build").symlink_to(template.parent)
    return Desk(folder, stack)


@pytest.fixture(scope="module")
def guided(desk: Desk, take_down: Callable[[str], None]) -> Dialogue:
    """A guided deployment in which every question is answered with Enter."""
    take_down(GUIDED)
    dialogue = desk.deploy("--guided", "--stack-name", GUIDED)
    assert dialogue.status == 0, dialogue.said
    return dialogue


def test_a_guided_deployment_asks_for_the_parameters_in_their_order_and_for_nothing_else(
    guided: Dialogue, capsys: pytest.CaptureFixture[str]
) -> None:
    parameters = template_parameters()
    with capsys.disabled():
        print(f"\n{len(guided.questions)} questions, {len(parameters)} of them for parameters:")
        print(*(f"  {question.text} [{question.default}]" for question in guided.questions), sep="\n")
    assert guided.asked == [
        *BEFORE_THE_PARAMETERS,
        *[f"Parameter {name}" for name in parameters],
        *AFTER_THE_PARAMETERS,
        CONFIRMATION,
    ]
    offered = guided.questions[len(BEFORE_THE_PARAMETERS) : -len(AFTER_THE_PARAMETERS) - 1]
    assert offered == [Question(text=f"Parameter {name}", default=value) for name, value in parameters.items()]


def test_a_guided_deployment_answered_with_enter_throughout_stands(guided: Dialogue, desk: Desk) -> None:
    assert "has no authentication" not in guided.said
    deployed = desk.describe(GUIDED)
    assert deployed["StackStatus"] == "CREATE_COMPLETE"
    assert {each["ParameterKey"]: each["ParameterValue"] for each in deployed["Parameters"]} == template_parameters()
    assert desk.answer_to_a_forgery(GUIDED) == (401, "unauthorized"), "the secret is empty so far"


@pytest.mark.usefixtures("guided")
def test_the_answers_are_saved_and_the_next_deployment_asks_for_the_change_set_at_most(desk: Desk) -> None:
    saved = desk.config["default"]["deploy"]["parameters"]
    assert saved["stack_name"] == GUIDED
    for name, value in template_parameters().items():
        assert f'{name}="{value}"' in saved["parameter_overrides"]
    ours = tomllib.loads((ROOT / "samconfig.toml").read_text())
    assert {name: desk.config[name] for name in ("dev", "prod")} == {name: ours[name] for name in ("dev", "prod")}
    again = desk.deploy()
    assert again.status == 0, again.said
    assert set(again.asked) <= {CONFIRMATION}


def policies_of_the_page() -> list[dict[str, Any]]:
    """The trust and the rights of the role that deploys from GitHub, as the page has them, for the embedded AWS."""
    page = (ROOT / "functions" / "deploying.md").read_text()
    blocks = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    return [json.loads(block.replace("eu-west-1", REGION).replace("111122223333", "000000000000")) for block in blocks]


@pytest.fixture
def deployer(desk: Desk) -> Iterator[Desk]:
    """Somebody who may do what the page lets the role of the workflow do, and nothing else."""
    iam, storage = desk.stack.client("iam"), desk.stack.client("s3")
    _trust, rights = policies_of_the_page()
    iam.create_user(UserName="deployer")
    iam.put_user_policy(UserName="deployer", PolicyName="deploy", PolicyDocument=json.dumps(rights))
    iam.create_role(RoleName="mms-gateway-execution", AssumeRolePolicyDocument=json.dumps(MADE_BY_CLOUDFORMATION))
    keys = iam.create_access_key(UserName="deployer")["AccessKey"]
    for bucket in storage.list_buckets()["Buckets"]:
        if "samcli" in bucket["Name"]:  # it refuses who comes without TLS, as everybody does here
            storage.delete_bucket_policy(Bucket=bucket["Name"])
    yield replace(
        desk, keys={"AWS_ACCESS_KEY_ID": keys["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"]}
    )
    iam.delete_access_key(UserName="deployer", AccessKeyId=keys["AccessKeyId"])
    iam.delete_user_policy(UserName="deployer", PolicyName="deploy")
    iam.delete_user(UserName="deployer")
    iam.delete_role(RoleName="mms-gateway-execution")


def test_production_is_deployed_by_who_may_only_what_the_page_says_and_asked_for_the_change_set_alone(
    deployer: Desk, take_down: Callable[[str], None]
) -> None:
    take_down(PROD)
    dialogue = deployer.deploy("--config-env", "prod", "--role-arn", EXECUTION_ROLE)
    assert dialogue.status == 0, dialogue.said
    assert dialogue.asked == [CONFIRMATION]
    deployed = deployer.describe(PROD)
    assert deployed["StackStatus"] == "CREATE_COMPLETE"
    assert {"Key": "environment", "Value": "prod"} in deployed["Tags"]
    told = {each["ParameterKey"]: each["ParameterValue"] for each in deployed["Parameters"]}
    assert (told["ProtectTable"], told["LogRetentionDays"], told["Timing"]) == ("true", "90", "production")
    refused = deployer.deploy("--config-env", "dev")
    assert refused.status != 0, "it is another stack"
    assert "is not authorized to perform" in refused.said


def test_a_deleted_stack_leaves_what_people_would_miss_and_a_new_one_takes_it_over(
    desk: Desk, take_down: Callable[[str], None]
) -> None:
    take_down(PROD)
    assert desk.deploy("--config-env", "prod").status == 0
    left, stack = desk.outputs(PROD), desk.stack
    item = {"pk": {"S": "MO#1"}, "sk": {"S": "MESSAGE"}}
    stack.client("dynamodb").put_item(TableName=left["TableName"], Item=item)
    dialogue = desk.delete("--config-env", "prod")
    assert dialogue.status == 0, dialogue.said
    with pytest.raises(ClientError, match="does not exist"):
        desk.describe(PROD)
    stack.client("secretsmanager").describe_secret(SecretId=left["SecretArn"])
    for name in ("SendQueueUrl", "DeadLetterQueueUrl"):
        url = stack.aws_endpoint_url + urlsplit(left[name]).path
        stack.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    take_over(desk, left)
    dialogue = desk.deploy("--config-env", "prod")
    assert dialogue.status == 0, dialogue.said
    now = desk.outputs(PROD)
    assert [now[name] for name in TAKEN_OVER] == [left[name] for name in TAKEN_OVER]
    assert now["SendQueueUrl"] != left["SendQueueUrl"]
    told = stack.client("dynamodb").get_item(TableName=now["TableName"], Key=item)
    assert told["Item"] == item


def take_over(desk: Desk, left: dict[str, str]) -> None:
    """Import the table and the bucket into a new stack, as the page has it."""
    subprocess.run(["make", "import-template", f"DIST={desk.folder}"], cwd=ROOT, check=True)  # noqa: S607
    cloudformation = desk.stack.client("cloudformation")
    one = {"StackName": PROD, "ChangeSetName": "import"}
    resources = [
        ("AWS::DynamoDB::Table", "Table", {"TableName": left["TableName"]}),
        ("AWS::S3::Bucket", "MediaBucket", {"BucketName": left["MediaBucketName"]}),
    ]
    cloudformation.create_change_set(
        **one,
        ChangeSetType="IMPORT",
        TemplateBody=(desk.folder / "import.json").read_text(),
        ResourcesToImport=[
            {"ResourceType": kind, "LogicalResourceId": name, "ResourceIdentifier": identifier}
            for kind, name, identifier in resources
        ],
    )
    cloudformation.get_waiter("change_set_create_complete").wait(**one, WaiterConfig=IN_TIME)
    cloudformation.execute_change_set(**one)
    cloudformation.get_waiter("stack_import_complete").wait(StackName=PROD, WaiterConfig=IN_TIME)


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_an_environment_sets_only_parameters_that_the_template_has(desk: Desk, environment: str) -> None:
    told = desk.config[environment]["deploy"]["parameters"]["parameter_overrides"].split()
    assert {each.partition("=")[0] for each in told} <= set(template_parameters())
