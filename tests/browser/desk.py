"""What a person does at the console, and at the phone beside it."""

import itertools
import re
import time
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

HANDSETS = (f"4479{n % 10**8:08}" for n in itertools.count(time.time_ns() // 10**6))


class Desk:
    """A page of the console, for a short code and a handset that no other test uses."""

    def __init__(self, page: Page, url: str, *, service: str) -> None:
        self.page = page
        self.url = url
        self.service = service
        self.handset = next(HANDSETS)
        self.rows = page.locator("#conversations li[data-handset]")
        self.messages = page.locator("#messages .message")
        self.bubbles = page.locator("#bubbles li")

    def open(self) -> None:
        """The page, and the phone in the hand of this desk's customer."""
        self.page.goto(self.url)
        expect(self.page.locator("#live")).to_have_text("live")
        self.take_phone(self.handset)

    def take_phone(self, handset: str) -> None:
        self.page.fill("#my-number", handset)
        self.page.fill("#to-number", self.service)

    def write_on_phone(self, text: str, files: Sequence[Path] = ()) -> None:
        self.page.fill("#phone-text", text)
        self.page.set_input_files("#compose input[type=file]", list(files))
        self.page.click("#compose .send")
        expect(self.page.locator("#compose.sending")).to_have_count(0)

    def network(self, outcome: str) -> None:
        with self.page.expect_response(re.compile("/phone/outcome")):
            self.page.select_option("#outcome", outcome)

    def row(self, handset: str | None = None) -> Locator:
        """The conversation in the list."""
        selector = f'#conversations li[data-service="{self.service}"][data-handset="{handset or self.handset}"]'
        return self.page.locator(selector)

    def open_conversation(self, handset: str | None = None) -> None:
        self.row(handset).locator("a").click()
        expect(self.page.locator("#answer-text")).to_be_visible()

    def show_own_service_only(self) -> None:
        """As by the select, once it has the short code."""
        self.page.locator(f'#service option[value="{self.service}"]').wait_for(state="attached")
        self.page.eval_on_selector(
            "#service",
            "(select, value) => { select.value = value; select.dispatchEvent(new Event('change')) }",
            self.service,
        )

    def go_to_conversation(self) -> None:
        """The conversation by its address, as from a bookmark."""
        self.page.goto(f"{self.url}/?service={self.service}&handset={self.handset}")
        expect(self.page.locator("#live")).to_have_text("live")
        expect(self.page.locator("#answer-text")).to_be_visible()
        self.take_phone(self.handset)

    def answer(self, text: str, files: Sequence[Path] = (), subject: str = "") -> None:
        self.page.fill("#answer-text", text)
        self.page.fill("#answer-subject", subject)
        self.page.set_input_files("#answer input[type=file]", list(files))
        self.page.click("#answer .send")

    def message(self, text: str) -> Locator:
        """The message in the thread that says so."""
        return self.messages.filter(has_text=text)

    def standing(self, text: str) -> Locator:
        """In words, where the message that says so stands."""
        return self.message(text).locator(".badge")
