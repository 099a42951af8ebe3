"""The console in a real browser: the system's Chromium, driven by Playwright, on the running stack's own page."""

import os
import shutil
import time
from collections.abc import Generator, Iterator

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from local.simulator.client import SimulatorClient
from local.stack import Stack
from tests.browser.desk import Desk

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ADVICE = (
    "no Chromium here: install it (Debian: apt-get install chromium; macOS: brew install chromium), or name one in "
    "MMS_CHROMIUM"
)
ARGUMENTS = (  # nothing is to be asked of anybody else
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WIDE: ViewportSize = {"width": 1440, "height": 900}
REFUSED, LOST = "the server responded with a status of 422", "net::ERR_FAILED"
"""What Chromium says where the console refuses something in words, and where a test loses an answer."""


FAILED = pytest.StashKey[bool]()
PATIENCE = 30_000  # milliseconds: the machine may have more to do
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Not for the whole session: while Playwright runs, no other test of this process can run a loop of its own."""
    path = os.environ.get("MMS_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if path is None and os.environ.get("MMS_BROWSER") == "required":
        pytest.fail(ADVICE)
    if path is None:
        pytest.skip(ADVICE)
    arguments = [*ARGUMENTS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=arguments)
        yield started
        started.close()


@pytest.fixture
def expected() -> list[str]:
    """What a test has Chromium complain of: REFUSED, LOST."""
    return []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report


@pytest.fixture
def page(browser: Browser, expected: list[str], request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page of a browser that nobody has used; whatever goes wrong on it fails the test, but what it expects.

    What stood on it when a test failed is printed.
    """
    context = browser.new_context(viewport=WIDE, locale="en-GB", timezone_id="UTC", accept_downloads=True)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda said: problems.append(said.text) if said.type in {"error", "warning"} else None)
    yield page
    if request.node.stash.get(FAILED, False):
        print(page.locator("#panes").aria_snapshot())  # pytest shows it with the failure
    context.close()
    assert [each for each in problems if not any(words in each for words in expected)] == []


@pytest.fixture
def desk(page: Page, stack: Stack) -> Desk:
    return Desk(page, stack.console_url, service=f"7{time.time_ns() // 10**6 % 10**6:06}")


@pytest.fixture
def simulator(stack: Stack) -> Iterator[SimulatorClient]:
    with SimulatorClient(stack.open_market_url) as client:
        yield client
