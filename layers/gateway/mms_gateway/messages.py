"""What travels through the gateway: frozen, typed, free of any transport."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

# With the JSON and the parts' names, an item stays under the table's 400 KB.
MAX_PART_TEXT = 8 * 1024  # bytes of a text that may stand in the item: a part's text is held that far at least
MAX_ITEM_TEXTS = 64 * 1024  # bytes of all the texts that stand in an item
MAX_TEXT = 32 * 1024  # bytes of UTF-8 in the message's `text`: several long texts, and the item stays small

Flag = Literal[
    "base64-broken",
    "base64-undeclared",
    "charset-unusable",
    "content-id-unusable",
    "content-type-unusable",
    "date-unreadable",
    "encoding-unknown",
    "field-unusable",
    "folded-header",
    "json-only",
    "lf-lines",
    "nested-multipart",
    "no-headers",
    "operator-id-not-a-number",
    "subject-too-long",
    "text-repaired",
]
"""An oddity of a callback that was stored all the same."""

CallbackEncoding = Literal["auto", "binary", "base64"]
"""How to take media that come without a transfer encoding: as they prove to be, as they are, as base64."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One piece of an MMS: a picture, a text, a SMIL layout."""

    index: int
    """From 0; the JSON part is not counted."""
    content_type: str
    """Lower case, without parameters, at most 255 characters."""
    content_id: str | None
    """Trimmed, without angle brackets, at most 255 characters; None where absent or unusable."""
    data: bytes | memoryview
    """The content with its transfer encoding undone; a view into the body where nothing had to be undone."""
    sha256: str
    """Of `data`, in hexadecimal."""
    text: str | None
    """What a text part says, its first 8 KB at least, where its bytes can be read in its charset or in UTF-8."""
    charset: str
    """The codec `text` was read with; "" where there is no text."""
    flags: tuple[Flag, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of the decoded content."""
        return len(self.data)


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundMms:
    """A message from a handset (MO), named as the attributes of its item."""

    mo_id: str
    handset: str | None
    """Its sender; None where absent or too long for an index."""
    service: str | None
    """The short code it was sent to: the first destination; None as above."""
    destinations: tuple[str, ...]
    ccs: tuple[str, ...]
    bccs: tuple[str, ...]
    date: str | None
    """As it came."""
    mobile_operator_id: int | None
    subject: str | None
    """At most 255 characters."""
    user_agent: str | None
    text: str | None
    """The text/plain parts joined by line feeds, at most 32 KB of UTF-8; None where there is none."""
    parts: tuple[Part, ...]
    details: str
    """The callback's JSON as it came, lossless, at most 64 KB."""
    content_sha256: str
    """The same for every repeat of this message, however it is put on the wire."""
    body_sha256: str
    flags: tuple[Flag, ...] = ()
    direction: Literal["MO"] = "MO"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryReport:
    """What became of a message we sent (MT)."""

    mt_id: str
    date: str | None
    """As it came."""
    status: str
    """The provider's word, such as Retrieved; any word may come."""
    final: bool
    """Whether no better one comes after it."""
    identity: str
    """Compact JSON of status, outcome id as text, description: with the date, what makes two reports the same."""
    outcome_id: int | None
    outcome_description: str | None
    user_agent: str | None
    details: str
    """The report's JSON as it came."""
    body_sha256: str
    flags: tuple[Flag, ...] = ()


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes for the bucket under a content-addressed key: writing them again is the same write."""

    key: str
    data: bytes | memoryview
    sha256: str
    content_type: str
    callback_content_type: str | None = None
    """For a whole callback body: the request's Content-Type in ASCII, without which it can't be read again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceObject:
    """An object in S3 that a producer wants sent, as it was found."""

    bucket: str
    key: str
    version_id: str | None
    etag: str
    """Names its content: what is read later is this or nothing."""
    size: int
    content_type: str
    """As S3 has it; "" where it has none."""


def joined_text(texts: Sequence[str]) -> str | None:
    """A message's `text`: its text/plain parts joined by line feeds, as far as there is room; None without any."""
    joined = "\n".join(texts)[:MAX_TEXT].encode("utf-8")
    return joined[:MAX_TEXT].decode("utf-8", "ignore") if texts else None


def utc_text(moment: datetime) -> str:
    """A moment as all times are written: YYYY-MM-DDTHH:MM:SS.mmmZ."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
