"""What is written reaches the one it was written for; what happens is shown, in whatever order it is told."""

import re

import pytest
from playwright.sync_api import APIResponse, Browser, Page, Route, expect

from local.readback import ReadBack
from local.simulator.callbacks import Part
from local.simulator.client import SimulatorClient
from local.stack import Stack
from tests.browser.conftest import LOST, WIDE
from tests.browser.desk import Desk


@pytest.fixture
def two(desk: Desk) -> tuple[Desk, str]:
    """Two conversations: the desk's own, which is open, and another handset's."""
    other = f"{desk.handset[:-1]}{(int(desk.handset[-1]) + 5) % 10}"
    desk.open()
    desk.write_on_phone("From the first")
    desk.take_phone(other)
    desk.write_on_phone("From the other")
    desk.open_conversation()
    expect(desk.message("From the first")).to_be_visible()
    return desk, other


def hold(page: Page, url: str) -> list[Route]:
    """The first request for it, as soon as it is made; to be let go or to be lost."""
    held: list[Route] = []

    def keep(route: Route) -> None:
        held.append(route)

    page.route(url, keep, times=1)
    return held


def test_an_answer_can_not_go_to_the_conversation_that_was_open_before(two: tuple[Desk, str]) -> None:
    desk, other = two
    held = hold(desk.page, f"**/thread?*{other}*")
    desk.row(other).locator("a").click()
    expect(desk.page.locator("#thread")).to_have_text(re.compile(f"Loading the conversation with {other}"))
    expect(desk.page.locator("#answer")).to_have_count(0)
    desk.page.keyboard.press("a")
    desk.page.keyboard.type("Hello")
    desk.page.keyboard.press("Control+Enter")
    held[0].continue_()
    expect(desk.message("From the other")).to_be_visible()
    expect(desk.messages).to_have_count(1)


def test_a_message_that_comes_while_its_thread_loads_is_shown(two: tuple[Desk, str]) -> None:
    desk, other = two

    def answer_with_what_was(route: Route) -> None:
        was = route.fetch()
        desk.take_phone(other)
        desk.write_on_phone("Meanwhile")
        expect(desk.row(other)).to_contain_text("Meanwhile")
        route.fulfill(response=was)

    desk.page.wait_for_timeout(1000)  # a handset's messages are dated to the second
    desk.page.route(f"**/thread?*{other}*", answer_with_what_was, times=1)
    desk.row(other).locator("a").click()
    expect(desk.message("Meanwhile")).to_be_visible()


def test_back_in_the_browser_closes_the_conversation(two: tuple[Desk, str]) -> None:
    desk, _ = two
    desk.page.go_back()
    expect(desk.page.locator("#thread")).to_contain_text("No conversation is open")
    expect(desk.page.locator("#answer")).to_have_count(0)
    desk.page.go_forward()
    expect(desk.message("From the first")).to_be_visible()


def test_what_could_not_be_sent_comes_back_also_where_another_conversation_is_open_by_then(
    two: tuple[Desk, str], expected: list[str]
) -> None:
    expected.append(LOST)
    desk, other = two
    held = hold(desk.page, "**/send")
    desk.answer("A lost answer")
    expect(desk.page.locator("#answer-text")).to_have_value("")
    desk.page.fill("#answer-text", "and a second line")
    desk.open_conversation(other)
    held[0].abort()
    expect(desk.page.locator("#announcements")).to_contain_text("Not sent")
    desk.open_conversation()
    expect(desk.page.locator("#answer-text")).to_have_value("A lost answer\nand a second line")
    expect(desk.page.locator("#answer .problem")).to_contain_text("The console does not answer")


def test_a_key_that_is_held_and_a_subject_that_is_entered_send_nothing_more(
    two: tuple[Desk, str], simulator: SimulatorClient
) -> None:
    desk, _ = two
    page = desk.page
    page.fill("#answer-subject", "A subject")
    page.press("#answer-subject", "Enter")
    page.fill("#answer-text", "Once")
    page.focus("#answer-text")
    page.keyboard.down("Control")
    page.keyboard.down("Enter")
    page.keyboard.down("Enter")
    page.keyboard.down("Enter")
    page.keyboard.up("Enter")
    page.keyboard.up("Control")
    expect(desk.standing("Once")).to_have_text("Retrieved")
    assert len(simulator.mt_requests(destination=desk.handset)) == 1


