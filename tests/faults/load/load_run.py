"""One run of the load: its seed, and the ids, numbers and words that tell it from everything else on the stack."""

import os
import random
import time
from dataclasses import dataclass, field
from typing import Literal

from local.simulator.mt.numbers import NUMBERS

USUAL_SEED = 4711
Place = Literal["subject", "text", "media", "content id", "file name", "link", "object key", "user agent", "password"]
BIRDS: dict[Place, str] = {
    "subject": "budgie",
    "text": "conure",
    "media": "macaw",
    "content id": "kakapo",
    "file name": "corella",
    "link": "galah",
    "object key": "lorikeet",
    "user agent": "rosella",
    "password": "amazon",
}


def choose_seed(*, new: bool) -> int:
    """MMS_FAULTS_SEED, which plays a run again; else one from the clock, or always the same one."""
    told = os.environ.get("MMS_FAULTS_SEED")
    return int(told or (time.time_ns() % 10**6 if new else USUAL_SEED))


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadRun:
    """Everything random comes from the seed; a run that is played again has ids of its own."""

    seed: int
    mark: str = field(default_factory=lambda: f"{time.time_ns() // 10**8 % 10**8:08}")
    """Eight digits that stand in every id, number and word of this run."""

    def chance(self, *what: object) -> random.Random:
        """What is random about one thing, the same whenever it is asked for."""
        return random.Random(f"{self.seed}/{what}")  # noqa: S311 - it is to be repeatable

    def handset(self, number: int) -> str:
        """A handset's number, 15 digits."""
        return f"44{self.mark}{number:05}"

    def mo_id(self, number: int) -> str:
        return f"9{self.mark}{number:05}"

    def request_id(self, number: int) -> str:
        return f"load-{self.mark}-{number}"

    def orphan_mt_id(self, number: int) -> str:
        """An id that OpenMarket never gave to a message of ours."""
        return f"8{self.mark}{number:05}"

    def word(self, place: Place) -> str:
        """A word that stands in this place only, and that no log may have."""
        return f"{BIRDS[place]}{self.mark}"

    def secrets(self) -> dict[str, str]:
        """What no log may have, by its kind; of a number just the first ten digits, for the last four may be told."""
        words = {f"the word in each {place}": self.word(place) for place in BIRDS}
        numbers = {"a handset's number": self.handset(0)[:10]}
        return words | numbers | {f"the number {number}": number for number in NUMBERS}

    def __str__(self) -> str:
        return f"seed {self.seed}"
