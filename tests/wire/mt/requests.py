"""The requests that lie beside this file as NAME.http, written by hand from the provider's pages, and what they say.

`encode` must make each of them byte for byte from FIELDS[name] and CONTENTS[name], with the boundary `mimeboundary`.
"""

from typing import Any

from mms_gateway.openmarket.encode import OutboundPart

BOUNDARY = "mimeboundary"

_FEW: dict[str, Any] = {
    "source": "88600",
    "destination": "447700900750",
    "mt_config": "default",
    "subject": None,
    "mobile_operator_id": None,
}
_WORDS = OutboundPart(content_id="text.txt", content_type="text/plain", data=b"Here it is")

FIELDS: dict[str, dict[str, Any]] = {
    "text": _FEW,
    "every-byte": _FEW,
    "link": _FEW,
    "smil": _FEW,
    "vcard": _FEW,
    "utf-8-subject": {**_FEW, "subject": 'für "Ёлка" \U0001f99c\r\n\u2028\\'},
    "every-field": {**_FEW, "mt_config": "config1", "subject": "Your parrot", "mobile_operator_id": 77},
}
"""The fields of the JSON part, as arguments of `main_fields`."""

CONTENTS: dict[str, list[OutboundPart]] = {
    "text": [_WORDS],
    "every-byte": [
        OutboundPart(
            content_id="tiny.gif",
            content_type="image/gif",
            data=bytes(range(256)) + b"\r\n--mimeboundar\r\n",  # nearly a delimiter
        )
    ],
    "link": [
        OutboundPart(
            content_id="MMS-Demo.mp4",
            content_type="video/mp4",
            data=b"https://www.openmarket.com/docs/Content/downloads/MMS-Demo.mp4",
            is_link=True,
        )
    ],
    "smil": [
        OutboundPart(
            content_id="layout.smil",
            content_type="application/smil; charset=utf-8",
            data='<smil><body><par><text src="text.txt"/></par><!-- für --></body></smil>\n'.encode(),
        ),
        _WORDS,
    ],
    "vcard": [
        OutboundPart(
            content_id="polly.vcf",
            content_type="text/x-vcard",
            data=b"BEGIN:VCARD\r\nVERSION:2.1\r\nN:Parrot;Polly\r\nEND:VCARD\r\n",
        )
    ],
    "utf-8-subject": [_WORDS],
    "every-field": [
        _WORDS,
        OutboundPart(content_id="parrot.jpg", content_type="image/jpeg", data=b"\xff\xd8\xff\xe0 a parrot from S3"),
        OutboundPart(
            content_id="tiny.gif", content_type="image/gif", data=bytes.fromhex("474946383961010001000000002c")
        ),
        OutboundPart(
            content_id="demo.mp4",
            content_type="application/vnd.openmarket.remoteContent",
            data=b"https://www.openmarket.com/docs/demo.mp4",
            is_link=True,
        ),
    ],
}
