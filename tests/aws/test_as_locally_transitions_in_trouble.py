"""The tests of test_transitions_in_trouble on the deployed stack; conftest says which are passed over, and why."""

from tests.integration.test_transitions_in_trouble import *  # noqa: F403
