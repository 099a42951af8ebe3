"""hostile-callbacks.md, row by row, through the whole stack: status, X-Mms-Outcome, and what is kept."""

import hashlib

import httpx
import pytest

from local.readback import ReadBack
from local.stack import Stack
from tests.wire.hostile_rows import ROWS
from tests.wire.rows import Refused, Row

# What HTTP itself can't carry concerns the decoder alone; of the provider's two samples with one moId the second is
# a conflict, which test_callbacks shows.
SENDABLE = [
    row
    for row in ROWS
    if row.content_type.isascii() and row.content_type.isprintable() and not row.label.startswith("row-34")
]


@pytest.fixture(scope="module")
def http() -> httpx.Client:
    return httpx.Client(timeout=60, trust_env=False)


@pytest.mark.parametrize("row", [pytest.param(row, id=row.label) for row in SENDABLE])
def test_a_hostile_callback_over_http(row: Row, http: httpx.Client, stack: Stack, stored: ReadBack) -> None:
    answer = http.post(stack.callback_url, content=row.body, headers={"Content-Type": row.content_type})
    outcome, _, reason = answer.headers["X-Mms-Outcome"].partition("; ")
    assert (answer.status_code, outcome) == row.over_http, reason
    assert answer.content == b""
    if isinstance(row.expected, Refused):
        sha256 = hashlib.sha256(row.body).hexdigest()
        assert stored.media(f"quarantine/{sha256}") == row.body
        assert stored.item(f"RAW#{sha256}", "CALLBACK")["attention"] == "QUARANTINED"
