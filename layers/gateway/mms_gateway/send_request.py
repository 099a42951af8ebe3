"""The queue message: what a producer enqueues to have an MMS sent.

The JSON Schema in `events/send-request.schema.json` is made from these types; `expected` is how a fault names a field's
form. Sources: of numbers, subject and content ids OpenMarket, "Send an MMS"; of buckets and keys Amazon S3.
"""

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

MAX_CONTENTS = 32  # an MMS has a handful; with their names and keys the item stays under 400 KB
MAX_URL = 2000  # characters; what every server and handset takes
BUCKET = (  # a general purpose bucket's: without what would be an address, a directory bucket or an access point
    r"^(?!.*\.\.)(?![0-9]+(\.[0-9]+){3}$)(?!.*(--x-s3|--ol-s3|--table-s3|-s3alias|\.mrap)$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"
)
SOURCES = ("text", "base64", "s3", "url")
"""Where a content may come from."""


def _meta(*, expected: str, description: str, schema: dict[str, Any] | None = None, **limits: Any) -> Meta:
    return Meta(description=description, extra={"expected": expected}, extra_json_schema=schema, **limits)


RequestId = Annotated[
    str,
    _meta(
        pattern="^[A-Za-z0-9._:-]{1,128}$",
        expected="1 to 128 letters, digits, dots, underscores, colons or hyphens",
        description="The producer's idempotency key: however often a message with it is enqueued, it is sent once.",
    ),
]
Source = Annotated[
    str,
    _meta(
        pattern="^[0-9]{3,15}$",
        expected="3 to 15 digits without a leading +",
        description="The short code or number that it is sent from.",
    ),
]
Destination = Annotated[
    str,
    _meta(
        pattern="^[0-9]{3,15}$",
        expected="3 to 15 digits without a leading +",
        description="The handset's number in international form, without a leading +.",
    ),
]
Subject = Annotated[
    str,
    _meta(max_length=255, expected="a text of at most 255 characters", description="The subject line."),
]
MtConfig = Annotated[
    str,
    _meta(
        min_length=1,
        max_length=255,
        expected="a text of 1 to 255 characters",
        description="The name of a set of settings at OpenMarket; the parameter MtConfig where it is left out.",
    ),
]
MobileOperatorId = Annotated[
    int,
    _meta(
        ge=0,
        le=999_999_999,
        expected="a whole number",
        description="OpenMarket's number for the handset's operator.",
    ),
]
NotAfter = Annotated[
    str,
    _meta(
        min_length=1,
        max_length=40,
        expected="a time with its offset such as 2026-12-01T18:00:00Z",
        description="The time after which it is not sent any more, with its offset from UTC.",
        schema={"format": "date-time"},
    ),
]
ContentId = Annotated[
    str,
    _meta(
        pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,18}$",
        expected="a letter or digit, then at most 18 letters, digits, dots, underscores or hyphens",
        description="The piece's name, at most 19 characters, which a SMIL layout refers to: unique, not `main`, and "
        "ending in .vcf for a vCard.",
    ),
]
ContentType = Annotated[
    str,
    _meta(
        min_length=1,
        max_length=255,
        expected="a media type such as image/jpeg",
        description="The media type; required beside base64, else text/plain for a text and the object's own for S3.",
    ),
]
Text = Annotated[
    str,
    _meta(
        min_length=1,
        expected="a text that is not empty",
        description="The piece itself: a text, a SMIL layout, a vCard.",
    ),
]
Base64 = Annotated[
    str,
    _meta(
        min_length=1,
        expected="base64",
        description="The piece itself in base64; for small ones, as the queue takes 1 MiB in all.",
        schema={"contentEncoding": "base64"},
    ),
]
Url = Annotated[
    str,
    _meta(
        min_length=1,
        max_length=MAX_URL,
        expected=f"an https link of at most {MAX_URL} characters",
        description="An https link that OpenMarket fetches and caches, to one of the hosts in LinkHosts; keep it "
        "reachable for three days, and use a new one for new content.",
        schema={"format": "uri"},
    ),
]
Bucket = Annotated[
    str,
    _meta(
        pattern=BUCKET,
        expected="the name of a general purpose bucket",
        description="The bucket's name.",
    ),
]
Key = Annotated[
    str,
    _meta(min_length=1, max_length=1024, expected="a key of 1 to 1024 characters", description="The object's key."),
]
VersionId = Annotated[
    str,
    _meta(
        min_length=1,
        max_length=1024,
        expected="a version of 1 to 1024 characters",
        description="The object's version; the newest where it is left out.",
    ),
]


class S3Object(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """An object that the gateway may read: under `outgoing/` in its own bucket, or in one named by SourceBuckets."""

    bucket: Bucket
    key: Key
    version_id: VersionId | None = None


class Content(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """One piece of the message, given as exactly one of `text`, `base64`, `s3` and `url`."""

    content_id: ContentId
    content_type: ContentType | None = None
    text: Text | None = None
    base64: Base64 | None = None
    s3: Annotated[S3Object | None, Meta(description="The piece as an object in S3.")] = None
    url: Url | None = None


def _given(source: str) -> dict[str, Any]:
    """The schema of a content that has this one; a null is as good as nothing."""
    return {"required": [source], "properties": {source: {"type": "object" if source == "s3" else "string"}}}


OneContent = Annotated[Content, Meta(extra_json_schema={"oneOf": [_given(source) for source in SOURCES]})]


class SendRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """An MMS to send, as it is enqueued."""

    request_id: RequestId
    source: Source
    destination: Destination
    content: Annotated[
        tuple[OneContent, ...],
        _meta(
            min_length=1,
            max_length=MAX_CONTENTS,
            expected=f"a list of 1 to {MAX_CONTENTS} pieces",
            description="The pieces of the message, in order.",
        ),
    ]
    subject: Subject | None = None
    mt_config: MtConfig | None = None
    mobile_operator_id: MobileOperatorId | None = None
    not_after: NotAfter | None = None


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of the queue message."""
    schema = msgspec.json.schema(SendRequest)
    for kind in schema["$defs"].values():
        for field in kind["properties"].values():
            for one in field.get("anyOf", ()):  # editors show what stands at the field itself
                if "description" in one:
                    field["description"] = one.pop("description")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "An MMS to send with the MMS gateway",
        **schema,
    }
