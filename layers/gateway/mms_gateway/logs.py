"""One structured line per outcome, with nothing secret or personal in it."""

import re
from typing import TYPE_CHECKING

from mms_gateway.messages import DeliveryReport, InboundMms

if TYPE_CHECKING:
    from mms_gateway import outbound, receiving

MAX_REASON = 500  # characters of a reason; the item has all of it

# OpenMarket's words may quote what was sent, in whatever way people write numbers. Ours have times and sizes in them,
# and at most the name of a field that somebody made up.
_THEIR_NUMBERS = re.compile(r"[0-9](?:[ ().-]*[0-9]){6,}")
_OUR_NUMBERS = re.compile(r"(?<![0-9A-Za-z])[0-9]{8,}(?![0-9A-Za-z])")


def masked(address: str | None) -> str | None:
    """The last digits of a number, enough to recognise it by: …0765."""
    return None if address is None else f"…{address[-4:] if len(address) > 7 else ''}"


def _without_numbers(words: str | None, numbers: re.Pattern[str]) -> str | None:
    return None if words is None else numbers.sub(lambda number: str(masked(number[0])), words)[:MAX_REASON]


def outcome_line(callback: "receiving.Callback", outcome: "receiving.Outcome") -> dict[str, object]:
    """The fields of the log line for one callback."""
    line: dict[str, object | None] = {
        "outcome": outcome.name,
        "bodySha256": callback.body_sha256,
        "bodyBytes": len(callback.body),
        "reason": outcome.reason,
        "joined": outcome.joined,
    }
    match outcome.message:
        case InboundMms() as message:
            line |= {
                "moId": message.mo_id,
                "handset": masked(message.handset),
                "parts": len(message.parts),
                "mediaBytes": sum(part.size for part in message.parts),
                "flags": sorted({*message.flags, *(flag for part in message.parts for flag in part.flags)}) or None,
            }
        case DeliveryReport() as report:
            status = _without_numbers(report.status, _THEIR_NUMBERS)  # any word may come
            line |= {"mtId": report.mt_id, "status": status, "final": report.final}
    return {name: value for name, value in line.items() if value is not None}


def send_line(outcome: "outbound.Outcome") -> dict[str, object]:
    """The fields of the log line for one message to send."""
    line: dict[str, object | None] = {
        "outcome": outcome.name,
        "requestId": outcome.request_id,
        "mtId": outcome.mt_id,
        "handset": masked(outcome.handset),
        "attempts": outcome.attempts or None,
        "comeAgainIn": round(outcome.come_again_in, 1) if outcome.come_again_in is not None else None,
        "httpStatus": outcome.http_status,
        "code": _without_numbers(outcome.code, _THEIR_NUMBERS),
        "reason": _without_numbers(outcome.reason, _OUR_NUMBERS if outcome.http_status is None else _THEIR_NUMBERS),
        "alarm": outcome.alarm,
        "joined": outcome.joined,
        "host": outcome.trace.host if outcome.trace is not None else None,
        "openMarketRequestId": outcome.trace.open_market_request_id if outcome.trace is not None else None,
    }
    return {name: value for name, value in line.items() if value is not None}
