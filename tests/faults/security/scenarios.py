"""All that the two functions do of their own accord, played once each so that their calls of AWS can be listed."""

import base64
from collections.abc import Callable, Iterator
from typing import Any

from local.simulator.client import SimulatorClient
from local.simulator.mt.behaviours import Throttle
from tests.faults.calls import AwsCall
from tests.faults.security.door import JSON
from tests.faults.security.functions import NUMBERS, Functions
from tests.integration.producer import Producer
from tests.wire.bodies import main, message, multipart_type, part, report_json, text

PICTURE = b"\xff\xd8\xff" + bytes(range(256)) * 40
SILENT = "10000873000"  # a number on which nobody reports
Scenario = tuple[str, Callable[[], object], object]


def receiving(functions: Functions, mt_id: str) -> Iterator[Scenario]:
    """A name, what is delivered, and how it is answered."""
    mo_id = next(NUMBERS)
    whole = message(main(moId=mo_id), part(PICTURE), text("Is it dead?"), text("long " * 5000))
    other = message(main(moId=mo_id, subject="Another"), part(PICTURE))
    take, kind = functions.take, multipart_type()
    yield "a message", lambda: take(whole, kind), (200, "stored")
    yield "a message again", lambda: take(whole, kind), (200, "duplicate")
    yield "another content", lambda: take(other, kind), (200, "conflict")
    yield "one cut short", lambda: take(whole[:-20], kind), (503, "truncated")
    unreadable = report_json(mtId=None, userAgent=str(mo_id))
    reason = "quarantined; mtId: expected an integer or digits, got null"
    yield "one that can't be read", lambda: take(unreadable, JSON), (200, reason)
    yield "a stranger's", lambda: take(whole, kind, token="nobody's"), (401, "unauthorized")
    yield "a report", lambda: take(report_json(mtId=int(mt_id)), JSON), (200, "report")
    yield "an orphan report", lambda: take(report_json(mtId=next(NUMBERS)), JSON), (200, "report")


def sending(functions: Functions, producer: Producer, simulator: SimulatorClient) -> Iterator[Scenario]:
    """A name, what is delivered, and whether it is done with, and what became of it."""

    def send(**fields: Any) -> Callable[[], bool]:
        sent = producer.message(**{"destination": SILENT, **fields})
        return lambda: functions.send(sent)

    def twice() -> tuple[bool, bool]:
        sent = producer.message(destination=SILENT)
        return functions.send(sent), functions.send(sent)

    def conflicting() -> tuple[bool, bool]:
        sent = producer.message(destination=SILENT)
        return functions.send(sent), functions.send({**sent, "subject": "Another"})

    def throttled() -> tuple[bool, str]:
        sent = producer.message()
        simulator.behave(Throttle(retry_after="60"), destination=sent["destination"], times=1)
        done, status = functions.send(sent), producer.item(sent)["status"]
        functions.close(sent)
        return done, status

    def abandoned() -> tuple[bool, str]:
        sent = producer.message(destination=SILENT)
        functions.send(sent)
        functions.table.update_item(  # as if its function had died before it heard the answer
            Key={"pk": f"MT#{sent['requestId']}", "sk": "MESSAGE"},
            UpdateExpression="SET #status = :sending, leaseUntil = :past",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues={":sending": "SENDING", ":past": "2020-01-01T00:00:00.000Z"},
        )
        return functions.send(sent), producer.item(sent)["status"]

    def set_aside() -> tuple[bool, int]:
        mark = f"no message, {next(NUMBERS)}"
        return functions.send(mark), len(producer.set_aside(mark))

    inline = base64.b64encode(PICTURE * 8).decode()
    yield "a text", send(), True
    yield "a large content", send(content=[_content(base64=inline, contentType="image/jpeg")]), True
    yield "a faulty one", send(source="+88600"), True
    yield "one refused", send(destination="10000874000"), True
    yield "one throttled", throttled, (False, "RETRY")
    yield "the same twice", twice, (True, True)
    yield "another content", conflicting, (True, True)
    yield "one abandoned", abandoned, (True, "IN_DOUBT")
    yield "one without a requestId", set_aside, (True, 1)


def reading(functions: Functions, producer: Producer, s3: Any, bucket: str, folder: str) -> Iterator[Scenario]:
    """Objects of a bucket: a name, what is delivered, and what becomes of the message."""
    key = f"{folder}{next(NUMBERS)}.jpg"
    version = s3.put_object(Bucket=bucket, Key=key, Body=PICTURE, ContentType="image/jpeg")["VersionId"]
    sound = {"bucket": bucket, "key": key}
    missing = {"bucket": bucket, "key": f"{folder}missing"}

    def status(source: dict[str, str]) -> Callable[[], str]:
        sent = producer.message(destination=SILENT, content=[_content(s3=source)])
        return lambda: str(functions.send(sent) and producer.item(sent)["status"])

    yield "an object", status(sound), "ACCEPTED"
    yield "an object's version", status({**sound, "versionId": version}), "ACCEPTED"
    yield "a missing object", status(missing), "REJECTED"
    yield "a missing object's version", status({**missing, "versionId": version}), "REJECTED"


def _content(**fields: Any) -> dict[str, Any]:
    return {"contentId": "a.jpg", **fields}


def play(scenarios: Iterator[Scenario], calls: list[AwsCall]) -> Iterator[tuple[str, AwsCall]]:
    """Play them, and see that each ends as it should; the calls that it adds to `calls`, each under its name."""
    for name, deliver, expected in scenarios:
        before = len(calls)
        assert (ended := deliver()) == expected, f"{name} ended in {ended}, not in {expected}"
        yield from ((name, call) for call in calls[before:])
