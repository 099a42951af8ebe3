"""`python -m local` leaves nothing: not when it is asked to stop, and not for long when it is killed."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import httpx
import pytest

from local.places import ROOT, local_folder
from local.readback import ReadBack
from local.simulator.client import SimulatorClient
from local.stack import Stack
from tests.integration.producer import Producer

pytestmark = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for processes in /proc")

PATIENCE = 60


class Run:
    """A `python -m local` in a folder of its own, with its temporary files there too.

    It stays in the tests' process group: a signal that ends them all at once ends it too.
    """

    def __init__(self, folder: Path, module: str, environment: dict[str, str]) -> None:
        self.state, self.temporary = folder / "state", folder / "temporary"
        self.stack_file = self.state / "stack.json"
        self.log = folder / f"log-{time.monotonic_ns()}"
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", module],
                cwd=ROOT,
                env={**os.environ, "MMS_LOCAL_DIR": str(self.state), "TMPDIR": str(self.temporary), **environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
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

    def fails_with(self) -> str:
        """All it said, which is to be a sentence and no traceback."""
        assert self.process.wait(PATIENCE) == 1
        text = self.log.read_text()
        assert "Traceback" not in text
        return " ".join(text.split())

    def processes(self) -> list[int]:
        """All that was started with a temporary folder within this run's, the run itself among them."""
        return [int(place.name) for place in Path("/proc").iterdir() if place.name.isdigit() and self._is_ours(place)]

    def _is_ours(self, process: Path) -> bool:
        try:
            return f"TMPDIR={self.temporary}".encode() in (process / "environ").read_bytes()
        except OSError:
            return False

    def commands(self) -> list[str]:
        """The command lines of these processes, their words parted by NUL."""
        return [Path(f"/proc/{number}/cmdline").read_text() for number in self.processes()]

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


class Start(Protocol):
    """Starts it, with some variables of its environment set otherwise."""

    def __call__(self, module: str = "local", **environment: str) -> Run: ...


@pytest.fixture
def run_without_a_build(tmp_path: Path) -> Iterator[Start]:
    (tmp_path / "temporary").mkdir()
    started: list[Run] = []

    def start(module: str = "local", **environment: str) -> Run:
        started.append(Run(tmp_path, module, environment))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.stop(signal.SIGTERM)


@pytest.fixture
def run(run_without_a_build: Start, tmp_path: Path) -> Start:
    """With the build that all tests share, so that it is not made for each of these."""
    build = local_folder() / "build"
    build.mkdir(parents=True, exist_ok=True)
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "build").symlink_to(build)
    return run_without_a_build


def test_a_stopped_stack_leaves_no_process_and_no_file(run: Start) -> None:
    stack = run().wait_until_ready()
    told = json.loads(stack.stack_file.read_text())
    url = told["callbackUrl"]
    assert httpx.post(url, content=b"{}", headers={"Content-Type": "application/json"}).status_code == 200
    assert len(stack.processes()) >= 3  # itself, the embedded AWS, a function
    assert stack.said(f"Console and a phone   {told['consoleUrl']}")
    with httpx.stream("GET", f"{told['consoleUrl']}/events") as page:  # a page that is open holds nothing up
        assert page.status_code == 200
        began = time.monotonic()
        assert stack.stop(signal.SIGTERM) == 0
        assert time.monotonic() - began < 15
    assert stack.has_left_nothing()
    assert not stack.stack_file.exists()
    assert not list((stack.state / "running").iterdir())


def test_a_stack_interrupted_while_it_deploys_leaves_no_process_and_no_file(run: Start) -> None:
    stack = run()
    wait_until(lambda: stack.said("Deploying"))
    time.sleep(1)
    assert stack.stop(signal.SIGINT) == 0
    assert stack.has_left_nothing()


def test_the_embedded_aws_ends_and_cleans_up_when_its_owner_is_killed(run: Start) -> None:
    stack = run().wait_until_ready()
    stack.stop(signal.SIGKILL)
    wait_until(stack.has_left_nothing)


def test_a_new_start_cleans_up_after_one_that_was_killed_with_its_embedded_aws(run: Start) -> None:
    killed = run().wait_until_ready()
    os.kill(killed.server(), signal.SIGKILL)
    killed.stop(signal.SIGKILL)
    (left,) = killed.temporary.iterdir()
    fresh = run().wait_until_ready()
    assert not left.exists()
    assert json.loads(fresh.stack_file.read_text())["callbackUrl"]
    assert fresh.stop(signal.SIGTERM) == 0
    assert fresh.has_left_nothing()


