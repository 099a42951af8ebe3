"""`mms forget` on the running stack."""

import base64
import hashlib
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from console.connection import Gateway
from console.forgetting.belongings import Stock
from console.forgetting.remains import remains
from console.forgetting.removal import Removal
from console.forgetting.versions import Version, Versions
from console.problems import Problem
from console.watching import Unwatched
from local.readback import Item, ReadBack
from local.simulator.callbacks import Part
from local.simulator.client import SimulatorClient
from local.simulator.media import jpeg
from local.stack import Stack
from tests.integration.console.conftest import Mms
from tests.integration.producer import NUMBERS, Producer

PICTURE = Part(content_type="image/jpeg", content_id="ex-parrot.jpg", data=jpeg())


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who wrote a message and was sent one, both with media; and what of it lies where."""

    handset: str
    partitions: tuple[str, ...]
    mt_id: str
    upload: str
    prefixes: tuple[str, ...]


class People:
    """Makes people, and looks at what there is of them."""

    def __init__(self, stack: Stack, stored: ReadBack, simulator: SimulatorClient, producer: Producer) -> None:
        self._stored, self._simulator, self._producer = stored, simulator, producer
        self._s3, self.sqs = stack.client("s3"), stack.client("sqs")
        self._bucket, self.dead_letters = stack.media_bucket, stack.dead_letter_queue_url

    def person(self) -> Person:
        handset = next(NUMBERS)
        mo_id = str(self._simulator.send_message([PICTURE], source=handset, subject="Hello").mo_id)
        upload = self._producer.upload("parrot.jpg", jpeg())
        contents = [{"contentId": "a.jpg", "s3": upload}, {"contentId": "long.txt", "text": "long " * 2000}]
        message = self._producer.message(destination=handset, content=contents)
        self._producer.enqueue(message)
        sent = self._producer.wait(message, lambda item: "delivery" in item)
        # A second version of one object, and another one that somebody deleted, which only hides it.
        self._stored.bucket.Object(upload["key"]).put(Body=b"another version")
        self._stored.bucket.Object(sent["parts"][1]["s3Key"]).delete()
        partitions = (f"MO#{mo_id}", f"MT#{message['requestId']}", f"MTID#{sent['mtId']}")
        raw = [item["bodySha256"] for pk in partitions for item in self._stored.items(pk) if "bodySha256" in item]
        return Person(
            handset=handset,
            partitions=partitions,
            mt_id=str(sent["mtId"]),
            upload=upload["key"],
            prefixes=(f"mo/{mo_id}/", f"mt/{message['requestId']}/", *(f"raw/{sha256}" for sha256 in raw)),
        )

    def items(self, person: Person) -> list[Item]:
        return [item for pk in person.partitions for item in self._stored.items(pk)]

    def objects(self, *prefixes: str) -> list[tuple[str, str, str]]:
        """Every version and mark of a deletion: its key, id and content."""
        found = []
        for prefix in prefixes:
            answer = self._s3.list_object_versions(Bucket=self._bucket, Prefix=prefix)
            found += [(each["Key"], each["VersionId"], each["ETag"]) for each in answer.get("Versions", [])]
            found += [(each["Key"], each["VersionId"], "deleted") for each in answer.get("DeleteMarkers", [])]
        return found

    def set_aside(self, handset: str) -> str:
        """Put a message into the dead-letter queue; what it can be known by."""
        word = str(uuid.uuid4())
        body = json.dumps({"destination": handset, "subject": word})
        self.sqs.send_message(QueueUrl=self.dead_letters, MessageBody=body)
        return word


@pytest.fixture
def people(stack: Stack, stored: ReadBack, simulator: SimulatorClient, producer: Producer) -> People:
    return People(stack, stored, simulator, producer)


def test_everything_of_a_handset_goes_with_every_version_and_nothing_of_another(
    mms: Mms, people: People, producer: Producer
) -> None:
    one, other = people.person(), people.person()
    people.set_aside(one.handset)
    others_letter = people.set_aside(other.handset)
    assert len(people.objects(*one.prefixes)) == 4  # two media and the mark of a deletion, a body
    assert len(people.objects(one.upload)) == 2
    before = people.items(other), people.objects(*other.prefixes, other.upload)
    said = mms("forget", one.handset, "--yes")
    assert said.status == 0, said
    assert f"Removed, and looked for again: nothing of {one.handset} is found any more." in said.out
    assert people.items(one) == []
    assert people.objects(*one.prefixes, one.upload) == []
    assert (people.items(other), people.objects(*other.prefixes, other.upload)) == before
    assert [others_letter in letter["Body"] for letter in producer.set_aside(others_letter)] == [True]
    again = mms("forget", one.handset, "--yes")
    assert (again.status, f"Nothing of {one.handset} was found." in again.err) == (0, True)


def test_it_shows_what_there_is_and_removes_it_when_the_number_is_typed_again(mms: Mms, people: People) -> None:
    person = people.person()
    before = people.items(person), people.objects(*person.prefixes, person.upload)
    wrong = mms("forget", person.handset, typed="y\n447700900750\n")
    assert wrong.status == 1
    assert f"That is not {person.handset}. Nothing was removed." in wrong.err
    assert (people.items(person), people.objects(*person.prefixes, person.upload)) == before
    for line in (
        "messages from it 1",
        "messages to it 1",
        "delivery reports 1",
        "media 2 3",
        "bodies as they came 1 1",
    ):
        assert line in [" ".join(row.split()[: len(line.split())]) for row in wrong.out.splitlines()], wrong.out
    right = mms("forget", f"+{person.handset}", typed=f"n\n{person.handset}\n")
    assert right.status == 0, right
    assert people.items(person) == []
    assert people.objects(*person.prefixes) == []
    assert len(people.objects(person.upload)) == 2  # "n" to that question
    assert f"  {person.upload}" in right.out


def test_uploads_are_kept_on_request(mms: Mms, people: People) -> None:
    person = people.person()
    mms("forget", person.handset, "--yes", "--keep-outgoing")
    assert (people.items(person), len(people.objects(person.upload))) == ([], 2)


class Stops(Unwatched):
    """Is interrupted as by Ctrl-C when it comes to something."""

    def __init__(self, at: str) -> None:
        self._at = at

    def begin(self, what: str, total: int | None = None) -> None:  # noqa: ARG002 - a Watcher is told of it
        if what == self._at:
            raise KeyboardInterrupt


def test_interrupted_at_any_point_it_finds_all_the_rest_when_it_is_ordered_again(
    gateway: Gateway, mms: Mms, people: People
) -> None:
    person = people.person()
    people.set_aside(person.handset)
    dead_letters = "Looking through the dead-letter queue"
    for step in ("Removing objects", dead_letters, "Removing delivery reports", "Removing messages"):
        found = Stock(gateway, Unwatched()).take(person.handset)
        with pytest.raises(KeyboardInterrupt):
            Removal(gateway, Stops(step)).remove(found)
        assert {item["pk"] for item in people.items(person)} >= set(person.partitions[:2]), step
        if step == dead_letters:
            assert people.objects(*person.prefixes, person.upload) == []
    assert {item["pk"] for item in people.items(person)} == set(person.partitions[:2])
    assert mms("forget", person.handset, "--yes").status == 0
    assert people.items(person) == []


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        ("SENDING", "wait until it has settled (if it stays SENDING past its leaseUntil"),
        ("RETRY", "it waits in the queue; wait until it has settled"),
        ("IN_DOUBT", "settle it with `mms resolve ID`"),
    ],
)
def test_nothing_goes_while_a_message_has_not_settled(
    mms: Mms, people: People, stored: ReadBack, status: str, advice: str
) -> None:
    person = people.person()
    pk = person.partitions[1]
    stored.table.update_item(
        Key={"pk": pk, "sk": "MESSAGE"},
        UpdateExpression="SET #status = :status",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={":status": status},
    )
    before = people.items(person), people.objects(*person.prefixes, person.upload)
    said = mms("forget", person.handset, "--yes")
    assert said.status == 1
    assert f"{pk.removeprefix('MT#')} is {status}: {advice}" in said.err
    assert (people.items(person), people.objects(*person.prefixes, person.upload)) == before


def test_another_handsets_message_under_the_same_id_keeps_its_media(
    mms: Mms, people: People, simulator: SimulatorClient, stored: ReadBack
) -> None:
    handset, other = next(NUMBERS), next(NUMBERS)
    mo_id = str(simulator.send_message([PICTURE], source=handset).mo_id)
    theirs = Part(content_type="image/gif", data=b"GIF89a theirs")
    simulator.send_message([PICTURE, theirs], source=other, mo_id=mo_id)
    (conflict,) = (item for item in stored.items(f"MO#{mo_id}") if item["sk"] != "MESSAGE")
    before = people.objects(f"mo/{mo_id}/", f"raw/{conflict['bodySha256']}")
    mms("forget", handset, "--yes")
    assert stored.items(f"MO#{mo_id}") == [conflict]
    assert people.objects(f"mo/{mo_id}/", f"raw/{conflict['bodySha256']}") == before


def test_reports_of_an_mt_id_that_is_another_messages_too_stay_with_that(
    mms: Mms, people: People, stored: ReadBack
) -> None:
    owner, sharer = people.person(), people.person()
    stored.table.update_item(  # as where OpenMarket gave one mtId to two messages: reports show on the first
        Key={"pk": sharer.partitions[1], "sk": "MESSAGE"},
        UpdateExpression="SET mtId = :mtId",
        ExpressionAttributeValues={":mtId": owner.mt_id},
    )
    before = people.items(owner)
    mms("forget", sharer.handset, "--yes")
    assert stored.items(sharer.partitions[1]) == []
    assert people.items(owner) == before


def test_bodies_with_the_number_in_them_are_found_as_text_and_in_base64_also_after_an_interruption(
    mms: Mms, gateway: Gateway, people: People, simulator: SimulatorClient, stored: ReadBack
) -> None:
    handset = next(NUMBERS)
    plain = f'broken {{"source": "{handset}"'.encode()
    encoded = base64.encodebytes(b"padding " * 20 + f'{{"source": "{handset}"}}'.encode())
    longer = f'broken {{"source": "9{handset}"'.encode()  # another number, with this one in it
    for body in (plain, encoded, longer):
        simulator.send_raw("text/plain", body)
    assert "--bodies searches both" in mms("forget", handset, "--yes").out
    assert [len(stored.items(f"RAW#{sha256(body)}")) for body in (plain, encoded, longer)] == [1, 1, 1]
    found = Stock(gateway, Unwatched()).take(handset, thorough=True)
    with pytest.raises(KeyboardInterrupt):
        Removal(gateway, Stops("Removing objects")).remove(found)
    said = mms("forget", handset, "--yes", "--bodies")
    assert said.status == 0, said
    for body, count in ((plain, 0), (encoded, 0), (longer, 1)):
        assert len(people.objects(f"quarantine/{sha256(body)}")) == count
        assert len(stored.items(f"RAW#{sha256(body)}")) == count


def test_a_message_that_no_index_has_yet_is_found_by_the_thorough_search(mms: Mms, stored: ReadBack) -> None:
    handset, request_id = next(NUMBERS), str(uuid.uuid4())
    waiting = {
        "pk": f"MT#{request_id}",
        "sk": "MESSAGE",
        "requestId": request_id,
        "handset": handset,
        "status": "RETRY",
    }
    stored.table.put_item(Item=waiting)  # put off before its first claim: it has no place in the indexes yet
    assert "was found" in mms("forget", handset, "--yes").err
    said = mms("forget", handset, "--yes", "--bodies")
    assert (said.status, f"{request_id} is RETRY" in said.err) == (1, True)
    assert stored.item(f"MT#{request_id}") == waiting


@pytest.fixture
def backed_up(stack: Stack, gateway: Gateway) -> Iterator[Gateway]:
    """A gateway whose table has backups of both kinds."""
    client: Any = stack.client("dynamodb")
    name = f"backed-up-{uuid.uuid4()}"
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
    )
    client.update_continuous_backups(
        TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    arn = client.create_backup(TableName=name, BackupName="before-the-move")["BackupDetails"]["BackupArn"]
    gateway.addresses = replace(gateway.addresses, table_name=name)
    yield gateway
    client.delete_backup(BackupArn=arn)
    client.delete_table(TableName=name)


def test_it_says_what_still_holds_data_and_until_when(backed_up: Gateway) -> None:
    told = "\n".join(remains(backed_up, searched=False))
    assert "Point-in-time recovery can bring the table back as it was, until 20" in told
    assert "The backup before-the-move of 20" in told
    assert "lie under raw/ until 20" in told
    assert "raw/" not in "\n".join(remains(backed_up, searched=True))


def test_more_versions_than_one_request_takes_are_removed(gateway: Gateway, stored: ReadBack) -> None:
    prefix = f"outgoing/{next(NUMBERS)}/"
    for name in ("first", "kept", "last"):
        stored.bucket.Object(f"{prefix}{name}").put(Body=b"")
    versions = Versions(gateway)
    first, _, last = versions.under(prefix)
    gone = [Version(f"{prefix}gone", str(uuid.uuid4())) for _ in range(999)]
    versions.remove([first, *gone, last], Unwatched())
    assert [version.key for version in versions.under(prefix)] == [f"{prefix}kept"]


def test_what_s3_does_not_remove_is_told_and_not_taken_for_removed(gateway: Gateway, stack: Stack) -> None:
    s3, bucket = stack.client("s3"), f"locked-{uuid.uuid4()}"
    s3.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=True)
    s3.put_object(Bucket=bucket, Key="kept", Body=b"by law")
    s3.put_object_legal_hold(Bucket=bucket, Key="kept", LegalHold={"Status": "ON"})
    gateway.addresses = replace(gateway.addresses, media_bucket=bucket)
    versions = Versions(gateway)
    with pytest.raises(Problem, match="S3 did not remove 1 of the objects, such as kept"):
        versions.remove(versions.under(""), Unwatched())
    assert s3.get_object(Bucket=bucket, Key="kept")["Body"].read() == b"by law"
