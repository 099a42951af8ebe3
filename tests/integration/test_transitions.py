"""The table of transitions, row by row, on the stack's real table and bucket; OpenMarket's answers are scripted."""

import hashlib
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from mms_gateway.errors import Undeliverable
from mms_gateway.function_time import LEASE_MARGIN
from mms_gateway.outbound import Call
from tests.integration.bench import (
    ANSWERS,
    FUNCTION,
    START,
    WINDOW,
    Bench,
    accepted,
    answered,
    at,
    silent,
)

# --- nothing, RETRY -> SENDING ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("before", ["nothing", "RETRY"])
def test_claim(bench: Bench, before: str) -> None:
    bench.reach(before)
    bench.clock.advance(60)
    claimed: list[Any] = []

    def look() -> Call:
        claimed.append(bench.item())
        return accepted(bench.mt_id)

    bench.send(look)
    (item,) = claimed
    assert item["status"] == "SENDING"
    assert item["owner"]
    assert item["leaseUntil"] == at(bench.clock.now() + timedelta(seconds=FUNCTION + LEASE_MARGIN))
    assert item["attempts"] == (1 if before == "nothing" else 2)
    assert item["sentAt"] == at(START if before == "RETRY" else bench.clock.now()), "the first claim, never changed"
    assert item["handsetOrder"] == f"88600#{item['sentAt']}#{bench.id}"


def test_a_claim_removes_attention_and_a_persons_resend_begins_the_window_anew(bench: Bench) -> None:
    bench.reach("IN_DOUBT")
    bench.clock.advance(3 * 86400)
    bench.change(status="RETRY")
    outcome = bench.send(answered(503))
    assert outcome.name == "retry", "a person's order is not older than the window"
    item = bench.item()
    assert "attention" not in item
    assert "attentionSince" not in item
    assert (item["sentAt"], item["resentAt"]) == (at(START), at(bench.clock.now()))
    bench.clock.advance(WINDOW.total_seconds() - 1)
    assert bench.send(answered(503)).name == "retry"
    bench.clock.advance(2)
    assert bench.send().name == "rejected"


def test_contents_are_opened_and_sized_before_the_claim(bench: Bench) -> None:
    bench.send(content=[{"contentId": "a.jpg", "s3": {"bucket": bench.stack.media_bucket, "key": "outgoing/none"}}])
    assert bench.item()["status"] == "REJECTED"
    assert "attempts" not in bench.item()


# --- SENDING ----------------------------------------------------------------------------------------------------------


def test_another_ones_live_lease_is_left_alone(bench: Bench) -> None:
    bench.reach("SENDING")
    before = bench.item()
    bench.clock.advance(5)
    outcome = bench.send()
    assert (outcome.name, bench.item()) == ("busy", before)
    assert outcome.come_again_in == pytest.approx(FUNCTION + LEASE_MARGIN - 5 + 1)


def test_a_lease_that_is_over_leaves_a_doubt(bench: Bench) -> None:
    bench.reach("SENDING")
    bench.clock.advance(FUNCTION + LEASE_MARGIN + 0.001)
    outcome = bench.send()
    assert (outcome.name, outcome.come_again_in) == ("in-doubt", None)
    item = bench.item()
    assert (item["status"], item["attention"]) == ("IN_DOUBT", "IN_DOUBT")
    assert item["attentionSince"] == at(bench.clock.now())
    assert "ended without a word" in item["error"]["description"]


@pytest.mark.parametrize("row", ANSWERS)
def test_my_claim_and_the_answer(bench: Bench, row: str) -> None:
    answer, status = ANSWERS[row]
    if status == "ACCEPTED":
        answer = accepted(bench.mt_id)  # nobody else's
    outcome = bench.send(answer)
    item = bench.item()
    assert item["status"] == status
    assert (outcome.come_again_in is None) == (status != "RETRY"), "only RETRY comes again"
    assert item.get("attention") == (status if status in {"REJECTED", "IN_DOUBT"} else None)
    assert ("error" in item) == (status != "ACCEPTED")
    assert len(bench.openmarket.posts) == 1
    if answer.answer is not None:
        assert item["openMarketRequestId"] == "015-3DD6"
        assert item.get("error", {}).get("httpStatus", answer.answer.status) == answer.answer.status


def test_the_providers_words_and_code_are_kept(bench: Bench) -> None:
    bench.send(answered(400, {"error": {"code": 4, "description": "No such number."}}))
    assert bench.item()["error"] == {"httpStatus": 400, "code": "4", "description": "No such number."}


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_password_is_fetched_again_and_tried_once_in_the_same_attempt(bench: Bench, status: int) -> None:
    outcome = bench.send(answered(status), accepted(bench.mt_id))
    assert (outcome.name, bench.account.newest, bench.item()["attempts"]) == ("accepted", 1, 1)
    (first, body), (second, again) = bench.openmarket.posts
    assert (first, second) == ("Basic first", "Basic second")
    assert len(body) == len(again) > 0, "with a new encoder"


