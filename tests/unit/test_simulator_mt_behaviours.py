"""Each misbehaviour as a client sees it on the wire, and what the simulator's record says of it."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from local.simulator.mt.answers import DOCUMENTED_ERRORS
from local.simulator.mt.behaviours import (
    Behaviour,
    CutAnswer,
    EarlyAnswer,
    Error,
    NoMtId,
    NotJson,
    OddMtId,
    ResetAnswer,
    ResetRequest,
    Silence,
    SilenceUnread,
    Slow,
    Status,
    TextMtId,
    Throttle,
    write_behaviour,
)
from local.simulator.mt.records import MtRequest
from local.simulator.server import RunningSimulator, running_simulator
from tests.unit.test_simulator_mt_requests import (
    SAMPLE,
    Reply,
    build_body,
    build_request,
    connect,
    exchange,
    read_to_end,
    request_to,
)

REQUEST = build_request(SAMPLE)
HEAD_SIZE = len(REQUEST) - len(SAMPLE)
ANSWER_SIZE = 176  # head and body, with a mtId of 15 digits
LARGE = build_request(build_body(("Content-Type: a/b\r\nContent-Id: a", bytes(900_000))))


@pytest.fixture(scope="module")
def running() -> Iterator[RunningSimulator]:
    with running_simulator() as simulator:
        yield simulator


@pytest.fixture
def simulator(running: RunningSimulator) -> Iterator[RunningSimulator]:
    running.client.clear_behaviours()
    yield running
    running.client.clear_behaviours()


def count(simulator: RunningSimulator) -> int:
    return len(simulator.client.mt_requests())


def wait_for_end(simulator: RunningSimulator, before: int) -> MtRequest:
    """Give the record of the request that came after so many others, once it has ended."""
    record = simulator.client.wait_for_request(count=before + 1)
    return simulator.client.wait_for_request(until=lambda each: each.id == record.id and each.ended is not None)


def play(simulator: RunningSimulator, behaviour: Behaviour, request: bytes = REQUEST) -> tuple[Reply, MtRequest]:
    """Send one request under a behaviour; give what came back and the request's record."""
    rule = simulator.client.behave(behaviour, times=1)
    before = count(simulator)
    reply = exchange(simulator, request)
    record = wait_for_end(simulator, before)
    assert record.behaviour == write_behaviour(behaviour)
    assert record.rule == rule.id
    assert [each.played for each in simulator.client.list_behaviours()][-1] == [1]
    assert record.accepted == (record.mt_id is not None)
    return reply, record


def test_a_slow_answer_comes_late_and_the_message_is_accepted_before(simulator: RunningSimulator) -> None:
    simulator.client.behave(Slow(seconds=0.6))
    before = len(simulator.client.mt_requests(accepted=True))
    with connect(simulator) as connection:
        start = time.monotonic()
        connection.sendall(REQUEST)
        record = simulator.client.wait_for_request(count=before + 1, accepted=True, timeout=0.5)
        assert (record.answer, record.ended) == (None, None)
        assert read_to_end(connection).status == 200
    assert 0.5 < time.monotonic() - start < 3


def test_throttling_is_429_with_retry_after_if_wanted(simulator: RunningSimulator) -> None:
    reply, record = play(simulator, Throttle(retry_after="7"))
    assert (reply.status, record.accepted) == (429, False)
    assert b"\r\nRetry-After: 7\r\n" in reply.data

    reply, record = play(simulator, Throttle())
    assert (reply.status, record.accepted, b"Retry-After" in reply.data) == (429, False, False)


@pytest.mark.parametrize("code", DOCUMENTED_ERRORS)
def test_documented_errors_come_with_their_code(simulator: RunningSimulator, code: int) -> None:
    reply, record = play(simulator, Error(code=code))

    assert (reply.status, record.accepted) == (500 if code in {1000, 1010} else 400, False)
    assert json.loads(reply.body)["error"]["code"] == code
    assert record.answer is not None
    assert record.answer.body == reply.body.decode()


def test_an_error_can_have_any_status_and_words(simulator: RunningSimulator) -> None:
    reply, _ = play(simulator, Error(code=9, status=422, description="Größe"))

    assert (reply.status, json.loads(reply.body)) == (422, {"error": {"code": 9, "description": "Größe"}})


