"""What people may do with the stack's three policies alone, held against the calls that the commands really make."""

import asyncio
import json
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest

from console.connection import Gateway, local_gateway
from console.web.app import WebConsole
from console.web.changes import follow
from local.readback import ReadBack
from local.simulator.callbacks import Part
from local.simulator.client import SimulatorClient
from local.simulator.media import jpeg
from local.stack import Stack
from tests.faults.calls import AwsCall, list_calls
from tests.faults.security.intrinsics import Values
from tests.faults.security.permission_table import PermissionTable, Used, on_the_page
from tests.faults.security.policies import Permission, Template, compare, permitted
from tests.integration.console.conftest import Mms, Said
from tests.integration.console.doubtful import in_doubt
from tests.integration.console.test_replaying import picture_message, quarantined
from tests.integration.producer import NUMBERS, Producer
from tests.template.conftest import translate

POLICIES = ("ProducerPolicy", "ReaderPolicy", "OperatorPolicy")
PICTURE = Part(content_type="image/jpeg", content_id="ex-parrot.jpg", data=jpeg())
SERVICE = "88622"
OTHERWISE = {  # promised to those who do not use `mms`, or asked for where the embedded AWS has nothing to tell
    "sqs:GetQueueUrl": "programs that know the queue by its name",
    "cloudwatch:GetMetricStatistics": "`mms doctor`, on a deployed stack",
    "sqs:StartMessageMoveTask": "`mms dlq redrive`, on a deployed stack",
}
GAPS = (  # of the embedded AWS, where a narrower permission is enough in AWS itself:
    *("dynamodb:DescribeStream", "dynamodb:GetShardIterator", "dynamodb:GetRecords"),  # it sees no stream's name there,
    "sqs:ChangeMessageVisibilityBatch",  # takes a batch for another action,
    "logs:FilterLogEvents",  # and a log group's ARN to end without a star
)
GAP = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": GAPS, "Resource": "*"}]}
translated = translate  # the template's own fixture, under this folder's name


@pytest.fixture(scope="module")
def template(translated: Callable[..., Template]) -> Template:
    return translated()


@pytest.fixture(scope="module")
def permissions(template: Template, stack: Stack) -> list[Permission]:
    """What the three policies allow together, in the template's order."""
    values = Values(template, stack, {})
    documents = {name: template["Resources"][name]["Properties"]["PolicyDocument"] for name in POLICIES}
    return [one for name, document in documents.items() for one in permitted("people", name, document, values)]