def test_a_password_that_stays_refused_is_tried_later_and_alarms(bench: Bench) -> None:
    outcome = bench.send(answered(401), answered(401))
    assert (outcome.name, outcome.alarm, bench.item()["status"]) == ("retry", "credentials", "RETRY")


def test_a_second_try_that_meets_silence_is_a_doubt(bench: Bench) -> None:
    bench.send(answered(401), silent(in_doubt=True))
    assert bench.item()["status"] == "IN_DOUBT"


def test_a_redirect_alarms(bench: Bench) -> None:
    assert bench.send(answered(307, location="https://elsewhere.example/")).alarm == "redirect"


# --- ACCEPTED ---------------------------------------------------------------------------------------------------------


def test_an_acceptance_is_told_before_it_is_written_and_names_whose_the_mt_id_is(bench: Bench) -> None:
    outcome = bench.send(accepted(bench.mt_id))
    assert [(told.name, told.mt_id, told.request_id) for told in bench.told] == [("accepted", bench.mt_id, bench.id)]
    item = bench.item()
    assert (outcome.name, item["mtId"], item["host"]) == ("accepted", bench.mt_id, "mmsc-01")
    assert item["acceptedAt"] == at(START)
    request = bench.stored.item(f"MTID#{bench.mt_id}", "REQUEST")
    assert (request["requestId"], request["mtId"]) == (bench.id, bench.mt_id)


def test_who_comes_late_with_an_mt_id_settles_the_doubt_about_himself(bench: Bench) -> None:
    def answer_after_the_lease() -> Call:
        bench.clock.advance(FUNCTION + LEASE_MARGIN + 1)
        other = Bench(bench.stack, bench.stored)
        other.clock.moment, other.id = bench.clock.moment, bench.id
        assert other.send().name == "in-doubt"
        return accepted(bench.mt_id)

    assert bench.send(answer_after_the_lease).name == "accepted"
    item = bench.item()
    assert item["status"] == "ACCEPTED"
    assert not {"attention", "attentionSince", "error"} & item.keys()
    assert bench.stored.item(f"MTID#{bench.mt_id}", "REQUEST")


def test_who_comes_late_with_anything_else_leaves_the_doubt(bench: Bench) -> None:
    def answer_after_the_lease() -> Call:
        bench.clock.advance(FUNCTION + LEASE_MARGIN + 1)
        other = Bench(bench.stack, bench.stored)
        other.clock.moment, other.id = bench.clock.moment, bench.id
        other.send()
        return answered(503)

    outcome = bench.send(answer_after_the_lease)
    assert (outcome.name, outcome.come_again_in) == ("in-doubt", None)
    assert bench.item()["status"] == "IN_DOUBT"


def test_an_mt_id_that_openmarket_gives_twice_is_shown_and_stays_the_firsts(bench: Bench) -> None:
    bench.send(accepted(bench.mt_id))
    second = Bench(bench.stack, bench.stored)
    assert second.send(accepted(bench.mt_id)).name == "accepted"
    assert (second.item()["status"], second.item()["attention"]) == ("ACCEPTED", "CONFLICT")
    assert bench.stored.item(f"MTID#{bench.mt_id}", "REQUEST")["requestId"] == bench.id


# --- given up ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("before", ["nothing", "RETRY"])
def test_past_not_after_it_is_given_up_without_a_request(bench: Bench, before: str) -> None:
    not_after = at(START + timedelta(hours=1))
    if before == "RETRY":
        bench.send(answered(503), notAfter=not_after)
    bench.clock.advance(3601)
    outcome = bench.send(notAfter=not_after)
    assert (outcome.name, outcome.come_again_in) == ("rejected", None)
    item = bench.item()
    assert (item["status"], item["attention"]) == ("REJECTED", "REJECTED")
    last = "; OpenMarket answered 503 Service Unavailable" if before == "RETRY" else ""
    assert item["error"]["description"] == f"gave up: its notAfter has passed{last}"
    assert item["error"].get("httpStatus") == (503 if before == "RETRY" else None)


def test_the_window_counts_from_the_first_claim(bench: Bench) -> None:
    bench.reach("RETRY")
    bench.clock.advance(WINDOW.total_seconds())
    assert bench.send(answered(503), enqueued=START - timedelta(days=9)).name == "retry"
    bench.clock.advance(1)
    assert bench.send(enqueued=bench.clock.now()).name == "rejected"
    assert bench.item()["error"]["description"].startswith("gave up: it could not be sent within 24 hours; ")


