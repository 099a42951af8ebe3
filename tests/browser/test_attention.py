"""What needs a person, looked at and decided in the browser."""

import hashlib
import re

import pytest
from playwright.sync_api import Dialog, Locator, expect

from local.readback import ReadBack
from local.simulator.client import SimulatorClient
from tests.browser.desk import Desk


@pytest.fixture
def conversation(desk: Desk) -> Desk:
    desk.open()
    desk.write_on_phone("Hello")
    desk.open_conversation()
    return desk


def in_need(desk: Desk, text: str) -> Locator:
    """The entry of a message of the thread, opened from there."""
    desk.message(text).locator("[data-attention]").click()
    return entry_of(desk, text)


def entry_of(desk: Desk, text: str) -> Locator:
    """The entry of a message of the thread."""
    key = desk.message(text).get_attribute("data-pk")
    return desk.page.locator(f'#attention li[data-pk="{key}"]')


def press(desk: Desk, button: Locator) -> None:
    """Put the mouse's button down on it, and leave it there."""
    for _ in range(5):
        button.hover()
        desk.page.mouse.down()
        if button.evaluate("button => button.matches(':active')"):
            return
        desk.page.mouse.up()  # it had moved meanwhile
    raise AssertionError(f"{button} does not stand still")


def test_a_message_that_openmarket_refuses_says_why_and_is_dismissed(conversation: Desk, stored: ReadBack) -> None:
    desk = conversation
    desk.network("refused")
    desk.answer("An invoice")
    expect(desk.standing("An invoice")).to_have_text("not sent")
    expect(desk.message("An invoice").locator(".fault")).to_have_text("The destination can't receive MMS.")
    expect(desk.bubbles.filter(has_text="An invoice")).to_have_count(0)
    expect(desk.row().locator(".badge.bad")).to_have_text("not sent")
    entry = in_need(desk, "An invoice")
    expect(entry).to_contain_text("The destination can't receive MMS.")
    entry.get_by_role("button", name="Dismiss").click()
    expect(entry).to_have_count(0)
    assert "attention" not in stored.item(str(desk.message("An invoice").get_attribute("data-pk")))


def test_a_doubt_is_settled_with_a_report_that_may_be_its(conversation: Desk, simulator: SimulatorClient) -> None:
    desk = conversation
    desk.network("doubt")
    desk.answer("A parcel")
    expect(desk.standing("A parcel")).to_contain_text("in doubt")
    expect(desk.bubbles.filter(has_text="A parcel")).to_have_count(1)  # it did arrive
    (request,) = simulator.mt_requests(destination=desk.handset)
    entry = in_need(desk, "A parcel")
    entry.get_by_role("button", name="It was accepted").click()
    expect(entry.locator(".problem")).to_have_text("Give the mtId that OpenMarket told.")
    entry.get_by_role("button", name="Look for reports that may be its").click()
    entry.get_by_role("button", name=f"mtId {request.mt_id}").click()
    entry.get_by_role("button", name="It was accepted").click()
    expect(entry).to_have_count(0)
    desk.page.locator("#attention [data-back]").click()
    expect(desk.standing("A parcel")).to_have_text("Retrieved")
    assert len(simulator.mt_requests(destination=desk.handset)) == 1


def test_a_doubt_is_sent_again_only_when_asked_twice(conversation: Desk, simulator: SimulatorClient) -> None:
    desk = conversation
    desk.network("doubt")
    desk.answer("A parcel")
    expect(desk.standing("A parcel")).to_contain_text("in doubt")
    desk.network("retrieved")
    entry = in_need(desk, "A parcel")
    desk.page.once("dialog", lambda dialog: dialog.dismiss())
    entry.get_by_role("button", name="Send it again").click()
    expect(entry).to_have_count(1)
    asked: list[str] = []

    def agree(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.accept()

    desk.page.once("dialog", agree)
    entry.get_by_role("button", name="Send it again").click()
    expect(entry).to_have_count(0)
    assert asked == ["Send it again? If OpenMarket took it before, it arrives twice."]
    desk.page.locator("#attention [data-back]").click()
    expect(desk.standing("A parcel")).to_have_text("Retrieved")
    assert len(simulator.mt_requests(destination=desk.handset)) == 2


def test_what_was_refused_is_dismissed_together(conversation: Desk, stored: ReadBack) -> None:
    desk = conversation
    desk.network("refused")
    for words in ("One", "Another"):
        desk.answer(words)
        expect(desk.standing(words)).to_have_text("not sent")
    in_need(desk, "One")
    expect(entry_of(desk, "Another")).to_be_visible()  # what is not shown yet is not dismissed
    desk.page.once("dialog", lambda dialog: dialog.accept())
    desk.page.locator("#attention section[aria-label=REJECTED] [data-dismiss-all]").click()
    expect(desk.page.locator("#attention section[aria-label=REJECTED]")).to_have_count(0)
    for words in ("One", "Another"):
        assert "attention" not in stored.item(str(desk.message(words).get_attribute("data-pk")))


def test_a_callback_that_can_not_be_read_is_listed_with_its_reason(desk: Desk, simulator: SimulatorClient) -> None:
    def send(body: bytes) -> Locator:
        simulator.send_raw("text/plain", body)
        return desk.page.locator(f'#attention li[data-pk="RAW#{hashlib.sha256(body).hexdigest()}"]')

    desk.open()
    entry = send(f"no callback {desk.handset}".encode())
    desk.page.click("#open-attention")
    expect(entry).to_contain_text(re.compile("mms replay [0-9a-f]{12}"))
    expect(entry.locator(".fault")).not_to_be_empty()
    expect(send(f"no callback either {desk.handset}".encode())).to_be_visible()  # by itself


def test_a_press_is_a_click_also_where_the_list_changes_under_it(
    conversation: Desk, simulator: SimulatorClient, stored: ReadBack
) -> None:
    desk = conversation
    desk.network("refused")
    desk.answer("An invoice")
    expect(desk.standing("An invoice")).to_have_text("not sent")
    entry = in_need(desk, "An invoice")
    press(desk, entry.get_by_role("button", name="Dismiss"))
    with desk.page.expect_response(re.compile("/attention")):
        simulator.send_raw("text/plain", f"something new {desk.handset}".encode())
    desk.page.wait_for_timeout(1500)  # a slow hand
    desk.page.mouse.up()
    expect(entry).to_have_count(0)
    assert "attention" not in stored.item(str(desk.message("An invoice").get_attribute("data-pk")))
