"""The tests of test_transitions_by_hand on the deployed stack; conftest says which are passed over, and why."""

from tests.integration.test_transitions_by_hand import *  # noqa: F403
