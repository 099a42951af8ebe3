"""A conversation, as the two who have it see it: the console at one end, the phone at the other."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from local.simulator.client import SimulatorClient
from local.simulator.media import PARROT, enlarge, jpeg
from tests.browser.conftest import LOST, REFUSED
from tests.browser.desk import Desk


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    file = tmp_path / "parrot.jpg"
    file.write_bytes(jpeg(enlarge(PARROT, 4)))
    return file


def is_shown(page: Page, selector: str) -> bool:
    """Whether a picture has really been decoded."""
    return bool(page.eval_on_selector(selector, "image => image.decode().then(() => image.naturalWidth === 256)"))


def test_a_picture_goes_from_the_phone_to_the_thread_and_the_answer_back_until_it_is_retrieved(
    desk: Desk, picture: Path
) -> None:
    desk.open()
    desk.write_on_phone("Is this parrot dead?", [picture])
    expect(desk.bubbles.last).to_contain_text("the gateway answered 200 stored")
    expect(desk.row()).to_contain_text("Is this parrot dead?")  # by itself
    desk.open_conversation()
    expect(desk.message("Is this parrot dead?").locator("img")).to_have_attribute(
        "alt", f"Picture parrot.jpg from {desk.handset}"
    )
    assert is_shown(desk.page, "#messages .message.in img")

    desk.answer("It is resting.", [picture], subject="Your parrot")
    expect(desk.standing("It is resting.")).to_have_text("Retrieved")
    assert is_shown(desk.page, "#messages .message.out img")
    expect(desk.bubbles.last).to_contain_text("It is resting.")
    expect(desk.bubbles.last.locator("h4")).to_have_text("Your parrot")
    assert is_shown(desk.page, "#bubbles .theirs img")
    expect(desk.row()).to_contain_text("You: Your parrot")
    expect(desk.messages).to_have_count(2)


def test_an_answer_is_sent_by_keyboard_alone_and_its_size_told_before(desk: Desk, picture: Path) -> None:
    desk.open()
    desk.write_on_phone("Hello")
    expect(desk.row()).to_be_visible()
    page = desk.page
    page.locator("#thread").focus()
    page.keyboard.press("/")
    page.keyboard.type(desk.handset)
    expect(desk.rows).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(desk.message("Hello")).to_be_visible()
    page.keyboard.press("a")
    page.keyboard.type("Good morning")
    page.set_input_files("#answer input[type=file]", [picture])
    expect(page.locator("#answer output")).to_have_text(re.compile(r"^about 3 KB: safe with every operator$"))
    page.focus("#answer-text")
    page.keyboard.press("Control+Enter")
    expect(desk.standing("Good morning")).to_have_text("Retrieved")
    page.locator("#messages").focus()
    page.keyboard.press("Escape")
    expect(desk.row().locator("a")).to_be_focused()


def test_a_picture_is_dropped_into_the_conversation_and_can_be_taken_away_again(desk: Desk, picture: Path) -> None:
    desk.open()
    desk.write_on_phone("Hello")
    desk.open_conversation()
    transfer = desk.page.evaluate_handle(
        """bytes => {
             const transfer = new DataTransfer();
             transfer.items.add(new File([new Uint8Array(bytes)], "dropped.jpg", {type: "image/jpeg"}));
             return transfer;
           }""",
        list(picture.read_bytes()),
    )
    for event in ("dragover", "drop"):
        desk.page.dispatch_event("#messages", event, {"dataTransfer": transfer})
    chip = desk.page.locator("#answer .files li")
    expect(chip).to_contain_text("dropped.jpg (2 KB)")
    chip.get_by_label("Remove dropped.jpg").click()
    expect(chip).to_have_count(0)


def test_what_is_too_big_is_told_before_it_is_sent_and_refused_in_the_senders_words(
    desk: Desk, tmp_path: Path, expected: list[str]
) -> None:
    expected.append(REFUSED)
    big = tmp_path / "big.jpg"
    big.write_bytes(b"\xff\xd8\xff" + b"x" * 1_200_000)
    desk.open()
    desk.write_on_phone("Hello")
    desk.open_conversation()
    desk.answer("Too much", [big])
    expect(desk.page.locator("#answer output")).to_have_text("about 1.2 MB: over the 1.0 MB that this gateway sends")
    expect(desk.page.locator("#answer .problem")).to_contain_text(
        "when encoded, more than the 1,000,000 of the parameter MaxMessageBytes"
    )
    assert desk.page.input_value("#answer-text") == "Too much", "what was written is kept"


@pytest.mark.parametrize(
    ("outcome", "standing", "on_the_phone"),
    [
        ("deferred", "Deferred", "is waiting"),
        ("rejected", "Rejected", "Never arrived here (rejected)"),
        ("silence", "accepted", "An answer"),
    ],
)
def test_the_networks_outcome_is_seen_in_the_thread_and_on_the_phone(
    desk: Desk, outcome: str, standing: str, on_the_phone: str
) -> None:
    desk.open()
    desk.write_on_phone("Hello")
    desk.open_conversation()
    desk.network(outcome)
    desk.answer("An answer")
    expect(desk.standing("An answer")).to_have_text(standing)
    expect(desk.bubbles.last).to_contain_text(on_the_phone)


def test_a_deferred_message_is_fetched_on_the_phone_and_the_next_report_shows(desk: Desk) -> None:
    desk.open()
    desk.write_on_phone("Hello")
    desk.open_conversation()
    desk.network("deferred")
    desk.answer("An answer")
    expect(desk.standing("An answer")).to_have_text("Deferred")
    desk.page.get_by_role("button", name="Fetch it").click()
    expect(desk.standing("An answer")).to_have_text("Retrieved")
    expect(desk.bubbles.last).to_have_text(re.compile("An answer"))
    desk.message("An answer").locator("summary", has_text="Details").click()
    history = desk.message("An answer").locator(".history li")
    expect(history.filter(has_text="report: Deferred")).to_have_count(1)
    expect(history.filter(has_text="report: Retrieved")).to_have_count(1)
    expect(desk.message("An answer").locator(".inside details").first).to_contain_text("The item in the table")


def test_what_is_delivered_twice_stands_in_the_thread_once(desk: Desk) -> None:
    desk.open()
    desk.network("twice")
    desk.write_on_phone("Hello")
    expect(desk.bubbles.last).to_contain_text(re.compile("200 stored.*200 duplicate|200 duplicate.*200 stored"))
    desk.open_conversation()
    expect(desk.messages).to_have_count(1)
    desk.answer("An answer")
    expect(desk.standing("An answer")).to_have_text("Retrieved")
    desk.message("An answer").locator("summary", has_text="Details").click()
    expect(desk.message("An answer").locator(".history li", has_text="report:")).to_have_count(1)
    expect(desk.messages).to_have_count(2)


def test_what_was_begun_to_be_written_is_there_when_one_comes_back(desk: Desk, picture: Path) -> None:
    desk.open()
    desk.write_on_phone("Hello")
    first, other = desk.handset, f"{desk.handset[:-1]}x".replace("x", "0" if desk.handset[-1] != "0" else "1")
    desk.take_phone(other)
    desk.write_on_phone("Hello, too")
    desk.open_conversation(first)
    desk.page.fill("#answer-text", "I was about to say")
    desk.page.set_input_files("#answer input[type=file]", [picture])
    desk.open_conversation(other)
    expect(desk.message("Hello, too")).to_be_visible()
    expect(desk.page.locator("#answer-text")).to_have_value("")
    desk.open_conversation(first)
    expect(desk.page.locator("#answer-text")).to_have_value("I was about to say")
    expect(desk.page.locator("#answer .files li")).to_have_count(1)


def test_a_form_that_is_sent_twice_for_want_of_an_answer_is_one_message(
    desk: Desk, simulator: SimulatorClient, expected: list[str]
) -> None:
    expected.append(LOST)
    desk.open()
    desk.write_on_phone("Hello")
    desk.open_conversation()

    def lose_the_answer(route: Route) -> None:
        route.fetch()
        route.abort()

    desk.page.route("**/send", lose_the_answer, times=1)
    desk.answer("Once")
    expect(desk.page.locator("#answer .problem")).to_have_text("The console does not answer; is it still running?")
    expect(desk.standing("Once")).to_have_text("Retrieved")
    desk.page.click("#answer .send")
    expect(desk.page.locator("#answer-text")).to_have_value("")
    desk.answer("Twice")
    expect(desk.standing("Twice")).to_have_text("Retrieved")
    assert len(simulator.mt_requests(destination=desk.handset)) == 2
