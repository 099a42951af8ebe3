"""The table of transitions, row by row, on the stack's real table and bucket; OpenMarket's answers are scripted."""

import hashlib
import itertools
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from local.readback import Item, ReadBack
from local.stack import Stack
from mms_gateway.errors import SecretUnavailable, StorageUnavailable, Undeliverable
from mms_gateway.media_bucket import MediaBucket
from mms_gateway.message_table.inbound import InboundTable
from mms_gateway.message_table.outbound import OutboundTable
from mms_gateway.messages import DeliveryReport
from mms_gateway.openmarket.encode import MixedEncoder
from mms_gateway.openmarket.notation import read_date
from mms_gateway.openmarket.reply import Answer
from mms_gateway.outbound import Call, Claim, Delivery, Outcome, Rules, SendError, Standing, Trace
from mms_gateway.outbound_record import outbound_record
from mms_gateway.queue_message import read_queue_message
from mms_gateway.sending import COMMIT_SECONDS, LEASE_MARGIN, Sender
from tests.unit.reports import report

START = datetime(2026, 11, 22, 8, 30, 15, 123000, UTC)
FUNCTION = 20.0  # seconds that a function has
CALL = 12.0
WINDOW = timedelta(hours=24)
IDS = (f"{time.time_ns()}-{n}" for n in itertools.count())
MT_IDS = (str(time.time_ns() + n) for n in itertools.count())


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.moment = START

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return (self.moment - START).total_seconds()

    def sleep(self, seconds: float) -> None:
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


class Account:
    """As whom OpenMarket is called; counts how often it is asked for the newest."""

    def __init__(self) -> None:
        self.header = "Basic first"
        self.newest = 0
        self.fault: StorageUnavailable | None = None

    def authorization(self, *, newest: bool = False) -> str:
        if self.fault is not None:
            raise self.fault
        self.newest += newest
        return "Basic second" if newest else self.header


@dataclass
class OpenMarket:
    """Gives the scripted answers, one for each request, and keeps what it was sent."""

    script: list[Call | Exception | Callable[[], Call]] = field(default_factory=list)
    posts: list[tuple[str, bytes]] = field(default_factory=list)

    def post(self, new_body: Callable[[], MixedEncoder], *, authorization: str, deadline: float) -> Call:
        assert deadline > 0
        self.posts.append((authorization, new_body().read()))
        step = self.script.pop(0)
        if isinstance(step, Exception):
            raise step
        return step if isinstance(step, Call) else step()


def answered(status: int, body: object = None, **headers: str) -> Call:
    sent = (("x-request-id", "015-3DD6"), *((name.replace("_", "-"), value) for name, value in headers.items()))
    answer = Answer(status=status, headers=sent, body=json.dumps(body).encode() if body is not None else b"")
    return Call(answer=answer, in_doubt=False, problem="", host="mmsc-01")


def accepted(mt_id: str) -> Call:
    return answered(200, {"mtId": int(mt_id)})


def silent(*, in_doubt: bool) -> Call:
    return Call(answer=None, in_doubt=in_doubt, problem="it did not answer in time", host="mmsc-02")


