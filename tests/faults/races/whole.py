"""Whether a message from a handset is whole: its items, its parts' bytes, and nothing besides."""

import itertools
import random
import time
from collections import Counter
from collections.abc import Sequence

from local.readback import Item, ReadBack
from local.simulator.callbacks import Mo, Part
from local.simulator.media import jpeg, png
from tests.faults.tally import Tally

MO_IDS = (str(number) for number in itertools.count(time.time_ns()))


def picture_message(seed: int, mo_id: str | None = None) -> Mo:
    """A message with a text and two pictures, its bytes made from the seed."""
    noise = random.Random(seed).randbytes  # noqa: S311 - to be played again, guards nothing
    parts = (
        Part(content_type="text/plain", content_id="text.txt", data=f"Norwegian Blue, {seed}".encode()),
        Part(content_type="image/png", content_id="parrot.png", data=png() + noise(3_000)),
        Part(content_type="image/jpeg", content_id="parrot.jpg", data=jpeg() + noise(20_000)),
    )
    return Mo(mo_id=mo_id or next(MO_IDS), source="447800000001", date="2026-11-22T08:30:15+00:00", parts=parts)


def expect_whole(tally: Tally, stored: ReadBack, message: Mo, case: str, *, beside: Sequence[Mo] = ()) -> None:
    """One MESSAGE, a CONFLICT for each message `beside` it, all parts byte for byte, and no other key."""
    items = stored.items(f"MO#{message.mo_id}")
    kinds = Counter(item["sk"].partition("#")[0] for item in items)
    case = f"{case}, moId {message.mo_id}"
    tally.expect(kinds["MESSAGE"] == 1, "lost", f"{case}: there is no item")
    tally.expect(kinds["CONFLICT"] >= len(beside), "lost", f"{case}: {len(beside)} conflicts, items {dict(kinds)}")
    tally.expect(len(items) <= 1 + len(beside), "doubled", f"{case}: items {dict(kinds)}")
    wanted = sorted([part.data for part in one.parts] for one in (message, *beside))
    found = sorted(_contents(stored, item) for item in items)
    tally.expect(found == wanted, "lost", f"{case}: the parts are not those that were sent")
    named = {part["s3Key"] for item in items for part in item["parts"] if "s3Key" in part}
    keys = set(stored.keys(f"mo/{message.mo_id}/"))
    tally.expect(keys <= named, "doubled", f"{case}: keys that no item names: {keys - named}")


def _contents(stored: ReadBack, item: Item) -> list[bytes]:
    there = set(stored.keys(f"mo/{item['moId']}/"))
    return [
        part["text"].encode() if "text" in part else stored.media(part["s3Key"]) if part["s3Key"] in there else b""
        for part in item["parts"]
    ]
