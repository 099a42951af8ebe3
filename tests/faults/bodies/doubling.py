"""How the processor time of a function grows with its input, told on a machine that is busy with other things."""

import gc
import math
import time
from collections.abc import Callable

STEEPEST = 1.5  # the exponent allowed from the smaller size to the larger; n log n has 1.1, a quadratic function 2
TRIES = 3  # of each size, of which the fastest counts: noise only ever adds
PATIENCE = 6  # rounds before a growth that looks too steep is believed
AT_LEAST = 0.01  # seconds that are measured; what is quicker is repeated, so that the clock's step is small
NEGLIGIBLE = 1e-9  # seconds a byte, the speed of copying: there the caches, not the function, make the growth

Work = Callable[[bytes], object]


def exponent(work: Work, build: Callable[[int], bytes], sizes: tuple[int, int]) -> float | None:
    """1 where twice the size takes twice the time, 2 where it takes four times; None where it hardly takes any.

    While it looks too steep it is measured again, and each size keeps its best time: only what is steep stays so.
    """
    smaller, larger = map(build, sizes)
    if _seconds(work, larger) < NEGLIGIBLE * len(larger):
        return None
    least = most = math.inf
    for _ in range(PATIENCE):
        least = min(least, *(_seconds(work, smaller) for _ in range(TRIES)))
        most = min(most, *(_seconds(work, larger) for _ in range(TRIES)))
        slope = math.log(most / least) / math.log(sizes[1] / sizes[0])
        if slope <= STEEPEST:
            break
    return slope


def _seconds(work: Work, body: bytes) -> float:
    gc.disable()  # what other tests left behind is nothing that this body costs
    try:
        times, began = 0, time.process_time()
        while (spent := time.process_time() - began) < AT_LEAST or times == 0:
            work(body)
            times += 1
        return spent / times
    finally:
        gc.enable()
