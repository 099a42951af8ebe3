"""A stack checked from end to end."""

from collections.abc import Iterator

from botocore.exceptions import BotoCoreError, ClientError

from console.checks.door import check_certificate, check_door
from console.checks.findings import Check, Finding, refused
from console.checks.stores import (
    check_bucket,
    check_public_access,
    check_recovery,
    check_secret,
    check_table,
    check_versioning,
)
from console.checks.surroundings import check_credentials, check_stack
from console.checks.trial import CHECK, Trial
from console.checks.work import (
    check_attention,
    check_dead_letters,
    check_event_source,
    check_functions,
    check_send_queue,
)
from console.connection import Gateway

DEPLOY = "Look whether the stack's last deployment came to its end, and deploy it again."
CHECKS: tuple[tuple[str, str, Check], ...] = (  # the line, whose permission it takes, what looks
    ("credentials", "sts", check_credentials),
    ("stack", "cloudformation", check_stack),
    ("table", "dynamodb", check_table),
    ("table's recovery", "dynamodb", check_recovery),
    ("bucket", "s3", check_bucket),
    ("bucket's privacy", "s3", check_public_access),
    ("bucket's versions", "s3", check_versioning),
    ("secret", "secretsmanager", check_secret),
    ("send queue", "sqs", check_send_queue),
    ("dead-letter queue", "sqs", check_dead_letters),
    ("functions", "lambda", check_functions),
    ("queue to function", "lambda", check_event_source),
    ("callback address", "", check_door),
    ("certificate", "", check_certificate),
    ("attention", "dynamodb", check_attention),
)


def examine(gateway: Gateway, trial: Trial | None = None) -> Iterator[Finding]:
    """What each check finds, as it is found; a message is sent with `trial` alone."""
    checks = (*CHECKS, (CHECK, "sqs", trial.run)) if trial is not None else CHECKS
    for name, service, check in checks:
        try:
            yield from check(gateway)
        except (ClientError, BotoCoreError) as error:
            yield refused(name, service, error, absent=DEPLOY)


def is_healthy(findings: list[Finding]) -> bool:
    """Whether nothing failed; a warning is no failure."""
    return all(finding.verdict != "failed" for finding in findings)
