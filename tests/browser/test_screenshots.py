"""The pictures of the README: made by this test, into MMS_SCREENSHOTS where that names a folder."""

import os
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from local.simulator.callbacks import Part
from local.simulator.client import SimulatorClient
from local.simulator.media import PARROT, enlarge, jpeg
from local.stack import Stack
from tests.browser.desk import Desk

WIDE: ViewportSize = {"width": 1360, "height": 820}
NARROW: ViewportSize = {"width": 390, "height": 820}
CUSTOMERS = (
    ("447700900121", "What time do you open on Sundays?"),
    ("447700900348", "Do you take old cages back?"),
    ("447700900562", "A picture of the ticket you asked for"),
    ("447700900019", "Thank you, it arrived this morning"),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(os.environ.get("MMS_SCREENSHOTS") or tmp_path)


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    file = tmp_path / "parrot.jpg"
    file.write_bytes(jpeg(enlarge(PARROT, 4)))
    return file


@pytest.fixture
def sharp_page(browser: Browser) -> Iterator[Page]:
    """A page whose pictures are as sharp as on a good screen."""
    context = browser.new_context(viewport=WIDE, device_scale_factor=2, locale="en-GB", timezone_id="UTC")
    yield context.new_page()
    context.close()


def test_the_first_screen_as_the_readme_shows_it(
    sharp_page: Page, stack: Stack, simulator: SimulatorClient, folder: Path, picture: Path
) -> None:
    desk = Desk(sharp_page, stack.console_url, service="88655")
    desk.handset = "447700900750"
    for handset, words in CUSTOMERS:
        text = Part(content_type="text/plain", content_id="text.txt", data=words.encode())
        simulator.send_message([text], source=handset, destinations=[desk.service])
    desk.open()
    desk.write_on_phone("Hello! Is this parrot dead?", [picture])
    desk.show_own_service_only()
    desk.open_conversation()
    desk.answer("He is resting. Here is another one, for you to compare:", subject="Your parrot")
    expect(desk.standing("He is resting.")).to_have_text("Retrieved")
    desk.network("deferred")
    desk.answer("", [picture])
    expect(desk.messages.last.locator(".badge")).to_have_text("Deferred")
    desk.page.wait_for_timeout(1000)  # the last picture, the phone's next look
    shoot(desk.page, folder / "console.png", WIDE)

    desk.page.emulate_media(color_scheme="dark")
    desk.page.set_viewport_size(NARROW)
    desk.page.click("#toggle-phone")
    desk.page.wait_for_timeout(300)
    shoot(desk.page, folder / "console-narrow-dark.png", NARROW)


def shoot(page: Page, file: Path, size: ViewportSize) -> None:
    """A picture of the page, which shows more than one colour and is no wider than the screen."""
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], "nothing sticks out"
    file.parent.mkdir(parents=True, exist_ok=True)
    data = page.screenshot(path=file)
    assert struct.unpack(">II", data[16:24]) == (2 * size["width"], 2 * size["height"])
    assert len(data) > 20_000
