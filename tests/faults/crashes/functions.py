"""The functions of a stack, run here so that a delivery can be ended at any step; each in a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from local.stack import Stack
from tests.faults.calls import AwsCall, Function
from tests.faults.crashes.steps import Fault

ROOT = Path(__file__).parents[3]
SECONDS = {"ReceiveCallback": 8.0, "SendMms": 20.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One delivery: to which function, what befalls which of its steps, and how far its clock is ahead."""

    function: Function
    event: dict[str, Any]
    faults: dict[str, Fault] = field(default_factory=dict)
    ahead: float = 0.0
    bug: str | None = None
    """A mistake to put into the function, by its name in `bugs`."""

    def as_json(self) -> dict[str, Any]:
        """As the server takes it."""
        return {
            "function": self.function,
            "event": self.event,
            "faults": self.faults,
            "ahead": self.ahead,
            "bug": self.bug,
            "seconds": SECONDS[self.function],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What came of a delivery."""

    died: bool
    """Ended at a step, by its fault."""
    answer: dict[str, Any]
    """What the function returned; empty where it died."""
    steps: tuple[str, ...]
    met: tuple[str, ...]
    """The steps that had a fault and were come to."""

    @property
    def acknowledged(self) -> bool:
        """Whether whoever delivered it will not deliver it again: OpenMarket, or the queue."""
        return self.answer.get("statusCode") == 200 or self.answer.get("batchItemFailures") == []


class Functions:
    """Both functions, with the keys of the stack."""

    def __init__(self, server: "subprocess.Popen[str]", log: Path) -> None:
        self._server = server
        self.bug: str | None = None
        """Put into every delivery from now on."""
        self.log = log
        self.calls: list[AwsCall] = []
        """What deliveries that came to their end have asked of AWS."""

    def deliver(self, *jobs: Job) -> list[Ended]:
        """Deliver all of them at the same time; returns when the last one has ended."""
        assert self._server.stdin
        assert self._server.stdout
        print(json.dumps([replace(job, bug=self.bug).as_json() for job in jobs]), file=self._server.stdin, flush=True)
        results = json.loads(self._server.stdout.readline())
        return [self._ended(job, result) for job, result in zip(jobs, results, strict=True)]

    def _ended(self, job: Job, result: dict[str, Any]) -> Ended:
        assert "error" not in result, f"{job.function} failed: {result['error']}"
        self.calls += [AwsCall(function=job.function, **call) for call in result.get("calls", [])]
        died = result.get("died", False)
        return Ended(
            died=died,
            answer=result.get("answer", {}),
            steps=tuple(result.get("steps", ())),
            met=tuple(job.faults) if died else tuple(result.get("met", ())),
        )


@contextmanager
def running_functions(stack: Stack, folder: Path, **changes: str) -> Iterator[Functions]:
    """The functions of a stack, with some variables of their environment changed; their log lies in `folder`."""
    log = folder / "log"
    paths = [
        *map(str, (ROOT / "layers/gateway", ROOT / "functions/receive_callback", ROOT / "functions/send_mms")),
        ".",
    ]
    with log.open("w") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.crashes.server"],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=output,
            text=True,
        )
    with server:
        assert server.stdin
        print(json.dumps(_environments(stack, changes)), file=server.stdin, flush=True)
        try:
            yield Functions(server, log)
        finally:
            server.stdin.close()


def _environments(stack: Stack, changes: dict[str, str]) -> dict[str, dict[str, str]]:
    functions = stack.client("lambda")
    names: dict[Function, str] = {"ReceiveCallback": stack.function_name, "SendMms": stack.send_function_name}
    return {
        function: {
            **functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"],
            "AWS_DEFAULT_REGION": stack.region,
            "AWS_ACCESS_KEY_ID": stack.access_key_id,
            "AWS_SECRET_ACCESS_KEY": stack.secret_access_key,
            "AWS_ENDPOINT_URL": stack.aws_endpoint_url,
            **changes,
        }
        for function, name in names.items()
    }
