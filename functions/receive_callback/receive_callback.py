"""Lambda behind the API: one callback of OpenMarket's in, an empty answer out."""

import gc
import os

IN_LAMBDA = "AWS_LAMBDA_FUNCTION_NAME" in os.environ  # elsewhere (tests, tools) importing this module does nothing
if IN_LAMBDA:
    gc.disable()  # until the start is over: nothing it makes is garbage, and looking for it takes 7 % of its time

import binascii
import hashlib
import re
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import boto3
import pybase64
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent
from aws_lambda_powertools.utilities.typing import LambdaContext

from mms_gateway.aws import client_config, share_trust
from mms_gateway.credentials import Credentials
from mms_gateway.errors import SecretUnavailable, StorageRefused, StorageUnavailable, Unauthorized
from mms_gateway.logs import outcome_line
from mms_gateway.media_bucket import MediaBucket
from mms_gateway.message_table.inbound import InboundTable
from mms_gateway.messages import DeliveryReport
from mms_gateway.openmarket.content_type import MAX_HEADER
from mms_gateway.openmarket.decode import DELIVERED
from mms_gateway.receiving import Callback, Outcome, receive
from mms_gateway.settings import Settings, read_settings

MEDIA_AT_A_TIME = 16  # connections to the bucket; an MMS has a handful of parts
ANSWER_MARGIN = 0.5  # seconds before the function's end by which an answer is given

QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
JOINED_TYPES = re.compile(
    r",[ \t]*(?:application|audio|image|message|multipart|text|video)/[^\s;,]+[ \t]*(?:[;,]|\Z)", re.IGNORECASE
)

METRICS = {
    "stored": "Received",
    "duplicate": "Duplicates",
    "conflict": "Conflicts",
    "report": "Reports",
    "quarantined": "Quarantined",
    "truncated": "Truncated",
}

logger = Logger()
metrics = Metrics()
secret_trouble = threading.Event()  # metrics know no threads, so the handler's own counts what another one met


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """Everything one callback needs, built once for all of them."""

    settings: Settings
    credentials: Credentials
    table: InboundTable
    bucket: MediaBucket
    deadline: ThreadPoolExecutor

    def take_in(self, event: APIGatewayProxyEvent) -> tuple[Callback, Outcome]:
        """Authenticate before anything is read, then receive."""
        token = (event.path_parameters or {}).get("token", "")
        self.credentials.authenticate(token=token, authorization=event.headers.get("Authorization"))
        callback = read_callback(event, datetime.now(UTC))
        outcome = receive(
            callback,
            table=self.table,
            bucket=self.bucket,
            encoding=self.settings.callback_encoding,
            keep_raw=self.settings.raw_days > 0,
        )
        return callback, outcome


@lru_cache(maxsize=1)
def credentials() -> Credentials:
    """The door; it outlives the rest, for the last good secret is what keeps callers coming in."""
    client = boto3.client("secretsmanager", config=client_config(connections=4))
    return Credentials(client, read_settings(os.environ).secret_arn, warn=warn_of_the_secret)


def warn_of_the_secret(reason: str) -> None:
    """Tell that somebody must look at the secret, while callers still come in."""
    logger.warning("secret", extra={"outcome": "secret", "reason": reason})
    secret_trouble.set()


@lru_cache(maxsize=1)
def gateway() -> Gateway:
    """The gateway that the environment describes."""
    settings = read_settings(os.environ)
    share_trust()
    table = boto3.client("dynamodb", config=client_config(connections=4))
    bucket = boto3.client("s3", config=client_config(connections=MEDIA_AT_A_TIME, sign_uploads=False))
    return Gateway(
        settings=settings,
        credentials=credentials(),
        table=InboundTable(table, settings.table_name, settings.retention),
        bucket=MediaBucket(bucket, settings.media_bucket, ThreadPoolExecutor(MEDIA_AT_A_TIME)),
        deadline=ThreadPoolExecutor(4),
    )


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer 200 if and only if the callback is durable, within the function's time."""
    request = APIGatewayProxyEvent(event)
    try:
        whole = gateway()
        seconds = context.get_remaining_time_in_millis() / 1000 - ANSWER_MARGIN
        work = whole.deadline.submit(whole.take_in, request)
        callback, outcome = work.result(timeout=seconds)
    except Unauthorized as error:  # a stranger's X-Request-Id is nothing to log
        logger.warning("unauthorized", extra={"outcome": "unauthorized", "reason": str(error)})
        return _respond(401, "unauthorized", "Unauthorized")
    except (StorageUnavailable, StorageRefused) as error:  # refused even for quarantine
        if isinstance(error, SecretUnavailable):
            secret_trouble.set()
        return _unavailable(request, str(error))
    except TimeoutError:
        # What is still under way writes just what the next try will find there. The next callback gets threads and
        # connections of its own, for these may never come back.
        gateway.cache_clear()
        return _unavailable(request, "the stores did not answer in the function's time")
    except Exception as bug:  # noqa: BLE001 - OpenMarket comes again; the trace goes without its text, which may quote
        frames = traceback.format_tb(bug.__traceback__)
        return _unavailable(request, f"a mistake of the gateway's: {type(bug).__name__}", frames=frames)
    logger.set_correlation_id(callback.request_id)
    log = logger.info if outcome.name in {"stored", "duplicate", "report"} else logger.warning
    log(outcome.name, extra=outcome_line(callback, outcome))
    if outcome.name == "report" and isinstance(outcome.message, DeliveryReport):
        _count_report(outcome.message, joined=bool(outcome.joined))
    if outcome.media_bytes:
        metrics.add_metric("MediaBytes", MetricUnit.Bytes, outcome.media_bytes)
    header = f"quarantined; {outcome.reason}" if outcome.name == "quarantined" else outcome.name
    return _respond(503 if outcome.name == "truncated" else 200, header, METRICS[outcome.name])


