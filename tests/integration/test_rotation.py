"""Tokens and passwords of callers rotated as functions/security.md has it, with callbacks coming in all the while.

The account's own password: test_sending, and tests/faults/parts/test_secret with messages going both ways.
"""

import base64
import itertools
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from local.readback import ReadBack
from local.stack import Stack
from mms_gateway.credentials import MIN_AGE
from tests.wire.bodies import main, message, multipart_type

NUMBERS = (time.time_ns() + n for n in itertools.count())
POSTERS = 3
SOME = 8  # callbacks that come in between two steps
PATIENCE = 60.0
STRANGER = "nobody's"


def basic(password: str) -> str:
    return "Basic " + base64.b64encode(f"openmarket:{password}".encode()).decode()


@dataclass
class OpenMarket:
    """Posts callbacks with what it was told to call with, and notes what each was answered."""

    door: str
    token: str
    password: str | None = None
    answers: list[tuple[int, int, str]] = field(default_factory=list)
    """Of each callback its moId, status and X-Mms-Outcome."""
    ended: threading.Event = field(default_factory=threading.Event)

    def post(self, token: str | None = None, password: str | None = None) -> tuple[int, int, str]:
        mo_id, word = next(NUMBERS), password or self.password
        headers = {"Content-Type": multipart_type(), **({"Authorization": basic(word)} if word else {})}
        url = f"{self.door}/{token or self.token}"
        answer = httpx.post(url, content=message(main(moId=mo_id)), headers=headers, timeout=30, trust_env=False)
        return mo_id, answer.status_code, answer.headers.get("X-Mms-Outcome", "")

    def go_on(self) -> None:
        while not self.ended.is_set():
            self.answers.append(self.post())

    @contextmanager
    def posting(self) -> Iterator[None]:
        threads = [threading.Thread(target=self.go_on) for _ in range(POSTERS)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.ended.set()
            for thread in threads:
                thread.join()

    def wait_for_some(self) -> None:
        """Return when some callbacks have begun and ended since now."""
        end, enough = time.monotonic() + PATIENCE, len(self.answers) + POSTERS + SOME
        while len(self.answers) < enough:
            assert time.monotonic() < end
            time.sleep(0.02)

    def is_refused(self, token: str | None = None, password: str | None = None) -> bool:
        """Whether one is turned away by every function at work; strangers make them look at the secret again."""
        time.sleep(MIN_AGE)
        for _ in range(4 * POSTERS):
            self.post(STRANGER)
        return {self.post(token, password)[1:] for _ in range(4 * POSTERS)} == {(401, "unauthorized")}


class Secret:
    """The stack's secret, changed as a person changes it: no function is started anew."""

    def __init__(self, stack: Stack) -> None:
        self._client, self._arn = stack.client("secretsmanager"), stack.secret_arn
        self.before: dict[str, Any] = json.loads(self._client.get_secret_value(SecretId=self._arn)["SecretString"])

    def put(self, **changes: Any) -> None:
        self._client.put_secret_value(SecretId=self._arn, SecretString=json.dumps({**self.before, **changes}))


@pytest.fixture
def secret(stack: Stack) -> Iterator[Secret]:
    one = Secret(stack)
    yield one
    one.put()
    time.sleep(MIN_AGE)  # for the tests after this one


@pytest.fixture
def openmarket(stack: Stack) -> OpenMarket:
    door, _, token = stack.callback_url.rpartition("/")
    return OpenMarket(door, token)


def all_came_in(openmarket: OpenMarket, stored: ReadBack) -> bool:
    """Whether each callback was stored, and can be read; the API had room for all of them."""
    assert len(openmarket.answers) > SOME
    assert {answer[1:] for answer in openmarket.answers} == {(200, "stored")}
    return all(stored.item(f"MO#{mo_id}") for mo_id, _, _ in openmarket.answers)


def test_a_token_is_rotated_without_one_callback_refused_and_then_the_old_one_is(
    openmarket: OpenMarket, secret: Secret, stored: ReadBack
) -> None:
    old, new = openmarket.token, "a-new-token-that-nobody-can-guess"
    with openmarket.posting():
        openmarket.wait_for_some()
        secret.put(callbackTokens=[old, new])
        openmarket.wait_for_some()  # with the old one
        time.sleep(MIN_AGE)  # a function that has just looked at the secret does not look again for so long
        openmarket.token = new
        openmarket.wait_for_some()  # what was under way with the old one has ended
        secret.put(callbackTokens=[new])
        openmarket.wait_for_some()
    assert all_came_in(openmarket, stored)
    assert openmarket.is_refused(token=old)
    assert openmarket.post()[1:] == (200, "stored")


def test_http_basic_is_brought_in_and_rotated_without_one_callback_refused(
    openmarket: OpenMarket, secret: Secret, stored: ReadBack
) -> None:
    user = {"callbackUser": "openmarket"}
    with openmarket.posting():
        openmarket.wait_for_some()
        openmarket.password = "first"  # nobody asks for it yet
        openmarket.wait_for_some()
        secret.put(**user, callbackPasswords=["first"])
        openmarket.wait_for_some()
        secret.put(**user, callbackPasswords=["first", "second"])
        openmarket.wait_for_some()
        time.sleep(MIN_AGE)
        openmarket.password = "second"
        openmarket.wait_for_some()
        secret.put(**user, callbackPasswords=["second"])
        openmarket.wait_for_some()
    assert all_came_in(openmarket, stored)
    assert openmarket.is_refused(password="first")
    assert openmarket.post()[1:] == (200, "stored")
