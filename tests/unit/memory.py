"""How much memory a body costs the decoder."""

import gc
import tracemalloc
from contextlib import suppress

from mms_gateway.errors import MalformedCallback
from mms_gateway.openmarket.decode import decode_callback

LARGEST = 4_600_000  # bytes of a body; Lambda takes no more
MOST = 4  # times the body's own bytes


def peak_memory(content_type: str, body: bytes) -> float:
    """The most that decoding it holds at once, in multiples of the body."""
    gc.collect()
    tracemalloc.start()
    try:
        with suppress(MalformedCallback):
            decode_callback(content_type, body)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return peak / len(body)
