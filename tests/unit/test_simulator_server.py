"""The simulator's control API: pleasant to a browser, to a test, and plain about mistakes."""

import base64
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.simulator import outbox
from local.simulator.callbacks import Part
from local.simulator.client import OrderRefused, SimulatorClient
from local.simulator.delivery import Policy
from local.simulator.dialect import Dialect, IdForm, JsonLayout, MediaEncoding
from local.simulator.exchange import RefusedTarget
from local.simulator.records import State
from local.simulator.server import RunningSimulator, running_simulator
from tests.unit.simulator_target import SILENCE, STORED, UNAVAILABLE, ScriptedTarget, scripted_target

QUICK = Policy(answer_within=5, first_pause=0.01, longest_pause=0.02, attempts=4)
GIF = b"GIF89a\x01\x00\x01\x00"


@pytest.fixture
def target() -> Iterator[ScriptedTarget]:
    with scripted_target(STORED) as running:
        yield running


@pytest.fixture
def simulator(target: ScriptedTarget, tmp_path: Path) -> Iterator[RunningSimulator]:
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / "cat.gif").write_bytes(GIF)
    (tmp_path / "secret.txt").write_text("secret")
    with running_simulator(target.url, policy=QUICK, media_folder=tmp_path / "media") as running:
        yield running


@pytest.fixture
def client(simulator: RunningSimulator) -> Iterator[SimulatorClient]:
    with SimulatorClient(simulator.url) as running:
        yield running


def post(simulator: RunningSimulator, path: str, order: object) -> httpx.Response:
    return httpx.post(simulator.url + path, json=order, timeout=20, trust_env=False)


def read_json_part(body: bytes) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(body.split(b"\r\n\r\n", 1)[1].split(b"\r\n--mimeboundary")[0])
    return fields


def test_a_message_is_sent_and_recorded(client: SimulatorClient, target: ScriptedTarget, tmp_path: Path) -> None:
    text = Part(content_type="text/plain", content_id="text.txt", data=b"Hello")

    delivery = client.send_message(
        [tmp_path / "media" / "cat.gif", text], source="447700900750", subject="Cat", mo_id="7", user_agent=None
    )

    assert (delivery.state, delivery.statuses, delivery.outcomes) == (State.DELIVERED, [200], ["stored"])
    assert (delivery.kind, delivery.mo_id, delivery.mt_id) == ("mo", "7", None)
    assert delivery.settled is not None
    fields = read_json_part(target.bodies[0])
    assert fields.pop("date").endswith("+00:00")
    assert fields == {
        "type": "MO",
        "moId": 7,
        "source": "447700900750",
        "destinations": ["88600"],
        "ccs": [],
        "bccs": [],
        "mobileOperatorId": 77,
        "subject": "Cat",
    }
    assert b"Content-Type: image/gif\r\nContent-Id: cat.gif \r\n\r\n" + GIF + b"\r\n--mime" in target.bodies[0]
    assert target.bodies[0].endswith(b"Content-Id: text.txt \r\n\r\nHello\r\n--mimeboundary--")
    assert client.list_deliveries() == [delivery]


def test_a_report_is_sent(client: SimulatorClient, target: ScriptedTarget) -> None:
    dialect = Dialect(json_layout=JsonLayout.COMPACT, id_form=IdForm.TEXT)

    delivery = client.send_report(
        mt_id=99, status="Deferred", outcome_id=4, outcome_description=None, date="x", dialect=dialect
    )

    assert (delivery.kind, delivery.mt_id, delivery.state) == ("report", "99", State.DELIVERED)
    assert target.bodies == [
        b'{"type":"REPORT","mtId":"99","date":"x","status":"Deferred","outcomeId":4,"userAgent":"HTC One"}'
    ]


def test_raw_bytes_are_sent_as_they_are(client: SimulatorClient, target: ScriptedTarget) -> None:
    delivery = client.send_raw("multipart/mixed; boundary=b", b"--b\r\nContent-Ty")

    assert delivery.state is State.DELIVERED
    assert target.bodies == [b"--b\r\nContent-Ty"]
    assert b"Content-Type: multipart/mixed; boundary=b\r\n" in target.heads[0]


def test_copies_dialect_and_policy_come_from_the_order(client: SimulatorClient, target: ScriptedTarget) -> None:
    target.script = [UNAVAILABLE, STORED]
    policy = Policy(first_pause=0.01, at_once=3, another_boundary=True)

    delivery = client.send_message(
        [Part(content_type="image/gif", data=GIF)],
        dialect=Dialect(media_encoding=MediaEncoding.BASE64_UNDECLARED),
        policy=policy,
    )

    assert delivery.state is State.DELIVERED
    assert sorted(map(str, delivery.statuses)) == ["200", "200", "200", "503"]
    assert len({attempt.boundary for attempt in delivery.attempts}) == 4
    assert all(b"\r\n\r\n" + base64.b64encode(GIF) + b"\r\n--" in body for body in target.bodies)


def test_ids_are_unlike_in_one_run(client: SimulatorClient) -> None:
    deliveries = [client.send_message() for _ in range(3)] + [client.send_report() for _ in range(3)]

    ids = {delivery.mo_id or delivery.mt_id for delivery in deliveries}
    assert len(ids) == 6
    assert all(each is not None and len(each) == 15 for each in ids)


