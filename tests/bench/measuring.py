"""How times and memory are taken: in turn with what they are compared to, and the medians."""

import gc
import statistics
import time
import tracemalloc
from collections.abc import Callable, Sequence

LEAST = 0.003  # seconds that one sample takes: shorter works are repeated within it


def in_turn(works: Sequence[Callable[[], object]], rounds: int) -> list[float]:
    """The median seconds of each work; they take turns, so that a slow moment of the machine meets all of them."""
    repeats = [_repeats(work) for work in works]
    samples: list[list[float]] = [[] for _ in works]
    for _ in range(rounds):
        for work, times, taken in zip(works, repeats, samples, strict=True):
            began = time.perf_counter()
            for _ in range(times):
                work()
            taken.append((time.perf_counter() - began) / times)
    return [statistics.median(taken) for taken in samples]


def _repeats(work: Callable[[], object]) -> int:
    work()
    began = time.perf_counter()
    work()
    return max(1, round(LEAST / max(time.perf_counter() - began, 1e-7)))


def medians_in_turn(takes: Sequence[Callable[[], float]], rounds: int) -> list[float]:
    """The median of what each `take` tells, taken in turn likewise."""
    samples = [[take() for take in takes] for _ in range(rounds)]
    return [statistics.median(column) for column in zip(*samples, strict=True)]


def peak_memory(work: Callable[[], object]) -> int:
    """The bytes of Python's memory that `work` holds at most at once, over what was held before."""
    work()
    gc.collect()
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
