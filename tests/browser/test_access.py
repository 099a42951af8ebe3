"""The page for everybody: axe's rules in each view, nothing that sticks out, sounds that play, keys that work."""

import wave
from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from local.simulator.media import PARROT, enlarge, jpeg
from tests.browser.desk import Desk

NARROWEST = 320  # CSS pixels: WCAG 1.4.10, "Reflow"


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """One of each sort that is shown."""
    picture, sound, card = tmp_path / "parrot.jpg", tmp_path / "song.wav", tmp_path / "john.vcf"
    picture.write_bytes(jpeg(enlarge(PARROT, 2)))
    with wave.open(str(sound), "wb") as output:
        output.setnchannels(1)
        output.setsampwidth(2)
        output.setframerate(8000)
        output.writeframes(b"\0\0" * 8000)
    card.write_text("BEGIN:VCARD\r\nVERSION:3.0\r\nFN:John Cleese\r\nTEL:+447700900111\r\nEND:VCARD\r\n")
    page = tmp_path / "a-page-with-a-rather-long-name-that-does-not-want-to-be-broken.html"
    page.write_text("<h1>Hello</h1>")
    return [picture, sound, card, page]


@pytest.fixture
def conversation(desk: Desk, files: list[Path]) -> Desk:
    """With a message of every sort, one that was refused, and one whose details are open."""
    desk.open()
    desk.write_on_phone("Hello " + "x" * 200, files)
    desk.open_conversation()
    desk.network("refused")
    desk.answer("An invoice", subject="Your invoice")
    expect(desk.standing("An invoice")).to_have_text("not sent")
    desk.message("An invoice").locator("summary", has_text="Details").click()
    expect(desk.message("An invoice").locator(".history")).to_be_visible()
    return desk


def thread(desk: Desk) -> None:
    expect(desk.messages.first).to_be_visible()


def attention(desk: Desk) -> None:
    desk.page.click("#open-attention")
    expect(desk.page.locator("#attention li[data-pk]").first).to_be_visible()


def keys(desk: Desk) -> None:
    desk.page.click("#open-keys")
    expect(desk.page.locator("#keys")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("view", [thread, attention, keys])
def test_axe_finds_nothing_that_keeps_anybody_out(
    conversation: Desk, view: Callable[[Desk], None], scheme: str
) -> None:
    conversation.page.emulate_media(color_scheme="light" if scheme == "light" else "dark")
    view(conversation)
    found = Axe().run(conversation.page)
    assert found.violations_count == 0, found.generate_report()


def test_on_a_narrow_screen_one_thing_is_shown_at_a_time_and_nothing_sticks_out(conversation: Desk) -> None:
    page = conversation.page
    page.set_viewport_size({"width": NARROWEST, "height": 640})
    page.click("#toggle-phone")  # it lies over the rest
    expect(page.locator("#list")).to_be_hidden()
    assert sticks_out(page) == []
    page.locator("#thread [data-back]").click()
    expect(page.locator("#thread")).to_be_hidden()
    expect(page.locator("#list")).to_be_visible()
    assert sticks_out(page) == []
    page.click("#open-attention")
    expect(page.locator("#attention")).to_be_visible()
    assert sticks_out(page) == []
    page.click("#toggle-phone")
    assert sticks_out(page) == []


def test_single_keys_can_be_switched_off(conversation: Desk) -> None:
    page = conversation.page
    keys(conversation)
    page.get_by_label("single letters and / act").uncheck()
    page.locator("#keys button").click()
    page.locator("#thread").focus()
    for key in ("/", "a", "n", "p", "?"):
        page.keyboard.press(key)
        expect(page.locator("#thread")).to_be_focused()
    page.reload()
    expect(page.locator("#single-keys")).not_to_be_checked()


def sticks_out(page: Page) -> list[str]:
    """What is wider than the screen."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll("body *:not(.hidden, .skip, .hidden *)")]
             .filter(each => each.getBoundingClientRect().right > innerWidth + 1 && each.checkVisibility())
             .map(each => `${each.tagName}.${each.className} ${each.textContent.slice(0, 40)}`)"""
    )
    return found


def test_a_sound_plays_and_can_be_saved(conversation: Desk) -> None:
    length = conversation.page.eval_on_selector(
        "#messages audio",
        """audio => new Promise(done => {
             audio.addEventListener("loadedmetadata", () => done(audio.duration));
             audio.load(); audio.play();
           })""",
    )
    assert length == pytest.approx(1, abs=0.05)
    expect(conversation.page.locator("#messages .sound a.file")).to_contain_text("song.wav")


def test_what_is_opened_gets_the_focus_and_what_is_renewed_keeps_it(conversation: Desk) -> None:
    page = conversation.page
    row = conversation.row().locator("a")
    row.focus()
    page.wait_for_timeout(1000)  # a handset's messages are dated to the second
    conversation.write_on_phone("And another one")  # by the page's own buttons, which take the focus
    expect(conversation.row()).to_contain_text("And another one")
    row.focus()
    page.evaluate(  # news of the same conversation, while the focus is on its row
        """async ([service, handset]) => {
             const form = new FormData();
             form.append("service", service);
             form.append("handset", handset);
             form.append("text", "Once more");
             await fetch("/phone/send", {method: "POST", body: form});
           }""",
        [conversation.service, conversation.handset],
    )
    expect(conversation.row()).to_contain_text("Once more")
    expect(row).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#thread")).to_be_focused()