def test_a_browser_s_order_needs_no_more_than_a_data_url(simulator: RunningSimulator, target: ScriptedTarget) -> None:
    order = {
        "parts": [
            {"dataUrl": "data:image/gif;base64," + base64.b64encode(GIF).decode(), "contentId": "a.gif"},
            {"text": "Grüße"},
            {"file": "cat.gif"},
            {"base64": "AAAA", "contentType": "image/jpeg", "contentId": None},
        ]
    }
    answer = post(simulator, "/simulator/mo?wait=1", order)

    assert (answer.status_code, answer.json()["state"]) == (200, "delivered")
    parts = target.bodies[0].split(b"--mimeboundary\r\n")[2:]
    assert parts == [
        b"Content-Type: image/gif\r\nContent-Id: a.gif \r\n\r\n" + GIF + b"\r\n",
        b"Content-Type: text/plain\r\nContent-Id: part-2.txt \r\n\r\n" + "Grüße".encode() + b"\r\n",
        b"Content-Type: image/gif\r\nContent-Id: cat.gif \r\n\r\n" + GIF + b"\r\n",
        b"Content-Type: image/jpeg\r\n\r\n\0\0\0\r\n--mimeboundary--",
    ]


def test_an_order_answers_at_once_and_can_be_watched(simulator: RunningSimulator, target: ScriptedTarget) -> None:
    target.script = [SILENCE]
    answer = post(simulator, "/simulator/mo", {})
    record = answer.json()

    assert (answer.status_code, record["state"], record["settled"]) == (202, "under way", None)
    shown = httpx.get(f"{simulator.url}/simulator/deliveries/{record['id']}", trust_env=False)
    assert (shown.status_code, shown.json()["moId"]) == (200, record["moId"])

    target.over.set()
    with SimulatorClient(simulator.url) as client:
        assert client.wait(record["id"]).state is State.GIVEN_UP


def test_the_client_raises_what_the_simulator_refuses(client: SimulatorClient) -> None:
    with pytest.raises(OrderRefused, match=r"^moId: expected 1 to 40 digits without a leading zero$"):
        client.send_message(mo_id="x")
    with pytest.raises(OrderRefused, match="no such delivery"):
        client.wait("12345")


def test_only_pages_of_this_machine_may_order(simulator: RunningSimulator) -> None:
    url = f"{simulator.url}/simulator/deliveries"
    ask = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    own, foreign = ({"Origin": origin, **ask} for origin in ("http://127.0.0.1:8123", "http://127.0.0.1.example.com"))

    assert httpx.options(url, headers=own, trust_env=False).status_code == 200
    assert httpx.options(url, headers=foreign, trust_env=False).status_code == 400
    assert httpx.get(url, headers={"Host": "rebound.example.com"}, trust_env=False).status_code == 400


def test_nothing_is_sent_before_there_is_a_callback_url(target: ScriptedTarget) -> None:
    with running_simulator(policy=QUICK) as simulator, SimulatorClient(simulator.url) as client:
        answer = post(simulator, "/simulator/report", {})
        assert answer.status_code == 409
        assert answer.json()["error"]["message"] == "the simulator has not been told its callback URL yet"

        simulator.call_back_to(target.url)
        assert client.send_report().state is State.DELIVERED


def test_a_callback_url_elsewhere_is_refused() -> None:
    threads = threading.active_count()
    with pytest.raises(RefusedTarget, match="not this machine"), running_simulator("https://example.com/"):
        pass
    with running_simulator() as simulator, pytest.raises(RefusedTarget, match="not this machine"):
        simulator.call_back_to("https://example.com/")
    with running_simulator("https://example.com/", allow_other_hosts=True):
        pass
    assert threading.active_count() == threads


def test_it_stops_at_once_and_says_so_to_whoever_waits(target: ScriptedTarget) -> None:
    target.script = [SILENCE]
    answers: list[dict[str, Any]] = []
    with running_simulator(target.url, policy=Policy(answer_within=60)) as simulator:
        url = simulator.url
        waiting = threading.Thread(target=lambda: answers.append(post(simulator, "/simulator/mo?wait=1", {}).json()))
        waiting.start()
        while not target.seen:
            time.sleep(0.01)
        start = time.monotonic()
    assert time.monotonic() - start < 3

    waiting.join(5)
    assert [answer["state"] for answer in answers] == ["stopped"]
    with pytest.raises(httpx.ConnectError):
        httpx.get(url, trust_env=False)


def test_many_orders_at_once_all_settle(client: SimulatorClient) -> None:
    ordered = [client.send_message([Part(content_type="a/b", data=bytes(50_000))], wait=False) for _ in range(60)]

    settled = [client.wait(delivery) for delivery in ordered]

    assert {delivery.state for delivery in settled} == {State.DELIVERED}
    assert [delivery.id for delivery in client.list_deliveries()] == [delivery.id for delivery in ordered]


def test_what_is_under_way_and_what_is_remembered_are_bounded(
    client: SimulatorClient, target: ScriptedTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "MAX_REMEMBERED", 2)
    assert [client.send_report().id for _ in range(3)] == ["1", "2", "3"]
    assert [delivery.id for delivery in client.list_deliveries()] == ["2", "3"]

    monkeypatch.setattr(outbox, "MAX_UNDER_WAY", 1)
    target.script = [SILENCE]
    client.send_report(wait=False)
    with pytest.raises(OrderRefused, match="1 deliveries are under way; wait until some have settled"):
        client.send_report()