@pytest.mark.parametrize("accepts", [True, False])
def test_any_answer_can_be_given_whether_accepted_or_not(simulator: RunningSimulator, accepts: bool) -> None:
    behaviour = Status(status=307, headers={"Location": "http://127.0.0.1:9/"}, body="<p>", accepts=accepts)
    reply, record = play(simulator, behaviour)

    assert (reply.status, reply.body, record.accepted) == (307, b"<p>", accepts)
    assert b"\r\nLocation: http://127.0.0.1:9/\r\n" in reply.data
    assert b"Content-Type" not in reply.data


@pytest.mark.parametrize(
    ("behaviour", "body"),
    [
        (NotJson(body="<html>"), "<html>"),
        (NoMtId(), "{}"),
        (OddMtId(mt_id="null"), '{\n   "mtId": null\n}'),
        (TextMtId(), '{\n   "mtId": "%s"\n}'),
    ],
)
def test_a_200_may_say_anything_and_the_message_is_accepted(
    simulator: RunningSimulator, behaviour: Behaviour, body: str
) -> None:
    reply, record = play(simulator, behaviour)

    assert (reply.status, record.accepted) == (200, True)
    assert reply.body.decode() == (body % record.mt_id if "%s" in body else body)


@pytest.mark.parametrize("after", [0, 1, 100, len(SAMPLE), len(SAMPLE) + 10])
def test_a_request_is_reset_at_any_byte_of_its_body_and_not_accepted(simulator: RunningSimulator, after: int) -> None:
    reply, record = play(simulator, ResetRequest(after=after))

    assert (reply, record.accepted, record.answer) == (Reply(b"", was_reset=True), False, None)
    assert record.body_size == min(after, len(SAMPLE))


def send_piece_by_piece(connection: socket.socket, data: bytes) -> tuple[int, bool]:
    sent = 0
    try:
        while sent < len(data):
            sent += connection.send(data[sent : sent + 4_096])
    except ConnectionError:
        return sent, True
    return sent, False


def test_a_large_request_is_reset_while_it_is_being_sent(simulator: RunningSimulator) -> None:
    simulator.client.behave(ResetRequest(after=100_000))
    before = count(simulator)
    with connect(simulator) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16_384)
        sent, was_reset = send_piece_by_piece(connection, LARGE)
    assert was_reset
    assert 100_000 < sent < len(LARGE)
    record = wait_for_end(simulator, before)
    assert (record.accepted, record.body_size) == (False, 100_000)


@pytest.mark.parametrize("accepts", [True, False])
def test_a_reset_behind_the_whole_body_tells_nothing(simulator: RunningSimulator, accepts: bool) -> None:
    reply, record = play(simulator, ResetRequest(accepts=accepts))

    assert (reply, record.accepted, record.answer) == (Reply(b"", was_reset=True), accepts, None)
    assert (record.body_size, len(record.parts)) == (len(SAMPLE), 1)


def read_whole_answer(simulator: RunningSimulator) -> int:
    return len(exchange(simulator, REQUEST).data)


@pytest.mark.parametrize("after", [0, 1, 20, 120, ANSWER_SIZE - 1, ANSWER_SIZE, -1, -30])
def test_an_answer_is_reset_at_any_byte_and_the_message_accepted(simulator: RunningSimulator, after: int) -> None:
    assert read_whole_answer(simulator) == ANSWER_SIZE

    reply, record = play(simulator, ResetAnswer(after=after))

    size = after if after >= 0 else ANSWER_SIZE + after
    assert (len(reply.data), reply.was_reset, record.accepted) == (size, True, True)
    assert record.answer is not None
    assert (record.answer.size, record.answer.sent) == (ANSWER_SIZE, size)


@pytest.mark.parametrize("after", [0, 1, 20, 120, ANSWER_SIZE - 1, -1, -30])
def test_an_answer_ends_at_any_byte_and_the_message_is_accepted(simulator: RunningSimulator, after: int) -> None:
    reply, record = play(simulator, CutAnswer(after=after))

    size = after if after >= 0 else ANSWER_SIZE + after
    assert (len(reply.data), reply.was_reset, record.accepted) == (size, False, True)


@pytest.mark.parametrize("accepts", [True, False])
def test_silence_ends_without_an_answer(simulator: RunningSimulator, accepts: bool) -> None:
    start = time.monotonic()
    reply, record = play(simulator, Silence(seconds=0.3, accepts=accepts))

    assert (reply, record.accepted, record.answer) == (Reply(b""), accepts, None)
    assert 0.2 < time.monotonic() - start < 3


