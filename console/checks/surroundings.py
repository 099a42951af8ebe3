"""Who asks, which stack it is, and whether this machine's clock is right."""

import email.utils
from collections.abc import Iterator
from datetime import UTC, datetime

from console.checks.findings import Finding, failed, fine, unknown, warning
from console.connection import Gateway

MAX_SKEW = 60  # seconds; AWS takes no signature that is 5 minutes off
EXPECTED = ("TableName", "MediaBucketName", "SendQueueUrl", "DeadLetterQueueUrl", "SecretArn", "CallbackUrl")
LATER = ("ReceiveCallbackName", "SendMmsName")
"""Outputs that other checks need."""


def check_credentials(gateway: Gateway) -> Iterator[Finding]:
    """Who AWS says the caller is, and how far the clocks are apart."""
    before = datetime.now(UTC)
    answer = gateway.client("sts").get_caller_identity()
    yield fine("credentials", f"you are {answer['Arn']}")
    yield clock_finding(answer["ResponseMetadata"]["HTTPHeaders"].get("date"), before, datetime.now(UTC))


def clock_finding(date: str | None, before: datetime, after: datetime) -> Finding:
    """How this machine's clock stands to AWS's; its answer, with this date, was made between the two."""
    told = email.utils.parsedate_to_datetime(date) if date else None
    if told is None:
        return unknown("clock", "AWS did not say what time it is")
    told = told if told.tzinfo else told.replace(tzinfo=UTC)
    # The date has whole seconds, rounded down.
    skew = max((before - told).total_seconds() - 1, (told - after).total_seconds(), 0)
    ahead = "ahead of" if before > told else "behind"
    if skew > MAX_SKEW:
        return warning(
            "clock",
            f"this machine's clock is {skew:.0f} s {ahead} AWS's",
            "Set it right: AWS takes no request that is signed 5 minutes off.",
        )
    return fine("clock", f"within {max(skew, 1):.0f} s of AWS's")


def check_stack(gateway: Gateway) -> Iterator[Finding]:
    """Whether the stack tells where its parts are."""
    missing = [name for name in (*EXPECTED, *LATER) if name not in gateway.outputs]
    if missing:
        yield failed(
            "stack",
            f"{gateway.name} has no output {', '.join(missing)}",
            "Look whether its last deployment came to its end, and deploy it again.",
        )
        return
    where = "on this machine, with a simulator for OpenMarket" if gateway.is_local else gateway.name
    yield fine("stack", f"{where}; {len(gateway.outputs)} outputs")
