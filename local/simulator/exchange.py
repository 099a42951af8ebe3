"""One POST and its answer, the request's bytes exactly as given.

Not httpx: its HTTP library (h11) refuses to send a header with a trailing blank, which is what the documents print. So
the request is written here, and h11 reads the answer.
"""

import asyncio
import base64
import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import h11

from local.simulator.callbacks import CallbackRequest

MAX_ANSWER_BYTES = 1_000_000  # the documents ask for none; bounds what a wrong target can make us read


class RefusedTarget(ValueError):
    """A URL that callbacks may not be sent to."""


class NoAnswer(Exception):
    """No whole answer came; the text says what came instead."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the target said."""

    status: int
    outcome: str | None  # X-Mms-Outcome, the gateway's own header
    body_size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where callbacks go."""

    host: str
    port: int
    path: str
    tls: ssl.SSLContext | None
    host_header: str
    authorization: str | None
    loopback_only: bool

    @classmethod
    def parse(
        cls,
        url: str,
        *,
        ca_bundle: str | Path | None = None,
        basic_auth: tuple[str, str] | None = None,
        allow_other_hosts: bool = False,
    ) -> "Target":
        """Read a callback URL; hosts other than this machine only where they are allowed in so many words."""
        try:
            split = urlsplit(url)
            port = split.port or {"http": 80, "https": 443}[split.scheme]
        except (ValueError, KeyError):
            raise RefusedTarget("The callback URL must be an http:// or https:// URL.") from None
        host = split.hostname or ""
        if not host or split.username is not None or not url.isascii() or not url.isprintable() or " " in url:
            raise RefusedTarget("The callback URL must have a host, no user name, and no blanks in it.")
        if not allow_other_hosts and not _is_loopback(host):
            raise RefusedTarget(
                f"Callbacks to {host} are refused: it is not this machine. Pass allow_other_hosts=True if you mean it."
            )
        return cls(
            # RFC 6761: names under .localhost are this machine, whether or not the resolver knows them.
            host="127.0.0.1" if host.endswith(".localhost") else host,
            port=port,
            path=(split.path or "/") + (f"?{split.query}" if split.query else ""),
            tls=ssl.create_default_context(cafile=ca_bundle) if split.scheme == "https" else None,
            host_header=split.netloc,
            authorization=basic_auth and base64.b64encode(":".join(basic_auth).encode()).decode(),
            loopback_only=not allow_other_hosts,
        )

    def write_head(self, request: CallbackRequest) -> bytes:
        """Give the request line and headers, with what the documents leave out: the length, and credentials if any."""
        headers = [(b"Host", self.host_header.encode()), *request.headers]
        if self.authorization:
            headers.append((b"Authorization", f"Basic {self.authorization}".encode()))
        headers.append((b"Content-Length", str(len(request.body)).encode()))
        lines = [f"POST {self.path} HTTP/1.1".encode(), *(name + b": " + value for name, value in headers)]
        return b"\r\n".join(lines) + b"\r\n\r\n"


async def post(target: Target, request: CallbackRequest, *, answer_within: float) -> Answer:
    """Send a request on a fresh connection and read the whole answer, or raise `NoAnswer` (after so many seconds)."""
    try:
        async with asyncio.timeout(answer_within):
            return await _post(target, request)
    except TimeoutError:
        raise NoAnswer(f"no answer within {answer_within:g} s") from None


async def _post(target: Target, request: CallbackRequest) -> Answer:
    try:
        reader, writer = await asyncio.open_connection(
            target.host,
            target.port,
            ssl=target.tls,
            server_hostname=urlsplit(f"//{target.host_header}").hostname if target.tls else None,
        )
    except TimeoutError:
        raise
    except OSError as error:
        raise NoAnswer(f"could not connect: {error}") from None
    try:
        if target.loopback_only and not _is_loopback(writer.get_extra_info("peername")[0]):
            raise NoAnswer("could not connect: the name of the host led to another machine")
        sending = asyncio.create_task(_send(writer, target.write_head(request), request.body))
        try:
            return await _read_answer(reader)
        finally:
            sending.cancel()
    except TimeoutError:
        raise
    except OSError as error:
        raise NoAnswer(f"the connection broke: {error}") from None
    finally:
        writer.transport.abort()


async def _send(writer: asyncio.StreamWriter, head: bytes, body: bytes) -> None:
    writer.write(head)
    writer.write(body)
    try:
        await writer.drain()
    except OSError:
        return  # whoever reads the answer finds out, or finds an answer that was given early


async def _read_answer(reader: asyncio.StreamReader) -> Answer:
    connection = h11.Connection(our_role=h11.CLIENT)
    # Puts the parser into the state of one who has asked; these bytes are not what was sent.
    connection.send(h11.Request(method="POST", target="/", headers=[("Host", "h"), ("Content-Length", "0")]))
    connection.send(h11.EndOfMessage())
    response: h11.Response | None = None
    size = 0
    try:
        while not isinstance(event := connection.next_event(), h11.EndOfMessage):
            match event:
                case h11.NEED_DATA:
                    connection.receive_data(await reader.read(65_536))
                case h11.Response():
                    response = event
                case h11.Data():
                    size += len(event.data)
                case h11.ConnectionClosed():
                    break
            if size > MAX_ANSWER_BYTES:
                raise NoAnswer(f"an answer of more than {MAX_ANSWER_BYTES} bytes")
    except h11.RemoteProtocolError as error:
        raise NoAnswer(f"an answer that was cut short or is no HTTP: {error}") from None
    if response is None:
        raise NoAnswer("the connection was closed without an answer")
    outcome = next((value for name, value in response.headers if name == b"x-mms-outcome"), None)
    return Answer(response.status_code, outcome.decode("latin-1") if outcome is not None else None, size)


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
