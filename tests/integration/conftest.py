"""Fixtures of the tests on a running stack."""

from collections.abc import Callable, Iterator

import pytest

from local.readback import ReadBack
from local.simulator.client import SimulatorClient
from local.stack import Stack
from tests.integration.bench import Bench
from tests.integration.producer import Producer


@pytest.fixture
def bench(stack: Stack, stored: ReadBack) -> Bench:
    return Bench(stack, stored)


@pytest.fixture
def producer(stack: Stack, stored: ReadBack) -> Producer:
    return Producer(stack, stored)


@pytest.fixture
def simulator(stack: Stack) -> Iterator[SimulatorClient]:
    client = SimulatorClient(stack.open_market_url)
    yield client
    client.clear_behaviours()


@pytest.fixture(scope="module")
def take_down(stack: Stack) -> Iterator[Callable[[str], None]]:
    """Deletes stacks at the end; what they retain goes with the embedded AWS."""
    names: list[str] = []
    yield names.append
    for name in names:
        stack.client("cloudformation").delete_stack(StackName=name)