class Bench:
    """A sender on the real stores, and what a test wants to know of them."""

    def __init__(self, stack: Stack, stored: ReadBack) -> None:
        self.stack, self.stored = stack, stored
        self.dynamodb = stack.client("dynamodb")
        self.table = OutboundTable(self.dynamodb, stack.table_name)
        self.clock, self.account, self.openmarket = Clock(), Account(), OpenMarket()
        self.told: list[Outcome] = []
        self.sender = Sender(
            table=self.table,
            bucket=MediaBucket(stack.client("s3"), stack.media_bucket, ThreadPoolExecutor(4)),
            client=self.openmarket,
            account=self.account,
            clock=self.clock,
            rules=Rules(
                media_bucket=stack.media_bucket,
                mt_config="default",
                link_hosts=frozenset({"www.openmarket.com"}),
                max_message_bytes=10_000,
                window=WINDOW,
                call_seconds=CALL,
                backoff_seconds=900,
            ),
            tell=self.told.append,
            jitter=lambda most: most,
        )
        self.id, self.mt_id = next(IDS), next(MT_IDS)

    def message(self, **changes: Any) -> dict[str, Any]:
        contents = [{"contentId": "text.txt", "text": "Here it is"}]
        whole = {"requestId": self.id, "source": "88600", "destination": "447700900750", "content": contents}
        return {**whole, **changes}

    def send(
        self,
        *answers: Any,
        enqueued: datetime | None = None,
        receives: int = 1,
        patient: bool = True,
        **changes: Any,
    ) -> Outcome:
        """Deliver the message once, not before its time if `patient`; OpenMarket gives these answers."""
        if patient and (again := read_date(self.item().get("retryAt", ""))) is not None:
            self.clock.moment = max(self.clock.moment, again)
        self.openmarket.script.extend(answers)
        body = json.dumps(self.message(**changes))
        ends = self.clock.monotonic() + FUNCTION
        outcome = self.sender.send(
            Delivery(body=body, enqueued_at=enqueued or self.clock.now(), receives=receives, function_ends=ends)
        )
        assert not self.openmarket.script, "OpenMarket was not called as often as the test has it"
        return outcome

    def item(self) -> Item:
        return self.stored.item(f"MT#{self.id}")

    def items(self) -> list[Item]:
        return self.stored.items(f"MT#{self.id}")

    def change(self, **attributes: Any) -> None:
        """Write attributes as a person would; None removes one."""
        item = {**self.item(), **attributes}
        self.stored.table.put_item(Item={name: value for name, value in item.items() if value is not None})

    def abandoned(self) -> None:
        """Leave the message SENDING with its owner gone."""

        class Gone(BaseException):
            pass

        def die() -> Call:
            raise Gone

        with pytest.raises(Gone):
            self.send(die)

    def reach(self, status: str) -> None:
        """Bring the message into a state, the way it gets there."""
        match status:
            case "SENDING":
                self.abandoned()
            case "RETRY":
                self.send(answered(503))
            case "ACCEPTED":
                self.send(accepted(self.mt_id))
            case "REJECTED":
                self.send(answered(400))
            case "IN_DOUBT":
                self.send(silent(in_doubt=True))
            case "CLOSED":
                self.reach("IN_DOUBT")
                self.change(status="CLOSED", attention=None, attentionSince=None)
        if status != "nothing":
            assert self.item()["status"] == status
        self.openmarket.posts.clear()


@pytest.fixture
def bench(stack: Stack, stored: ReadBack) -> Bench:
    return Bench(stack, stored)


