"""Where OpenMarket is reached: the name that is routed to the nearest data centre, or its direct hosts.

Source: OpenMarket, "Things to Know", "Connecting to OpenMarket".
"""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

PATH = "/mms/v2/send"

_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_ENDPOINT = re.compile(rf"https?://(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9A-Fa-f:.]+\])(?::[0-9]{{1,5}})?/?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One host that takes requests."""

    host: str
    port: int
    tls: bool

    @property
    def authority(self) -> str:
        """The host as it stands in a Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.tls else 80) else f"{host}:{self.port}"


def read_endpoints(text: str, *, plain_http: bool) -> tuple[Endpoint, ...]:
    """Base URLs without a path, separated by commas; ValueError says what is wrong with one."""
    return tuple(_endpoint(url.strip(), plain_http=plain_http) for url in text.split(","))


def _endpoint(url: str, *, plain_http: bool) -> Endpoint:
    if not _ENDPOINT.fullmatch(url):
        raise ValueError("must be https:// URLs without a path, separated by commas")
    parts = urlsplit(url)
    tls = parts.scheme == "https"
    if not tls and not plain_http:
        raise ValueError("must be https: the account's password goes there")
    try:
        port = (443 if tls else 80) if parts.port is None else parts.port
    except ValueError:
        raise ValueError("has a port beyond 65535") from None
    if port == 0:
        raise ValueError("has the port 0, where nobody listens")
    return Endpoint(host=parts.hostname or "", port=port, tls=tls)