def test_an_older_answer_does_not_undo_a_newer_one(two: tuple[Desk, str], stored: ReadBack) -> None:
    desk, _ = two
    message = desk.message("From the first")
    key = {"pk": str(message.get_attribute("data-pk")), "sk": "MESSAGE"}
    late: list[tuple[Route, APIResponse]] = []

    def hold_the_first(route: Route) -> None:
        if late:
            route.continue_()
        else:
            late.append((route, route.fetch()))

    def write(subject: str) -> None:
        stored.table.update_item(
            Key=key, UpdateExpression="SET subject = :subject", ExpressionAttributeValues={":subject": subject}
        )

    desk.page.route("**/message?*", hold_the_first)
    with desk.page.expect_request(re.compile("/message")):
        write("Older")
    write("Newer")
    expect(message.locator("h3")).to_have_text("Newer")
    route, was = late[0]
    with desk.page.expect_response(re.compile("/message")):
        route.fulfill(response=was)
    desk.page.wait_for_timeout(200)
    expect(message.locator("h3")).to_have_text("Newer")


@pytest.mark.parametrize("told", ["nothing", "silence"])
def test_without_the_tables_stream_there_is_still_everything_to_see(
    page: Page, stack: Stack, simulator: SimulatorClient, told: str, expected: list[str]
) -> None:
    expected.append(LOST)
    desk = Desk(page, stack.console_url, service="88622")
    simulator.send_message(source=desk.handset, destinations=[desk.service], subject="Hello")

    def answer(route: Route) -> None:
        if told == "nothing":
            route.abort()
        else:
            body = 'data: {"kind": "silent", "reason": "You may not read the stream."}\n\n'
            route.fulfill(body=body, headers={"Content-Type": "text/event-stream"})

    page.route("**/events", answer)
    page.goto(desk.url)
    expect(desk.row()).to_contain_text("Hello")
    desk.open_conversation()
    expect(desk.message("Hello")).to_be_visible()
    expect(page.locator("#live")).to_have_text(re.compile("not told of news|not connected"))


def test_times_are_the_readers_everywhere(browser: Browser, stack: Stack, simulator: SimulatorClient) -> None:
    context = browser.new_context(viewport=WIDE, locale="en-GB", timezone_id="Asia/Kathmandu")  # UTC+5:45
    desk = Desk(context.new_page(), stack.console_url, service="88623")
    date = "2026-03-01T20:00:00Z"
    simulator.send_message(source=desk.handset, destinations=[desk.service], subject="Hello", date=date)
    desk.go_to_conversation()
    time = desk.message("Hello").locator("footer time")
    expect(time).to_have_text("2 Mar, 01:45")
    expect(time).to_have_attribute("title", "2026-03-01T20:00:00.000Z (UTC)")
    desk.answer("An answer")
    expect(desk.standing("An answer")).to_have_text("Retrieved")
    desk.message("An answer").locator("summary", has_text="Details").click()
    history = desk.message("An answer").locator(".history li")
    expect(history.filter(has_text="report:").locator("time")).to_have_count(2)  # when it happened, and when it came
    hours = {each[-8:-6] for each in history.locator("time").all_text_contents()}
    assert len(hours) <= 2, "all by one clock"
    context.close()


def test_a_long_text_is_shown_and_not_only_saved(desk: Desk, simulator: SimulatorClient) -> None:
    long = "Grüße aus dem Süden. " * 1500
    part = Part(content_type="text/plain; charset=iso-8859-1", content_id="t.txt", data=long.encode("latin-1"))
    simulator.send_message([part], source=desk.handset, destinations=[desk.service])
    desk.go_to_conversation()
    expect(desk.messages.first.locator(".text")).to_contain_text("Grüße aus dem Süden. Grüße")
    expect(desk.messages.first.locator("a.file")).to_contain_text("t.txt")


def test_an_address_is_shown_and_can_not_be_answered(desk: Desk, simulator: SimulatorClient) -> None:
    desk.open()
    desk.handset = f"{desk.handset}@example.com"
    simulator.send_message(source=desk.handset, destinations=[desk.service], subject="By e-mail")
    desk.row().locator("a").click()
    expect(desk.message("By e-mail")).to_be_visible()
    expect(desk.page.locator("p.answer")).to_contain_text("it can't be answered by MMS")
