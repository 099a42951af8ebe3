"""One rig for all tests: both functions run as processes, started once for the whole session."""

import sys
from collections.abc import Iterator

import pytest

from local.readback import ReadBack
from local.stack import Stack
from tests.faults.parts.poller import polling
from tests.faults.parts.rig import Rig, running_rig
from tests.faults.parts.traffic import MakeTraffic, Traffic
from tests.runtime.emulator import deployed_artifact


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if sys.platform != "linux":
        for item in items:
            if "/faults/parts/" in item.path.as_posix():
                item.add_marker(pytest.mark.skip(reason="AWS's emulator runs on Linux only"))


@pytest.fixture(scope="session")
def functions(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    folder = tmp_path_factory.mktemp("rig")
    receiver = deployed_artifact(stack, stack.function_name, folder / "receiver")
    sender = deployed_artifact(stack, stack.send_function_name, folder / "sender")
    with running_rig(stack, receiver, sender, folder) as running:
        yield running


@pytest.fixture
def rig(functions: Rig) -> Iterator[Rig]:
    """The rig at work; between the tests its queue is left alone, and the machine with it."""
    with polling(functions.queue, functions.senders):
        yield functions


@pytest.fixture
def traffic(rig: Rig, stored: ReadBack) -> MakeTraffic:
    """Begins traffic whose contents are made from a seed."""
    return lambda seed: Traffic(rig, stored, seed)
