"""The tests of test_callbacks on the deployed stack; conftest says which are passed over, and why."""

from tests.integration.test_callbacks import *  # noqa: F403
