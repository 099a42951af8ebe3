"""What holds data of a handset that nobody can find by its number, or that nobody can change; and until when."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from botocore.exceptions import ClientError

from console.connection import Gateway
from console.problems import DENIED

LIFECYCLE_DAYS = 2  # from the day on which an object expires to that on which its last version is gone
VERSION_DAYS = 32  # the same where the last version stays for a month
STREAM_HOURS = 24
NOT_FOR_YOU = "{} could not be looked at: it takes {}."


def remains(gateway: Gateway, *, searched: bool) -> Iterator[str]:
    """A sentence for each; `searched`: whether bodies were searched, and the whole table."""
    now = datetime.now(UTC)
    yield from _asked(lambda: _recovery(gateway, now), "Point-in-time recovery", "dynamodb:DescribeContinuousBackups")
    yield from _asked(lambda: _backups(gateway), "Backups of the table", "dynamodb:ListBackups")
    if not searched:
        days = gateway.raw_days
        until = f" until {_day(now, days + LIFECYCLE_DAYS)}" if days else ""
        yield (
            f"Bodies of callbacks that came again in another form lie under raw/{until}, those that could not be read "
            f"under quarantine/ {_kept(gateway, now)}: --bodies searches both."
        )
    stream = now + timedelta(hours=STREAM_HOURS)
    yield f"The table's stream shows what was removed to those who follow it, until {stream:%Y-%m-%d %H:%M} UTC."
    yield (
        "Messages to it that wait in the send queue, for 14 days at most, are recorded when they are sent. One whose "
        "requestId was forgotten is sent anew if it is in the queue once more, whoever enqueues it."
    )
    yield "Delivery reports that come from now on find no message, and nobody can tell whose they are."
    log_days = gateway.parameters.get("LogRetentionDays", "30")
    yield f"Logs name requestIds, moIds and the last four digits, until {_day(now, int(log_days))}; never contents."


def _kept(gateway: Gateway, now: datetime) -> str:
    """For how long objects are kept that come now."""
    days = gateway.retention.days
    return f"until {_day(now, days + VERSION_DAYS)}" if days else "for good"


def _recovery(gateway: Gateway, now: datetime) -> Iterator[str]:
    told = gateway.dynamodb.describe_continuous_backups(TableName=gateway.addresses.table_name)
    recovery = told["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription", {})
    if recovery.get("PointInTimeRecoveryStatus") == "ENABLED":
        days = recovery.get("RecoveryPeriodInDays", 35)
        yield f"Point-in-time recovery can bring the table back as it was, until {_day(now, days)} ({days} days)."


def _backups(gateway: Gateway) -> Iterator[str]:
    found = gateway.dynamodb.list_backups(TableName=gateway.addresses.table_name, BackupType="ALL")
    for backup in found.get("BackupSummaries", []):
        made, expires = backup["BackupCreationDateTime"], backup.get("BackupExpiryDateTime")
        until = f"until {expires:%Y-%m-%d}" if expires else "until somebody deletes it"
        yield f"The backup {backup['BackupName']} of {made:%Y-%m-%d} holds the table as it was then, {until}."


def _asked(ask: Callable[[], Iterator[str]], what: str, permission: str) -> list[str]:
    try:
        return list(ask())
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in DENIED:
            return [NOT_FOR_YOU.format(what, permission)]
        raise


def _day(now: datetime, days: int) -> str:
    return f"{now + timedelta(days=days):%Y-%m-%d}"
