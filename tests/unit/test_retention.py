"""For how long items are kept: what the parameter may say, and what it comes to on an item."""

import time
from datetime import timedelta

import pytest

from mms_gateway.message_table.store import expiry, with_expiry
from mms_gateway.retention import FOR_EVER, LEAST, read_retention


def test_nothing_expires_where_everything_is_kept() -> None:
    assert read_retention("0") == FOR_EVER
    assert expiry(FOR_EVER) == {}


@pytest.mark.parametrize("days", [30, 365, 3650])
def test_an_item_expires_so_many_days_after_it_was_written(days: int) -> None:
    before = int(time.time())
    written = expiry(read_retention(str(days)))
    assert before <= written["expiresAt"] - days * 86_400 <= int(time.time())


def test_a_write_puts_the_end_of_an_item_off() -> None:
    update, values = with_expiry("SET #status = :status REMOVE attention", LEAST)
    assert update == "SET expiresAt = :expiresAt, #status = :status REMOVE attention"
    assert values == {":expiresAt": pytest.approx(time.time() + LEAST.total_seconds(), abs=2)}


@pytest.mark.parametrize(
    ("update", "expected"),
    [
        ("SET #status = :status", "SET #status = :status REMOVE expiresAt"),
        ("SET #status = :status REMOVE attention", "SET #status = :status REMOVE attention, expiresAt"),
    ],
)
def test_a_write_takes_the_end_away_that_an_item_got_before_everything_was_kept(update: str, expected: str) -> None:
    assert with_expiry(update, FOR_EVER) == (expected, {})


@pytest.mark.parametrize("days", ["1", "7", "29"])
def test_less_than_what_may_still_repeat_is_refused(days: str) -> None:
    with pytest.raises(ValueError, match="at least 30 days"):
        read_retention(days)


@pytest.mark.parametrize("odd", ["", "-30", "30.5", "a month", "³⁰", "99999"])
def test_what_is_no_number_of_days_is_refused(odd: str) -> None:
    with pytest.raises(ValueError, match="must be a number of days"):
        read_retention(odd)


def test_a_message_is_remembered_longer_than_two_lives_in_the_queues() -> None:
    assert timedelta(days=28) < LEAST
