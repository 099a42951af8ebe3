"""The searches: small ones that take seconds, and large ones of minutes for the long run."""

from tests.faults.model.world import Arrival, Copy, Report, Rules, World

TWO_REPORTS = (Report(1, 1), Report(1, 2))
ONCE, TWICE = Arrival(1), Arrival(2)


def _queue(*copies: tuple[str, int]) -> tuple[Copy, ...]:
    return tuple(Copy(content, left) for content, left in copies)


SHORT = [
    Rules("three deliveries of one message, a delayed write", World(_queue(("a", 3))), delays=1),
    Rules("three deliveries of one message, the window ends, stores in trouble", World(_queue(("a", 3))), window=True,
          trouble=True),
    Rules("two copies, three deliveries, zombies", World(_queue(("a", 2), ("a", 1))), zombies=True, strict=False),
    Rules("two reports, each once, and zombies", World(_queue(("a", 2)), (ONCE, ONCE)), TWO_REPORTS,
          zombies=True, strict=False),
    Rules("two reports, one of them repeated", World(_queue(("a", 2)), (TWICE, ONCE)), TWO_REPORTS),
    Rules("another content, a faulty one, a delayed write", World(_queue(("a", 1), ("b", 1), ("faulty", 1))), delays=1),
    Rules("an mtId that is another message's", World(_queue(("a", 2)), (ONCE,), ("another", "")), (Report(1, 2),),
          delays=1),
    Rules("a person settles doubts", World(_queue(("a", 2)), (ONCE,)), (Report(1, 2),), person=1),
]  # fmt: skip
LONG = [
    Rules("four deliveries of two copies, zombies, a delayed write", World(_queue(("a", 2), ("a", 2))), delays=1,
          zombies=True, strict=False),
    Rules("a person, the window ends, a third delivery", World(_queue(("a", 3))), person=1, window=True),
    Rules("three deliveries, a delayed write, the window ends, trouble", World(_queue(("a", 3))), delays=1,
          window=True, trouble=True),
    Rules("two copies, four deliveries, zombies", World(_queue(("a", 2), ("a", 2))), zombies=True, strict=False),
    Rules("five deliveries of two copies, zombies", World(_queue(("a", 3), ("a", 2))), zombies=True, strict=False),
    Rules("four deliveries, a delayed write", World(_queue(("a", 4))), delays=1),
    Rules("five deliveries of one copy, zombies, the window ends, trouble", World(_queue(("a", 5))),
          window=True, trouble=True, zombies=True, strict=False),
    Rules("three copies at once, zombies, a delayed write", World(_queue(("a", 1), ("a", 1), ("a", 1))),
          delays=1, zombies=True, strict=False),
    Rules("three deliveries, two reports, each repeated", World(_queue(("a", 3)), (TWICE, TWICE)), TWO_REPORTS),
    Rules("two copies, two reports, a delayed write", World(_queue(("a", 1), ("a", 1)), (ONCE, ONCE)), TWO_REPORTS,
          delays=1),
    Rules("three deliveries, another content, zombies, a delayed write", World(_queue(("a", 3), ("b", 1))),
          delays=1, zombies=True, strict=False),
    Rules("a person, the window, zombies, a delayed write", World(_queue(("a", 2))), delays=1, window=True, person=1,
          zombies=True, strict=False),
    Rules("a person has it sent again twice", World(_queue(("a", 2))), person=2, zombies=True, strict=False),
]  # fmt: skip
"""Beside the short ones."""

REAL = Rules(
    "the real code",
    World(_queue(("a", 2), ("a", 2), ("b", 1), ("faulty", 1)), (TWICE, TWICE)),
    TWO_REPORTS,
    delays=1,
    window=True,
    trouble=True,
    zombies=True,
    strict=False,
)
"""What the real code goes through; no interleaving is too much for it, as only some are drawn."""
WITH_A_PERSON = REAL._replace(name="the real code and a person", person=1)
DELIVERIES = REAL._replace(name="deliveries", start=World(_queue(("a", 4))), reports=(), window=False, trouble=False)
REPORTS = REAL._replace(
    name="reports", start=World(_queue(("a", 1)), (TWICE, TWICE)), window=False, trouble=False, delays=0
)
"""For mistakes put into the real code: few other things happen."""
