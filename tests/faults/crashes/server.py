"""Runs the functions, each delivery in a process of its own that can be ended at any step.

    python -m tests.faults.crashes.server < jobs > results

Each line of its input is a JSON list of deliveries that begin at the same time, each a `Job`; the line of its output
is the list of what came of them. The functions' clients are made once; a delivery is a fork of this process.
"""

import json
import os
import select
import signal
import sys
import time
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, NoReturn

from tests.faults.calls import AwsCall, list_calls
from tests.faults.crashes.bugs import BUGS
from tests.faults.crashes.steps import DIED, Steps, die

PATIENCE = 45.0  # seconds: a function has 20
NAMED = ("TableName", "Bucket", "Key", "VersionId", "QueueUrl", "SecretId", "TransactItems")  # what a policy looks at


class AheadClock:
    """The machine's clock; its time of day is ahead by as much as a delivery is told."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class Functions:
    """Both functions as deployed, with the environment that the stack has given them."""

    def __init__(self, environments: dict[str, dict[str, str]]) -> None:
        os.environ.update(environments["ReceiveCallback"])
        import receive_callback  # noqa: PLC0415 - reads the environment

        self.receive = receive_callback
        self.receive.gateway()
        os.environ.update(environments["SendMms"])
        import send_mms  # noqa: PLC0415

        self.send = send_mms
        self.clock = AheadClock()
        whole = send_mms.gateway()
        whole = replace(whole, sender=replace(whole.sender, clock=self.clock))
        send_mms.gateway = lambda: whole  # type: ignore[assignment]

    def clients(self, function: str) -> list[Any]:
        """The AWS clients of a function."""
        if function == "ReceiveCallback":
            gateway = self.receive.gateway()
            parts: list[Any] = [gateway.table._store, gateway.bucket, gateway.credentials]
        else:
            sending = self.send.gateway()
            parts = [sending.sender.table._store, sending.sender.bucket, sending.sender.account]  # type: ignore[attr-defined]
            parts.append(sending.queue)
        return [part._client for part in parts]

    def run(self, job: dict[str, Any]) -> dict[str, Any]:
        """Deliver once, in this process."""
        from mms_gateway import openmarket_client  # noqa: PLC0415

        steps, calls = Steps(job["faults"]), list[AwsCall]()
        for client in self.clients(job["function"]):
            steps.watch_aws(client)
            list_calls(job["function"], client, calls)
        vars(openmarket_client)["connect"] = steps.watch_connections(vars(openmarket_client)["connect"])
        if job["bug"]:
            BUGS[job["bug"]]()
        self.clock.ahead = timedelta(seconds=job["ahead"])
        began = time.monotonic()
        context = SimpleNamespace(
            function_name=job["function"],
            memory_limit_in_mb=1024,
            invoked_function_arn="arn:aws:lambda:eu-west-1:123456789012:function:it",
            aws_request_id=str(os.getpid()),
            get_remaining_time_in_millis=lambda: (job["seconds"] - (time.monotonic() - began)) * 1000,
        )
        module = self.receive if job["function"] == "ReceiveCallback" else self.send
        answer = module.handler(job["event"], context)
        if steps.fault_at("answer"):
            die()  # all is done, and nobody hears of it
        return {
            "answer": answer,
            "steps": steps.taken,
            "met": steps.met,
            "calls": [
                {
                    "service": call.service,
                    "operation": call.operation,
                    "parameters": {name: call.parameters[name] for name in NAMED if name in call.parameters},
                }
                for call in calls
            ],
        }


def deliver_all(functions: Functions, jobs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Deliver at the same time, and wait for the end of all."""
    ready, go = os.pipe()
    children = []
    for job in jobs:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(go)
            os.read(ready, 1)  # until all are there
            _deliver(functions, job, writing)
        os.close(writing)
        children.append((child, reading))
    os.close(ready)
    os.close(go)
    return [_result(child, reading) for child, reading in children]


def _deliver(functions: Functions, job: dict[str, Any], writing: int) -> NoReturn:
    status = 1
    with suppress(BaseException):
        try:
            text = json.dumps(functions.run(job), default=str)
        except Exception as error:  # noqa: BLE001 - what Lambda calls a function's error
            text = json.dumps({"error": f"{type(error).__name__}: {error}"})
        with os.fdopen(writing, "w") as result:
            result.write(text)
        status = 0
    os._exit(status)


def _result(child: int, reading: int) -> dict[str, Any]:
    pieces, until = [], time.monotonic() + PATIENCE
    while select.select([reading], [], [], max(until - time.monotonic(), 0))[0] and (piece := os.read(reading, 65536)):
        pieces.append(piece)
    if time.monotonic() >= until:
        os.kill(child, signal.SIGKILL)
    os.close(reading)
    _, status = os.waitpid(child, 0)
    if os.waitstatus_to_exitcode(status) == DIED:
        return {"died": True}
    return json.loads(b"".join(pieces) or b'{"error": "it did not end, or was ended by a signal"}')  # type: ignore[no-any-return]


def main() -> None:
    """Serve until the end of the input; the first line holds both functions' environments."""
    results = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # the functions' logs go with the errors
    functions = Functions(json.loads(sys.stdin.readline()))
    for line in sys.stdin:
        print(json.dumps(deliver_all(functions, json.loads(line))), file=results, flush=True)


if __name__ == "__main__":
    main()