def test_silence_ends_when_the_client_leaves(simulator: RunningSimulator) -> None:
    simulator.client.behave(Silence())
    before = count(simulator)
    with connect(simulator) as connection:
        connection.sendall(REQUEST)
        assert simulator.client.wait_for_request(count=before + 1).ended is None
    assert wait_for_end(simulator, before).answer is None


def test_a_body_that_is_left_unread_makes_its_sender_wait(simulator: RunningSimulator) -> None:
    simulator.client.behave(SilenceUnread(seconds=1.0))
    before = count(simulator)
    with connect(simulator) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16_384)
        connection.settimeout(0.5)
        with pytest.raises(TimeoutError):
            connection.sendall(LARGE)
        connection.settimeout(5)
        assert read_to_end(connection).was_reset
    record = wait_for_end(simulator, before)
    assert (record.accepted, record.body_size, record.answer) == (False, 0, None)


@pytest.mark.parametrize(("status", "accepted"), [(200, True), (401, False), (503, False)])
def test_an_early_answer_comes_before_the_body_is_whole(
    simulator: RunningSimulator, status: int, accepted: bool
) -> None:
    simulator.client.behave(EarlyAnswer(after=50, status=status))
    before = count(simulator)
    with connect(simulator) as connection:
        connection.sendall(REQUEST[: HEAD_SIZE + 50])
        answer = connection.recv(10_000)
        assert Reply(answer).status == status
        record = simulator.client.wait_for_request(count=before + 1)
        assert (record.accepted, record.destination, record.report_plan) == (accepted, None, None)
        connection.sendall(REQUEST[HEAD_SIZE + 50 :])
        assert read_to_end(connection) == Reply(b"")
    record = simulator.client.wait_for_request(count=before + 1)
    assert (record.accepted, record.destination, record.body_size) == (accepted, "447700900750", len(SAMPLE))
    assert (b"mtId" in answer) == accepted


def test_an_early_200_has_accepted_even_if_the_rest_never_comes(simulator: RunningSimulator) -> None:
    simulator.client.behave(EarlyAnswer(after=50))
    before = count(simulator)
    reply = exchange(simulator, REQUEST[:-10], half_close=True)

    assert reply.status == 200
    record = simulator.client.wait_for_request(until=lambda each: each.accepted and bool(each.violations))
    assert int(record.id) > before
    assert record.violations == [f"body: it ended after {len(SAMPLE) - 10} of {len(SAMPLE)} bytes"]


@pytest.mark.parametrize("behaviour", [Silence(), Slow(seconds=60), SilenceUnread()])
def test_the_simulator_ends_at_once_whatever_it_is_playing(behaviour: Behaviour) -> None:
    replies: list[Reply] = []
    with running_simulator() as simulator:
        simulator.client.behave(behaviour)
        threads = [threading.Thread(target=lambda: replies.append(exchange(simulator, REQUEST))) for _ in range(3)]
        for thread in threads:
            thread.start()
        simulator.client.wait_for_request(count=3)
        time.sleep(0.1)
        start = time.monotonic()
    assert time.monotonic() - start < 3
    for thread in threads:
        thread.join(5)
    assert [reply.data for reply in replies] == [b"", b"", b""]
    with pytest.raises(ConnectionError):
        socket.create_connection(("127.0.0.1", urlsplit(simulator.url).port or 0))


def test_a_refused_number_a_silent_one_and_a_throttled_one_need_no_rules(simulator: RunningSimulator) -> None:
    refused = exchange(simulator, request_to("10000874000"))
    assert (refused.status, refused.description) == (400, "The destination can't receive MMS.")

    throttled = [exchange(simulator, request_to("10000874002")) for _ in range(4)]
    assert [reply.status for reply in throttled] == [429, 200, 429, 200]
    assert b"\r\nRetry-After: 1\r\n" in throttled[0].data

    with connect(simulator) as connection:
        connection.sendall(request_to("10000874001"))
        simulator.client.wait_for_request(destination="10000874001", accepted=True)
        connection.settimeout(0.3)
        with pytest.raises(TimeoutError):
            connection.recv(1)
    accepted = [len(simulator.client.mt_requests(True, f"1000087400{digit}")) for digit in (0, 1, 2)]
    assert accepted == [0, 1, 2]
