"""The sample events are what they say: `sam local invoke` and `sam remote invoke` get these very files."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent, SQSEvent

from mms_gateway.errors import MalformedCallback, TruncatedCallback, Undeliverable
from mms_gateway.messages import DeliveryReport, InboundMms
from mms_gateway.openmarket.decode import decode_callback
from mms_gateway.queue_message import read_queue_message
from receive_callback import read_callback

EVENTS = Path(__file__).parents[2] / "events"
CALLBACKS: dict[str, Any] = {
    "message": InboundMms,
    "message-base64-undeclared": InboundMms,
    "message-broken": MalformedCallback,
    "message-cut-short": TruncatedCallback,
    "report": DeliveryReport,
}
SOUND: tuple[str, ...] = ()
MESSAGES: dict[str, list[tuple[str, ...] | str]] = {  # the faults of each message, or why it is set aside
    "send": [SOUND],
    "send-batch": [
        SOUND,
        (
            "destination: expected 3 to 15 digits without a leading +, got other text",
            "content[0]: expected exactly one of text, base64, s3 and url, got none",
        ),
    ],
    "send-unusable": [
        (
            "the queue message has no usable requestId; "
            "requestId: expected 1 to 128 letters, digits, dots, underscores, colons or hyphens, got other text"
        )
    ],
}


def queue_event(name: str) -> SQSEvent:
    return SQSEvent(json.loads((EVENTS / f"{name}.json").read_text()))


def test_every_sample_event_is_known_here() -> None:
    events = {path.stem for path in EVENTS.glob("*.json") if not path.name.endswith(".schema.json")}
    assert events == {*CALLBACKS, *MESSAGES}


@pytest.mark.parametrize("name", CALLBACKS)
def test_a_sample_callback_is_what_its_name_says(name: str) -> None:
    event = APIGatewayProxyEvent(json.loads((EVENTS / f"{name}.json").read_text()))
    callback = read_callback(event, datetime.now(UTC))
    assert callback.fault is None
    try:
        result: object = decode_callback(callback.content_type, callback.body)
    except MalformedCallback as error:
        result = error
    assert type(result) is CALLBACKS[name]
    if isinstance(result, InboundMms):
        assert result.text == "Norwegian Blue, beautiful plumage"


@pytest.mark.parametrize("name", MESSAGES)
def test_sample_messages_to_send_are_what_their_name_says(name: str) -> None:
    found: list[tuple[str, ...] | str] = []
    for record in queue_event(name).records:
        try:
            found.append(read_queue_message(record.body, link_hosts=frozenset()).faults)
        except Undeliverable as error:
            found.append(str(error))
    assert found == MESSAGES[name]


@pytest.mark.parametrize("name", MESSAGES)
def test_sample_records_are_as_sqs_gives_them_and_never_too_old_to_be_sent(name: str) -> None:
    for record in queue_event(name).records:
        assert record.md5_of_body == hashlib.md5(record.body.encode(), usedforsecurity=False).hexdigest()
        assert record.attributes.approximate_receive_count == "1"
        sent_at = datetime.fromtimestamp(int(record.attributes.sent_timestamp) / 1000, UTC)
        assert sent_at > datetime.now(UTC) + timedelta(days=3650)


def test_sample_messages_have_ids_of_their_own() -> None:
    records = [record for name in MESSAGES for record in queue_event(name).records]
    assert len({record.message_id for record in records}) == len(records)
    assert len({json.loads(record.body)["requestId"] for record in records}) == len(records)
