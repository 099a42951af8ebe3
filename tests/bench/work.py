"""What the functions do for one message of 300 KB: the processor's time, the waits, the calls of AWS, the log lines."""

import io
import itertools
import json
import math
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import partial
from typing import Any

from local.readback import ReadBack
from mms_gateway.message_table.store import Item, deserialize
from tests.bench.bodies import api_event
from tests.bench.starting import NOTED_RUNTIME
from tests.bench.workbench import STORE_DELAY, Workbench
from tests.faults.calls import AwsCall
from tests.faults.security.functions import Functions, functions_of
from tests.integration.producer import Producer
from tests.runtime.emulator import Artifact, deployed_artifact, running_emulator
from tests.runtime.events import queue_event
from tests.wire.bodies import main, message, multipart_type, part, report_json, text

PICTURE = 300_000  # bytes
FULL_PROCESSOR = 1769  # MB, with which Lambda lends one; less memory, less of it. Source: Lambda's quotas page.
OPENMARKET = 0.5  # seconds for its answer; nothing is documented
PLATFORM_LOG = 300  # bytes of Lambda's own lines for a call
WARM_CALLS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a function does for one message."""

    cpu: float
    """Seconds of a whole processor, warm."""
    start: float
    """Likewise, of a start."""
    waits: float
    """Seconds in which it waits for others, one after another."""
    memory: int
    """MB."""
    log_bytes: float
    calls: Sequence[AwsCall]

    @property
    def seconds(self) -> float:
        """What is billed for a warm call, in whole milliseconds."""
        return math.ceil((self.cpu / min(1, self.memory / FULL_PROCESSOR) + self.waits) * 1000) / 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What is done for a message in, a message out, and a report."""

    inbound: Work
    outbound: Work
    report: Work
    item_of: Callable[[AwsCall], Item]
    """The item that a call writes, of a change as it is afterwards."""


def measured(bench: Workbench) -> Costs:
    """Run each function once for its calls, and often for its processor's time."""
    stored = ReadBack(bench.stack)
    producer, functions = Producer(bench.stack, stored), functions_of(bench.stack, [])
    picture = message(
        main(moId=time.time_ns()), part(bytes(PICTURE), "image/jpeg", "parrot.jpg"), text("Is this parrot dead?")
    )
    source = producer.upload("parrot.jpg", bytes(PICTURE))

    def outgoing() -> dict[str, Any]:
        return producer.message(
            content=[{"contentId": "parrot.jpg", "s3": source}, {"contentId": "text.txt", "text": "It is"}]
        )

    one = outgoing()
    inbound = _calls(functions, lambda: functions.take(picture, multipart_type()))
    outbound = _calls(functions, lambda: functions.send(one))
    mt_id = producer.item(one)["mtId"]
    report = _calls(functions, lambda: functions.take(report_json(mtId=mt_id), "application/json"))

    receiver = bench.artifacts.ours("ReceiveCallback")
    sender = bench.artifacts.ours("SendMms")
    deployed = deployed_artifact(bench.stack, bench.stack.send_function_name, bench.new_folder())
    sender = sender.with_environment(**deployed.environment)
    json_event = {**api_event(report_json()), "headers": {"Content-Type": "application/json"}, "multiValueHeaders": {}}
    memory = {name: _memory(bench, name) for name in (bench.stack.function_name, bench.stack.send_function_name)}
    received, sent = memory.values()
    return Costs(
        inbound=_work(
            bench, receiver, lambda: json.dumps(api_event(picture)), inbound, received, waits=2 * STORE_DELAY
        ),
        report=_work(
            bench, receiver, lambda: json.dumps(json_event), report, received, waits=len(report) * STORE_DELAY
        ),
        outbound=_work(
            bench,
            sender,
            lambda: queue_event({"Body": json.dumps(outgoing())}),
            outbound,
            sent,
            waits=len(outbound) * STORE_DELAY + OPENMARKET,
        ),
        item_of=partial(_item_of, stored),
    )


def _calls(functions: Functions, deliver: Callable[[], object]) -> list[AwsCall]:
    """The calls for one delivery, without that for the secret, which comes once a minute."""
    functions.calls.clear()
    with redirect_stdout(io.StringIO()):  # metrics
        assert deliver()
    return [call for call in functions.calls if call.service != "secretsmanager"]


def _memory(bench: Workbench, name: str) -> int:
    return int(bench.stack.client("lambda").get_function_configuration(FunctionName=name)["MemorySize"])


def _work(
    bench: Workbench,
    artifact: Artifact,
    next_event: Callable[[], str],
    calls: Sequence[AwsCall],
    memory: int,
    *,
    waits: float,
) -> Work:
    """Deliver events under the emulator, and read its notes."""
    place = bench.new_folder()
    note = place / "note"
    times = 2 if bench.quick else WARM_CALLS
    with running_emulator(artifact.with_environment(BENCH_NOTE=str(note)), place, [NOTED_RUNTIME]) as emulator:
        for _ in range(times + 1):
            answer = emulator.invoke(next_event())
            assert answer.result.get("statusCode", 200) == 200, answer
            assert not answer.result.get("batchItemFailures"), answer
    clock = [json.loads(line)["cpu"] for line in note.read_text().splitlines()]
    warm = [later - earlier for earlier, later in itertools.pairwise(clock[1:])]
    own_lines = [line for line in emulator.output().splitlines() if line.startswith("{")]
    return Work(
        cpu=statistics.median(warm),
        start=clock[0],
        waits=waits,
        memory=memory,
        log_bytes=sum(map(len, own_lines)) / (times + 1) + PLATFORM_LOG,
        calls=calls,
    )


def _item_of(stored: ReadBack, call: AwsCall) -> Item:
    if "Item" in call.parameters:
        return deserialize(call.parameters["Item"])
    key = deserialize(call.parameters["Key"])
    return stored.item(key["pk"], key["sk"])
