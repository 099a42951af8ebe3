"""Work on numbered cases, shared out over processes; each case can be played again by its number."""

import multiprocessing
import os
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from itertools import chain

from tests.faults.tally import Breach, Tally

Finding = tuple[Breach, str]
Work = Callable[[range], list[Finding]]
LOT = 2_000  # cases that one process takes at a time


def count_all(work: Work, cases: int, tally: Tally, unit: str) -> None:
    """Count the findings of cases 0, 1, 2 …, and note how many were done a second; over all cores if there are many."""
    lots = [range(start, min(start + LOT, cases)) for start in range(0, cases, LOT)]
    began = time.monotonic()
    if len(lots) <= 10:
        found = chain.from_iterable(map(work, lots))
        _breach(tally, list(found))
    else:
        # Not forked: the tests' process has threads.
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(os.cpu_count(), mp_context=context) as pool:
            for findings in pool.map(work, lots):
                _breach(tally, findings)
    tally.cases += cases
    tally.note(f"{cases / (time.monotonic() - began):,.0f} {unit}/s")


def _breach(tally: Tally, findings: list[Finding]) -> None:
    for what, sentence in findings:
        tally.breach(what, sentence)