def test_the_window_counts_from_enqueueing_where_it_was_never_claimed(bench: Bench) -> None:
    outcome = bench.send(enqueued=START - WINDOW - timedelta(seconds=1))
    assert (outcome.name, bench.item()["status"]) == ("rejected", "REJECTED")
    assert "attempts" not in bench.item()


# --- the end ----------------------------------------------------------------------------------------------------------

ENDS = ["ACCEPTED", "REJECTED", "IN_DOUBT", "CLOSED"]


@pytest.mark.parametrize("status", ENDS)
def test_the_same_message_again_changes_nothing(bench: Bench, status: str) -> None:
    bench.reach(status)
    before = bench.items()
    bench.clock.advance(30 * 86400)
    outcome = bench.send(enqueued=START)
    assert (outcome.name, outcome.come_again_in) == ("repeat", None)
    assert bench.items() == before
    assert bench.openmarket.posts == []


@pytest.mark.parametrize("status", ["SENDING", "RETRY", *ENDS])
def test_the_same_request_id_with_another_content_is_kept_as_a_conflict(bench: Bench, status: str) -> None:
    bench.reach(status)
    before = bench.item()
    outcome = bench.send(subject="Another")
    assert (outcome.name, outcome.come_again_in) == ("conflict", None)
    conflict, message = bench.items()
    assert message == before
    assert bench.openmarket.posts == []
    sha256 = hashlib.sha256(
        json.dumps(bench.message(subject="Another"), sort_keys=True, separators=(",", ":")).encode()
    ).hexdigest()
    assert conflict["sk"] == f"CONFLICT#{sha256}"
    assert (conflict["attention"], conflict["subject"], conflict["text"]) == ("CONFLICT", "Another", "Here it is")
    assert conflict["parts"][0]["text"] == "Here it is"
    bench.clock.advance(60)
    bench.send(subject="Another")
    assert bench.items() == [conflict, message], "its first sight stays"


def test_a_faulty_message_is_recorded_with_every_fault_in_words(bench: Bench) -> None:
    outcome = bench.send(destination="+447700900750", content=[{"contentId": "main", "text": "x"}])
    assert (outcome.name, outcome.come_again_in) == ("rejected", None)
    item = bench.item()
    assert (item["status"], item["attention"], item["handset"]) == ("REJECTED", "REJECTED", "447700900750")
    assert item["error"]["description"] == (
        "destination: expected 3 to 15 digits without a leading +, got other text; "
        "content[0].contentId: main is the name of the request's own part"
    )
    assert json.loads(item["details"])["destination"] == "+447700900750"


@pytest.mark.parametrize("status", ["SENDING", "RETRY", *ENDS])
def test_a_faulty_message_never_replaces_what_stands(bench: Bench, status: str) -> None:
    bench.reach(status)
    before = bench.item()
    bench.send(destination="+447700900750")
    assert bench.item() == before


def test_without_a_usable_request_id_nothing_is_recorded(bench: Bench) -> None:
    count = len(list(bench.stored.all_items()))
    with pytest.raises(Undeliverable, match="requestId"):
        bench.send(requestId="not usable")
    assert len(list(bench.stored.all_items())) == count


# --- time -------------------------------------------------------------------------------------------------------------


def test_backoff_doubles_up_to_its_cap(bench: Bench) -> None:
    waits = [bench.send(answered(503)).come_again_in for _ in range(11)]
    assert waits == [4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]


def test_retry_after_is_honoured(bench: Bench) -> None:
    wait = bench.send(answered(429, retry_after="120")).come_again_in
    assert wait is not None
    assert 120 <= wait <= 133


@pytest.mark.parametrize("seconds", ["1", "60"])
def test_two_hundred_receives_outlast_the_window_however_soon_openmarket_wants_it_again(
    bench: Bench, seconds: str
) -> None:
    least = replace(bench.sender, jitter=lambda _: 0.0)
    waits = [least.backoff(attempt, after=float(seconds)) for attempt in range(1, 201)]
    assert sum(waits) > WINDOW.total_seconds() * 0.99


def test_a_copy_in_the_queue_does_not_come_before_its_time(bench: Bench) -> None:
    wait = bench.send(answered(429, retry_after="3600")).come_again_in
    before = bench.item()
    assert before["retryAt"] == at(START + timedelta(seconds=wait or 0))
    outcome = bench.send(patient=False)
    assert (outcome.name, outcome.come_again_in) == ("busy", wait)
    assert bench.item() == before
    assert bench.send(accepted(bench.mt_id)).name == "accepted"
    assert "retryAt" not in bench.item()


def test_it_does_not_wait_far_beyond_the_moment_at_which_it_is_given_up(bench: Bench) -> None:
    wait = bench.send(answered(429, retry_after="7200"), notAfter=at(START + timedelta(minutes=10))).come_again_in
    assert wait == 601
