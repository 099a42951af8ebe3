"""The pages' reader at a running stack, where everything that they speak of has happened."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from local.__main__ import describe
from local.places import TOOLS
from local.readback import Item, ReadBack
from local.simulator.callbacks import Part
from local.simulator.client import SimulatorClient
from local.simulator.media import jpeg
from local.stack import Stack
from tests.integration.conftest import producer  # noqa: F401 - a fixture
from tests.integration.console.doubtful import in_doubt
from tests.integration.producer import Producer
from tests.pages.page import PRINTED, page
from tests.pages.person import Mistaken, Person, compare, lay_out
from tests.wire.bodies import main, message, multipart_type, text

DOUBTS = ("order-4713", "order-4714", "order-4715")
RESTORED, LOST = "mms-gateway-restored", "MO#987654321098765"
LOST_PICTURE = "mo/987654321098765/0-picture"
REPLAYED = 987654321098766
NEWEST = "2099-01-01T00:00:00+00:00"  # what any page or test sends comes before it


@pytest.fixture(scope="session")
def told(stack: Stack) -> dict[str, str]:
    """The variables that `make local` tells to set."""
    words = describe(stack, Path("stack.json")).replace("\\\n", "").split()
    pairs = [word.split("=", 1) for word in words[words.index("export") + 1 :] if "=" in word]
    return {name: value for name, value in pairs if name.startswith("AWS_")}


@pytest.fixture(scope="session")
def desk(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that looks like the checkout of somebody who runs `make local`, with a picture in it."""
    folder = tmp_path_factory.mktemp("desk")
    lay_out(folder)
    (folder / ".local" / "stack.json").write_text(stack.as_json())
    (folder / "parrot.jpg").write_bytes(jpeg())
    return folder


@pytest.fixture(scope="session")
def _lived_in(stack: Stack, stored: ReadBack) -> None:
    """What pages take for granted: messages that came, doubts, a callback that can't be read, a dead letter."""
    sender = Producer(stack, stored)
    with stored.table.batch_writer() as writer:  # some tests write items whose objects are nowhere
        for item in stored.query("by-handset", handset="447800000001"):
            writer.delete_item(Key={"pk": item["pk"], "sk": item["sk"]})
    with SimulatorClient(stack.open_market_url) as simulator:
        picture = Part(content_type="image/jpeg", content_id="parrot.jpg", data=jpeg())
        words = Part(content_type="text/plain", content_id="text.txt", data=b"Norwegian Blue, beautiful plumage")
        simulator.send_message(
            [picture, words], source="447800000001", destinations=["88600"], subject="Is it dead?", date=NEWEST
        )
        for request_id in DOUBTS:
            stored.table.delete_item(Key={"pk": f"MT#{request_id}", "sk": "MESSAGE"})
            in_doubt(sender, simulator, requestId=request_id, destination="447700900751")
    sender.enqueue('{"source": "88600", "destination": "447700900750"}')
    _quarantine_what_can_be_read_now(stored)
    _restore_a_table(stack, stored)


def _quarantine_what_can_be_read_now(stored: ReadBack) -> None:
    """A callback that a decoder before today's had failed to read; what other tests left goes, for no decoder will."""
    for item in stored.query("attention", attention="QUARANTINED"):
        stored.table.delete_item(Key={"pk": item["pk"], "sk": item["sk"]})
    body = message(main(moId=REPLAYED), text("Beautiful plumage"))
    sha256 = hashlib.sha256(body).hexdigest()
    stored.table.delete_item(Key={"pk": f"MO#{REPLAYED}", "sk": "MESSAGE"})
    stored.bucket.Object(f"quarantine/{sha256}").put(Body=body)
    moment = "2026-03-01T10:00:00.000Z"
    known: Item = {"reason": "moId: a fault that is mended by now", "size": len(body), "contentType": multipart_type()}
    since = {"receivedAt": moment, "attention": "QUARANTINED", "attentionSince": moment}
    keys = {"pk": f"RAW#{sha256}", "sk": "CALLBACK", "s3Key": f"quarantine/{sha256}"}
    stored.table.put_item(Item={**keys, **known, **since})


def _restore_a_table(stack: Stack, stored: ReadBack) -> None:
    """A table as point-in-time recovery makes it, with an item that the real one has, and one that it has lost.

    With it a picture was deleted.
    """
    dynamodb = stack.client("dynamodb")
    with suppress(dynamodb.exceptions.ResourceNotFoundException):
        dynamodb.delete_table(TableName=RESTORED)
    dynamodb.create_table(
        TableName=RESTORED,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    )
    stored.table.delete_item(Key={"pk": LOST, "sk": "MESSAGE"})
    table = stack.resource("dynamodb").Table(RESTORED)
    table.put_item(Item={"pk": LOST, "sk": "MESSAGE", "direction": "MO", "status": "RECEIVED"})
    table.put_item(Item={"pk": f"MT#{DOUBTS[0]}", "sk": "MESSAGE", "status": "SENDING"})
    deleted = stored.bucket.Object(LOST_PICTURE)
    deleted.put(Body=jpeg())
    deleted.delete()


@contextmanager
def _secret_kept(stack: Stack) -> Iterator[None]:
    """What a page does to the secret is undone: the simulator goes on with the token that it was told."""
    secrets = stack.client("secretsmanager")
    secret = secrets.get_secret_value(SecretId=stack.secret_arn)["SecretString"]
    try:
        yield
    finally:
        secrets.put_secret_value(SecretId=stack.secret_arn, SecretString=secret)


class Reader:
    """Has somebody type all of a page, once; what became of it is remembered."""

    def __init__(self, stack: Stack, desk: Path, environment: dict[str, str]) -> None:
        self._stack = stack
        self._desk = desk
        self._environment = environment
        self._people: dict[str, Person] = {}
        self._mistakes: dict[str, str] = {}

    def __call__(self, name: str, names: str = "") -> Any:
        """Have a page typed; with `names` the values that its programs gave to these. Fails as often as it is asked."""
        if name not in self._people:
            with _secret_kept(self._stack):
                self._type(name)
        if name in self._mistakes:
            pytest.fail(self._mistakes[name], pytrace=False)
        return self._people[name].values(names) if names else None

    def close(self) -> None:
        """Send them all away."""
        for person in self._people.values():
            person.close()

    def _type(self, name: str) -> None:
        notes = self._desk / f".typed-{name.replace('/', '-')}"
        person = self._people[name] = Person(self._desk, self._environment, notes)
        printed = ""
        for block in page(name).blocks:
            try:
                if block.is_typed:
                    printed = person.type(block)
                elif block.above == PRINTED:
                    compare(block, printed)
            except Mistaken as mistake:
                self._mistakes[name] = f"{name}:{block.line}: {mistake}"
                return


@pytest.fixture(scope="session")
def read(stack: Stack, desk: Path, told: dict[str, str], _lived_in: None) -> Iterator[Reader]:
    """Has pages typed at the stack."""
    assert (TOOLS / "awscli" / "ready").exists(), (
        "there is no AWS CLI yet; `make test` and `make .local/tools/awscli/ready` make it"
    )
    reader = Reader(stack, desk, {**told, "MMS_STACK_JSON": str(desk / ".local" / "stack.json"), "HOME": str(desk)})
    yield reader
    reader.close()
