"""The address that OpenMarket calls: whether it turns a stranger away, and for how long its certificate holds."""

import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

from console.checks.findings import Finding, failed, fine, unknown, warning
from console.connection import Gateway

PATIENCE = 15  # seconds; the function may have to start
FEW_DAYS = 14  # AWS renews its certificates long before
NAME = "callback address"
TOKEN = "no-token-of-this-gateway"  # noqa: S105 - that is what it says


def check_door(gateway: Gateway) -> Iterator[Finding]:
    """Whether the callback address answers a stranger as the gateway does."""
    url = gateway.addresses.callback_url
    try:
        status, outcome = _knock(f"{url}/{TOKEN}", through_proxy=not gateway.is_local)
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        yield failed(NAME, f"{url} can't be reached: {reason}", "Look at your network, and at the API's stage mms.")
        return
    yield door_finding(status, outcome, addresses=gateway.parameters.get("SourceAddresses", ""))


def door_finding(status: int, outcome: str | None, *, addresses: str) -> Finding:
    """What an answer to a stranger says of the door."""
    match status, outcome:
        case 401, "unauthorized":
            return fine(NAME, "turns a caller without a token away (401)")
        case 403, None:
            return _forbidden(addresses)
        case 429, _:
            return warning(NAME, "is too busy (429)", "Callbacks come faster than CallbackRate; look at who calls.")
        case 503, "unavailable":
            advice = "It can't tell who may call: look at the secret, and at the log of the receiving function."
        case _:
            advice = (
                "Look at the log of the receiving function." if status >= 500 else "This is another program's answer."
            )
    said = f"and {outcome}" if outcome else "without an X-Mms-Outcome"
    return failed(NAME, f"answered a caller without a token {status} {said}, not 401 and unauthorized", advice)


def _forbidden(addresses: str) -> Finding:
    if addresses:
        return fine(NAME, f"turns this machine away (403), whose address is not in SourceAddresses, {addresses}")
    return failed(NAME, "turns everybody away (403), though SourceAddresses is empty", "Deploy the stack again.")


def check_certificate(gateway: Gateway) -> Iterator[Finding]:
    """For how long the certificate of the callback address holds."""
    address = urlsplit(gateway.addresses.callback_url)
    if address.scheme != "https" or address.hostname is None:
        return
    try:
        with (
            socket.create_connection((address.hostname, address.port or 443), timeout=PATIENCE) as connection,
            ssl.create_default_context().wrap_socket(connection, server_hostname=address.hostname) as tls,
        ):
            until = str((tls.getpeercert() or {}).get("notAfter", ""))
    except ssl.SSLCertVerificationError as error:
        yield failed("certificate", f"is not valid: {error.verify_message}", "OpenMarket may refuse to call; renew it.")
        return
    except OSError as error:
        yield unknown("certificate", f"could not be looked at: {error}")
        return
    days = (datetime.fromtimestamp(ssl.cert_time_to_seconds(until), UTC) - datetime.now(UTC)).days
    if days < FEW_DAYS:
        yield warning("certificate", f"holds for {days} days", "Renew it; API Gateway renews its own by itself.")
    else:
        yield fine("certificate", f"holds for {days} days")


def _knock(url: str, *, through_proxy: bool) -> tuple[int, str | None]:
    """The status and X-Mms-Outcome that an empty callback with a token which is none is answered."""
    handlers = [] if through_proxy else [urllib.request.ProxyHandler({})]
    opener = urllib.request.build_opener(*handlers)
    request = urllib.request.Request(url, data=b"{}", headers={"Content-Type": "application/json"}, method="POST")  # noqa: S310
    try:
        with opener.open(request, timeout=PATIENCE) as answer:
            return answer.status, answer.headers.get("X-Mms-Outcome")
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.headers.get("X-Mms-Outcome")
