"""Contents as the console serves them: shown where that is safe, saved otherwise, in ranges as players ask for."""

import hashlib
import os
from urllib.parse import quote

import httpx
import pytest

from local.simulator.callbacks import Part
from local.simulator.client import SimulatorClient
from local.simulator.media import jpeg
from local.stack import Stack

FILM = b"\0\0\0\x18ftypmp42\0\0\0\0isommp42" + os.urandom(600_000)


@pytest.fixture
def message(simulator: SimulatorClient) -> str:
    """A message with one content of each sort; gives its pk."""
    parts = [
        Part(content_type="image/jpeg", content_id="parrot.jpg", data=jpeg()),
        Part(content_type="video/mp4", content_id="film.mp4", data=FILM),
        Part(content_type="text/html", content_id="page.html", data=b"<script>alert(1)</script>" * 1000),
        Part(content_type="image/svg+xml", content_id="drawing.svg", data=b"<svg onload='alert(1)'/>" * 1000),
        Part(content_type="text/plain", content_id='x"y\u2028.txt', data=("Grüße " * 2000).encode()),
    ]
    return f"MO#{simulator.send_message(parts).mo_id}"


def get(stack: Stack, pk: str, index: int, **headers: str) -> httpx.Response:
    return httpx.get(f"{stack.console_url}/media?pk={quote(pk, safe='')}&sk=MESSAGE&index={index}", headers=headers)


@pytest.mark.parametrize(
    ("index", "content_type", "how"),
    [
        (0, "image/jpeg", "inline"),
        (1, "video/mp4", "inline"),
        (2, "application/octet-stream", "attachment"),
        (3, "application/octet-stream", "attachment"),
        (4, "text/plain; charset=utf-8", "inline"),
    ],
)
def test_only_what_can_not_run_is_shown(stack: Stack, message: str, index: int, content_type: str, how: str) -> None:
    headers = get(stack, message, index).headers
    assert headers["content-type"] == content_type
    assert headers["content-disposition"].startswith(f"{how}; filename*=UTF-8''{index}-")
    assert headers["content-security-policy"].startswith("sandbox;")
    assert headers["x-content-type-options"] == "nosniff"


def test_a_picture_comes_byte_for_byte(stack: Stack, message: str) -> None:
    answer = get(stack, message, 0)
    assert answer.content == jpeg()
    assert int(answer.headers["content-length"]) == len(jpeg())


def test_a_player_gets_the_ranges_it_asks_for(stack: Stack, message: str) -> None:
    answer = get(stack, message, 1, Range="bytes=1000-1999")
    assert (answer.status_code, answer.content) == (206, FILM[1000:2000])
    assert answer.headers["content-range"] == f"bytes 1000-1999/{len(FILM)}"
    assert get(stack, message, 1, Range="bytes=600000-").content == FILM[600_000:]
    assert get(stack, message, 1, Range="bytes=9999999-").status_code == 416
    whole = get(stack, message, 1, Range="parrots=1-2")
    assert (whole.status_code, hashlib.sha256(whole.content).digest()) == (200, hashlib.sha256(FILM).digest())


@pytest.mark.parametrize(
    "query", ["", "pk=MO%231", "pk=&sk=&index=0", "pk=MTID%231&sk=REQUEST&index=0", "pk=MO%23x&sk=MESSAGE&index=-1"]
)
def test_what_is_no_content_is_not_found(stack: Stack, query: str) -> None:
    answer = httpx.get(f"{stack.console_url}/media?{query}")
    assert (answer.status_code, answer.text) == (404, "There is no such content.")
