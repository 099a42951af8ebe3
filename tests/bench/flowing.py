"""End to end: callbacks through the local stack's API, as OpenMarket would post them, and what was observed.

It says how this machine does with an embedded AWS, not how AWS does.
"""

import statistics
import time
from concurrent.futures import ThreadPoolExecutor

import httpx

from tests.bench.bodies import media_message
from tests.bench.workbench import Workbench
from tests.wire.bodies import multipart_type

CALLBACKS, AT_ONCE = 300, 8
SIZE = 30_000  # bytes of media


def observe(bench: Workbench) -> str:
    """One sentence."""
    count = 20 if bench.quick else CALLBACKS
    headers = {"Content-Type": multipart_type()}
    numbers = range(time.time_ns(), time.time_ns() + count)
    with httpx.Client(timeout=60, trust_env=False) as http, ThreadPoolExecutor(AT_ONCE) as posters:

        def post(number: int) -> float:
            body = media_message(SIZE, 1, "binary", mo_id=number)
            began = time.perf_counter()
            answer = http.post(bench.stack.callback_url, content=body, headers=headers)
            assert answer.headers["X-Mms-Outcome"] == "stored", answer.headers
            return time.perf_counter() - began

        list(posters.map(post, range(numbers.start - 2 * AT_ONCE, numbers.start)))  # they start the functions
        began = time.perf_counter()
        seconds = list(posters.map(post, numbers))
        whole = time.perf_counter() - began
    *_, p99 = statistics.quantiles(seconds, n=100)
    return (
        f"End to end, on this machine: {count} callbacks of 30 KB, {AT_ONCE} at once: {count / whole:.0f} a second, "
        f"p50 {statistics.median(seconds) * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms."
    )
