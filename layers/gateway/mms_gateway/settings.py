"""What the template tells the functions, checked once at the start."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import cast, get_args

from mms_gateway.messages import CallbackEncoding
from mms_gateway.retention import FOR_EVER, read_retention

REQUIRED = ("TABLE_NAME", "MEDIA_BUCKET", "SECRET_ARN", "CALLBACK_ENCODING", "RAW_DAYS", "RETENTION_DAYS")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The environment of the callback function, typed."""

    table_name: str
    media_bucket: str
    secret_arn: str
    callback_encoding: CallbackEncoding
    raw_days: int
    """How long whole callback bodies are kept; 0 keeps none."""
    retention: timedelta
    """How long items are kept after they were last written."""


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Settings from environment variables; ValueError names every one that is missing or wrong."""
    faults = [f"{name} is not set" for name in REQUIRED if not environment.get(name)]
    encoding, days = environment.get("CALLBACK_ENCODING", ""), environment.get("RAW_DAYS", "")
    if encoding and encoding not in get_args(CallbackEncoding):
        faults.append(f"CALLBACK_ENCODING must be one of {', '.join(get_args(CallbackEncoding))}")
    if days and not (days.isascii() and days.isdigit()):
        faults.append("RAW_DAYS must be a number of days, 0 to keep none")
    retention = FOR_EVER
    if environment.get("RETENTION_DAYS"):
        try:
            retention = read_retention(environment["RETENTION_DAYS"])
        except ValueError as error:
            faults.append(f"RETENTION_DAYS {error}")
    if faults:
        raise ValueError(f"the function's environment is wrong; deploy the template again: {'; '.join(faults)}")
    return Settings(
        table_name=environment["TABLE_NAME"],
        media_bucket=environment["MEDIA_BUCKET"],
        secret_arn=environment["SECRET_ARN"],
        callback_encoding=cast("CallbackEncoding", encoding),
        raw_days=int(days),
        retention=retention,
    )
