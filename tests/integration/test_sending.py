"""Sending through the local stack: queue, function, role, table and bucket are real; OpenMarket is the simulator."""

import base64
import hashlib
import json
import time
from typing import Any

import pytest

from local.readback import ReadBack
from local.simulator.client import SimulatorClient
from local.simulator.media import PARROT, jpeg
from local.simulator.mt.behaviours import (
    Silence,
    Throttle,
)
from local.stack import Stack
from tests.integration.producer import Producer

SMIL = '<smil><body><par dur="5s"><img src="parrot.jpg"/><text src="text.txt"/></par></body></smil>'
VCARD = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Polly\r\nEND:VCARD\r\n"


def test_every_kind_of_content_arrives_byte_for_byte(
    producer: Producer, simulator: SimulatorClient, stored: ReadBack
) -> None:
    picture, gif = jpeg(PARROT) * 8, bytes(range(256)) * 4
    contents: dict[str, tuple[bytes, dict[str, Any]]] = {
        "layout.smil": (SMIL.encode(), {"contentType": "application/smil", "text": SMIL}),
        "text.txt": ("Here it is 🦜".encode(), {"contentType": "text/plain", "text": "Here it is 🦜"}),
        "parrot.jpg": (picture, {"s3": producer.upload("parrot.jpg", picture)}),
        "tiny.gif": (gif, {"contentType": "image/gif", "base64": base64.b64encode(gif).decode()}),
        "polly.vcf": (VCARD.encode(), {"contentType": "text/vcard", "text": VCARD}),
        "demo.mp4": (b"https://www.openmarket.com/demo.mp4", {"url": "https://www.openmarket.com/demo.mp4"}),
    }
    message = producer.message(
        content=[{"contentId": name, **content} for name, (_, content) in contents.items()],
        mtConfig="config1",
        mobileOperatorId=77,
    )
    item = producer.send(message)
    assert item["status"] == "ACCEPTED"
    (request,) = simulator.mt_requests(destination=message["destination"])
    assert (request.accepted, request.mt_id, request.violations) == (True, item["mtId"], [])
    assert request.details == {
        "type": "MT",
        "source": "88600",
        "destination": message["destination"],
        "mtConfig": "config1",
        "subject": "Your parrot",
        "mobileOperatorId": 77,
    }
    assert [simulator.mt_part(request, n) for n in range(len(contents))] == [data for data, _ in contents.values()]
    assert [part.content_type for part in request.parts] == [
        "application/smil",
        "text/plain",
        "image/jpeg",
        "image/gif",
        "text/vcard",
        "application/vnd.openmarket.remoteContent",
    ]
    gif_part = item["parts"][3]
    assert stored.media(gif_part["s3Key"]) == gif, "what stood in the queue message can be found in the bucket"
    assert gif_part["sha256"] == hashlib.sha256(gif).hexdigest()
    assert item["parts"][2]["s3Key"] == contents["parrot.jpg"][1]["s3"]["key"]
    delivered = producer.wait(message, lambda item: "delivery" in item)
    assert (delivered["delivery"]["status"], delivered["delivery"]["final"]) == ("Retrieved", True)


def test_a_conversation_is_one_query(producer: Producer, simulator: SimulatorClient, stored: ReadBack) -> None:
    message = producer.message()
    producer.send(message)
    simulator.send_message((), source=message["destination"], destinations=["88600"], subject="Thanks")
    found = stored.query("by-handset", handset=message["destination"])
    assert {(item["direction"], item["status"]) for item in found} == {("MO", "RECEIVED"), ("MT", "ACCEPTED")}
    assert {item["handsetOrder"][:6] for item in found} == {"88600#"}


def test_a_message_enqueued_ten_times_is_sent_once(producer: Producer, simulator: SimulatorClient) -> None:
    message = producer.message()
    producer.enqueue(message, times=10)
    producer.wait(message, lambda item: item.get("status") == "ACCEPTED")
    producer.empties_the_queue()
    assert len(simulator.mt_requests(destination=message["destination"])) == 1