def at(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


# --- nothing, RETRY -> SENDING ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("before", ["nothing", "RETRY"])
def test_claim(bench: Bench, before: str) -> None:
    bench.reach(before)
    bench.clock.advance(60)
    claimed: list[Item] = []

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


ANSWERS = {
    "2xx with mtId": (answered(202, {"mtId": next(MT_IDS)}), "ACCEPTED"),
    "code 1000, final, HTTP 500": (answered(500, {"error": {"code": 1000, "description": "No."}}), "REJECTED"),
    "code 1010, temporary, HTTP 500": (answered(500, {"error": {"code": "1010", "description": "Later."}}), "RETRY"),
    "code 1010, temporary, HTTP 400": (answered(400, {"error": {"code": 1010}}), "RETRY"),
    "400": (answered(400, {"error": {"code": 4, "description": "No such number."}}), "REJECTED"),
    "404": (answered(404), "REJECTED"),
    "408": (answered(408), "IN_DOUBT"),
    "429": (answered(429), "RETRY"),
    "503": (answered(503), "RETRY"),
    "307": (answered(307, location="https://elsewhere.example/"), "RETRY"),
    "200 without mtId": (answered(200, {"ok": True}), "IN_DOUBT"),
    "200 with another mtId": (answered(200, {"mtId": "x1"}), "IN_DOUBT"),
    "500 undocumented": (answered(500), "IN_DOUBT"),
    "502": (answered(502), "IN_DOUBT"),
    "no answer, fewer bytes handed over": (silent(in_doubt=False), "RETRY"),
    "no answer, all handed over or an answer begun": (silent(in_doubt=True), "IN_DOUBT"),
}


@pytest.mark.parametrize("row", ANSWERS)
def test_my_claim_and_the_answer(bench: Bench, row: str) -> None:
    answer, status = ANSWERS[row]
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


# --- stores in trouble ------------------------------------------------------------------------------------------------


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
    assert (outcome.name, outcome.alarm, bench.item()["status"]) == ("retry", "credentials", "RETRY")
    assert bench.openmarket.posts == []


class Throttled:
    """Refuses an operation so many times before it does anything."""

    def __init__(self, client: Any, operation: str, times: int) -> None:
        self._client, self._name, self.left = client, f"before-send.dynamodb.{operation}", times

    def __enter__(self) -> "Throttled":
        self._client.meta.events.register_first(self._name, self._refuse)
        return self

    def __exit__(self, *_: object) -> None:
        self._client.meta.events.unregister(self._name, self._refuse)

    def _refuse(self, **_: Any) -> None:
        if self.left > 0:
            self.left -= 1
            raise StorageUnavailable("the table answered ThrottlingException")


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


def test_a_try_that_another_one_has_overtaken_leaves_the_message_in_the_queue(bench: Bench) -> None:
    lost: list[str] = []

    def overtaken(**event: Any) -> float | None:
        if lost or event["attempts"] != 1:
            return None
        lost.append("the answer to RETRY")
        other = Bench(bench.stack, bench.stored)
        other.clock.moment, other.id = bench.clock.moment, bench.id
        other.abandoned()
        return 0  # the SDK writes RETRY again

    def answer() -> Call:
        bench.dynamodb.meta.events.register_first("needs-retry.dynamodb.UpdateItem", overtaken)
        return answered(503)

    outcome = bench.send(answer)
    assert lost
    assert outcome.name == "busy"
    assert outcome.come_again_in is not None
    assert bench.item()["status"] == "SENDING", "the other one's"


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


def test_a_wait_that_goes_beyond_the_end_does_not_hide_the_end(bench: Bench) -> None:
    bench.send(answered(429, retry_after="36000"))
    rules = replace(bench.sender.rules, window=timedelta(hours=1))
    bench.sender = replace(bench.sender, rules=rules)  # the stack was deployed with another window
    bench.clock.advance(3601)
    assert bench.send(patient=False).name == "rejected"


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


# --- reports ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def reports(stack: Stack) -> Callable[[DeliveryReport], bool]:
    table = InboundTable(stack.client("dynamodb"), stack.table_name)

    def come_in(one: DeliveryReport) -> bool:
        table.put_report(one, received_at=at(START), request_id=None)
        return table.join_report(one)

    return come_in


Reports = Callable[[DeliveryReport], bool]


def test_a_report_before_the_answer_is_joined_by_the_sender(bench: Bench, reports: Reports) -> None:
    assert not reports(report(bench.mt_id, "Retrieved")), "an orphan so far"
    outcome = bench.send(accepted(bench.mt_id))
    assert outcome.joined
    assert bench.item()["delivery"]["status"] == "Retrieved"


def test_a_report_after_the_answer_is_joined_by_its_own_handler(bench: Bench, reports: Reports) -> None:
    assert bench.send(accepted(bench.mt_id)).joined is False
    assert reports(report(bench.mt_id, "Retrieved"))
    item = bench.item()
    assert item["delivery"] == {
        "status": "Retrieved",
        "outcomeId": 1,
        "outcomeDescription": "Success.",
        "date": "2026-11-22T08:31:00.000Z",
        "final": True,
    }
    assert item["deliveryOrder"].startswith("1#2026-11-22T08:31:00.000Z#")


def test_a_report_of_an_mt_id_given_twice_shows_on_the_first_only(bench: Bench, reports: Reports) -> None:
    bench.send(accepted(bench.mt_id))
    reports(report(bench.mt_id, "Retrieved"))
    second = Bench(bench.stack, bench.stored)
    assert "another message" in str(second.send(accepted(bench.mt_id)).reason)
    assert second.send().joined is False
    assert "delivery" not in second.item()
    assert bench.item()["delivery"]["status"] == "Retrieved"


@pytest.mark.parametrize("order", [*itertools.permutations(["Deferred 08:31", "Retrieved 08:33", "Forwarded 08:32"])])
@pytest.mark.parametrize("sent_at", range(4))
def test_delivery_moves_only_forward(bench: Bench, reports: Reports, order: tuple[str, ...], sent_at: int) -> None:
    steps = list(order)
    steps.insert(sent_at, "send")
    for step in steps:
        if step == "send":
            bench.send(accepted(bench.mt_id))
            bench.send()
        else:
            reports(report(bench.mt_id, *step.split()))
            reports(report(bench.mt_id, *step.split()))
    assert bench.item()["delivery"]["status"] == "Retrieved"
    assert len(bench.stored.items(f"MTID#{bench.mt_id}")) == 4, "three reports, each kept once, and the request"


def test_an_acceptance_that_a_person_noted_on_the_message_alone_is_joined(bench: Bench, reports: Reports) -> None:
    bench.reach("IN_DOUBT")
    reports(report(bench.mt_id, "Deferred", "08:31"))
    bench.change(status="ACCEPTED", mtId=bench.mt_id)
    assert bench.send().joined
    assert bench.item()["delivery"]["status"] == "Deferred"
    assert reports(report(bench.mt_id, "Retrieved", "08:32"))
    assert bench.item()["delivery"]["status"] == "Retrieved"


def test_a_join_that_fails_is_made_up_for_when_the_message_comes_again(bench: Bench, reports: Reports) -> None:
    reports(report(bench.mt_id, "Retrieved"))
    with Throttled(bench.dynamodb, "Query", 10):
        outcome = bench.send(accepted(bench.mt_id))
    assert (outcome.name, outcome.come_again_in is None) == ("accepted", False)
    assert "delivery" not in bench.item()
    assert bench.send().joined
    assert bench.item()["delivery"]["status"] == "Retrieved"
