"""The console in a real browser: the system's Chromium, driven by Playwright, on the running stack's own page."""

import os
import shutil
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, ViewportSize, sync_playwright

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
EXPECTED = ("the server responded with a status of 422", "net::ERR_FAILED")
"""What Chromium says where the console refuses something in words or does not answer, as tests have it do."""


def is_problem(said: ConsoleMessage) -> bool:
    return said.type in {"error", "warning"} and not any(words in said.text for words in EXPECTED)


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
def page(browser: Browser) -> Iterator[Page]:
    """A page of a browser that nobody has used; whatever goes wrong on it fails the test."""
    context = browser.new_context(viewport=WIDE, locale="en-GB", timezone_id="UTC", accept_downloads=True)
    page = context.new_page()
    page.set_default_timeout(15_000)
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda said: problems.append(said.text) if is_problem(said) else None)
    yield page
    context.close()
    assert problems == []


@pytest.fixture
def desk(page: Page, stack: Stack) -> Desk:
    return Desk(page, stack.console_url, service=f"7{time.time_ns() // 10**6 % 10**6:06}")


@pytest.fixture
def simulator(stack: Stack) -> Iterator[SimulatorClient]:
    with SimulatorClient(stack.open_market_url) as client:
        yield client
