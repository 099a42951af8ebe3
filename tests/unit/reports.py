"""Delivery reports as the decoder gives them."""

import json

from mms_gateway.messages import DeliveryReport
from mms_gateway.openmarket.decode import decode_callback


def report(mt_id: str, status: str, time: str = "08:31") -> DeliveryReport:
    """A report of a status, dated in the minute given."""
    body = {
        "type": "REPORT",
        "mtId": mt_id,
        "date": f"2026-11-22T{time}:00+00:00",
        "status": status,
        "outcomeId": 1,
        "outcomeDescription": "Success.",
    }
    decoded = decode_callback("application/json", json.dumps(body).encode())
    assert isinstance(decoded, DeliveryReport)
    return decoded
