"""A rig for each module: both functions run as processes, and all of it ends with the module's tests."""

import compileall
import sys
from collections.abc import Iterator

import pytest

from local.readback import ReadBack
from local.stack import Stack
from tests.faults.parts.poller import polling
from tests.faults.parts.rig import Rig, running_rig
from tests.faults.parts.traffic import MakeTraffic, Traffic
from tests.runtime.emulator import Artifact, deployed_artifact


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if sys.platform != "linux":
        for item in items:
            if "/faults/parts/" in item.path.as_posix():
                item.add_marker(pytest.mark.skip(reason="AWS's emulator runs on Linux only"))


@pytest.fixture(scope="session")
def artifacts(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> tuple[Artifact, Artifact]:
    """The receiver and the sender, compiled beforehand: processes that are killed start anew all the time."""
    folder = tmp_path_factory.mktemp("artifacts")
    names = (stack.function_name, stack.send_function_name)
    receiver, sender = (deployed_artifact(stack, name, folder / name) for name in names)
    compileall.compile_dir(folder, quiet=2)
    return receiver, sender


@pytest.fixture(scope="module")
def functions(
    stack: Stack, artifacts: tuple[Artifact, Artifact], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Rig]:
    with running_rig(stack, *artifacts, tmp_path_factory.mktemp("rig")) as running:
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
