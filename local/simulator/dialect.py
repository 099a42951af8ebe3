"""How OpenMarket may write one and the same callback: every oddity of the documents as a named field.

"Receive page" is the provider's page "Receive an MMS", "flow page" its page "Things to Know".
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from local.simulator.fields import require


class Blank(StrEnum):
    """What stands for a blank at line ends and in the JSON's indentation."""

    SPACE = " "
    NO_BREAK_SPACE = "\u00a0"  # what the pages' HTML really holds


class LineEnd(StrEnum):
    """What ends a line of the body."""

    CRLF = "\r\n"  # MIME's own
    LF = "\n"  # what a copy from the page gives


class JsonLayout(StrEnum):
    """How the JSON is laid out, and in which order an MO's fields come."""

    RECEIVE_PAGE = "receive-page"  # the last brace stands right behind the last value
    FLOW_PAGE = "flow-page"  # the last brace has its own line, a blank follows `[],`, destinations come first
    COMPACT = "compact"  # on no page, but what a program is likely to send


class MediaEncoding(StrEnum):
    """How a part's bytes are written."""

    BINARY = "binary"  # both pages: the samples' parts stand as they are
    BASE64 = "base64"  # Content-Transfer-Encoding says so
    BASE64_UNDECLARED = "base64-undeclared"  # receive page: "Encoding Base64", yet no part declares one


class EncodingName(StrEnum):
    """How Content-Transfer-Encoding spells base64."""

    LOWER = "base64"
    UPPER = "BASE64"


class Base64Lines(StrEnum):
    """Where base64 text is broken into lines."""

    FOLDED = "folded"  # at 76 columns, as MIME has it
    ONE = "one"


class IdForm(StrEnum):
    """How moId and mtId are written."""

    NUMBER = "number"  # both pages
    TEXT = "text"  # facts.md: the delivery page prints mtId as a string


class DestinationsForm(StrEnum):
    """How `destinations` is written."""

    LIST = "list"  # both pages' samples
    TEXT = "text"  # receive page, table of fields: "Type: string"


class RequestIdForm(StrEnum):
    """How long an X-Request-Id is."""

    SAMPLE = "sample"  # 40 characters, as in both pages' samples
    TABLE = "table"  # receive page, table of headers: "1 to 30 characters in length"


# Without quotes and without blanks, so that no reader needs more than the documents show; 20 characters less than
# MIME's 70, so that a number fits behind it.
BOUNDARY = re.compile(r"[A-Za-z0-9'+_.-]{1,50}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """The style of a callback; the default is the documents' print restored to legal MIME."""

    boundary: str = "mimeboundary"  # both pages; another is taken when the content holds it
    line_end: LineEnd = LineEnd.CRLF
    blank: Blank = Blank.SPACE
    blank_after_content_type: bool = True  # both pages: after `boundary=mimeboundary`, a report's `application/json`
    blank_after_content_id: bool = True  # both pages: after `Content-Id: main` and every other
    blank_line_after_headers: bool = True  # both pages print none; without it no parser finds a part's body
    break_after_first_boundary: bool = True  # flow page: `--mimeboundaryContent-Type: application/json`
    line_end_after_body: bool = False  # can't be told from a page
    json_layout: JsonLayout = JsonLayout.RECEIVE_PAGE  # a report, on the flow page alone, looks the same in both
    media_encoding: MediaEncoding = MediaEncoding.BINARY
    encoding_name: EncodingName = EncodingName.LOWER
    base64_lines: Base64Lines = Base64Lines.FOLDED
    id_form: IdForm = IdForm.NUMBER
    destinations_form: DestinationsForm = DestinationsForm.LIST
    user_agent: bool = True  # receive page: "Returned: Only when provided by the mobile operator."
    request_id_form: RequestIdForm = RequestIdForm.SAMPLE

    def __post_init__(self) -> None:
        require(
            BOUNDARY.fullmatch(self.boundary) is not None,
            "boundary",
            "expected 1 to 50 letters, digits or any of '+_.-",
        )


# The pages as they stand, no-break spaces and all: no reader can make a message of these.
RECEIVE_PAGE_AS_PRINTED = Dialect(
    line_end=LineEnd.LF,
    blank=Blank.NO_BREAK_SPACE,
    blank_line_after_headers=False,
    json_layout=JsonLayout.RECEIVE_PAGE,
)
FLOW_PAGE_AS_PRINTED = Dialect(
    line_end=LineEnd.LF,
    blank=Blank.NO_BREAK_SPACE,
    blank_line_after_headers=False,
    break_after_first_boundary=False,
    json_layout=JsonLayout.FLOW_PAGE,
)
