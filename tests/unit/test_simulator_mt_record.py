"""The record of MT requests, by which "never twice" is proved: exact, bounded, honest about what it forgot."""

import hashlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from local.simulator.client import Forgotten, OrderRefused
from local.simulator.mt import entrance, ledger
from local.simulator.mt.records import read_request, write_request
from local.simulator.server import RunningSimulator, running_simulator
from tests.unit.test_simulator_mt_requests import (
    DETAILS,
    HEAD,
    SAMPLE,
    build_body,
    build_request,
    connect,
    exchange,
    read_to_end,
    request_to,
)


@pytest.fixture
def simulator() -> Iterator[RunningSimulator]:
    with running_simulator() as running:
        yield running


def test_fifty_at_once_are_each_recorded_once(simulator: RunningSimulator) -> None:
    together = threading.Barrier(50)
    picture = bytes(200_000)

    def send(number: int) -> int:
        details = {**DETAILS, "destination": f"4477009000{number:02}"}
        request = build_request(build_body(("Content-Type: image/gif\r\nContent-Id: a.gif", picture), details=details))
        together.wait(10)
        return exchange(simulator, request).status

    with ThreadPoolExecutor(50) as pool:
        assert [*pool.map(send, range(50))] == [200] * 50

    requests = simulator.client.mt_requests(accepted=True)
    assert sorted(request.destination or "" for request in requests) == [f"4477009000{n:02}" for n in range(50)]
    assert len({request.mt_id for request in requests}) == 50
    assert {request.parts[0].sha256 for request in requests} == {hashlib.sha256(picture).hexdigest()}
    # By their ids: what became of their reports is written on them meanwhile.
    assert [each.id for each in simulator.client.mt_requests()] == [each.id for each in requests]


def test_requests_can_be_asked_for_by_fate_and_destination(simulator: RunningSimulator) -> None:
    for request in (
        request_to("447700900001"),
        request_to("447700900002"),
        request_to("4477"),
        request_to("447700900001"),
    ):
        exchange(simulator, request)
    client = simulator.client

    def ids(**wanted: object) -> list[str]:
        return [each.id for each in client.mt_requests(**wanted)]  # type: ignore[arg-type]

    assert ids() == ["1", "2", "3", "4"]
    assert ids(accepted=True) == ["1", "2", "4"]
    assert ids(accepted=False) == ["3"]
    assert ids(destination="447700900001") == ["1", "4"]
    assert ids(destination="447700900003") == []
    assert client.mt_request("2") == client.mt_requests()[1] == client.wait_for_request(count=2)
    with pytest.raises(TimeoutError, match=r"2 requests like that came within 0.05 s, 3 were expected"):
        client.wait_for_request(count=3, destination="447700900001", timeout=0.05)
    with pytest.raises(OrderRefused, match="id: no such request"):
        client.mt_request("99")
    answer = httpx.get(f"{simulator.url}/simulator/mt", params={"accepted": "maybe"}, trust_env=False)
    assert answer.json() == {"error": {"field": "accepted", "message": "expected 1 or 0"}}


def test_a_record_as_json_has_all_that_is_known(simulator: RunningSimulator) -> None:
    exchange(simulator, build_request(SAMPLE))
    record = httpx.get(f"{simulator.url}/simulator/mt/1", trust_env=False).json()

    assert (record["accepted"], record["destination"], record["details"]) == (True, "447700900750", DETAILS)
    assert record["parts"][0]["contentType"] == "application/vnd.openmarket.remoteContent"
    assert {"id", "requestId", "began", "ended", "mtId", "source", "violations", "bodySize", "tlsVersion"} < set(record)
    assert {"answer", "behaviour", "rule", "reportPlan", "reports", "reportProblem"} < set(record)
    assert write_request(read_request(record)) == record


def test_a_part_s_bytes_can_be_looked_at(simulator: RunningSimulator) -> None:
    content = "Content-Type: text/html\r\nContent-Id: a.html\r\nContent-Transfer-Encoding: base64"
    exchange(
        simulator, build_request(build_body(("Content-Type: a/b\r\nContent-Id: b", b"\0\xff"), (content, b"PGI+")))
    )
    answer = httpx.get(f"{simulator.url}/simulator/mt/1/parts/1", trust_env=False)

    assert (answer.content, answer.headers["content-type"]) == (b"<b>", "text/html")
    assert answer.headers["content-security-policy"] == "sandbox"
    assert simulator.client.mt_part("1", 0) == b"\0\xff"
    with pytest.raises(OrderRefused, match="no such part, or its bytes are kept no longer"):
        simulator.client.mt_part("1", 2)