def test_a_request_id_used_again_for_another_message_is_a_conflict(
    producer: Producer, simulator: SimulatorClient, stored: ReadBack
) -> None:
    message = producer.message()
    producer.send(message)
    producer.enqueue({**message, "subject": "Another"})
    producer.empties_the_queue()
    conflict, first = stored.items(f"MT#{message['requestId']}")
    assert (conflict["attention"], first["status"], first["subject"]) == ("CONFLICT", "ACCEPTED", "Your parrot")
    assert len(simulator.mt_requests(destination=message["destination"])) == 1


@pytest.mark.parametrize(
    ("number", "status", "final"),
    [
        ("10000871000", "Retrieved", True),
        ("10360871000", "Deferred", False),
        ("10000872005", "Forwarded", False),
        ("10000872009", "Rejected", True),
        ("10000872101", "Expired", True),
        ("10000872102", "Indeterminate", False),
        ("10000872103", "NotSupported", True),
        ("10000872104", "Unreachable", True),
        ("10000872105", "Unrecognized", True),
        ("10000872199", "Teleported", False),
        ("10000873001", "Retrieved", True),
        ("10000873002", "Retrieved", True),
        ("10000873003", "Retrieved", True),
        ("10000873004", "Retrieved", True),
        ("10000873005", "Retrieved", True),
    ],
)
def test_reports_are_joined_whenever_they_come(producer: Producer, number: str, status: str, final: bool) -> None:
    message = producer.message(destination=number)
    producer.send(message)
    item = producer.wait(message, lambda item: item.get("delivery", {}).get("status") == status)
    assert (item["status"], item["delivery"]["final"]) == ("ACCEPTED", final)
    if number == "10000873004":  # the Deferred that comes after it is older
        time.sleep(1)
        assert producer.item(message)["delivery"]["status"] == "Retrieved"


def test_a_report_of_a_message_that_is_not_ours_is_kept(simulator: SimulatorClient, stored: ReadBack) -> None:
    delivery = simulator.send_report(status="Retrieved")
    assert delivery.outcomes == ["report"]
    (report,) = stored.items(f"MTID#{delivery.mt_id}")
    assert report["sk"].startswith("REPORT#")


# --- what goes wrong --------------------------------------------------------------------------------------------------


def test_a_refusal_is_recorded_with_the_providers_words(producer: Producer) -> None:
    item = producer.send(producer.message(destination="10000874000"))
    assert (item["status"], item["attention"]) == ("REJECTED", "REJECTED")
    assert item["error"] == {
        "httpStatus": 400,
        "code": "400",
        "description": "The destination can't receive MMS.",
    }


def test_an_answer_that_never_comes_is_a_doubt_and_once_on_the_wire(
    producer: Producer, simulator: SimulatorClient, stored: ReadBack
) -> None:
    message = producer.message()
    simulator.behave(Silence(), destination=message["destination"])
    item = producer.send(message)
    assert (item["status"], item["attention"]) == ("IN_DOUBT", "IN_DOUBT")
    assert item["error"]["description"].startswith("it is not known whether OpenMarket took it: ")
    producer.empties_the_queue()
    producer.enqueue(message)
    producer.empties_the_queue()
    assert len(simulator.mt_requests(destination=message["destination"])) == 1
    assert item["pk"] in {each["pk"] for each in stored.query("attention", attention="IN_DOUBT")}


def test_retry_after_is_honoured(producer: Producer, simulator: SimulatorClient) -> None:
    message = producer.message()
    simulator.behave(Throttle(retry_after="3"), destination=message["destination"], times=1)
    began = time.monotonic()
    assert producer.send(message)["attempts"] == 2
    assert time.monotonic() - began >= 3
    statuses = [each.answer.status for each in simulator.mt_requests(destination=message["destination"]) if each.answer]
    assert statuses == [429, 200]


