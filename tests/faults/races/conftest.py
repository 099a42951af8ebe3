"""Fixtures of the races."""

from collections.abc import Iterator

import pytest

from local.readback import ReadBack
from local.simulator.client import SimulatorClient
from local.stack import Stack
from tests.integration.producer import Producer


@pytest.fixture
def producer(stack: Stack, stored: ReadBack) -> Producer:
    return Producer(stack, stored)


@pytest.fixture
def simulator(stack: Stack) -> Iterator[SimulatorClient]:
    with SimulatorClient(stack.open_market_url) as client:
        yield client
        client.clear_behaviours()
