"""Fixtures of the security tests."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from local.readback import ReadBack
from local.simulator.client import SimulatorClient
from local.stack import Stack
from tests.faults.security.door import Door
from tests.faults.security.functions import Functions, functions_of
from tests.faults.security.traces import Store
from tests.integration.conftest import simulator as simulator  # noqa: PLC0414 - the fixture, for all tests here
from tests.integration.producer import Producer


@pytest.fixture
def door(stack: Stack) -> Iterator[Door]:
    door = Door(stack)
    yield door
    door.close()


@pytest.fixture(scope="session")
def producer(stack: Stack, stored: ReadBack) -> Producer:
    return Producer(stack, stored)


@pytest.fixture(scope="session")
def store(stack: Stack, producer: Producer) -> Store:
    """Table and bucket, once nothing of earlier tests is under way; those here leave nothing behind."""
    store = Store(stack)
    with SimulatorClient(stack.open_market_url) as client:
        store.come_to_rest(producer, client)
    return store


class Secret:
    """The stack's secret; a change is known to every process of the function that takes callbacks, at once."""

    def __init__(self, stack: Stack) -> None:
        self._arn, self._function = stack.secret_arn, stack.function_name
        self._functions = stack.client("lambda")
        self.client = stack.client("secretsmanager")
        self.before: dict[str, Any] = json.loads(self.client.get_secret_value(SecretId=self._arn)["SecretString"])

    def put(self, **values: object) -> None:
        self.client.put_secret_value(SecretId=self._arn, SecretString=json.dumps(values))
        memory = self._functions.get_function_configuration(FunctionName=self._function)["MemorySize"]
        # The same as before, and all the same it makes the embedded AWS start the function anew.
        self._functions.update_function_configuration(FunctionName=self._function, MemorySize=memory)


@pytest.fixture(scope="module")
def secret_of_the_stack(stack: Stack) -> Secret:
    return Secret(stack)


@pytest.fixture
def secret(secret_of_the_stack: Secret) -> Iterator[Secret]:
    try:
        yield secret_of_the_stack
    finally:
        secret_of_the_stack.put(**secret_of_the_stack.before)


@pytest.fixture(scope="session")
def functions(stack: Stack, own_logs: list[str]) -> Functions:
    return functions_of(stack, own_logs)
