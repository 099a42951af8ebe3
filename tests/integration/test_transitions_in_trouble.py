"""Sending while stores fail, answers are lost and others are quicker."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import boto3
import pytest

from mms_gateway.errors import SecretUnavailable, StorageUnavailable
from mms_gateway.function_time import COMMIT_SECONDS, LEASE_MARGIN
from mms_gateway.media_bucket import MediaBucket
from mms_gateway.outbound import Call, Claim, Delivery, SendError, Standing, Trace
from mms_gateway.outbound_record import outbound_record
from mms_gateway.queue_message import read_queue_message
from mms_gateway.sending import Sender
from tests.integration.bench import (
    ANSWERS,
    CALL,
    FUNCTION,
    START,
    WINDOW,
    Bench,
    Throttled,
    accepted,
    answered,
    at,
    silent,
)


def test_an_object_that_may_not_be_read_is_tried_later_without_a_claim(bench: Bench) -> None:
    denied = boto3.Session("nobody", "nobody", region_name=bench.stack.region)
    sender = bench.sender
    s3 = denied.client("s3", endpoint_url=bench.stack.aws_endpoint_url)
    bench.sender = Sender(
        **{name: getattr(sender, name) for name in sender.__dataclass_fields__}
        | {"bucket": MediaBucket(s3, bench.stack.media_bucket, ThreadPoolExecutor(1))}
    )
    content = [{"contentId": "a.jpg", "s3": {"bucket": bench.stack.media_bucket, "key": f"outgoing/{bench.id}.jpg"}}]
    outcome = bench.send(content=content)
    assert outcome.name == "retry"
    assert outcome.come_again_in == 4.0
    item = bench.item()
    assert (item["status"], item["error"]["description"][:11]) == ("RETRY", "the bucket ")
    assert not {"owner", "attempts", "sentAt", "handsetOrder"} & item.keys(), "it was never claimed"
    bench.sender = sender
    bench.stored.bucket.Object(f"outgoing/{bench.id}.jpg").put(Body=b"jpeg", ContentType="image/jpeg")
    assert bench.send(accepted(bench.mt_id), content=content).name == "accepted"
    assert bench.item()["attempts"] == 1
    assert b"\r\n\r\njpeg\r\n" in bench.openmarket.posts[0][1]


def test_a_secret_that_cant_be_had_is_tried_later_without_a_claim_and_alarms(bench: Bench) -> None:
    bench.account.fault = SecretUnavailable("the secret could not be fetched")
    outcome = bench.send()
    assert (outcome.name, outcome.alarm, bench.item()["status"]) == ("retry", "secret", "RETRY")
    assert bench.openmarket.posts == []


def test_an_acceptance_is_written_again_and_again_until_the_function_ends(bench: Bench) -> None:
    with Throttled(bench.dynamodb, "TransactWriteItems", 40) as table:
        assert bench.send(accepted(bench.mt_id)).name == "accepted"
    assert table.left == 0
    assert bench.item()["status"] == "ACCEPTED"


def test_an_acceptance_that_cant_be_written_is_in_the_log_and_becomes_a_doubt(bench: Bench) -> None:
    with Throttled(bench.dynamodb, "TransactWriteItems", 10_000):
        outcome = bench.send(accepted(bench.mt_id))
    assert (outcome.name, outcome.mt_id, outcome.come_again_in is None) == ("unavailable", bench.mt_id, False)
    assert [told.mt_id for told in bench.told] == [bench.mt_id]
    assert bench.item()["status"] == "SENDING"
    bench.clock.advance(FUNCTION + LEASE_MARGIN)
    assert bench.send().name == "in-doubt", "never sent again"


@pytest.mark.parametrize("answer", ["2xx with mtId", "400", "408", "429"])
def test_what_came_of_a_call_is_written_through_throttling(bench: Bench, answer: str) -> None:
    call, status = ANSWERS[answer]

    def throttle_from_now_on() -> Call:
        table.__enter__()
        return call

    table = Throttled(bench.dynamodb, "UpdateItem", 5)
    try:
        bench.send(throttle_from_now_on)
    finally:
        table.__exit__()
    assert bench.item()["status"] == status


@pytest.mark.parametrize("when", ["claim", "finish"])
def test_a_write_whose_answer_was_lost_is_recognised_as_ones_own(bench: Bench, when: str) -> None:
    lost: list[str] = []

    def lose(**event: Any) -> float | None:
        if not lost and event["attempts"] == 1:
            lost.append("lost")
            return 0  # as after a broken connection: the SDK sends it again
        return None

    def answer() -> Call:
        if when == "finish":
            bench.dynamodb.meta.events.register_first("needs-retry.dynamodb.UpdateItem", lose)
        return answered(400)

    if when == "claim":
        bench.dynamodb.meta.events.register_first("needs-retry.dynamodb.UpdateItem", lose)
    outcome = bench.send(answer)
    assert lost == ["lost"]
    assert (outcome.name, bench.item()["status"], bench.item()["attempts"]) == ("rejected", "REJECTED", 1)
    assert len(bench.openmarket.posts) == 1


def test_thirty_two_deliveries_at_once_make_one_request(bench: Bench) -> None:
    def slowly() -> Call:
        time.sleep(0.2)
        return accepted(bench.mt_id)

    bench.openmarket.script.extend([slowly] * 32)
    delivery = Delivery(body=json.dumps(bench.message()), enqueued_at=START, receives=1, function_ends=FUNCTION)
    with ThreadPoolExecutor(32) as threads:
        outcomes = [*threads.map(lambda _: bench.sender.send(delivery).name, range(32))]
    assert len(bench.openmarket.posts) == 1
    assert outcomes.count("accepted") == 1
    assert set(outcomes) <= {"accepted", "busy", "repeat"}


def test_a_doubt_names_no_earlier_request(bench: Bench) -> None:
    bench.send(answered(503))
    assert bench.item()["openMarketRequestId"] == "015-3DD6"
    bench.send(silent(in_doubt=True))
    assert (bench.item()["host"], bench.item().get("openMarketRequestId")) == ("mmsc-02", None)


def test_a_doubt_about_a_dead_owner_names_no_earlier_request(bench: Bench) -> None:
    bench.send(answered(503))
    bench.abandoned()
    bench.clock.advance(60)
    assert bench.send().name == "in-doubt"
    assert not {"host", "openMarketRequestId", "retryAt"} & bench.item().keys()


@pytest.mark.parametrize("now", ["SENDING", "RETRY"])
def test_a_try_that_another_one_has_overtaken_leaves_the_message_in_the_queue(bench: Bench, now: str) -> None:
    lost: list[str] = []

    def overtaken(**event: Any) -> float | None:
        if lost or event["attempts"] != 1:
            return None
        lost.append("the answer to RETRY")
        other = Bench(bench.stack, bench.stored)
        other.clock.moment, other.id = bench.clock.moment, bench.id
        if now == "SENDING":
            other.abandoned()
        else:
            other.send(answered(503))
        return 0  # the SDK writes RETRY again

    def answer() -> Call:
        bench.dynamodb.meta.events.register_first("needs-retry.dynamodb.UpdateItem", overtaken)
        return answered(503)

    outcome = bench.send(answer)
    assert lost
    assert outcome.name == "busy"
    assert outcome.come_again_in is not None
    assert (bench.item()["status"], bench.item()["attempts"]) == (now, 2), "the other one's"


def test_a_claim_that_comes_after_its_own_end_claims_nothing(bench: Bench) -> None:
    message = read_queue_message(json.dumps(bench.message()), link_hosts=frozenset())
    record = outbound_record(message, media_bucket="media", enqueued_at=START)
    claim = Claim(owner="me", now=at(START), lease_until=at(START + timedelta(seconds=22)))
    bench.table.claim(record, claim, None)
    bench.table.finish(
        bench.id, "me", "RETRY", SendError(description="503"), trace=Trace(), now=at(START), retry_at=at(START)
    )
    before = bench.item()
    assert bench.table.claim(record, claim, None).status == "RETRY"  # its first packet, late
    assert bench.item() == before


def test_what_an_earlier_claim_had_found_out_is_not_forgotten(bench: Bench) -> None:
    key = f"outgoing/{bench.id}.jpg"
    bench.stored.bucket.Object(key).put(Body=b"jpeg", ContentType="image/jpeg")
    content = [{"contentId": "a.jpg", "s3": {"bucket": bench.stack.media_bucket, "key": key}}]
    bench.send(answered(503), content=content)
    before = bench.item()
    assert (before["parts"][0]["contentType"], before["parts"][0]["size"]) == ("image/jpeg", 4)
    bench.account.fault = SecretUnavailable("the secret could not be fetched")
    bench.send(content=content)
    assert (bench.item()["parts"], bench.item()["receivedAt"]) == (before["parts"], before["receivedAt"])
    bench.clock.advance(WINDOW.total_seconds() + 1)
    assert bench.send(content=content).name == "rejected"
    assert (bench.item()["parts"], bench.item()["receivedAt"]) == (before["parts"], before["receivedAt"])


def test_a_refused_password_is_not_hidden_by_a_second_call_that_does_not_get_there(bench: Bench) -> None:
    outcome = bench.send(answered(401), silent(in_doubt=False))
    assert (outcome.alarm, bench.item()["error"]["httpStatus"], bench.item()["host"]) == ("credentials", 401, "mmsc-01")


def test_a_claim_that_took_too_long_sends_nothing(bench: Bench) -> None:
    with Throttled(bench.dynamodb, "UpdateItem", 60):
        outcome = bench.send()
    assert outcome.name in {"retry", "unavailable"}
    assert outcome.come_again_in is not None
    assert bench.openmarket.posts == []


def test_stores_too_slow_for_a_call_are_told_of_and_given_more_time(bench: Bench) -> None:
    body = json.dumps(bench.message())
    ends = CALL / 2 + COMMIT_SECONDS - 0.1
    outcome = bench.sender.send(Delivery(body=body, enqueued_at=START, receives=3, function_ends=ends))
    assert (outcome.name, outcome.come_again_in) == ("retry", 16)
    item = bench.item()
    assert item["status"] == "RETRY"
    assert "so slow" in item["error"]["description"]
    assert "attempts" not in item


def test_a_wait_that_goes_beyond_the_end_does_not_hide_the_end(bench: Bench) -> None:
    bench.send(answered(429, retry_after="36000"))
    rules = replace(bench.sender.rules, window=timedelta(hours=1))
    bench.sender = replace(bench.sender, rules=rules)  # the stack was deployed with another window
    bench.clock.advance(3601)
    assert bench.send(patient=False).name == "rejected"


def test_an_answer_that_cant_be_written_down_is_in_the_log(bench: Bench) -> None:
    def throttle_from_now_on() -> Call:
        table.__enter__()
        return answered(400, {"error": {"code": 4, "description": "No such number."}})

    table = Throttled(bench.dynamodb, "UpdateItem", 10_000)
    try:
        outcome = bench.send(throttle_from_now_on)
    finally:
        table.__exit__()
    assert (outcome.name, outcome.http_status, outcome.code) == ("unavailable", 400, "4")
    assert outcome.come_again_in is not None, "whose claim stands is left in doubt then"
    assert outcome.trace == Trace(host="mmsc-01", open_market_request_id="015-3DD6")
    assert str(outcome.reason).startswith("No such number.; and that could not be written down: ")


def test_a_claim_whose_answers_are_all_lost_leaves_no_doubt(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    real = bench.table.claim

    def lose(*given: Any) -> Standing:
        real(*given)
        bench.clock.advance(1)
        raise StorageUnavailable("the table could not be reached: ReadTimeoutError")

    monkeypatch.setattr(bench.table, "claim", lose)
    outcome = bench.send()
    assert (outcome.name, outcome.come_again_in is None) == ("unavailable", False)
    monkeypatch.undo()
    assert bench.item()["status"] == "RETRY"
    assert bench.send(accepted(bench.mt_id)).name == "accepted"


def test_a_put_off_message_tells_when_it_comes_again(bench: Bench) -> None:
    bench.send(answered(503))
    bench.account.fault = SecretUnavailable("the secret could not be fetched")
    wait = bench.send(receives=3).come_again_in
    item = bench.item()
    assert item["retryAt"] == at(bench.clock.now() + timedelta(seconds=wait or 0))
    assert not {"host", "openMarketRequestId"} & item.keys()
