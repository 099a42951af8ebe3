"""The sample events are what they say: `sam local invoke` and `sam remote invoke` get these very files."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent

from mms_gateway.errors import MalformedCallback, TruncatedCallback
from mms_gateway.messages import DeliveryReport, InboundMms
from mms_gateway.openmarket.decode import decode_callback
from receive_callback import read_callback

EVENTS = Path(__file__).parents[2] / "events"
KINDS: dict[str, Any] = {
    "message": InboundMms,
    "message-base64-undeclared": InboundMms,
    "message-broken": MalformedCallback,
    "message-cut-short": TruncatedCallback,
    "report": DeliveryReport,
}


def test_every_sample_event_is_known_here() -> None:
    assert {path.stem for path in EVENTS.glob("*.json")} == set(KINDS)


@pytest.mark.parametrize("name", KINDS)
def test_a_sample_event_is_what_its_name_says(name: str) -> None:
    event = APIGatewayProxyEvent(json.loads((EVENTS / f"{name}.json").read_text()))
    callback = read_callback(event, datetime.now(UTC))
    assert callback.fault is None
    try:
        result: object = decode_callback(callback.content_type, callback.body)
    except MalformedCallback as error:
        result = error
    assert type(result) is KINDS[name]
    if isinstance(result, InboundMms):
        assert result.text == "Norwegian Blue, beautiful plumage"
