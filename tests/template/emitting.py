"""Runs a function's code through all that can become of a message; what it prints is what goes to its log group.

Usage, with the environment that the template gives the function: python -m tests.template.emitting receive_callback
"""

import base64
import io
import json
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

import pytest

import receive_callback
import send_mms
from local.simulator.server import running_simulator
from mms_gateway.credentials import MAX_AGE
from mms_gateway.errors import SecretUnavailable, StorageUnavailable
from tests.unit import callback_bench, send_bench
from tests.unit.stores import MemoryBucket, MemoryTable
from tests.unit.test_send_outcomes import ROWS


class Printed:
    """What was printed since somebody looked, as pytest would hand it to the benches; then it is printed for good."""

    def __init__(self) -> None:
        self.held = io.StringIO()

    def readouterr(self) -> SimpleNamespace:
        text = self.held.getvalue()
        self.held.seek(0)
        self.held.truncate()
        (sys.__stdout__ or sys.stderr).write(text)
        return SimpleNamespace(out=text)


PRINTED: Any = Printed()


def report(status: str) -> dict[str, str]:
    """The body of a report, as the API hands it over."""
    told = {"type": "REPORT", "mtId": 4711, "date": "2016-05-16T19:20:30+00:00", "status": status}
    return {"body": base64.b64encode(json.dumps(told).encode()).decode()}


def other_content() -> dict[str, str]:
    """The sample message, with another text under its moId."""
    sample = json.loads((callback_bench.EVENTS / "message.json").read_text())["body"]
    changed = base64.b64decode(sample).replace(b"Norwegian", b"Norvegian")
    return {"body": base64.b64encode(changed).decode()}


def receive() -> Iterator[tuple[int, str]]:
    """Every outcome of a callback."""
    function = callback_bench.Function(MemoryTable([]), MemoryBucket([]), callback_bench.Door(), PRINTED)
    with pytest.MonkeyPatch.context() as patch, callback_bench.ready(function, patch):
        yield function.invoke()
        yield function.invoke()
        yield function.invoke(**other_content())
        yield function.invoke("message-broken")
        yield function.invoke("message-cut-short")
        for status in ("Deferred", "Retrieved", "Expired"):
            yield function.invoke("report", **report(status))
        yield function.invoke(pathParameters={"token": "guess"})
        receive_callback.warn_of_the_secret("the secret is not JSON; callers are compared with the last good one")
        for fault in (StorageUnavailable("the table is slow"), SecretUnavailable("the secret is not JSON")):
            function.door.fault = fault
            yield function.invoke()


def send() -> Iterator[list[str]]:
    """Every outcome of a delivery."""
    with running_simulator(credentials=tuple(send_bench.SECRET.values())) as simulator:  # type: ignore[arg-type]
        for name, row in ROWS.items():
            sent = send_bench.message(**({"content": row.content} if row.content else {}))
            function = send_bench.Function(simulator, PRINTED)
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(send_mms, "gateway", lru_cache(lambda function=function: function.gateway))
                row.arrange(function, sent)
                yield function.invoke(sent)
                if name == "accepted":  # and what is no outcome of a message's
                    yield from beside(function)
            simulator.client.clear_behaviours()
            simulator.client.set_credentials(*send_bench.SECRET.values())


def beside(function: send_bench.Function) -> Iterator[list[str]]:
    """No usable requestId, no time, an old secret, a mistake of ours, a queue that does not listen."""
    yield function.invoke("no JSON")
    function.seconds = iter([0.5])
    function.queues.faults["ChangeMessageVisibility"] = "silence"
    yield function.invoke(send_bench.message())
    function.seconds = iter([20.0, 20.0])
    function.secrets.code, function.secret_age = "InternalServiceError", MAX_AGE
    yield function.invoke(send_bench.message())
    function.table.faults["find"] = KeyError("broken")
    yield function.invoke(send_bench.message())


if __name__ == "__main__":
    with redirect_stdout(PRINTED.held):
        for _ in {"receive_callback": receive, "send_mms": send}[sys.argv[1]]():
            PRINTED.readouterr()
