"""That every row can be measured: each once, by the very command. What comes out is no figure."""

import ast
import json
import os
import re
import subprocess
import sys

import pytest

from local.places import ROOT
from local.stack import Stack
from tests.bench.sheet import PRICES

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="AWS's emulator runs on Linux only")

PACKAGES = ("layers/gateway", "functions/receive_callback", "functions/send_mms", ".")
ROWS = {
    *("callback-cold", "callback-cold-same", "callback-hashed", "callback-warm", "callback-warm-same"),
    *(
        f"decode-{peer}-{encoding}-{size}-{parts}"
        for peer in ("toolbelt", "email")
        for encoding in ("binary", "base64", "folded")
        for size in ("30KB", "300KB", "1MB", "3MB")
        for parts in (1, 8)
    ),
    *(
        f"decode-limit-{size}-{parts}-boundary{length}"
        for size in ("1MB", "3MB")
        for parts in (1, 8)
        for length in (12, 40)
    ),
    *(f"decode-memory-{encoding}-{parts}" for encoding in ("binary", "base64", "folded") for parts in (1, 8)),
    *(f"growth-{access}" for access in ("store", "conversation", "day", "join")),
    *(f"hash-{size}" for size in ("30KB", "300KB", "1MB", "3MB")),
    *("hostile-time", "hostile-growth", "hostile-parts-toolbelt"),
    *("media-first", "media-warm", "memory-callback-cookbook", "send-cpu", "send-memory"),
    *(f"start-callback-{other}" for other in ("bytecode", "cookbook", "floor", "toolbelt")),
    *(f"start-sender-{other}" for other in ("bytecode", "floor", "peer")),
}


@pytest.fixture(scope="module")
def environment(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    told = tmp_path_factory.mktemp("stack") / "stack.json"
    told.write_text(stack.as_json())
    path = os.pathsep.join(str(ROOT / package) for package in PACKAGES)
    return {**os.environ, "PYTHONPATH": path, "MMS_STACK_JSON": str(told)}


def bench(environment: dict[str, str], *rows: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.bench", "--quick", *rows]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def rows_of(printed: str) -> list[str]:
    return re.findall(r"^([a-z]+-[\w-]+) ", printed, re.MULTILINE)


@pytest.fixture(scope="module")
def printed(environment: dict[str, str]) -> str:
    """What `make bench` prints."""
    done = bench(environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_row_can_be_measured(printed: str) -> None:
    assert set(rows_of(printed)) == ROWS
    for sentence in (
        r"A million messages from handsets \(MO\).*: \$[0-9.]+",
        r"A million messages to handsets \(MT\).*: \$[0-9.]+",
        r"End to end, on this machine: 20 callbacks",
        r"[0-9]+ of [0-9]+ goals kept",
    ):
        assert re.search(f"^{sentence}", printed, re.MULTILINE), sentence


def test_the_page_for_operating_computes_with_the_units_that_are_measured(printed: str) -> None:
    told = (ROOT / "functions" / "README.md").read_text()
    units = re.search(r"TABLE, BY_HANDSET, BY_SERVICE = (.*?)  #", told)
    assert units
    indexes = ("", " of by-handset", " of by-service")
    measured = [re.findall(rf"^DynamoDB writes{of} +([0-9]+) ", printed, re.MULTILINE) for of in indexes]
    for page, found in zip(ast.literal_eval(units[1]), measured, strict=True):
        # An item may lie on either side of a whole kilobyte: some of its five writes take one unit more.
        assert all(0 <= shown - int(real) <= 2 for shown, real in zip(page, found, strict=True))


@pytest.mark.parametrize(
    "row",
    ["hash-30KB", "decode-memory-binary-1", "start-sender-floor", "callback-warm-same", "send-cpu", "growth-store"],
)
def test_a_row_can_be_measured_alone_by_its_name(environment: dict[str, str], row: str) -> None:
    done = bench(environment, row)
    assert done.returncode == 0, done.stderr
    assert rows_of(done.stdout) == [row]


def test_a_name_that_no_row_has_is_told(environment: dict[str, str]) -> None:
    done = bench(environment, "decod-e")
    assert (done.returncode, rows_of(done.stdout)) == (2, [])
    assert "No row's name begins with decod-e" in done.stderr


@pytest.mark.parametrize("price", PRICES.values(), ids=PRICES)
def test_each_price_has_its_source_and_its_date(price: dict[str, object]) -> None:
    assert str(price["source"]).startswith("https://aws.amazon.com/")
    assert price["as_of"] is None or re.fullmatch("20[0-9]{2}-[01][0-9]-[0-3][0-9]", str(price["as_of"]))
    assert json.dumps(price["usd"])
