"""Ids as OpenMarket gives them, unlike in every run."""

import itertools
import secrets
import uuid

from local.simulator.dialect import RequestIdForm

TABLE_LENGTH = 30  # receive page: "A string of 1 to 30 characters in length"


class Identifiers:
    """moIds, mtIds and X-Request-Ids; two runs against one table don't meet."""

    def __init__(self) -> None:
        # 15 digits as in the samples, with room to count on.
        self._numbers = itertools.count(100_000_000_000_000 + secrets.randbelow(800_000_000_000_000))

    def make_id(self) -> str:
        """Give a new moId or mtId."""
        return str(next(self._numbers))

    def make_request_id(self, form: RequestIdForm) -> str:
        """Give a new X-Request-Id, like `015-3DD6C366-D68A-4A02-9777-19CBC8AB40C1`."""
        whole = f"015-{uuid.uuid4()}".upper()
        return whole if form is RequestIdForm.SAMPLE else whole[:TABLE_LENGTH]
