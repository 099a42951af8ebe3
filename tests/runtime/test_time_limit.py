"""The built function's time: it answers within it, whatever the stores do, and what outlives it is ended."""

import socket
import socketserver
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from local.processes import start_time
from local.readback import ReadBack
from tests.runtime.emulator import Artifact, Run
from tests.runtime.events import IDS, EventMaker, picture_message

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="AWS's emulator runs on Linux only")

SLEEPER = """
import time

def handler(event, context):
    time.sleep(event)
    return "slept"
"""


@pytest.fixture
def silent_store() -> Iterator[str]:
    """A server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:  # the system itself takes them
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


class Trickle(socketserver.BaseRequestHandler):
    """An answer that comes line by line, each within the SDK's patience, and never ends."""

    def handle(self) -> None:
        with suppress(OSError):
            self.request.sendall(b"HTTP/1.1 200 OK\r\n")
            while True:
                self.request.sendall(b"X-Wait: a little longer\r\n")
                time.sleep(0.5)


class TricklingServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False


@pytest.fixture
def trickling_store() -> Iterator[str]:
    """A server whose answer never comes to an end."""
    with TricklingServer(("127.0.0.1", 0), Trickle) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.mark.parametrize(
    ("service", "reason"),
    [
        pytest.param("SECRETS_MANAGER", "the secret could not be fetched: ReadTimeoutError", id="secret"),
        pytest.param("S3", "the bucket could not be reached: ReadTimeoutError", id="bucket"),
        pytest.param("DYNAMODB", "the table could not be reached: ReadTimeoutError", id="table"),
    ],
)
def test_a_store_that_never_answers_gives_503_within_the_functions_time(
    run: Run, event: EventMaker, artifact: Artifact, stored: ReadBack, silent_store: str, *, service: str, reason: str
) -> None:
    mo_id = next(IDS)
    with run(**{f"AWS_ENDPOINT_URL_{service}": silent_store}) as emulator:
        answer = emulator.invoke(event(picture_message(mo_id)))
    assert answer.outcome == (503, "unavailable")
    assert answer.seconds < artifact.seconds
    assert [line["reason"] for line in emulator.json_lines() if "reason" in line] == [reason]
    assert stored.item(f"MO#{mo_id}") == {}


def test_a_store_whose_answer_never_ends_gives_503_within_the_functions_time(
    run: Run, event: EventMaker, artifact: Artifact, stored: ReadBack, trickling_store: str
) -> None:
    mo_id = next(IDS)
    with run(AWS_ENDPOINT_URL_S3=trickling_store) as emulator:
        answer = emulator.invoke(event(picture_message(mo_id)))
    assert answer.outcome == (503, "unavailable")
    assert answer.seconds < artifact.seconds
    (reason,) = [line["reason"] for line in emulator.json_lines() if "reason" in line]
    assert reason == "the stores did not answer in the function's time"
    assert stored.item(f"MO#{mo_id}") == {}


@pytest.fixture
def sleeper(artifact: Artifact, tmp_path: Path) -> Artifact:
    """A function that sleeps for the seconds it is given."""
    code = tmp_path / "sleeper"
    code.mkdir()
    (code / "sleeper.py").write_text(SLEEPER)
    return replace(artifact, code=code, handler="sleeper.handler")


def test_a_function_that_outlives_its_time_is_ended(run: Run, sleeper: Artifact) -> None:
    # Without this, an answer within the time limit would show nothing: there might be none.
    with run(sleeper, AWS_LAMBDA_FUNCTION_TIMEOUT="1") as emulator:
        assert emulator.invoke("0").result == "slept"
        before = emulator.processes()
        answer = emulator.invoke("20")
        assert answer.result == "Task timed out after 1.00 seconds"
        assert 1 <= answer.seconds < 5
        assert len(before - emulator.processes()) == 1
        assert emulator.invoke("0").result == "slept"


def test_an_emulator_that_ends_leaves_no_process_and_no_file(run: Run, sleeper: Artifact, tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as caller:
        with run(sleeper) as emulator:
            assert emulator.invoke("0").result == "slept"
            unanswered = caller.submit(emulator.invoke, "20")
            time.sleep(0.2)
            processes = emulator.processes()
            assert len(processes) == 2
        assert not any(start_time(process) for process in processes)
        with pytest.raises(httpx.TransportError):
            unanswered.result()
    assert not list((tmp_path / "tmp").iterdir())
