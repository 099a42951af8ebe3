"""Encode an MT request: a JSON part and the contents as a streamed multipart/mixed body of known length.

Source: OpenMarket, "Things to Know" (the sample request) and "Send an MMS": the first part is JSON with the Content-Id
`main`; contents have Content-Type, Content-Id and Content-Transfer-Encoding; a link is a part of a type of its own.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from requests_toolbelt import MultipartEncoder
from urllib3.fields import RequestField

REMOTE_CONTENT = "application/vnd.openmarket.remoteContent"


class Stream(Protocol):
    """Bytes that are read once, in order."""

    @property
    def len(self) -> int:
        """The number of bytes not read yet."""

    def read(self, size: int = -1) -> bytes:
        """The next bytes, at most `size`; raises where they do not come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundPart:
    """One content as it goes onto the wire."""

    content_id: str
    content_type: str
    data: bytes | Stream
    is_link: bool = False
    """Whether `data` is a bare URL that OpenMarket fetches."""


class MixedEncoder(MultipartEncoder):  # type: ignore[misc]  # the toolbelt has no types
    """The toolbelt's encoder, made to emit multipart/mixed with just the headers that the provider documents.

    `fields` are pairs of a part's headers and its content. One encoder is for one attempt: it can be read only once.
    """

    @property
    def content_type(self) -> str:
        """The request's Content-Type."""
        return f"multipart/mixed; boundary={self.boundary_value}"

    def _iter_fields(self) -> Iterator[RequestField]:
        for headers, data in self.fields:
            for name, value in headers.items():
                if not (value.isascii() and value.isprintable()):  # the toolbelt lets a line break through
                    raise ValueError(f"{name} can't be a header's value")
            yield RequestField(name="", data=data, headers=headers)

    def _load(self, amount: int) -> None:
        """Buffer `amount` more bytes, or all (-1); the toolbelt's own takes a rest of just -1 for all, too."""
        self._buffer.smart_truncate()
        part = self._current_part or self._next_part()
        left = amount
        while amount == -1 or left > 0:
            if part and not part.bytes_left_to_write():
                left -= self._write(b"\r\n") + self._write_boundary()
                part = self._next_part()
            if not part:
                self._write_closing_boundary()
                self.finished = True
                break
            left -= part.write_to(self._buffer, -1 if amount == -1 else max(left, 0))


def encode(fields: dict[str, Any], parts: Iterable[OutboundPart], *, boundary: str | None = None) -> MixedEncoder:
    """The body of one attempt: its `content_type`, its `len` in bytes, and `read`.

    `fields` is the JSON part's object. Streams are not read before the body is.
    """
    main = json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    pieces: list[tuple[dict[str, str], bytes | Stream]] = [
        ({"Content-Type": "application/json", "Content-Id": "main"}, main)
    ]
    pieces += [(_headers(part), part.data) for part in parts]
    return MixedEncoder(pieces, boundary=boundary)


def main_fields(
    *, source: str, destination: str, mt_config: str, subject: str | None, mobile_operator_id: int | None
) -> dict[str, Any]:
    """The JSON part's object, in the order of the documents."""
    fields = {
        "type": "MT",
        "source": source,
        "destination": destination,
        "mtConfig": mt_config,
        "subject": subject,
        "mobileOperatorId": mobile_operator_id,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _headers(part: OutboundPart) -> dict[str, str]:
    if part.is_link:  # as the sample has it
        return {"Content-Type": REMOTE_CONTENT, "Content-Id": part.content_id}
    return {
        "Content-Type": part.content_type,
        "Content-Id": part.content_id,
        "Content-Transfer-Encoding": "binary",
    }


def encoded_size(fields: dict[str, Any], parts: Sequence[OutboundPart]) -> int:
    """The bytes that a request takes on the wire; nothing is read for it."""
    return int(encode(fields, parts).len)