def test_only_the_latest_contents_are_kept(simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "MAX_REQUESTS_WITH_CONTENTS", 2)
    for _ in range(3):
        exchange(simulator, request_to("447700900750"))
    with pytest.raises(OrderRefused, match="kept no longer"):
        simulator.client.mt_part("1", 0)
    assert simulator.client.mt_part("2", 0) == b"Hello"

    monkeypatch.setattr(ledger, "MAX_CONTENT_BYTES", 5)
    exchange(simulator, request_to("447700900750"))
    with pytest.raises(OrderRefused, match="kept no longer"):
        simulator.client.mt_part("3", 0)
    assert simulator.client.mt_part("4", 0) == b"Hello"
    assert len(simulator.client.mt_requests()) == 4


def test_a_record_that_is_not_whole_proves_nothing(
    simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "MAX_REMEMBERED", 2)
    for _ in range(3):
        exchange(simulator, request_to("447700900750"))

    answer = httpx.get(f"{simulator.url}/simulator/mt", trust_env=False).json()
    assert ([each["id"] for each in answer["requests"]], answer["forgotten"]) == (["2", "3"], 1)
    with pytest.raises(Forgotten, match="1 requests are in the simulator's record no longer"):
        simulator.client.mt_requests()


def test_the_account_can_change_at_any_time(simulator: RunningSimulator) -> None:
    assert exchange(simulator, request_to("447700900750")).status == 200

    simulator.client.set_credentials("acme", "päss:word")

    assert exchange(simulator, request_to("447700900750")).status == 401
    new = "Authorization: Basic YWNtZTpww6Rzczp3b3Jk"
    assert exchange(simulator, build_request(build_body(), head=[*HEAD[:3], new])).status == 200
    for account, password, field in (("", "x", "accountId"), ("a:b", "x", "accountId"), ("a", "", "password")):
        with pytest.raises(OrderRefused, match=f"^{field}: expected"):
            simulator.client.set_credentials(account, password)


def test_account_and_size_can_be_set_at_the_start() -> None:
    with running_simulator(credentials=("a", "b"), max_message_bytes=300) as simulator:
        head = [*HEAD[:3], "Authorization: Basic YTpi"]
        content = ("Content-Type: a/b\r\nContent-Id: a", b"x" * 80)
        assert exchange(simulator, request_to("447700900750")).status == 401
        assert exchange(simulator, build_request(build_body(content), head=head)).status == 400
        assert simulator.client.mt_requests()[-1].violations == ["body: expected at most 300 bytes"]


def test_the_control_api_goes_on_while_a_connection_says_nothing(simulator: RunningSimulator) -> None:
    with connect(simulator), connect(simulator) as slow:
        for byte in b"GET /simulator/mt HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n":
            slow.sendall(bytes([byte]))
        assert read_to_end(slow).status == 200
    assert simulator.client.mt_requests() == []


def test_whatever_is_not_for_the_control_api_is_recorded(simulator: RunningSimulator) -> None:
    for request in (b"GET / HTTP/1.1\r\n\r\n", b"\0\0\r\n\r\n", b"GET /simulate HTTP/1.1\r\n\r\n"):
        assert exchange(simulator, request).status == 401
    assert len(simulator.client.mt_requests()) == 3


def test_connections_at_a_time_are_bounded(simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entrance, "MAX_CONNECTIONS", 1)
    with connect(simulator) as first:
        first.sendall(b"POST /mms")
        simulator.client.wait_for_request()
        assert exchange(simulator, request_to("447700900750")).was_reset


def test_the_numbers_are_listed_for_people(simulator: RunningSimulator) -> None:
    numbers = httpx.get(f"{simulator.url}/simulator/mt/numbers", trust_env=False).json()["numbers"]

    assert {"number": "10360871000", "meaning": "Deferred/4 (OpenMarket's)"} in numbers
    assert len(numbers) == 19
