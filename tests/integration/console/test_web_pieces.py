"""The pieces of the page and its events, over HTTP."""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from console.connection import connect
from console.web.server import listen, running_console, url_of
from local.readback import ReadBack
from local.simulator.client import SimulatorClient
from local.stack import Stack
from tests.integration.producer import NUMBERS, Producer


@contextmanager
def events(stack: Stack) -> Iterator[list[dict[str, Any]]]:
    """What a page is told while the block runs; it begins when the page is told that it is told of everything."""
    told: list[dict[str, Any]] = []
    with httpx.stream("GET", f"{stack.console_url}/events", timeout=60) as stream:
        lines = stream.iter_lines()

        def read() -> None:
            with suppress(httpx.HTTPError):
                told.extend(json.loads(line[5:]) for line in lines if line.startswith("data:"))

        thread = threading.Thread(target=read, daemon=True)
        thread.start()
        wait_for(lambda: {"kind": "all"} in told)
        yield told
        stream.close()


def wait_for(is_so: Callable[[], bool], patience: float = 30) -> None:
    end = time.monotonic() + patience
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_page_is_told_of_a_message_its_changes_and_its_report(
    stack: Stack, producer: Producer, simulator: SimulatorClient
) -> None:
    handset = next(NUMBERS)
    with events(stack) as told:
        simulator.send_message(source=handset)
        message = producer.message(destination=handset)
        producer.enqueue(message)
        wait_for(lambda: any(each["kind"] == "report" for each in told))
        wait_for(lambda: sum(each.get("pk") == f"MT#{message['requestId']}" for each in told) >= 3)
    mine = [each for each in told if each.get("handset") == handset]
    assert next(each["incoming"] for each in mine) is True
    assert {each["service"] for each in mine} == {"88600"}
    # Ids and numbers: what a message says is asked for by pages that show it.
    assert "Here it is" not in json.dumps(told)


def test_a_page_is_told_of_what_is_gone(stack: Stack, simulator: SimulatorClient, stored: ReadBack) -> None:
    handset = next(NUMBERS)
    pk = f"MO#{simulator.send_message(source=handset).mo_id}"
    with events(stack) as told:
        stored.table.delete_item(Key={"pk": pk, "sk": "MESSAGE"})
        wait_for(lambda: any(each["kind"] == "removed" and each["pk"] == pk for each in told))
    answer = httpx.get(f"{stack.console_url}/conversation?service=88600&handset={handset}")
    assert (answer.status_code, answer.text) == (204, "")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/thread?service=88600&handset=447700900750&after=bm9uc2Vuc2U=", 422),
        ("/thread?service=88600&handset=447700900750&after=e30=", 422),
        ("/message?pk=MO%23nobody&sk=MESSAGE", 204),
        ("/details?pk=MO%23nobody&sk=MESSAGE", 204),
        ("/orphans?pk=MT%23nobody", 422),
        ("/phone/screen?handset=nobody&service=88600", 422),
        ("/phone/sent/999999/0", 404),
        ("/phone/received/nobody/0", 404),
    ],
)
def test_what_can_not_be_shown_is_said_in_words(stack: Stack, path: str, status: int) -> None:
    answer = httpx.get(f"{stack.console_url}{path}")
    assert answer.status_code == status
    assert "Error" not in answer.text


def test_every_kind_of_item_that_can_stand_in_a_conversation_is_shown(
    stack: Stack, stored: ReadBack, simulator: SimulatorClient, producer: Producer
) -> None:
    handset = next(NUMBERS)
    delivery = simulator.send_message(source=handset, subject="First")
    simulator.send_message(source=handset, mo_id=str(delivery.mo_id), subject="Another")  # a conflict
    message = producer.message(destination=handset)
    producer.send(message)
    producer.enqueue({**message, "subject": "Another"})
    key = {"pk": f"MT#{message['requestId']}"}
    wait_for(lambda: len(stored.items(key["pk"])) == 2)
    page = httpx.get(f"{stack.console_url}/thread?service=88600&handset={handset}")
    assert page.status_code == 200
    keys = re.findall(r'data-pk="([^"]*)" data-sk="([^"#]*)', page.text)
    assert sorted(keys) == sorted(
        (pk, sk) for pk in (f"MO#{delivery.mo_id}", key["pk"]) for sk in ("MESSAGE", "CONFLICT")
    )
    assert page.text.count("another message under an id that was used") == 2
    for item in [*stored.items(f"MO#{delivery.mo_id}"), *stored.items(key["pk"])]:
        details = httpx.get(
            f"{stack.console_url}/details?pk={quote(item['pk'], safe='')}&sk={quote(item['sk'], safe='')}"
        )
        assert "The item in the table" in details.text


@pytest.fixture
def deployed(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of the console of a stack that is found by its name, with the caller's own credentials."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", stack.aws_endpoint_url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", stack.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", stack.secret_access_key)
    monkeypatch.setenv("AWS_DEFAULT_REGION", stack.region)
    with listen() as listener, running_console(connect("mms-gateway"), listener):
        yield url_of(listener)


def test_a_deployed_stack_is_shown_by_its_name_and_has_no_phone(deployed: str, simulator: SimulatorClient) -> None:
    handset = next(NUMBERS)
    simulator.send_message(source=handset, subject="Hello")
    page = httpx.get(deployed).text
    assert "<title>MMS gateway: mms-gateway</title>" in page
    assert "phone" not in page
    assert httpx.get(f"{deployed}/phone/screen?handset={handset}&service=88600").status_code == 404
    assert handset in httpx.get(f"{deployed}/conversations").text
    assert "Hello" in httpx.get(f"{deployed}/thread?service=88600&handset={handset}").text
