"""What all parts of this run have logged, read after the last of them: no number, no token, no password.

Beside the stack's logs those of functions that ran outside it: in this process, in the crashes' and in the emulators'.
"""

import base64
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local.deployment import ACCOUNT
from local.readback import ReadBack
from local.stack import Stack
from tests.faults.load.log_scan import Line, find_numbers, find_secrets, read_lines
from tests.faults.security.forgeries import PASSWORD, STRANGER, USER
from tests.faults.tally import Tallies
from tests.integration.producer import NUMBERS

HANDSETS = ("447800000001", "447700900750")  # whose messages the tests make up
MANY = 1_000_000  # more messages than a run has; each is to the number after the one before
BASIC = {user: f"{user}:".encode() for user in (USER, ACCOUNT["accountId"])}  # what stands before a password


def secrets(stack: Stack) -> dict[str, str]:
    """What no log may have, by its kind; of a Basic header its beginning, which is the same with any password."""
    return {
        "the callbacks' token": stack.callback_url.rpartition("/")[2],
        "a token that was revoked": STRANGER,
        "a token of nobody": "nobody's",
        "a caller's password": PASSWORD,
        **{
            f"a Basic header of {user}": base64.b64encode(it[: len(it) // 3 * 3]).decode() for user, it in BASIC.items()
        },
        **{f"the handset {number}": number for number in HANDSETS},
    }


def handsets(stored: ReadBack) -> Callable[[str], bool]:
    """Whether a number is one that the table tells of, or that a message of this run was sent to."""
    items, first = list(stored.all_items()), int(next(NUMBERS)) - MANY
    told = {str(item.get("handset")) for item in items}
    told |= {number for item in items for name in ("destinations", "ccs") for number in item.get(name, ())}
    return lambda number: number in told or first < int(number) < first + 2 * MANY


def read_files(folder: Path) -> Iterator[Line]:
    """What functions in other processes have logged, each into a file of this name."""
    for file in folder.rglob("log"):
        if file.is_file():
            yield from (Line(group=str(file), text=text) for text in file.read_text(errors="replace").splitlines())


@pytest.fixture
def logs(stack: Stack, own_logs: list[str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Line]]:
    """All lines, by whose they are."""
    own = (Line(group="this process", text=text) for log in own_logs for text in log.splitlines())
    return {
        "the stack": list(read_lines(stack)),
        "this process": list(own),
        "others": list(read_files(tmp_path_factory.getbasetemp())),
    }


def test_no_log_line_of_the_whole_run_tells_a_secret(
    logs: dict[str, list[Line]], stack: Stack, stored: ReadBack, tallies: Tallies, secrets_of_this_run: dict[str, str]
) -> None:
    is_handset = handsets(stored)
    assert is_handset(next(NUMBERS))
    with tallies.of("all parts: log lines scanned") as tally:
        tally.note(", ".join(f"{len(lines):,} of {whose}" for whose, lines in logs.items()))
        for lines in logs.values():
            tally.cases += len(lines)
            for find in find_secrets(lines, secrets(stack) | secrets_of_this_run) + find_numbers(lines, is_handset):
                tally.breach("wrong", str(find))
