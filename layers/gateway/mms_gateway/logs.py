"""One structured line per outcome, with nothing secret or personal in it."""

from mms_gateway.messages import DeliveryReport, InboundMms
from mms_gateway.receiving import Callback, Outcome


def masked(address: str | None) -> str | None:
    """The last digits of a number, enough to recognise it by: …0765."""
    return None if address is None else f"…{address[-4:] if len(address) > 7 else ''}"


def outcome_line(callback: Callback, outcome: Outcome) -> dict[str, object]:
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
            line |= {"mtId": report.mt_id}
    return {name: value for name, value in line.items() if value is not None}
