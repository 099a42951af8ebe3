"""The tests of test_joining on the deployed stack; conftest says which are passed over, and why."""

from tests.integration.test_joining import *  # noqa: F403
