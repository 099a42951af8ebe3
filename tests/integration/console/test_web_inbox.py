"""The list of conversations over several short codes, near and far back in time."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from console.connection import Gateway
from console.problems import Problem
from console.reading import Page
from console.web.inbox import QUERIES, Conversation, Inbox
from local.readback import ReadBack
from tests.browser.rows import put_messages

START = datetime(2026, 2, 1, 12, tzinfo=UTC)
NUMBER = time.time_ns() // 10**6 * 10**5 + 50_000
BUSY, QUIET = f"3{NUMBER // 10**5 % 10**6:06}", f"2{NUMBER // 10**5 % 10**6:06}"

pytestmark = pytest.mark.usefixtures("messages")


@pytest.fixture(scope="module")
def messages(stored: ReadBack) -> None:
    """Fifty conversations of a thousand messages on a busy short code, three older ones on a quiet one."""
    busy = ((str(NUMBER + n), f"4472{n % 50:08}", BUSY, START + timedelta(minutes=10 * n)) for n in range(1000))
    quiet = ((str(NUMBER + 2000 + n), f"4473{n:08}", QUIET, START - timedelta(days=n + 1)) for n in range(3))
    put_messages(stored, [*busy, *quiet])


def test_each_short_codes_conversations_come_newest_first_and_whole(gateway: Gateway) -> None:
    inbox = Inbox(gateway, [BUSY, QUIET])
    found = everything(inbox, count=7)
    orders = [each.order for each in found]
    assert orders == sorted(orders, reverse=True)
    assert len(found) == 53
    assert found[0].handset == "447200000049"
    assert [each.handset for each in everything(Inbox(gateway, [BUSY, QUIET]), service=QUIET)] == [
        f"4473{n:08}" for n in range(3)
    ]


def test_a_quiet_short_code_is_shown_without_reading_the_busy_ones_past(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox = Inbox(gateway, [BUSY, QUIET])
    asked = note_questions(inbox, monkeypatch)
    assert len(inbox.newest(60, service=QUIET).conversations) == 3
    assert set(asked) == {QUIET}


def test_one_answer_takes_a_bounded_number_of_queries_and_the_next_goes_on(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.web.inbox.PAGE", 1)
    inbox = Inbox(gateway, [BUSY, QUIET])
    asked = note_questions(inbox, monkeypatch)
    some = inbox.newest(60)
    assert len(asked) <= QUERIES + 2
    assert some.before is not None
    assert 0 < len(some.conversations) < 60
    following = inbox.newest(60, before=some.before)
    assert {each.handset for each in following.conversations}.isdisjoint(each.handset for each in some.conversations)


def test_what_is_told_of_the_past_leaves_no_gap(gateway: Gateway) -> None:
    """A message of long ago becomes known by its change: those between it and the newest are listed all the same."""
    inbox = Inbox(gateway, [BUSY, QUIET])
    first = inbox.newest(5).conversations
    old = inbox.look_up(QUIET, "447300000002")
    assert old is not None
    assert old not in inbox.newest(40, before=first[-1].order).conversations
    assert len(everything(inbox)) == 53


def test_without_the_right_to_look_through_the_index_short_codes_must_be_named(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    denied = ClientError({"Error": {"Code": "AccessDeniedException"}}, "Scan")

    class Denied:
        def get_paginator(self, _name: str) -> "Denied":
            return self

        def paginate(self, **_: object) -> Iterator[object]:
            yield from ()
            raise denied

    named, unnamed = Inbox(gateway, [QUIET]), Inbox(gateway)
    for inbox in (named, unnamed):
        denying = SimpleNamespace(dynamodb=Denied(), addresses=gateway.addresses, command=gateway.command)
        monkeypatch.setattr(inbox, "_gateway", denying)
    monkeypatch.setattr("console.web.inbox.DAYS", (datetime.now(UTC) - START).days + 10)
    assert len(everything(named)) == 3
    with pytest.raises(Problem, match="mms console --service 88600"):
        unnamed.newest(1)


def note_questions(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The short codes that the table is asked for, one for each query."""
    asked: list[str] = []
    day = inbox._reader.day

    def noting(service: str, *rest: Any, **more: Any) -> Page:
        asked.append(service)
        return day(service, *rest, **more)

    monkeypatch.setattr(inbox._reader, "day", noting)
    return asked


def everything(inbox: Inbox, *, service: str | None = None, count: int = 60) -> list[Conversation]:
    found: list[Conversation] = []
    before = None
    while True:
        some = inbox.newest(count, service=service, before=before)
        found += some.conversations
        before = some.before
        if before is None:
            return found
