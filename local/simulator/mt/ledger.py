"""The requests of one run, in the order they came: bounded, and honest about what it has forgotten."""

import hashlib
import itertools
from collections.abc import Sequence

from local.simulator.dialect import RequestIdForm
from local.simulator.identifiers import Identifiers
from local.simulator.mt.message import Content
from local.simulator.mt.records import MtPart, MtRequest
from local.simulator.records import format_now

MAX_REMEMBERED = 20_000  # records of a few KB; the oldest that has ended goes first
MAX_REQUESTS_WITH_CONTENTS = 200  # the latest; for a phone's screen
MAX_CONTENT_BYTES = 64_000_000  # of these together


class Ledger:
    """Remembers requests; lives in one event loop."""

    def __init__(self, identifiers: Identifiers) -> None:
        self.forgotten = 0
        self._identifiers = identifiers
        self._numbers = itertools.count(1)
        self._requests: dict[str, MtRequest] = {}
        self._contents: dict[str, tuple[Content, ...]] = {}
        self._content_bytes = 0

    def open(self, *, tls_version: str | None = None) -> MtRequest:
        """Begin the record of a request."""
        request = MtRequest(
            id=str(next(self._numbers)),
            request_id=self._identifiers.make_request_id(RequestIdForm.SAMPLE),
            began=format_now(),
            tls_version=tls_version,
        )
        if len(self._requests) >= MAX_REMEMBERED:
            self._forget(next((each for each in self._requests.values() if each.ended), None))
        self._requests[request.id] = request
        return request

    def keep(self, request: MtRequest, contents: Sequence[Content]) -> None:
        """Note a request's parts, and keep their bytes for a while."""
        request.parts = [
            MtPart(
                content_type=content.content_type,
                content_id=content.content_id,
                encoding=content.encoding,
                size=len(content.data),
                sha256=hashlib.sha256(content.data).hexdigest(),
            )
            for content in contents
        ]
        self._contents[request.id] = tuple(contents)
        self._content_bytes += _size(contents)
        while len(self._contents) > MAX_REQUESTS_WITH_CONTENTS or self._content_bytes > MAX_CONTENT_BYTES:
            self._drop_contents(next(iter(self._contents)))

    def list(self, *, accepted: bool | None = None, destination: str | None = None) -> list[MtRequest]:
        """Give the requests, oldest first."""
        return [
            each
            for each in self._requests.values()
            if accepted in {None, each.accepted} and destination in {None, each.destination}
        ]

    def find(self, request_id: str) -> MtRequest | None:
        """Give one request."""
        return self._requests.get(request_id)

    def find_content(self, request_id: str, number: int) -> Content | None:
        """Give a content part, counted from 0, if its bytes are still kept."""
        contents = self._contents.get(request_id, ())
        return contents[number] if number < len(contents) else None

    def _forget(self, request: MtRequest | None) -> None:
        if request is not None:
            del self._requests[request.id]
            self._drop_contents(request.id)
            self.forgotten += 1

    def _drop_contents(self, request_id: str) -> None:
        self._content_bytes -= _size(self._contents.pop(request_id, ()))


def _size(contents: Sequence[Content]) -> int:
    return sum(len(content.data) for content in contents)
