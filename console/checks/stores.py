"""The table, the bucket and the secret."""

from collections.abc import Iterator
from typing import Any

from console.checks.findings import Finding, failed, fine, unknown, warning
from console.connection import Gateway
from mms_gateway.authentication import read_account, read_secret

INDEXES = ("by-handset", "by-service", "attention")


def check_table(gateway: Gateway) -> Iterator[Finding]:
    """Whether the table, its indexes and its stream are there and at work."""
    table = gateway.dynamodb.describe_table(TableName=gateway.addresses.table_name)["Table"]
    status = table.get("TableStatus", "")
    count = f"about {table.get('ItemCount', 0):,} items"
    if status in {"ACTIVE", "UPDATING"}:
        yield fine("table", f"{gateway.addresses.table_name} is {status}, {count}")
    else:
        yield failed("table", f"{gateway.addresses.table_name} is {status}", "Wait until it is ACTIVE, and look again.")
    yield _check_indexes(table)
    view = table.get("StreamSpecification", {})
    if view.get("StreamEnabled") and view.get("StreamViewType") == "NEW_AND_OLD_IMAGES":
        yield fine("table's stream", "on, with new and old images")
    else:
        yield warning("table's stream", "off, or without images", "Who follows messages hears nothing; deploy again.")


def _check_indexes(table: Any) -> Finding:
    # ministack tells of no status; what it has is active.
    status = {each["IndexName"]: each.get("IndexStatus", "ACTIVE") for each in table.get("GlobalSecondaryIndexes", [])}
    absent = [name for name in INDEXES if name not in status]
    if absent:
        return failed("table's indexes", f"without {', '.join(absent)}", "Deploy the stack again.")
    busy = [f"{name} is {status[name]}" for name in INDEXES if status[name] != "ACTIVE"]
    if busy:
        return warning("table's indexes", ", ".join(busy), "Queries of it are incomplete until it is ACTIVE.")
    return fine("table's indexes", f"{', '.join(INDEXES)}: ACTIVE")


def check_recovery(gateway: Gateway) -> Iterator[Finding]:
    """Whether the table can be brought back as it was."""
    told = gateway.dynamodb.describe_continuous_backups(TableName=gateway.addresses.table_name)
    recovery = told["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription", {})
    if recovery.get("PointInTimeRecoveryStatus") == "ENABLED":
        yield fine("table's recovery", f"to any moment of the last {recovery.get('RecoveryPeriodInDays', 35)} days")
    elif gateway.is_local:
        yield unknown("table's recovery", "the embedded AWS has none")
    else:
        yield warning(
            "table's recovery",
            "point-in-time recovery is off",
            "What is deleted by mistake is gone; deploy the stack again, which turns it on.",
        )


def check_bucket(gateway: Gateway) -> Iterator[Finding]:
    """Whether the bucket can be reached."""
    gateway.s3.head_bucket(Bucket=gateway.addresses.media_bucket)
    yield fine("bucket", f"{gateway.addresses.media_bucket} is there")


def check_public_access(gateway: Gateway) -> Iterator[Finding]:
    """Whether nobody can be let into the bucket by mistake."""
    blocks = gateway.s3.get_public_access_block(Bucket=gateway.addresses.media_bucket)
    open_ones = [name for name, is_on in blocks["PublicAccessBlockConfiguration"].items() if not is_on]
    if open_ones:
        yield failed(
            "bucket's privacy",
            f"public access is not blocked: {', '.join(sorted(open_ones))} off",
            "Customers' pictures may be open to anybody; block all public access.",
        )
    else:
        yield fine("bucket's privacy", "all public access is blocked")


def check_versioning(gateway: Gateway) -> Iterator[Finding]:
    """Whether what is overwritten or deleted by mistake can be brought back."""
    if gateway.s3.get_bucket_versioning(Bucket=gateway.addresses.media_bucket).get("Status") == "Enabled":
        yield fine("bucket's versions", "kept")
    else:
        yield warning("bucket's versions", "not kept", "What is deleted by mistake is gone; deploy the stack again.")


def check_secret(gateway: Gateway) -> Iterator[Finding]:
    """Whether the secret can be read and has all that it needs; nothing of it is shown."""
    text = gateway.secrets.get_secret_value(SecretId=gateway.addresses.secret_arn).get("SecretString", "")
    advice = "Put a new value: functions/security.md says how, under the secret."
    faults = []
    tokens = 0
    try:
        secret = read_secret(text)
        tokens = len(secret.tokens)
        if not tokens:
            faults.append("the secret's callbackTokens has no token in it: no callback comes in")
    except ValueError as fault:
        faults.append(str(fault))
    try:
        read_account(text)
    except ValueError as fault:
        if str(fault) not in faults:
            faults.append(f"{fault}: nothing is sent")
    if faults:
        yield failed("secret", "; ".join(dict.fromkeys(faults)), advice)
    else:
        yield fine("secret", f"complete: an account, {tokens} callback token{'s' if tokens > 1 else ''}")
