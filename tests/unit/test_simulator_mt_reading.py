"""How the simulator reads a request: whole or not at all, in whatever pieces it comes, and never falling over."""

import json
import socket
from collections.abc import Iterator

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.simulator.mt.head import Credentials, read_head
from local.simulator.mt.message import read_message
from local.simulator.server import RunningSimulator, running_simulator
from tests.unit.test_simulator_mt_requests import (
    HEAD,
    SAMPLE,
    build_request,
    connect,
    exchange,
    read_to_end,
)

PIECES = st.sampled_from(
    [
        *(b"\r\n", b"\n", b"--mimeboundary", b"--", b"Content-Type: ", b"application/json", b"text/plain; charset="),
        *(b"Content-Id: a", b"main", b"Content-Transfer-Encoding: base64", b"{}", b'{"type":"MT"}', b'"\\ud800"'),
        *(b"\xff", b"https://["),
    ]
)


@pytest.fixture(scope="module")
def simulator() -> Iterator[RunningSimulator]:
    with running_simulator() as running:
        yield running


@pytest.mark.parametrize("kept", [1, 30, 150, 300, 400, len(build_request(SAMPLE)) - 1])
def test_a_request_that_ends_early_is_never_accepted(simulator: RunningSimulator, kept: int) -> None:
    before = len(simulator.client.mt_requests())

    reply = exchange(simulator, build_request(SAMPLE)[:kept], half_close=True)

    [request] = simulator.client.mt_requests()[before:]
    assert (reply.status, request.accepted) == (400, False)
    assert request.body_size == max(0, kept - build_request(SAMPLE).index(b"\r\n\r\n") - 4)
    place = "body: it ended after" if request.body_size else "head: the request ended in it"
    assert request.violations[-1].startswith(place)


def test_a_request_byte_by_byte_is_one_request(simulator: RunningSimulator) -> None:
    before = len(simulator.client.mt_requests())
    with connect(simulator) as connection:
        for byte in build_request(SAMPLE):
            connection.sendall(bytes([byte]))
        reply = read_to_end(connection)

    [request] = simulator.client.mt_requests()[before:]
    assert (reply.status, request.accepted) == (200, True)


def test_a_client_that_asks_first_is_told_to_go_on(simulator: RunningSimulator) -> None:
    with connect(simulator) as connection:
        head, _, body = build_request(SAMPLE, head=[*HEAD, "Expect: 100-continue"]).partition(b"\r\n\r\n")
        connection.sendall(head + b"\r\n\r\n")
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        assert read_to_end(connection).status == 200


@pytest.mark.parametrize(
    ("request_bytes", "violation"),
    [
        (build_request(b"", length=4_000_001), "body: expected at most 1000000 bytes"),
        (
            b"POST /mms/v2/send HTTP/1.1\r\nX: " + b"x" * 40_000,
            "head: expected an empty line (CRLF) within 32768 bytes",
        ),
    ],
)
def test_what_is_far_too_long_is_refused_unread(
    simulator: RunningSimulator, request_bytes: bytes, violation: str
) -> None:
    assert violation in exchange(simulator, request_bytes).description


def test_a_connection_without_a_request_is_none(simulator: RunningSimulator) -> None:
    before = len(simulator.client.mt_requests())
    connect(simulator).close()
    with connect(simulator) as connection:
        connection.shutdown(socket.SHUT_WR)
        assert read_to_end(connection).data == b""
    assert len(simulator.client.mt_requests()) == before


def test_no_beginning_of_a_body_is_a_body() -> None:
    taken = [size for size in range(len(SAMPLE)) if not read_message(SAMPLE[:size], "mimeboundary").violations]
    assert taken == []
    assert read_message(SAMPLE, "mimeboundary").violations == []


@given(st.lists(PIECES | st.binary(max_size=5), max_size=20), st.integers(0, len(SAMPLE)), st.integers(0, len(SAMPLE)))
def test_no_body_is_too_odd_to_be_judged(pieces: list[bytes], start: int, end: int) -> None:
    message = read_message(SAMPLE[:start] + b"".join(pieces) + SAMPLE[end:], "mimeboundary")

    json.dumps([message.details, message.violations], ensure_ascii=False, allow_nan=False).encode()


@given(
    st.lists(st.sampled_from([b"\r\n", b":", b" ", b'"', *map(str.encode, HEAD)]) | st.binary(max_size=5), max_size=20)
)
def test_no_head_is_too_odd_to_be_judged(pieces: list[bytes]) -> None:
    head = read_head(b"".join(pieces) + b"\r\n\r\n", Credentials())

    assert head.violations
    "".join(head.violations).encode()


def test_a_connection_of_the_control_api_takes_no_messages(simulator: RunningSimulator) -> None:
    before = len(simulator.client.mt_requests())
    with httpx.Client(base_url=simulator.url, trust_env=False) as client:
        assert client.get("/simulator/mt/numbers").status_code == 200
        reply = client.post("/mms/v2/send", content=SAMPLE, auth=("local", "local"))
    assert reply.status_code == 421
    assert reply.json()["error"]["message"] == "messages need a connection of their own"
    assert len(simulator.client.mt_requests()) == before
