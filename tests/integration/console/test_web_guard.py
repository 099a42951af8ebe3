"""Who gets at the page, and what browsers are told about it: over HTTP."""

from collections.abc import Iterator
from http.client import HTTPConnection
from urllib.parse import urlsplit

import httpx
import pytest

from console.connection import Gateway
from console.web.guard import Keys
from console.web.server import listen, running_console, url_of
from local.stack import Stack


@pytest.fixture
def keys() -> Keys:
    return Keys()


@pytest.fixture
def guarded(gateway: Gateway, keys: Keys) -> Iterator[str]:
    """The address of a console that asks for a key."""
    with listen() as listener, running_console(gateway, listener, keys=keys):
        yield url_of(listener)


@pytest.mark.parametrize(
    "path", ["/", "/conversations", "/media?pk=MO%231&sk=MESSAGE&index=0", "/events", "/static/console.js"]
)
def test_without_the_key_nothing_is_shown(guarded: str, path: str, keys: Keys) -> None:
    for query in ("", "key=", "key=wrong", f"key={keys.address}x"):
        answer = httpx.get(f"{guarded}{path}{'&' if '?' in path else '?'}{query}")
        assert (answer.status_code, "whole address" in answer.text) == (403, True)


def test_the_key_opens_the_page_and_leaves_the_address(guarded: str, keys: Keys) -> None:
    with httpx.Client() as browser:
        first = browser.get(f"{guarded}/?key={keys.address}&service=88600")
        assert (first.status_code, first.headers["location"]) == (303, "/?service=88600")
        cookie = first.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert browser.get(guarded).status_code == 200
        assert browser.get(f"{guarded}/conversations").status_code == 200


def test_a_ticket_opens_the_page_once_and_leaves_no_key_in_the_browser(guarded: str, keys: Keys) -> None:
    with httpx.Client() as browser:
        first = browser.get(f"{guarded}/?key={keys.ticket}")
        assert first.status_code == 303
        assert not any(secret in first.headers["set-cookie"] for secret in (keys.ticket, keys.address))
        assert browser.get(guarded).status_code == 200
    assert httpx.get(f"{guarded}/?key={keys.ticket}").status_code == 403
    assert httpx.get(f"{guarded}/?key={keys.address}").status_code == 303


@pytest.mark.parametrize("others", ['x={"a":1}', "flag", "a@b=1", "=", 'y="', "z=\u00e9".encode().decode()])
def test_other_programs_cookies_lock_nobody_out(guarded: str, others: str, keys: Keys) -> None:
    with httpx.Client() as browser:
        own = browser.get(f"{guarded}/?key={keys.address}").headers["set-cookie"].partition(";")[0]
    for cookie in (f"{others}; {own}", f"{own}; {others}"):
        answer = httpx.get(guarded, headers=[(b"Cookie", cookie.encode("latin-1"))])
        assert answer.status_code == 200


def test_the_key_leads_to_nowhere_else(guarded: str, keys: Keys) -> None:
    answer = httpx.get(f"{guarded}//elsewhere.example/?key={keys.address}")
    assert answer.headers["location"].startswith("/")
    assert not answer.headers["location"].startswith("//")


def test_another_pages_forms_are_refused(stack: Stack) -> None:
    form = {"pk": "MT#1", "sk": "MESSAGE", "action": "close"}
    for origin in ("https://elsewhere.example", "null", "http://127.0.0.1:1", "http://localhost.elsewhere.example"):
        answer = httpx.post(f"{stack.console_url}/resolve", data=form, headers={"Origin": origin})
        assert (answer.status_code, answer.text) == (403, "Another page sent this.")


def test_another_name_for_this_machine_is_refused(stack: Stack) -> None:
    answer = httpx.get(stack.console_url, headers={"Host": "elsewhere.example"})
    assert answer.status_code == 400


def test_browsers_are_told_to_run_nothing_but_the_pages_own_scripts(stack: Stack) -> None:
    headers = httpx.get(stack.console_url).headers
    policy = dict(rule.strip().split(" ", 1) for rule in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert "unsafe" not in headers["content-security-policy"]
    assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "no-referrer")


def test_a_form_without_a_length_or_of_a_great_one_is_refused_unread(stack: Stack) -> None:
    answer = httpx.post(f"{stack.console_url}/send", content=iter([b"x"]))
    assert answer.status_code == 413
    connection = HTTPConnection(urlsplit(stack.console_url).netloc, timeout=10)
    connection.putrequest("POST", "/send")
    connection.putheader("Content-Length", "40000000")
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()


def test_it_listens_on_this_machine_alone(gateway: Gateway) -> None:
    with listen() as listener, running_console(gateway, listener):
        assert listener.getsockname()[0] == "127.0.0.1"
