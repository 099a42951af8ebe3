"""One running local stack for all tests that need one: started here, or the one that MMS_STACK_JSON tells of."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.command import Stopped, is_stopping, stop_on_signals
from local.progress import LocalStackError
from local.readback import ReadBack
from local.stack import Stack, running_stack
from local.surroundings import settle_surroundings


def pytest_configure(config: pytest.Config) -> None:
    stop_on_signals()  # SIGTERM as Ctrl-C: the fixtures end what they started
    if config.getoption("--stack-name", default=None):
        return  # tests/aws: the caller's own AWS account is meant
    try:
        settle_surroundings()
    except LocalStackError as error:
        raise pytest.UsageError(str(error)) from error


def pytest_runtest_setup() -> None:
    if is_stopping():
        raise Stopped


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    if told := os.environ.get("MMS_STACK_JSON"):
        yield Stack.read(Path(told))
    else:
        with running_stack() as started:
            yield started


@pytest.fixture(scope="session")
def stored(stack: Stack) -> ReadBack:
    return ReadBack(stack)
