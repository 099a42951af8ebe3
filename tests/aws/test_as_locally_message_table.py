"""The tests of test_message_table on the deployed stack; conftest says which are passed over, and why."""

from tests.integration.test_message_table import *  # noqa: F403
