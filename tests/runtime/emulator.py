"""The deployed function under AWS's Runtime Interface Emulator, which runs it as Lambda does.

    artifact = deployed_artifact(stack, stack.function_name, folder)
    with running_emulator(artifact, another_folder) as emulator:
        answer = emulator.invoke(event)

The interpreter is that of an empty virtual environment: the function sees its own code, its layers, AWS's runtime
client and the standard library, and nothing that is installed for the tests.
"""

import io
import json
import os
import platform
import re
import signal
import socket
import subprocess
import time
import venv
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from importlib.metadata import distribution, requires
from pathlib import Path
from typing import Any

import httpx

from local.places import TOOLS
from local.stack import Stack

START_PATIENCE = 10.0
CALL_PATIENCE = 30.0  # far beyond the time limit of any function here
MACHINES = {"x86_64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """A function as Lambda has it: its code, its layers, its handler, its environment."""

    code: Path
    layers: Path
    """What would be /opt."""
    handler: str
    environment: Mapping[str, str]

    @property
    def seconds(self) -> int:
        """The function's time limit."""
        return int(self.environment["AWS_LAMBDA_FUNCTION_TIMEOUT"])

    def with_environment(self, **changes: str) -> "Artifact":
        """The same function with some variables set otherwise."""
        return replace(self, environment={**self.environment, **changes})


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back for one event: the emulator's status, what the function returned, how long it took."""

    status: int
    result: Any
    seconds: float

    @property
    def outcome(self) -> tuple[int, str]:
        """Status and X-Mms-Outcome of an answer to the API."""
        assert isinstance(self.result, dict), self.result
        assert self.status == 200, self.result
        assert self.result["body"] == "", "OpenMarket wants an empty body"
        return self.result["statusCode"], self.result["headers"]["X-Mms-Outcome"]


def deployed_artifact(stack: Stack, name: str, folder: Path) -> Artifact:
    """The function of that name as `sam deploy` took it from `sam build`'s output, fetched back into `folder`."""
    functions = stack.client("lambda")
    function = functions.get_function(FunctionName=name)
    told = function["Configuration"]
    _unzip(function["Code"]["Location"], folder / "task")
    for layer in told["Layers"]:  # a later one lies over an earlier one, as in /opt
        version = functions.get_layer_version_by_arn(Arn=layer["Arn"])
        _unzip(version["Content"]["Location"], folder / "opt")
    return Artifact(
        code=folder / "task",
        layers=folder / "opt",
        handler=told["Handler"],
        environment={
            **told["Environment"]["Variables"],
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{told['Runtime']}",
            "AWS_LAMBDA_FUNCTION_NAME": told["FunctionName"],
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(told["MemorySize"]),
            "AWS_LAMBDA_FUNCTION_TIMEOUT": str(told["Timeout"]),
            "AWS_REGION": stack.region,
            "AWS_DEFAULT_REGION": stack.region,
            "AWS_ACCESS_KEY_ID": stack.access_key_id,
            "AWS_SECRET_ACCESS_KEY": stack.secret_access_key,
            "AWS_ENDPOINT_URL": stack.aws_endpoint_url,
        },
    )


class Emulator:
    """A running emulator: one call at a time, as in one environment of Lambda's."""

    def __init__(self, process: subprocess.Popen[bytes], address: str, log: Path) -> None:
        self._process = process
        self._url = f"http://{address}/2015-03-31/functions/function/invocations"
        self._log = log

    def invoke(self, event: str) -> Answer:
        """Give the function an event, JSON as it goes over the wire; the first one starts it."""
        began = time.monotonic()
        answer = httpx.post(self._url, content=event, timeout=CALL_PATIENCE, trust_env=False)
        seconds = time.monotonic() - began
        try:
            result = answer.json()
        except ValueError:  # the emulator's own sentences
            result = answer.text
        return Answer(status=answer.status_code, result=result, seconds=seconds)

    def output(self) -> str:
        """All that the emulator and the function have written; complete once the emulator has ended."""
        return self._log.read_text()

    def json_lines(self) -> list[dict[str, Any]]:
        """The function's log lines and metrics."""
        return [json.loads(line) for line in self.output().splitlines() if line.startswith("{")]

    def freeze(self) -> None:
        """Stop the function where it is, as a machine that gives it no time; its time limit goes on."""
        for process in self.processes() - {self._process.pid}:
            os.kill(process, signal.SIGSTOP)

    def processes(self) -> set[int]:
        """The emulator and the functions it has started, by number."""
        return set(_session(self._process.pid))


Run = Callable[..., AbstractContextManager[Emulator]]


@contextmanager
def running_emulator(
    artifact: Artifact, folder: Path, runtime_client: Sequence[str | Path] = ("-m", "awslambdaric")
) -> Iterator[Emulator]:
    """An emulator on a free port of 127.0.0.1, and no process of it afterwards; its files go to `folder`.

    `runtime_client` is what the interpreter runs: AWS's own, or something around it.
    """
    interpreter, runtime, temporary = folder / "interpreter", folder / "runtime", folder / "tmp"
    venv.EnvBuilder(symlinks=True, with_pip=False).create(interpreter)
    for place in (runtime, temporary):
        place.mkdir()
    _link_runtime_client(runtime)
    address, runtime_api = _free_addresses(2)
    flags = ["--runtime-interface-emulator-address", address, "--runtime-api-address", runtime_api]
    command: list[str | Path] = [
        _emulator(),
        *flags,
        interpreter / "bin" / "python",
        *runtime_client,
        artifact.handler,
    ]
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=artifact.code,
            env={
                **artifact.environment,
                "PATH": os.defpath,
                "HOME": str(temporary),  # no AWS settings of the caller's
                "TMPDIR": str(temporary),
                "LANG": "en_US.UTF-8",
                "TZ": ":UTC",
                "LAMBDA_TASK_ROOT": str(artifact.code),
                "PYTHONPATH": f"{artifact.code}:{artifact.layers / 'python'}:{runtime}",
                "PYTHONDONTWRITEBYTECODE": "1",  # Lambda's file system is read-only
            },
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait_until_listening(address, process, log)
        yield Emulator(process, address, log)
    finally:
        _end_session(process)


def _emulator() -> Path:
    machine = MACHINES[platform.machine()]
    (binary,) = TOOLS.glob(f"sam/lib/python3.*/site-packages/samcli/local/rapid/aws-lambda-rie-{machine}")
    return binary


def _unzip(url: str, folder: Path) -> None:
    content = httpx.get(url, trust_env=False).raise_for_status().content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(folder)


def _link_runtime_client(folder: Path) -> None:
    for name in _with_requirements("awslambdaric"):
        package = distribution(name)
        for top in {file.parts[0] for file in package.files or ()} - {"..", "__pycache__"}:
            (folder / top).symlink_to(str(package.locate_file(top)))


def _with_requirements(name: str) -> Iterator[str]:
    yield name
    for requirement in requires(name) or ():
        if ";" not in requirement:  # a condition: an extra, or another Python than ours
            yield from _with_requirements(re.split(r"[^\w.-]", requirement)[0])


def _free_addresses(number: int) -> list[str]:
    with ExitStack() as held:
        listeners = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(number)]
        return [f"127.0.0.1:{listener.getsockname()[1]}" for listener in listeners]


def _wait_until_listening(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    host, _, port = address.partition(":")
    deadline = time.monotonic() + START_PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection((host, int(port)), timeout=1):
            return
        time.sleep(0.02)
    raise AssertionError(f"the emulator did not start: {log.read_text()}")


def _end_session(process: subprocess.Popen[bytes]) -> None:
    # The functions lead groups of their own, but stay in the emulator's session. Its number can't become another's
    # before it is waited for.
    while numbers := _session(process.pid):
        for number in numbers:
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
        time.sleep(0.01)
    process.wait()


def _session(leader: int) -> list[int]:
    """The living processes of a session, its leader first."""
    return sorted(int(place.name) for place in Path("/proc").glob("[0-9]*") if _lives_in_session(place, leader))


def _lives_in_session(process: Path, leader: int) -> bool:
    try:
        state, _, _, session, *_ = (process / "stat").read_text().rpartition(")")[2].split()  # see proc(5)
    except OSError:
        return False
    return int(session) == leader and state not in {"Z", "X"}
