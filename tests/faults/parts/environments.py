"""A function's environments as Lambda keeps them: each does one call at a time, and any may be killed in mid-call."""

import os
import queue
import random
import signal
import statistics
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.runtime.emulator import Answer, Artifact, Emulator, running_emulator

WAIT = 3.0  # seconds for a free environment; then the call is throttled, as Lambda's are


@dataclass
class Killer:
    """Kills the runtime in mid-call at moments made from a seed; each environment is left its first call to start."""

    seed: int
    share: float = 0.7
    in_mid_call: int = 0
    """Calls that a kill has ended."""
    chance: random.Random = field(init=False)
    _seconds: deque[float] = field(default_factory=lambda: deque(maxlen=9))
    """What the latest calls took that were left alone: moments are fractions of that, whatever machine this is."""

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)  # noqa: S311 - to be played again, guards nothing

    def moment(self) -> float | None:
        """When the next call is to be killed, in seconds; None where it is left alone."""
        fraction, share = self.chance.random(), self.chance.random()
        if share >= self.share or not self._seconds:
            return None
        return fraction * 1.1 * statistics.median(self._seconds)

    def left_alone(self, answer: Answer) -> None:
        """Learn from a whole call how long they take."""
        self._seconds.append(answer.seconds)


class Environments:
    """The environments of one function."""

    def __init__(self, emulators: Sequence[Emulator]) -> None:
        self.emulators = emulators
        self.killer: Killer | None = None
        self._free: queue.SimpleQueue[Emulator] = queue.SimpleQueue()
        self._warm: set[int] = set()
        for emulator in emulators:
            self._free.put(emulator)

    def invoke(self, event: str) -> Answer | None:
        """Have one environment handle an event; None where none is free."""
        try:
            emulator = self._free.get(timeout=WAIT)
        except queue.Empty:
            return None
        try:
            return self._call(emulator, event)
        finally:
            self._free.put(emulator)

    def make_cold(self) -> None:
        """End every function's process, so that the next call starts it anew."""
        for emulator in self.emulators:
            _kill(_runtime(emulator))

    def _call(self, emulator: Emulator, event: str) -> Answer:
        killer, is_warm = self.killer, id(emulator) in self._warm
        moment = killer.moment() if killer is not None and is_warm else None
        timer = threading.Timer(moment, _kill, [_runtime(emulator)]) if moment is not None else None
        if timer is not None:
            timer.start()
        try:
            answer = emulator.invoke(event)
        except httpx.TransportError:
            answer = Answer(status=502, result=None, seconds=0.0)
        if timer is not None:
            timer.cancel()
            timer.join()  # an answered call's process is left alone, or gone before the next call begins
        died = isinstance(answer.result, dict) and answer.result.get("errorType") == "Runtime.ExitError"
        if killer is not None and died:
            killer.in_mid_call += 1
        elif killer is not None and is_warm and timer is None:
            killer.left_alone(answer)
        (self._warm.discard if died else self._warm.add)(id(emulator))
        return answer


@contextmanager
def running_environments(artifact: Artifact, number: int, folder: Path) -> Iterator[Environments]:
    """So many environments of a function, and nothing of them afterwards."""
    with ExitStack() as running:
        emulators = []
        for each in range(number):
            place = folder / str(each)
            place.mkdir(parents=True)
            emulators.append(running.enter_context(running_emulator(artifact, place)))
        yield Environments(emulators)


def _runtime(emulator: Emulator) -> set[int]:
    return emulator.processes() - {emulator._process.pid}


def _kill(runtime: set[int]) -> None:
    """SIGKILL for the runtime; the emulator tells of it and starts another at the next call."""
    for process in runtime:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
