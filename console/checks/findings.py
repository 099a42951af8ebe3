"""What a check found, and how AWS's refusals become findings."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from botocore.exceptions import BotoCoreError, ClientError

from console.connection import Gateway
from console.problems import DENIED, explain

Verdict = Literal["fine", "warning", "failed", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of what a doctor says."""

    check: str
    verdict: Verdict
    found: str
    """In words."""
    advice: str = ""
    """What to do, where there is something to do."""


Check = Callable[[Gateway], Iterator[Finding]]
"""Some lines about a part of a stack; what AWS refuses it may raise."""

ACTIONS = {  # where the permission is not named like the operation
    "HeadBucket": "s3:ListBucket",
    "GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
}
ABSENT = {
    "404",
    "NoSuchBucket",
    "ResourceNotFoundException",
    "TableNotFoundException",
    "AWS.SimpleQueueService.NonExistentQueue",
    "QueueDoesNotExist",
}
UNSUPPORTED = {"InvalidAction", "UnknownOperationException", "UnsupportedOperation", "NotImplemented", "501"}


def fine(check: str, found: str) -> Finding:
    """All is as it should be."""
    return Finding(check=check, verdict="fine", found=found)


def warning(check: str, found: str, advice: str) -> Finding:
    """It works, and somebody should look."""
    return Finding(check=check, verdict="warning", found=found, advice=advice)


def failed(check: str, found: str, advice: str) -> Finding:
    """It does not work."""
    return Finding(check=check, verdict="failed", found=found, advice=advice)


def unknown(check: str, found: str, advice: str = "") -> Finding:
    """It could not be looked at."""
    return Finding(check=check, verdict="unknown", found=found, advice=advice)


def refused(check: str, service: str, error: ClientError | BotoCoreError, *, absent: str) -> Finding:
    """What AWS's error says about a part; `absent` is the advice where there is no such part."""
    if not isinstance(error, ClientError):
        return failed(check, explain(error), "")
    code = error.response.get("Error", {}).get("Code", "")
    if code in DENIED:
        action = ACTIONS.get(error.operation_name, f"{service}:{error.operation_name}")
        return unknown(check, "could not be looked at", f"It takes the permission {action}.")
    if code in UNSUPPORTED:
        return unknown(check, f"this AWS can't tell ({error.operation_name})")
    if code in ABSENT:
        return failed(check, "there is no such thing", absent)
    return failed(check, explain(error), "")