def _count_report(report: DeliveryReport, *, joined: bool) -> None:
    """Count what a report says, with a zero for what it does not: alarms look at shares, and nothing is no number."""
    # An orphan is of a message that is not ours, or not written down yet.
    metrics.add_metric("OrphanReports", MetricUnit.Count, int(not joined))
    if report.final:
        metrics.add_metric("Delivered", MetricUnit.Count, int(report.status == DELIVERED))
        metrics.add_metric("Undelivered", MetricUnit.Count, int(report.status != DELIVERED))


def _unavailable(request: APIGatewayProxyEvent, reason: str, **facts: object) -> dict[str, Any]:
    logger.set_correlation_id(request_id(request))
    logger.error("unavailable", extra={"outcome": "unavailable", "reason": reason, **facts})
    return _respond(503, "unavailable", "Unavailable")


def _respond(status: int, outcome: str, metric: str) -> dict[str, Any]:
    metrics.add_metric(metric, MetricUnit.Count, 1)
    if secret_trouble.is_set():
        secret_trouble.clear()
        metrics.add_metric("SecretUnreadable", MetricUnit.Count, 1)
    return {"statusCode": status, "headers": {"X-Mms-Outcome": outcome}, "body": ""}


def read_callback(event: APIGatewayProxyEvent, now: datetime) -> Callback:
    """The callback in an API event; what keeps it from being one stands in its `fault`."""
    types = _header_values(event, "Content-Type")
    encodings = {value.strip().lower() for value in _header_values(event, "Content-Encoding")} - {"", "identity"}
    body, fault = _read_body(event)
    if len(types) > 1 or any(_is_joined(each) for each in types):
        fault = "Content-Type: the request has it twice"
    elif encodings:
        fault = "Content-Encoding: the request's body is compressed or encoded, expected it as it is"
    return Callback(
        content_type=", ".join(types),
        body=body,
        body_sha256=hashlib.sha256(body).hexdigest(),
        received_at=now,
        request_id=request_id(event),
        fault=fault,
    )


def request_id(event: APIGatewayProxyEvent) -> str | None:
    """OpenMarket's name for the request, to ask its support by."""
    value = event.headers.get("X-Request-Id")
    return "".join(c for c in value if c.isprintable())[:255] or None if value else None


def _is_joined(content_type: str) -> bool:
    """Whether somebody on the way made two headers one, as HTTP allows; a comma alone may be the boundary's."""
    return len(content_type) <= MAX_HEADER and JOINED_TYPES.search(QUOTED.sub('""', content_type)) is not None


def _header_values(event: APIGatewayProxyEvent, name: str) -> list[str]:
    values = event.multi_value_headers.get(name) or []
    single = event.headers.get(name)
    return list(values) or ([single] if single is not None else [])


def _read_body(event: APIGatewayProxyEvent) -> tuple[bytes, str | None]:
    text: str = event.get("body") or ""
    if event.is_base64_encoded:
        try:
            return pybase64.b64decode(text, validate=True), None
        except (binascii.Error, ValueError):
            return text.encode("utf-8", "replace"), "the API's base64 of the body is broken"
    if "\ufffd" in text:
        return text.encode("utf-8", "replace"), "the body went through a text conversion and lost its bytes"
    return text.encode("utf-8", "replace"), None


# The clients are built while the function starts: AWS lends a full processor then, and the first callback finds them
# ready.
if IN_LAMBDA:
    gateway()
    gc.freeze()  # what has been made stays, so it need not be looked at again
    gc.enable()
