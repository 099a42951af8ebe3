"""How OpenMarket writes dates and addresses."""

import re
from datetime import UTC, datetime, timedelta, timezone

MAX_ADDRESS = 255  # bytes of UTF-8; the longest e-mail address has 254, and an index key has room for it

_DATE = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?"
    r"(?:[Zz]|([+-])([0-9]{2}):([0-5][0-9]))?"
)


def read_date(text: str) -> datetime | None:
    """An RFC 3339 date in UTC (assumed where it names no offset), or None where it can't be read."""
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(found[n]) for n in range(1, 7))
    offset = timedelta(hours=int(found[9] or 0), minutes=int(found[10] or 0))
    try:
        zone = timezone(-offset if found[8] == "-" else offset)
        microsecond = int((found[7] or "0")[:6].ljust(6, "0"))
        return datetime(year, month, day, hour, minute, second, microsecond, zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def normal_address(address: str | None) -> str | None:
    """An address as it stands in the table: bare digits for a number, lower case otherwise; None where unusable."""
    if address is None:
        return None
    digits = re.sub(r"\s", "", address).removeprefix("+")
    plain = digits if re.fullmatch("[0-9]+", digits) else address.strip().lower().replace("#", "_")
    return plain if 0 < len(plain.encode()) <= MAX_ADDRESS else None
