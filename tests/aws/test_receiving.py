"""Callbacks as OpenMarket posts them: recorded once, however often they come."""

import hashlib
import time

import httpx

from local.readback import ReadBack
from local.simulator.media import PARROT, jpeg
from local.stack import Stack
from tests.wire.bodies import main, message, multipart_type, part, report_json, text

PATIENCE = 60


def post(url: str, body: bytes, content_type: str) -> tuple[int, str, bytes]:
    answer = httpx.post(url, content=body, headers={"Content-Type": content_type}, timeout=PATIENCE)
    return answer.status_code, answer.headers.get("X-Mms-Outcome", ""), answer.content


def test_a_message_that_comes_twice_is_stored_once_and_its_media_byte_for_byte(stack: Stack, stored: ReadBack) -> None:
    mo_id, picture = str(time.time_ns()), jpeg(PARROT)
    parts = [part(picture, "image/jpeg", "parrot.jpg"), text("Norwegian Blue")]
    bodies = [message(main(moId=int(mo_id)), *parts, boundary=boundary) for boundary in ("one", "two")]
    answers = [
        post(stack.callback_url, body, multipart_type(boundary))
        for body, boundary in zip(bodies, ("one", "two"), strict=True)
    ]
    assert answers == [(200, "stored", b""), (200, "duplicate", b"")]
    (item,) = stored.items(f"MO#{mo_id}")
    assert (item["status"], item["text"]) == ("RECEIVED", "Norwegian Blue")
    assert item["parts"][0]["sha256"] == hashlib.sha256(picture).hexdigest()
    assert stored.media(item["parts"][0]["s3Key"]) == picture
    assert len(stored.keys(f"mo/{mo_id}/")) == 1


def test_a_report_that_comes_twice_is_kept_once(stack: Stack, stored: ReadBack) -> None:
    mt_id = str(time.time_ns())
    body = report_json(mtId=mt_id)
    answers = [post(stack.callback_url, body, "application/json") for _ in range(2)]
    assert answers == [(200, "report", b""), (200, "duplicate", b"")]
    (item,) = stored.items(f"MTID#{mt_id}")
    assert item["status"] == "Retrieved"
