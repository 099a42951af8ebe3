"""`mms console` as a person starts and ends it."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.integration.console.conftest import Mms

Start = Callable[..., tuple[subprocess.Popen[str], str]]


@pytest.fixture
def start(stack_json: Path) -> Iterator[Start]:
    """Starts it; gives the process and the address it printed."""
    started: list[subprocess.Popen[str]] = []

    def begin(*words: str) -> tuple[subprocess.Popen[str], str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "console", "console", "--no-browser", *words],
            env={**os.environ, "MMS_STACK_JSON": str(stack_json)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        return process, process.stdout.readline().strip()

    yield begin
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_prints_one_address_serves_it_and_ends_in_order(start: Start, number: signal.Signals) -> None:
    process, url = start()
    with httpx.Client(follow_redirects=True, timeout=10) as browser:
        assert "<title>MMS gateway: local</title>" in browser.get(url).text
        address = str(httpx.URL(url).copy_with(query=None))
        with browser.stream("GET", f"{address}events") as page:  # an open page holds nothing up
            assert page.status_code == 200
            process.send_signal(number)
            out, err = process.communicate(timeout=10)
    assert httpx.URL(url).host == "127.0.0.1"
    assert out == "", "the address alone stands on stdout"
    assert "Ctrl-C ends it." in err
    assert "Traceback" not in err
    with pytest.raises(httpx.ConnectError):
        httpx.get(address)


def test_only_the_named_short_codes_are_shown(start: Start) -> None:
    _, url = start("--service", "99999")
    with httpx.Client(follow_redirects=True) as browser:
        browser.get(url)
        address = str(httpx.URL(url).copy_with(query=None))
        assert browser.get(f"{address}services").json() == ["99999"]
        assert "data-handset" not in browser.get(f"{address}conversations").text


def test_a_port_that_is_taken_is_said(mms: Mms) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = mms("console", "--no-browser", "--port", str(port))
    assert (said.status, said.out) == (1, "")
    assert said.err.startswith(f"Port {port} can't be had: Address already in use. Leave --port out")