def test_a_rotated_password_is_fetched_within_the_same_attempt(
    stack: Stack, producer: Producer, simulator: SimulatorClient
) -> None:
    secrets = stack.client("secretsmanager")
    before = secrets.get_secret_value(SecretId=stack.secret_arn)["SecretString"]
    producer.send(producer.message())  # it knows the old password now
    try:
        simulator.set_credentials("local", "rotated")
        secrets.put_secret_value(
            SecretId=stack.secret_arn, SecretString=json.dumps(json.loads(before) | {"password": "rotated"})
        )
        message = producer.message()
        item = producer.send(message)
        assert (item["status"], item["attempts"]) == ("ACCEPTED", 1)
    finally:
        simulator.set_credentials("local", "local")
        secrets.put_secret_value(SecretId=stack.secret_arn, SecretString=before)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ([{"contentId": "a.jpg", "s3": {"key": "outgoing/none"}}], "content[0].s3: there is no such object"),
        (
            [{"contentId": "a.jpg", "url": "https://evil.example/a.jpg"}],
            "content[0].url: its host is none of those in the stack's parameter LinkHosts",
        ),
        ([{"contentId": "a.txt", "text": "x" * 1_000_000}], "more than the 1,000,000 of the parameter MaxMessageBytes"),
    ],
)
def test_what_can_never_be_sent_is_refused_in_words(
    producer: Producer, simulator: SimulatorClient, content: list[dict[str, Any]], fault: str
) -> None:
    for one in content:
        if "s3" in one:
            one["s3"] = {"bucket": producer.bucket, **one["s3"]}
    message = producer.message(content=content)
    item = producer.send(message)
    assert item["status"] == "REJECTED"
    assert fault in item["error"]["description"]
    assert simulator.mt_requests(destination=message["destination"]) == []


def test_a_bucket_that_may_not_be_read_is_tried_later_and_says_so(
    producer: Producer, stack: Stack, stored: ReadBack
) -> None:
    message = producer.message(
        content=[{"contentId": "a.jpg", "s3": {"bucket": stack.media_bucket, "key": "mo/secret"}}]
    )
    stack.client("s3").put_object(Bucket=stack.media_bucket, Key="mo/secret", Body=b"x", ContentType="image/jpeg")
    producer.enqueue(message)
    item = producer.wait(message, lambda item: item.get("status") == "RETRY")
    where = "the gateway may read under outgoing/ in its own bucket, "
    assert item["error"]["description"].startswith(f"the bucket {stack.media_bucket} answered 403: {where}")
    assert "attempts" not in item, "nobody claims what can't be opened"
    stored.table.update_item(  # a person ends it
        Key={"pk": item["pk"], "sk": "MESSAGE"},
        UpdateExpression="SET #status = :closed",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={":closed": "CLOSED"},
    )
    producer.empties_the_queue()


@pytest.mark.parametrize("body", ['{"source": "88600"}', "no JSON {", '{"requestId": "a b"}'])
def test_a_message_without_a_usable_request_id_is_set_aside_with_the_reason(producer: Producer, body: str) -> None:
    mark = f"mark-{time.time_ns()}"
    producer.enqueue(f"{body} {' ' * 10}".replace("88600", mark).replace("no JSON", mark).replace("a b", f"{mark} b"))
    (found,) = producer.set_aside(mark)
    reason = found["MessageAttributes"]["reason"]["StringValue"]
    assert reason.startswith("the queue message ")
    assert mark not in reason


def test_a_large_queue_message_lies_in_the_bucket(producer: Producer, stored: ReadBack) -> None:
    message = producer.message(content=[{"contentId": "a.txt", "text": "long " * 40_000}])
    item = producer.send(message)
    assert item["status"] == "ACCEPTED"
    assert "details" not in item
    assert json.loads(stored.media(item["detailsKey"])) == message
    assert stored.media(item["parts"][0]["s3Key"]) == b"long " * 40_000
