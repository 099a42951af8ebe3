"""What the bot reads of a message: the item of the gateway's table, as the stream brings it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

NUMBER = re.compile(r"[0-9]{3,15}")  # what the gateway sends to and from


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture in the gateway's media bucket."""

    key: str
    content_type: str
    size: int = 0  # bytes; 0 where nobody asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message from a handset."""

    mo_id: str
    handset: str  # digits, or an e-mail address
    service: str  # the short code it was sent to
    sent_at: str  # UTC, in a format that sorts
    text: str
    pictures: tuple[Picture, ...]

    @property
    def answerable(self) -> bool:
        """Whether an answer can be sent, and would not come back as a question."""
        numbers = all(NUMBER.fullmatch(each) for each in (self.handset, self.service))
        return numbers and self.handset != self.service


def read_message(item: Mapping[str, Any]) -> Message:
    """The message of a `MO#…`/`MESSAGE` item; KeyError where it is no such item."""
    return Message(
        mo_id=item["moId"],
        handset=item.get("handset", ""),  # left out where the callback had none that can be a key
        service=item.get("service", ""),
        sent_at=item["sentAt"],
        text=item.get("text") or item.get("subject", ""),  # people write their word into either
        pictures=tuple(
            Picture(key=part["s3Key"], content_type=part["contentType"], size=int(part["size"]))
            for part in item.get("parts", [])
            if "s3Key" in part and part["contentType"].startswith("image/")
        ),
    )