def test_a_new_start_waits_for_the_build_that_one_that_was_killed_has_left_running(run_without_a_build: Start) -> None:
    killed = run_without_a_build()
    wait_until(lambda: killed.said("Building"))
    wait_until(lambda: any("sam\0build" in command for command in killed.commands()))
    killed.stop(signal.SIGKILL)
    fresh = run_without_a_build()
    wait_until(lambda: fresh.said("Waiting for another start in this folder to be done with the build"))
    fresh.wait_until_ready()
    assert fresh.stop(signal.SIGTERM) == 0
    assert fresh.has_left_nothing()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_demo_fails_and_leaves_no_process_and_no_file(run: Start, number: signal.Signals) -> None:
    demo = run("local.demo")
    wait_until(lambda: demo.said("Deploying"))
    demo.process.send_signal(number)
    assert demo.fails_with().endswith("Stopped; nothing is left running.")
    assert demo.has_left_nothing()
    assert not list((demo.state / "running").iterdir())


def test_the_callers_proxies_and_aws_settings_change_nothing(run: Start) -> None:
    nowhere = "http://127.0.0.1:9"
    proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy"), nowhere)
    without = dict.fromkeys(("NO_PROXY", "no_proxy"), "")
    aws = {"AWS_PROFILE": "nobody", "AWS_ENDPOINT_URL": nowhere, "AWS_CONFIG_FILE": "nowhere"}
    run(**proxies, **without, **aws).wait_until_ready()


def test_messages_go_where_the_environment_wants_them(run: Start) -> None:
    endpoints = "http://127.0.0.1:9001,https://localhost:9002"
    stack = Stack.read(run(OPENMARKET_ENDPOINTS=endpoints).wait_until_ready().stack_file)
    told = stack.client("lambda").get_function_configuration(FunctionName=stack.send_function_name)
    assert told["Environment"]["Variables"]["OPENMARKET_ENDPOINTS"] == endpoints
    assert told["Environment"]["Variables"]["LINK_HOSTS"] == "www.openmarket.com"
    for queue in (stack.send_queue_url, stack.dead_letter_queue_url):
        assert stack.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])


def test_a_stack_with_a_key_and_a_retention_works_like_any_other(run: Start) -> None:
    key = "arn:aws:kms:us-east-1:000000000000:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    stack = Stack.read(run(MMS_PARAMETERS=f"RetentionDays=30 KmsKeyArn={key}").wait_until_ready().stack_file)
    told, stored = stack.client("lambda"), ReadBack(stack)
    for name in (stack.function_name, stack.send_function_name):
        variables = told.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        assert variables["RETENTION_DAYS"] == "30"
    queue = {"QueueUrl": stack.send_queue_url, "AttributeNames": ["KmsMasterKeyId"]}
    assert stack.client("sqs").get_queue_attributes(**queue)["Attributes"]["KmsMasterKeyId"] == key
    with SimulatorClient(stack.open_market_url) as simulator:
        mo_id = simulator.send_message(subject="Hello").mo_id
        producer = Producer(stack, stored)
        sent = producer.send(producer.message())
    assert sent["status"] == "ACCEPTED"
    for item in (stored.item(f"MO#{mo_id}"), sent):
        assert item["expiresAt"] > time.time() + 29 * 86_400


@pytest.mark.parametrize(
    ("told", "word"), [("RetentionDays 30", "RetentionDays"), ("RetentionDay=30", "RetentionDay=30")]
)
def test_a_parameter_that_is_none_is_refused_before_anything_starts(run: Start, told: str, word: str) -> None:
    refused = run(MMS_PARAMETERS=told)
    assert refused.fails_with().startswith(f"MMS_PARAMETERS has {word!r} in it. Give parameters of the template")
    assert refused.has_left_nothing()


@pytest.mark.parametrize("endpoints", ["127.0.0.1:9001", "http://127.0.0.1:9001/mms/v2/send", "http://a,,http://b"])
def test_a_destination_that_is_no_base_url_is_refused_before_anything_starts(run: Start, endpoints: str) -> None:
    refused = run(OPENMARKET_ENDPOINTS=endpoints)
    said = refused.fails_with()
    assert said.startswith("OPENMARKET_ENDPOINTS has ")
    assert "Give base URLs without a path" in said
    assert refused.has_left_nothing()


def test_a_second_start_in_one_folder_is_refused_and_takes_nothing_from_the_first(run: Start) -> None:
    first = run().wait_until_ready()
    told = first.stack_file.read_text()
    second = run()
    assert f"runs here already, as process {first.process.pid};" in second.fails_with()
    assert first.stack_file.read_text() == told
    assert first.process.poll() is None


@pytest.mark.parametrize("variable", ["TMPDIR", "MMS_LOCAL_DIR"])
def test_a_folder_that_cannot_be_used_is_named(run: Start, variable: str) -> None:
    assert "/sys/nowhere" in run(**{variable: "/sys/nowhere"}).fails_with()
