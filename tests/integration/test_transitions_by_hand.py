"""Sending while people have messages sent again, close them, and edit items by hand."""

from datetime import timedelta
from typing import Any

import pytest

from mms_gateway.errors import SecretUnavailable
from mms_gateway.outbound import Call
from tests.integration.bench import (
    START,
    WINDOW,
    Bench,
    accepted,
    at,
    silent,
)


def test_a_claim_written_by_hand_does_not_go_round_in_circles(bench: Bench) -> None:
    bench.reach("SENDING")
    bench.change(leaseUntil=None)
    outcome = bench.send()
    assert outcome.name == "busy"
    assert outcome.come_again_in is not None


def test_an_item_that_was_closed_meanwhile_stays_closed_and_the_mt_id_is_told(bench: Bench) -> None:
    def close() -> Call:
        bench.change(status="CLOSED")
        return accepted(bench.mt_id)

    outcome = bench.send(close)
    assert (outcome.name, outcome.mt_id, outcome.come_again_in) == ("accepted", bench.mt_id, None)
    assert outcome.reason is not None
    assert bench.item()["status"] == "CLOSED"


def test_a_refused_resend_does_not_deny_that_the_first_try_may_have_arrived(bench: Bench) -> None:
    not_after = at(START + timedelta(hours=1))
    bench.send(silent(in_doubt=True), notAfter=not_after)
    bench.clock.advance(7200)
    bench.change(status="RETRY")
    bench.send(notAfter=not_after)
    item = bench.item()
    assert item["status"] == "REJECTED"
    assert item["error"]["description"].endswith("; an earlier try of it may have arrived")


def test_a_resend_is_sent_whichever_copy_of_it_comes(bench: Bench) -> None:
    bench.reach("IN_DOUBT")
    bench.clock.advance(25 * 3600)
    bench.change(status="RETRY")
    assert bench.send(accepted(bench.mt_id), enqueued=START).name == "accepted"


@pytest.mark.parametrize("attempts", [0, "1"])
def test_attempts_written_by_hand_do_not_go_round_in_circles(bench: Bench, attempts: object) -> None:
    bench.reach("IN_DOUBT")
    bench.clock.advance(60)
    bench.change(status="RETRY", attempts=attempts)
    outcome = bench.send(*([accepted(bench.mt_id)] if attempts == 0 else []))
    assert outcome.name == ("accepted" if attempts == 0 else "busy")


def test_nor_do_they_where_it_would_be_given_up(bench: Bench) -> None:
    bench.reach("RETRY")
    bench.change(attempts="1", sentAt=at(START - WINDOW))
    assert bench.send().name == "busy"
    assert bench.item()["status"] == "RETRY"


def test_a_resend_that_cant_be_tried_ends_with_the_window(bench: Bench) -> None:
    bench.reach("IN_DOUBT")
    bench.clock.advance(3 * 86400)
    bench.change(status="RETRY")
    bench.account.fault = SecretUnavailable("the secret could not be fetched")
    ordered = bench.clock.now()
    assert bench.send(enqueued=ordered).name == "retry"
    bench.clock.advance(WINDOW.total_seconds() + 1)
    assert bench.send(enqueued=START).name == "retry", "an older copy does not end it"
    assert bench.send(enqueued=ordered).name == "rejected"


def test_giving_up_late_does_not_undo_what_was_tried_and_ordered_meanwhile(bench: Bench) -> None:
    late = Bench(bench.stack, bench.stored)
    late.id = bench.id

    def meanwhile(**_: Any) -> None:
        late.dynamodb.meta.events.unregister("before-send.dynamodb.UpdateItem", meanwhile)
        bench.reach("IN_DOUBT")
        bench.change(status="RETRY")

    late.dynamodb.meta.events.register_first("before-send.dynamodb.UpdateItem", meanwhile)
    outcome = late.send(accepted(bench.mt_id), enqueued=START - WINDOW - timedelta(seconds=1))
    assert (outcome.name, bench.item()["status"], bench.item()["attempts"]) == ("accepted", "ACCEPTED", 2)
