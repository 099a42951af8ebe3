"""What a start takes: the processor's time and the memory, under AWS's Runtime Interface Emulator.

The time is that of the whole process from the interpreter's first moment to the function's request for its first event,
with AWS's runtime client, which is the same for all. Memory is what is resident after one callback of 300 KB. The
floors run on the gateway's layers and do nothing but make the SDK's clients.
"""

import json
import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.bench.bodies import api_event, media_message
from tests.bench.table import Figure
from tests.bench.workbench import Workbench
from tests.runtime.emulator import Artifact, running_emulator
from tests.runtime.events import queue_event

NOTED_RUNTIME = Path(__file__).with_name("noted_runtime.py")
ROUNDS = 9


@dataclass(frozen=True, slots=True)
class Start:
    """What one start has taken."""

    cpu: float
    """Seconds."""
    resident: float
    """Bytes, after one event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A function of ours beside another, started with the same event."""

    row: str
    what: str
    function: str
    other: Callable[[Workbench], Artifact]
    event: Callable[[], str]
    goal: float | None = None
    memory_row: str | None = None
    memory_goal: float | None = None


def measure(bench: Workbench) -> Iterator[Figure]:
    """Each function beside what it would be in other hands, its floor, and itself without bytecode."""
    for each in COMPARISONS:
        memory_wanted = each.memory_row is not None and bench.wants(each.memory_row)
        if not (bench.wants(each.row) or memory_wanted):
            continue
        ours, theirs = _medians(bench, bench.artifacts.ours(each.function), each.other(bench), each.event())
        yield Figure(
            row=each.row,
            what=f"start of {each.what}",
            ours=ours.cpu * 1e3,
            theirs=theirs.cpu * 1e3,
            unit="ms",
            goal=each.goal,
        )
        if each.memory_row is not None:
            yield Figure(
                row=each.memory_row,
                what=f"resident memory of {each.what}",
                ours=ours.resident / 1e6,
                theirs=theirs.resident / 1e6,
                unit="MB",
                goal=each.memory_goal,
            )


def start(artifact: Artifact, place: Path, event: str) -> Start:
    """Start the function with this event; its memory is looked at once it has answered. `place` is for its files."""
    note = place / "note"
    with running_emulator(artifact.with_environment(BENCH_NOTE=str(note)), place, [NOTED_RUNTIME]) as emulator:
        for _ in range(2):
            answer = emulator.invoke(event)
            assert "Records" in event or answer.result["statusCode"] == 200, answer
    first, second, *_ = (json.loads(line) for line in note.read_text().splitlines())
    return Start(first["cpu"], second["resident"])


def _medians(bench: Workbench, one: Artifact, other: Artifact, event: str) -> tuple[Start, Start]:
    starts: tuple[list[Start], list[Start]] = ([], [])
    for _ in range(bench.rounds(ROUNDS)):
        for artifact, taken in zip((one, other), starts, strict=True):
            taken.append(start(artifact, bench.new_folder(), event))
    ours, theirs = (
        Start(statistics.median(each.cpu for each in taken), statistics.median(each.resident for each in taken))
        for taken in starts
    )
    return ours, theirs


def _callback() -> str:
    return json.dumps(api_event(media_message(300_000, 1, "binary")))


def _batch() -> str:
    return queue_event({"Body": "{}"})


COMPARISONS = (
    Comparison(
        row="start-callback-cookbook",
        what="the callback function : cookbook peer",
        function="ReceiveCallback",
        other=lambda bench: bench.artifacts.peer("cookbook_callback"),
        event=_callback,
        goal=0.35,
        memory_row="memory-callback-cookbook",
        memory_goal=0.60,
    ),
    Comparison(
        row="start-callback-toolbelt",
        what="the callback function : toolbelt peer",
        function="ReceiveCallback",
        other=lambda bench: bench.artifacts.peer("toolbelt_callback"),
        event=_callback,
        goal=0.65,
    ),
    Comparison(
        row="start-callback-floor",
        what="the callback function : nothing but the SDK's clients",
        function="ReceiveCallback",
        other=lambda bench: bench.artifacts.floor("floor_callback"),
        event=_callback,
    ),
    Comparison(
        row="start-sender-peer",
        what="the sender : sender peer",
        function="SendMms",
        other=lambda bench: bench.artifacts.peer("powertools_sender"),
        event=_batch,
        goal=0.55,
    ),
    Comparison(
        row="start-sender-floor",
        what="the sender : nothing but the SDK's clients and the toolbelt",
        function="SendMms",
        other=lambda bench: bench.artifacts.floor("floor_sender"),
        event=_batch,
    ),
    Comparison(
        row="start-callback-bytecode",
        what="the callback function : the same without bytecode",
        function="ReceiveCallback",
        other=lambda bench: bench.artifacts.without_bytecode("ReceiveCallback"),
        event=_callback,
        goal=0.5,
    ),
    Comparison(
        row="start-sender-bytecode",
        what="the sender : the same without bytecode",
        function="SendMms",
        other=lambda bench: bench.artifacts.without_bytecode("SendMms"),
        event=_batch,
        goal=0.5,
    ),
)
