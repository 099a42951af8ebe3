"""The tests of test_transitions on the deployed stack; conftest says which are passed over, and why."""

from tests.integration.test_transitions import *  # noqa: F403
