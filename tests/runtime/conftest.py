"""The deployed functions, ready to run under AWS's Runtime Interface Emulator."""

from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from local.stack import Stack
from tests.runtime.emulator import Artifact, Emulator, Run, deployed_artifact, running_emulator
from tests.runtime.events import EventMaker


@pytest.fixture(scope="session")
def artifact(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    """The function that receives callbacks."""
    return deployed_artifact(stack, stack.function_name, tmp_path_factory.mktemp("artifact"))


@pytest.fixture(scope="session")
def sender(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    """The function that sends messages."""
    return deployed_artifact(stack, stack.send_function_name, tmp_path_factory.mktemp("sender"))


@pytest.fixture
def run(artifact: Artifact, tmp_path: Path) -> Run:
    """Runs the function that receives, or another artifact, with some variables of its environment set otherwise."""

    def start(other: Artifact | None = None, **environment: str) -> AbstractContextManager[Emulator]:
        return running_emulator((other or artifact).with_environment(**environment), tmp_path)

    return start


@pytest.fixture(scope="session")
def event(stack: Stack) -> EventMaker:
    return EventMaker(stack.callback_url.rpartition("/")[2])