class Person:
    """Somebody with keys of their own, to whom policies are attached; what they type, and the calls that it makes."""

    def __init__(self, stack: Stack, mms: Mms, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.stack, self._mms, self._file, self._patch = stack, mms, file, monkeypatch
        self._iam, self.name = stack.client("iam"), f"person-{uuid.uuid4().hex[:12]}"
        self._typed = ""
        self.used: list[Used] = []
        self.calls: list[AwsCall] = []

    def begin(self, *policies: str) -> None:
        outputs = local_gateway(json.loads(self.stack.as_json())).outputs
        self._iam.create_user(UserName=self.name)
        for policy in policies:
            self._iam.attach_user_policy(UserName=self.name, PolicyArn=outputs[f"{policy}Arn"])
        self._iam.put_user_policy(UserName=self.name, PolicyName="gap", PolicyDocument=json.dumps(GAP))
        key = self._iam.create_access_key(UserName=self.name)["AccessKey"]
        keys = {"accessKeyId": key["AccessKeyId"], "secretAccessKey": key["SecretAccessKey"]}
        self._file.write_text(json.dumps({**json.loads(self.stack.as_json()), **keys}))
        self._patch.setenv("MMS_STACK_JSON", str(self._file))
        make = boto3.Session.client

        def listened_to(session: boto3.Session, *words: Any, **more: Any) -> Any:
            client = make(session, *words, **more)
            list_calls("people", client, self.calls)
            return client

        self._patch.setattr(boto3.Session, "client", listened_to)

    def end(self) -> None:
        self._patch.undo()
        for each in self._iam.list_access_keys(UserName=self.name)["AccessKeyMetadata"]:
            self._iam.delete_access_key(UserName=self.name, AccessKeyId=each["AccessKeyId"])
        for policy in self._iam.list_attached_user_policies(UserName=self.name)["AttachedPolicies"]:
            self._iam.detach_user_policy(UserName=self.name, PolicyArn=policy["PolicyArn"])
        self._iam.delete_user_policy(UserName=self.name, PolicyName="gap")
        self._iam.delete_user(UserName=self.name)

    def gateway(self) -> Gateway:
        return local_gateway(json.loads(self._file.read_text()))

    def types(self, *words: str, status: int = 0, typed: str = "") -> Said:
        """Run `mms` with these words, which must go well, or end in this status."""
        before = len(self.calls)
        said = self._mms(*words, typed=typed)
        assert said.status == status, (words, said.out, said.err)
        assert "does not let you" not in said.err, (words, said.err)
        name = " ".join(["mms", words[0], *[word for word in words[1:2] if word.islower() and word.isalpha()]])
        self.notes(f"`{name}`", before)
        return said

    def notes(self, name: str, before: int) -> None:
        self.used += ((name, call) for call in self.calls[before:])


@pytest.fixture
def person(stack: Stack, mms: Mms, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Person]:
    somebody = Person(stack, mms, tmp_path / "person.json", monkeypatch)
    yield somebody
    somebody.end()


def test_a_producer_may_send_with_media_and_nothing_else(person: Person, tmp_path: Path) -> None:
    picture = tmp_path / "parrot.jpg"
    picture.write_bytes(jpeg())
    person.begin("ProducerPolicy")
    person.types("send", "--from", SERVICE, "--to", next(NUMBERS), "--text", "Hello", "--attach", str(picture))
    refused = person._mms("conversation", next(NUMBERS))
    assert (refused.status, "does not let you Query" in refused.err) == (1, True)


def test_a_reader_may_read_what_the_command_and_the_page_show(
    person: Person, producer: Producer, simulator: SimulatorClient, tmp_path: Path
) -> None:
    handset = next(NUMBERS)
    mo_id = str(simulator.send_message([PICTURE], source=handset, destinations=[SERVICE]).mo_id)
    message = producer.message(destination=handset, source=SERVICE)
    producer.enqueue(message)
    producer.wait(message, lambda item: "delivery" in item)
    person.begin("ReaderPolicy")
    person.types("conversation", handset)
    person.types("inbox", "--service", SERVICE)
    person.types("show", mo_id, "--save", str(tmp_path / "saved"))
    person.types("show", message["requestId"])
    person.types("attention")
    person.types("export", str(tmp_path / "exported"), "--handset", handset)
    browse(person, handset, services=[SERVICE])
    refused = person._mms("send", "--from", SERVICE, "--to", handset, "--text", "Hello")
    assert (refused.status, "does not let you SendMessage" in refused.err) == (1, True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Matters:
    """What an operator has to do with: ids."""

    handset: str
    doubts: tuple[str, str]
    unread: str
    unreadable: str
    picture: str
    long: str


@pytest.fixture
def matters(stack: Stack, stored: ReadBack, producer: Producer, simulator: SimulatorClient) -> Matters:
    """A doubt to close and one to send again, callbacks in quarantine, a dead letter, messages with media."""
    handset = next(NUMBERS)
    fields = {"destination": handset, "source": SERVICE}
    long = producer.message(**fields, content=[{"contentId": "long.txt", "text": "long " * 2000}])
    producer.send(long)
    dead, sqs = json.dumps(producer.message()), stack.client("sqs")
    # With others there that would come back, SQS's own task is not used.
    sqs.purge_queue(QueueUrl=stack.dead_letter_queue_url)
    sqs.send_message(QueueUrl=stack.dead_letter_queue_url, MessageBody=dead)
    return Matters(
        handset=handset,
        doubts=(
            in_doubt(producer, simulator, **fields)["requestId"],
            in_doubt(producer, simulator, **fields)["requestId"],
        ),
        unread=quarantined(stored, picture_message(next(NUMBERS))),
        unreadable=quarantined(stored, f"no message, {next(NUMBERS)}".encode()),
        picture=str(simulator.send_message([PICTURE], source=handset, destinations=[SERVICE]).mo_id),
        long=long["requestId"],
    )


def test_with_all_three_an_operator_may_do_all_that_the_command_can_and_every_permission_is_used(
    person: Person, producer: Producer, matters: Matters, tmp_path: Path, permissions: list[Permission]
) -> None:
    handset, doubts = matters.handset, matters.doubts
    parrot = tmp_path / "parrot.jpg"
    parrot.write_bytes(jpeg())
    person.begin(*POLICIES)
    person.types("send", "--from", SERVICE, "--to", handset, "--text", "Hello", "--attach", str(parrot), "--wait")
    person.types("conversation", handset)
    person.types("inbox", "--service", SERVICE)
    for number, each in enumerate((matters.picture, matters.long, matters.unreadable)):
        person.types("show", each, "--save", str(tmp_path / f"saved-{number}"))
    browse(person, handset, services=[])
    person.types("attention")
    person.types("resolve", doubts[0])
    person.types("resolve", doubts[0], "--close")
    person.types("resolve", doubts[1], "--resend")
    person.types("replay", matters.unread)
    person.types("replay", matters.unreadable, status=1)
    person.types("resolve", matters.unreadable, "--close")
    person.types("dlq", "list")
    person.types("dlq", "redrive", "--yes")
    person.types("export", str(tmp_path / "everything"), "--no-media")
    person.types("export", str(tmp_path / "exported"), "--handset", handset)
    person.types("doctor", "--no-send-test")
    producer.wait({"requestId": doubts[1]}, lambda item: item.get("status") == "ACCEPTED")
    person.types("forget", handset, "--bodies", "--outgoing", "--yes")
    before = len(person.calls)
    logs = person.gateway().client("logs")
    for group in ("lambda/mms-gateway-receive-callback", "lambda/mms-gateway-send-mms", "apigateway/mms-gateway"):
        logs.filter_log_events(logGroupName=f"/aws/{group}", limit=1)
    person.notes("`aws logs tail`", before)
    missing, unused = compare(person.calls, permissions)
    assert {one.action for one in missing} <= {"secretsmanager:GetSecretValue"}  # in nobody's policy
    assert {one.action for one in unused} == set(OTHERWISE), [str(one) for one in unused]
    tables = PermissionTable(person.stack, {})
    for policy in POLICIES:
        of_policy = [one for one in permissions if one.policy == policy]
        table = tables.of(of_policy, person.used, otherwise=OTHERWISE)
        print(f"{policy}\n{table}")
        assert on_the_page(policy, table) == table, "make permissions writes it anew"


def browse(person: Person, handset: str, *, services: list[str]) -> None:
    """Open the console's page, look around, and hear of changes."""
    before, stopped = len(person.calls), threading.Event()
    gateway = person.gateway()
    console = WebConsole(gateway, services=services)
    paths = ("/", "/conversations", "/services", f"/thread?service={SERVICE}&handset={handset}", "/attention")

    async def look() -> None:
        transport = httpx.ASGITransport(app=console.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as browser:
            for path in paths:
                answer = await browser.get(path)
                assert answer.status_code == 200, (path, answer.text)

    asyncio.run(look())
    console.close()
    for _ in follow(gateway, stopped):
        stopped.set()
    person.notes("`mms console`", before)
