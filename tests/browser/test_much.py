"""Long threads and long lists: shown at once at their newest end, and to their very beginning as one scrolls."""

import time
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page, expect

from local.readback import ReadBack
from local.stack import Stack
from tests.browser.desk import Desk
from tests.browser.rows import put_messages

START = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=3)
NUMBER = time.time_ns() // 10**6 * 10**5  # ids that no other run has used


def test_a_thread_of_1000_opens_at_its_end_and_is_scrolled_to_its_beginning(desk: Desk, stored: ReadBack) -> None:
    put_messages(
        stored, ((str(NUMBER + n), desk.handset, desk.service, START + timedelta(seconds=n)) for n in range(1000))
    )
    desk.go_to_conversation()
    expect(desk.messages.last).to_contain_text(f"No. {NUMBER + 999}")
    expect(desk.messages.last).to_be_in_viewport()
    assert desk.messages.count() < 100, "the rest comes when it is asked for"
    end = time.monotonic() + 120
    while desk.page.locator("#messages .older").count() and time.monotonic() < end:
        desk.page.eval_on_selector("#messages", "messages => { messages.scrollTop = 0 }")
        desk.page.wait_for_timeout(20)
    expect(desk.messages).to_have_count(1000)
    expect(desk.messages.first).to_contain_text(f"No. {NUMBER}")
    orders = desk.messages.evaluate_all("all => all.map(each => each.dataset.order)")
    assert orders == sorted(orders)
    desk.answer("Still quick")
    # By its place: looking for words in a thousand messages, over and over, would keep the page from its work.
    last = desk.page.locator("#messages > :last-child")
    expect(last.locator(".badge")).to_have_text("Retrieved")
    expect(last).to_contain_text("Still quick")


def test_reading_old_messages_one_is_not_thrown_off_by_new_ones(desk: Desk, stored: ReadBack) -> None:
    put_messages(
        stored,
        ((str(NUMBER + 5000 + n), desk.handset, desk.service, START + timedelta(seconds=n)) for n in range(60)),
    )
    desk.go_to_conversation()
    expect(desk.messages.last).to_be_in_viewport()
    desk.page.locator("#messages").focus()
    desk.page.keyboard.press("Home")
    expect(desk.messages).to_have_count(60)
    before = desk.page.eval_on_selector("#messages", "messages => { messages.scrollTop = 200; return 200 }")
    desk.write_on_phone("And another one")
    expect(desk.messages).to_have_count(61)
    assert desk.page.eval_on_selector("#messages", "messages => messages.scrollTop") == before


def test_10000_conversations_are_listed_newest_first_and_found_by_number(
    page: Page, stack: Stack, stored: ReadBack
) -> None:
    desk = Desk(page, stack.console_url, service=f"6{NUMBER // 10**5 % 10**6:06}")
    handset = "4470{:08}".format
    put_messages(
        stored,
        ((str(NUMBER + 20_000 + n), handset(n), desk.service, START + timedelta(seconds=n)) for n in range(10_000)),
    )
    desk.open()
    desk.show_own_service_only()
    expect(desk.rows.first).to_contain_text(handset(9_999))
    began = time.monotonic()
    while desk.rows.count() < 10_000 and time.monotonic() - began < 300:
        page.eval_on_selector("#list", "list => { list.scrollTop = list.scrollHeight }")
        page.wait_for_timeout(200)
    assert desk.rows.count() == 10_000
    orders = desk.rows.evaluate_all("all => all.map(each => each.dataset.order)")
    assert orders == sorted(orders, reverse=True)
    page.fill("#query", handset(42))
    expect(desk.rows).to_have_count(1)
    desk.open_conversation(handset(42))
    expect(desk.messages.first).to_contain_text(f"No. {NUMBER + 20_042}")


def test_a_burst_of_news_leaves_the_reader_of_the_list_where_they_are(
    page: Page, stack: Stack, stored: ReadBack
) -> None:
    desk = Desk(page, stack.console_url, service=f"5{NUMBER // 10**5 % 10**6:06}")
    handset = "4471{:08}".format
    put_messages(
        stored,
        ((str(NUMBER + 40_000 + n), handset(n), desk.service, START + timedelta(seconds=n)) for n in range(200)),
    )
    desk.open()
    desk.show_own_service_only()
    expect(desk.rows.first).to_contain_text(handset(199))
    page.eval_on_selector("#list", "list => { list.scrollTop = list.scrollHeight }")
    expect(desk.rows).to_have_count(200)
    now = datetime.now(UTC) - timedelta(seconds=80)
    put_messages(  # forty new ones at once, and thirty that were there
        stored,
        (
            (str(NUMBER + 41_000 + n), handset(1000 + n - 30), desk.service, now + timedelta(seconds=n))
            for n in range(70)
        ),
    )
    expect(desk.rows).to_have_count(270)
    orders = desk.rows.evaluate_all("all => all.map(each => each.dataset.order)")
    assert orders == sorted(orders, reverse=True)
    assert page.eval_on_selector("#list", "list => list.scrollTop") > 1000
