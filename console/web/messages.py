"""How a message is shown in the thread: its contents, where it stands in words, and what happened when."""

from dataclasses import dataclass
from typing import Any, Literal

from console.media import Media
from console.web.contents import Shown, media_url, show
from mms_gateway.message_table.store import Item

Tone = Literal["good", "waiting", "bad", "doubt", "plain"]

SUCCESS = "Retrieved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a message stands, for a person."""

    words: str
    tone: Tone


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownMessage:
    """A message as the thread shows it."""

    pk: str
    sk: str
    order: str
    """Where it stands in the thread."""
    incoming: bool
    handset: str
    subject: str
    contents: tuple[Shown, ...]
    at: str
    standing: Standing
    faults: tuple[str, ...]
    attention: str | None
    mt_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Something that happened to a message."""

    at: str
    words: str
    tone: Tone = "plain"
    came_at: str | None = None
    """Of a report, whose own time is the network's: when it came."""


def show_message(item: Item, media: Media | None = None) -> ShownMessage:
    """A message for the thread."""
    parts = item.get("parts", [])
    is_only_text = sum(part["contentType"] == "text/plain" for part in parts) == 1
    text = item.get("text") if is_only_text else None  # of a long one it has the beginning, read in its charset
    contents = tuple(show(part, media_url(item, part), media, text) for part in parts)
    at = item.get("sentAt") or item["receivedAt"]
    return ShownMessage(
        pk=item["pk"],
        sk=item["sk"],
        order=f"{at}#{item['pk'].partition('#')[2]}",
        incoming=item.get("direction") == "MO",
        handset=str(item.get("handset", "")),
        subject=str(item.get("subject") or ""),
        contents=contents,
        at=at,
        standing=standing(item),
        faults=tuple(filter(None, item.get("error", {}).get("description", "").split("; "))),
        attention=item.get("attention"),
        mt_id=item.get("mtId"),
    )


def standing(item: Item) -> Standing:  # noqa: PLR0911 - one for each state
    """Where a message stands: the latest report's word where there is one."""
    if item["sk"].startswith("CONFLICT#"):
        return Standing(words="another message under an id that was used", tone="bad")
    match item.get("status"):
        case "RECEIVED":
            return Standing(words="received", tone="plain")
        case "SENDING":
            return Standing(words="sending", tone="waiting")
        case "RETRY":
            return Standing(words="will be tried again", tone="waiting")
        case "REJECTED":
            return Standing(words="not sent", tone="bad")
        case "IN_DOUBT":
            return Standing(words="in doubt: nobody knows whether it was sent", tone="doubt")
        case "CLOSED":
            return Standing(words="in doubt, closed", tone="plain")
        case _:
            return _delivery(item)


def _delivery(item: Item) -> Standing:
    delivery = item.get("delivery")
    if delivery is None:
        return Standing(words="accepted", tone="waiting")
    if not delivery["final"]:
        return Standing(words=delivery["status"], tone="waiting")
    return Standing(words=delivery["status"], tone="good" if delivery["status"] == SUCCESS else "bad")


def history(item: Item, reports: list[Item]) -> list[Moment]:
    """What happened to a message, in order."""
    sent = item.get("direction") == "MT"
    moments = [Moment(at=item["receivedAt"], words="enqueued" if sent else "received from OpenMarket")]
    if sent and "sentAt" in item:
        tries = item.get("attempts", 0)
        moments.append(Moment(at=item["sentAt"], words=f"first try of {tries}" if tries > 1 else "tried"))
    for name, words in (("resentAt", "tried again by a person's order"), ("acceptedAt", _accepted(item))):
        if name in item:
            moments.append(Moment(at=item[name], words=words))
    if "retryAt" in item:
        moments.append(Moment(at=item["retryAt"], words="not tried again before", tone="waiting"))
    if "attentionSince" in item:
        moments.append(Moment(at=item["attentionSince"], words=f"needs attention: {item['attention']}", tone="bad"))
    moments += [_report(report) for report in reports]
    return sorted(moments, key=lambda moment: moment.at)


def _accepted(item: Item) -> str:
    return f"accepted by OpenMarket as {item.get('mtId')}"


def _report(report: dict[str, Any]) -> Moment:
    said = f" ({report['outcomeDescription']})" if report.get("outcomeDescription") else ""
    when = report.get("date") or report["receivedAt"]
    tone: Tone = "good" if report["status"] == SUCCESS else "bad" if report["final"] else "waiting"
    return Moment(at=when, words=f"report: {report['status']}{said}", tone=tone, came_at=report["receivedAt"])
