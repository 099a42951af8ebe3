"""What the template tells the function that sends, checked once at the start."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from mms_gateway.openmarket.endpoint import Endpoint, read_endpoints
from mms_gateway.retention import FOR_EVER, read_retention

REQUIRED = (
    "TABLE_NAME",
    "MEDIA_BUCKET",
    "SECRET_ARN",
    "OPENMARKET_ENDPOINTS",
    "MT_CONFIG",
    "MAX_MESSAGE_BYTES",
    "SEND_WINDOW_HOURS",
    "LONGEST_WINDOW_SECONDS",
    "RETENTION_DAYS",
    "SEND_QUEUE_URL",
    "DEAD_LETTER_QUEUE_URL",
    "CALL_SECONDS",
    "CONNECT_SECONDS",
    "BACKOFF_SECONDS",
    "PLAIN_HTTP",
)
OPTIONAL = ("LINK_HOSTS",)  # none: no links are sent

_NUMBERS = (
    "MAX_MESSAGE_BYTES",
    "SEND_WINDOW_HOURS",
    "LONGEST_WINDOW_SECONDS",
    "CALL_SECONDS",
    "CONNECT_SECONDS",
    "BACKOFF_SECONDS",
)
_HOST = re.compile(r"(?!-)[a-z0-9-]+(\.[a-z0-9-]+)*\.(?![0-9]+\Z)[a-z0-9-]+")  # a name, never an address


@dataclass(frozen=True, slots=True, kw_only=True)
class SendSettings:
    """The environment of the function that sends, typed."""

    table_name: str
    media_bucket: str
    secret_arn: str
    endpoints: tuple[Endpoint, ...]
    mt_config: str
    """For messages that name none."""
    link_hosts: frozenset[str]
    """Hosts, in lower case, that links may lead to."""
    max_message_bytes: int
    """Of a whole request body."""
    window: timedelta
    """How long a message is tried."""
    retention: timedelta
    """How long items are kept after they were last written."""
    send_queue_url: str
    dead_letter_queue_url: str
    call_seconds: int
    """For one call of OpenMarket, from the name's resolution to the answer's last byte."""
    connect_seconds: int
    """For one host."""
    backoff_seconds: int
    """The longest wait between two tries."""


def read_send_settings(environment: Mapping[str, str]) -> SendSettings:
    """Settings from environment variables; ValueError names every one that is missing or wrong."""
    faults = [f"{name} is not set" for name in REQUIRED if not environment.get(name)]
    numbers: dict[str, int] = {}
    for name in _NUMBERS:
        value = environment.get(name, "")
        if re.fullmatch("[0-9]{1,9}", value) and int(value) > 0:
            numbers[name] = int(value)
        elif value:
            faults.append(f"{name} must be a whole number above 0")
    endpoints: tuple[Endpoint, ...] = ()
    if environment.get("OPENMARKET_ENDPOINTS"):
        try:
            plain_http = environment.get("PLAIN_HTTP") == "true"
            endpoints = read_endpoints(environment["OPENMARKET_ENDPOINTS"], plain_http=plain_http)
        except ValueError as error:
            faults.append(f"OPENMARKET_ENDPOINTS {error}")
    retention = FOR_EVER
    if environment.get("RETENTION_DAYS"):
        try:
            retention = read_retention(environment["RETENTION_DAYS"])
        except ValueError as error:
            faults.append(f"RETENTION_DAYS {error}")
    hosts = frozenset(host.strip().lower() for host in environment.get("LINK_HOSTS", "").split(",") if host.strip())
    if not all(_HOST.fullmatch(host) for host in hosts):
        faults.append("LINK_HOSTS must be names of hosts, separated by commas")
    if faults:
        raise ValueError(f"the function's environment is wrong; deploy the template again: {'; '.join(faults)}")
    return SendSettings(
        table_name=environment["TABLE_NAME"],
        media_bucket=environment["MEDIA_BUCKET"],
        secret_arn=environment["SECRET_ARN"],
        endpoints=endpoints,
        mt_config=environment["MT_CONFIG"],
        link_hosts=hosts,
        max_message_bytes=numbers["MAX_MESSAGE_BYTES"],
        window=min(timedelta(hours=numbers["SEND_WINDOW_HOURS"]), timedelta(seconds=numbers["LONGEST_WINDOW_SECONDS"])),
        retention=retention,
        send_queue_url=environment["SEND_QUEUE_URL"],
        dead_letter_queue_url=environment["DEAD_LETTER_QUEUE_URL"],
        call_seconds=numbers["CALL_SECONDS"],
        connect_seconds=numbers["CONNECT_SECONDS"],
        backoff_seconds=numbers["BACKOFF_SECONDS"],
    )
