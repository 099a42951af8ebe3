"""A deployed stack for the tests of this folder, which of them it can pass, and the removal of what they write."""

import os
from collections.abc import Iterator
from urllib.parse import urlsplit

import boto3
import httpx
import pytest

from console.connection import Gateway, connect
from console.problems import Problem
from local.stack import Stack
from tests.aws.deployed import DeployedStack, deployed_stack
from tests.aws.writings import Writings
from tests.integration.conftest import bench, producer, simulator  # noqa: F401 - fixtures of the tests that come from there

NO_STACK = (
    "name a deployed stack of your own: make test-aws STACK_NAME=mms-gateway-dev "
    "(pytest tests/aws --stack-name mms-gateway-dev), with its AWS credentials and region in the environment"
)
NOT_AWS = "only AWS itself shows it: --callback-url or AWS_ENDPOINT_URL names another place"
CHANGES = "it changes the stack for seconds: allow it with --may-change-stack"
PASSED_OVER = {  # tests of tests/integration that a deployed stack can't pass, or should not
    "test_a_forged_callback_writes_nothing": "it reads the whole table; test_door has its like",
    "test_the_providers_printed_samples": "their ids are the provider's, and may stand in the table already",
    "test_a_queued_message_reaches_the_function_and_leaves_a_line_in_its_log": "it knows the local stack's log group",
    "test_an_object_that_may_not_be_read_is_tried_later_without_a_claim": "it makes up credentials that only the "
    "embedded AWS takes for those of somebody",
}
NEEDS = {
    "simulator": "OpenMarket is real here, and its simulator is what the test plays with",
    "producer": "it would have OpenMarket send real messages; test_smoke sends one to its test number",
}
CHANGING = ("secret", "call_as_the_function", "call_as_the_sender")
STAYS = "What stays: lines in the logs, metrics, and what the table's backups hold for up to 35 days."
REMOVED = pytest.StashKey[str]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("deployed stack", "tests/aws: the tests of a deployed stack")
    group.addoption("--stack-name", metavar="NAME", help="the stack; best one that no customer writes to")
    group.addoption("--callback-url", metavar="URL", help="where it takes callbacks, without a token, if not on AWS")
    group.addoption("--may-change-stack", action="store_true", help="put other secrets, make functions with its roles")
    group.addoption("--source", metavar="SHORTCODE", help="send a message from it to OpenMarket's test number")
    group.addoption("--test-mt-config", metavar="NAME", help="OpenMarket's set of settings for that, such as test")


def pytest_runtest_setup(item: pytest.Item) -> None:
    if reason := _why_not(item, item.config):
        pytest.skip(reason)


def _why_not(item: pytest.Item, config: pytest.Config) -> str | None:
    fixtures = getattr(item, "fixturenames", ())
    name = getattr(item, "originalname", item.name)
    if not config.getoption("--stack-name", default=None):
        return NO_STACK
    if name in PASSED_OVER:
        return PASSED_OVER[name]
    if unmet := [reason for fixture, reason in NEEDS.items() if fixture in fixtures]:
        return unmet[0]
    if not config.getoption("--may-change-stack") and any(fixture in fixtures for fixture in CHANGING):
        return CHANGES
    if item.get_closest_marker("real_aws") and _is_elsewhere(config):
        return NOT_AWS
    return None


def _is_elsewhere(config: pytest.Config) -> bool:
    return bool(config.getoption("--callback-url") or os.environ.get("AWS_ENDPOINT_URL"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if removed := config.stash.get(REMOVED, None):
        terminalreporter.write_line(f"Removed {removed}. {STAYS}")


@pytest.fixture(scope="session")
def gateway(request: pytest.FixtureRequest) -> Gateway:
    try:
        return connect(request.config.getoption("--stack-name"))
    except Problem as problem:
        pytest.exit(str(problem), returncode=pytest.ExitCode.USAGE_ERROR)


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest, gateway: Gateway) -> Iterator[DeployedStack]:
    """The deployed stack in place of the local one; what is written into it is removed at the end."""
    writings = Writings()
    session = boto3.Session(region_name=os.environ.get("AWS_REGION") or None)
    deployed = deployed_stack(gateway, session, writings, request.config.getoption("--callback-url"))
    handle = httpx.HTTPTransport.handle_request

    def note_and_handle(self: httpx.HTTPTransport, asked: httpx.Request) -> httpx.Response:
        writings.note_callback(asked)
        return handle(self, asked)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpx.HTTPTransport, "handle_request", note_and_handle)
        yield deployed
    request.config.stash[REMOVED] = writings.remove_from(gateway)


@pytest.fixture(scope="session")
def parameters(gateway: Gateway) -> dict[str, str]:
    """The parameters that the stack was deployed with."""
    return gateway.parameters


@pytest.fixture(scope="session")
def callbacks(stack: Stack) -> str:
    """Where the stack takes callbacks, without a token, user and password."""
    parts = urlsplit(stack.callback_url.rpartition("/")[0])
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
