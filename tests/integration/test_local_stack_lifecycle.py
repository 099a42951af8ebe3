"""`python -m local` leaves nothing: not when it is asked to stop, and not for long when it is killed."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from local.places import ROOT

pytestmark = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for processes in /proc")

PATIENCE = 60


class Run:
    """A `python -m local` in a folder of its own, with its temporary files there too."""

    def __init__(self, folder: Path) -> None:
        self.state, self.temporary, self.log = folder / "state", folder / "temporary", folder / "log"
        self.temporary.mkdir(parents=True, exist_ok=True)
        self.stack_file = self.state / "stack.json"
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "local"],
                cwd=ROOT,
                env={**os.environ, "MMS_LOCAL_DIR": str(self.state), "TMPDIR": str(self.temporary)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def said(self, text: str) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        return text in self.log.read_text()

    def wait_until_ready(self) -> "Run":
        wait_until(lambda: self.said("Ctrl-C ends it"))
        return self

    def stop(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)

    def processes(self) -> list[int]:
        """All that was started with a temporary folder within this run's, the run itself among them."""
        return [int(place.name) for place in Path("/proc").iterdir() if place.name.isdigit() and self._is_ours(place)]

    def _is_ours(self, process: Path) -> bool:
        try:
            return f"TMPDIR={self.temporary}".encode() in (process / "environ").read_bytes()
        except OSError:
            return False

    def server(self) -> int:
        (note,) = (self.state / "running").glob("*.json")
        number: int = json.loads(note.read_text())["server"]
        return number

    def has_left_nothing(self) -> bool:
        return not self.processes() and not list(self.temporary.iterdir())


def wait_until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Callable[[], Run]]:
    started: list[Run] = []

    def start() -> Run:
        started.append(Run(tmp_path))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.stop(signal.SIGTERM)


def test_a_stopped_stack_leaves_no_process_and_no_file(run: Callable[[], Run]) -> None:
    stack = run().wait_until_ready()
    url = json.loads(stack.stack_file.read_text())["callbackUrl"]
    assert httpx.post(url, content=b"{}", headers={"Content-Type": "application/json"}).status_code == 200
    assert len(stack.processes()) >= 3  # itself, the embedded AWS, a function
    began = time.monotonic()
    assert stack.stop(signal.SIGTERM) == 0
    assert time.monotonic() - began < 15
    assert stack.has_left_nothing()
    assert not stack.stack_file.exists()
    assert not list((stack.state / "running").iterdir())


def test_a_stack_interrupted_while_it_deploys_leaves_no_process_and_no_file(run: Callable[[], Run]) -> None:
    stack = run()
    wait_until(lambda: stack.said("Deploying"))
    time.sleep(1)
    assert stack.stop(signal.SIGINT) == 0
    assert stack.has_left_nothing()


def test_the_embedded_aws_ends_and_cleans_up_when_its_owner_is_killed(run: Callable[[], Run]) -> None:
    stack = run().wait_until_ready()
    stack.stop(signal.SIGKILL)
    wait_until(stack.has_left_nothing)


def test_a_new_start_cleans_up_after_one_that_was_killed_with_its_embedded_aws(run: Callable[[], Run]) -> None:
    killed = run().wait_until_ready()
    os.kill(killed.server(), signal.SIGKILL)
    killed.stop(signal.SIGKILL)
    (left,) = killed.temporary.iterdir()
    fresh = run().wait_until_ready()
    assert not left.exists()
    assert json.loads(fresh.stack_file.read_text())["callbackUrl"]
    assert fresh.stop(signal.SIGTERM) == 0
    assert fresh.has_left_nothing()
