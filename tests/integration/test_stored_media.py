"""What strangers and producers sent, as a browser gets it from the bucket: whatever it is, it is saved, never run."""

import base64
import hashlib
import json
from collections.abc import Iterator

import httpx
import pytest

from console.connection import Gateway, local_gateway
from console.replaying import Replayer
from local.readback import ReadBack
from local.stack import Stack
from tests.integration.console.test_replaying import picture_message, quarantined
from tests.integration.producer import NUMBERS, Producer
from tests.wire.bodies import main, message, multipart_type, part

SCRIPT = b"<script>alert(document.domain)</script>" * 400
KINDS = (  # as a stranger writes them, and as they are kept
    ("text/html", "text/html"),
    ("TEXT/HTML; charset=utf-7", "text/html"),
    ("image/svg+xml", "image/svg+xml"),
    ("application/xhtml+xml", "application/xhtml+xml"),
    ("text/xml", "text/xml"),
    ("application/javascript", "application/javascript"),
    ("multipart/x-mixed-replace; boundary=x", "multipart/x-mixed-replace"),
    ("text/html\xe9;x", "application/octet-stream"),  # no type at all
    ("x/" + "y" * 10_000, "application/octet-stream"),
)
FOLDERS = ("mo", "raw", "quarantine", "mt")


class Browser:
    """Follows the link that somebody made who may read."""

    def __init__(self, stack: Stack) -> None:
        self._s3, self._bucket = stack.client("s3"), stack.media_bucket

    def get(self, key: str) -> httpx.Response:
        url = self._s3.generate_presigned_url("get_object", Params={"Bucket": self._bucket, "Key": key})
        answer = httpx.get(url, trust_env=False)
        assert answer.status_code == 200, key
        return answer


@pytest.fixture
def browser(stack: Stack) -> Browser:
    return Browser(stack)


def post(stack: Stack, body: bytes, content_type: str = multipart_type()) -> str:
    answer = httpx.post(stack.callback_url, content=body, headers={"Content-Type": content_type}, trust_env=False)
    return answer.headers["X-Mms-Outcome"]


def test_what_strangers_sent_is_saved_under_its_type_and_run_under_none(
    stack: Stack, stored: ReadBack, browser: Browser
) -> None:
    mo_id = next(NUMBERS)
    parts = [part(SCRIPT + bytes([n]), kind, f"{n}.html") for n, (kind, _) in enumerate(KINDS)]
    assert post(stack, message(main(moId=int(mo_id)), *parts)) == "stored"
    kept = stored.item(f"MO#{mo_id}")["parts"]
    assert [each["contentType"] for each in kept] == [kind for _, kind in KINDS]
    for number, each in enumerate(kept):
        answer = browser.get(each["s3Key"])
        assert answer.headers["content-disposition"] == "attachment"
        assert answer.headers["content-type"] == each["contentType"]
        assert answer.content == SCRIPT + bytes([number])


def written_by_everybody(stack: Stack, stored: ReadBack, producer: Producer, gateway: Gateway) -> Iterator[str]:
    """The keys of what each writer of the gateway has put into the bucket."""
    mo_id = next(NUMBERS)
    page = part(SCRIPT, "text/html", "page.html")
    whole, other = message(main(moId=int(mo_id)), page), message(main(moId=int(mo_id), subject="Another"), page)
    assert [post(stack, whole), post(stack, other)] == ["stored", "conflict"]
    for item in stored.items(f"MO#{mo_id}"):
        yield from (each["s3Key"] for each in item["parts"])
    yield from (f"raw/{hashlib.sha256(body).hexdigest()}" for body in (whole, other))
    unreadable = f"<html>{mo_id}<script>alert(1)</script>".encode()
    assert post(stack, unreadable, "text/html").startswith("quarantined; ")
    yield f"quarantine/{hashlib.sha256(unreadable).hexdigest()}"
    replayed = next(NUMBERS)
    sha256 = quarantined(stored, picture_message(replayed))
    assert Replayer(gateway).replay(stored.item(f"RAW#{sha256}", "CALLBACK")).name == "stored"
    yield from (each["s3Key"] for each in stored.item(f"MO#{replayed}")["parts"])
    yield f"raw/{sha256}"
    inline = {"contentId": "a.html", "contentType": "text/html", "base64": base64.b64encode(SCRIPT * 5).decode()}
    sent = producer.send(producer.message(content=[inline]))
    yield from (each["s3Key"] for each in sent["parts"])
    yield sent["detailsKey"]


def test_whoever_of_the_gateway_writes_an_object_has_browsers_save_it(
    stack: Stack, stored: ReadBack, producer: Producer, browser: Browser
) -> None:
    gateway = local_gateway(json.loads(stack.as_json()))
    keys = list(written_by_everybody(stack, stored, producer, gateway))
    assert {key.partition("/")[0] for key in keys} == set(FOLDERS)
    assert len(keys) >= 9
    for key in keys:
        assert browser.get(key).headers["content-disposition"] == "attachment", key
