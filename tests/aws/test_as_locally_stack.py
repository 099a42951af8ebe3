"""The tests of test_stack on the deployed stack; conftest says which are passed over, and why."""

from tests.integration.test_stack import *  # noqa: F403
