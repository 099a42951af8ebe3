"""For how long what is recorded is kept, and why not for less than a month."""

from datetime import timedelta

LEAST = timedelta(days=30)
"""What keeps a message from going out twice, or from being stored twice, is its item: it must outlast every repeat.

A queue message lives 14 days in the two queues together, and 14 more once it has been redriven from the dead-letter
queue; reports come up to 14 days late, callbacks are repeated for some 3 days. A person may redrive more often, and
producers may enqueue a message once more whenever they like: after its retention it is a new one.
"""
FOR_EVER = timedelta()


def read_retention(days: str) -> timedelta:
    """The time that items are kept after they were last written, FOR_EVER of 0; ValueError where it is too short."""
    if not (days.isascii() and days.isdigit() and len(days) <= 4):
        raise ValueError("must be a number of days, 0 to keep everything")
    retention = timedelta(days=int(days))
    if FOR_EVER < retention < LEAST:
        raise ValueError(f"must be 0, to keep everything, or at least {LEAST.days} days")
    return retention
