"""What helps a person to settle a doubt: when it was tried, whether the handset answered, which reports may be its."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import takewhile

from console.connection import Gateway
from console.reading import Reader
from mms_gateway.message_table.store import Item
from mms_gateway.messages import utc_text
from mms_gateway.openmarket.notation import read_date

A_TRY = timedelta(minutes=2)  # more than a claim lasts
REPORTS_WITHIN = timedelta(days=3)  # a handset that is off for longer is a report of Expired before
MOST_ANSWERS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A message in doubt, and what there is to decide by."""

    item: Item
    since: str
    """Before when the try did not begin."""
    until: str
    """After when no report on it is expected."""
    answers: list[Item]
    """What the handset sent to the same number since, oldest first; at most the first five."""


def look_at(gateway: Gateway, item: Item) -> Doubt:
    """All that the table's indexes tell of a doubt."""
    over = _try_was_over(item)
    begun = str(item.get("resentAt") or item.get("sentAt") or "")
    since = f"{max(utc_text(over - A_TRY), begun)[:19]}.000Z"  # OpenMarket's dates are of whole seconds
    return Doubt(
        item=item,
        since=since,
        until=utc_text(over + REPORTS_WITHIN),
        answers=_answers(gateway, item, since)[:MOST_ANSWERS],
    )


def may_be_its(doubt: Doubt, orphans: list[Item]) -> list[Item]:
    """Those of some orphan reports that are of a doubt's time, the closest to it first."""
    over = _try_was_over(doubt.item)

    def distance(report: Item) -> timedelta:
        return min(abs((read_date(time) or over) - over) for time in _times(report))

    return sorted(
        (one for one in orphans if any(doubt.since <= time <= doubt.until for time in _times(one))), key=distance
    )


def _times(report: Item) -> list[str]:
    """When it says, and when it came: either clock may be wrong."""
    return [str(report[name]) for name in ("date", "receivedAt") if name in report]


def _try_was_over(item: Item) -> datetime:
    """When the wait for the answer ended; or the claim of a function that died, however late that was seen."""
    times = (read_date(str(item[name])) for name in ("attentionSince", "leaseUntil") if name in item)
    return min((time for time in times if time is not None), default=datetime.now(UTC))


def _answers(gateway: Gateway, item: Item, since: str) -> list[Item]:
    if "handset" not in item or "service" not in item:
        return []
    exchanged = Reader(gateway).exchanged(item["handset"], item["service"], at_once=100)
    later = takewhile(lambda one: one["sentAt"] >= since, exchanged)
    return [one for one in later if one["direction"] == "MO"][::-1]
