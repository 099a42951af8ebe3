"""Callbacks over the local stack's HTTP endpoint: through API, function, role, table and bucket, all of them real."""

import base64
import hashlib
import itertools
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from secrets import token_urlsafe
from typing import Any

import httpx
import pytest

from local.readback import ReadBack
from local.simulator.media import png
from local.stack import Stack
from tests.wire.bodies import main, message, multipart_type, part, report_json, text
from tests.wire.samples import sample

MO_IDS = (str(n) for n in itertools.count(time.time_ns() // 1000))


class Caller:
    """Posts callbacks as OpenMarket does."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.Client(timeout=60, trust_env=False, limits=httpx.Limits(max_connections=60))

    def post(
        self, body: bytes, content_type: str = multipart_type(), *, url: str | None = None, **headers: str
    ) -> httpx.Response:
        named = {"Content-Type": content_type, "X-Request-Id": "015-3DD6C366", **headers}
        return self._http.post(
            url or self.url,
            content=body,
            # As HTTP carries them: bytes, without the blanks around them.
            headers=[
                (name.replace("_", "-").encode(), value.strip(" ").encode("latin-1")) for name, value in named.items()
            ],
        )

    def outcome(self, body: bytes, content_type: str = multipart_type()) -> tuple[int, str]:
        answer = self.post(body, content_type)
        assert answer.content == b"", "OpenMarket wants an empty body"
        return answer.status_code, answer.headers["X-Mms-Outcome"]


@pytest.fixture
def caller(stack: Stack) -> Caller:
    return Caller(stack.callback_url)


@pytest.fixture
def mo_id() -> str:
    return next(MO_IDS)


def test_a_message_is_recorded_with_its_media(caller: Caller, stored: ReadBack, mo_id: str) -> None:
    picture = png()
    body = message(main(moId=int(mo_id)), part(picture, "image/png", "parrot.png"), text("Norwegian Blue"))
    assert caller.outcome(body) == (200, "stored")
    item = stored.item(f"MO#{mo_id}")
    assert item["openMarketRequestId"] == "015-3DD6C366"
    assert item["text"] == "Norwegian Blue"
    assert item["parts"][0]["sha256"] == hashlib.sha256(picture).hexdigest()
    assert stored.media(item["parts"][0]["s3Key"]) == picture
    assert stored.media(f"raw/{item['bodySha256']}") == body


def test_media_are_stored_so_that_a_browser_saves_them(caller: Caller, stored: ReadBack, mo_id: str) -> None:
    caller.post(message(main(moId=mo_id), part(b"<script>alert(1)</script>", "image/svg+xml", "x.svg")))
    stored_object = stored.bucket.Object(stored.item(f"MO#{mo_id}")["parts"][0]["s3Key"]).get()
    assert (stored_object["ContentDisposition"], stored_object["ContentType"]) == ("attachment", "image/svg+xml")


def test_a_conversation_and_a_day_are_one_query_each(caller: Caller, stored: ReadBack) -> None:
    handset, service = f"44{next(MO_IDS)}"[:15], next(MO_IDS)[-7:]
    ids = [next(MO_IDS) for _ in range(3)]
    for second, mo_id in enumerate(ids):
        fields: dict[str, Any] = {
            "source": f"+{handset}",
            "destinations": [service],
            "date": f"2026-11-21T08:00:0{second}Z",
        }
        caller.post(message(main(moId=mo_id, **fields)))
    assert [item["moId"] for item in stored.query("by-handset", handset=handset)] == ids[::-1]
    day = stored.query("by-service", serviceDay=f"{service}#2026-11-21")
    assert [item["serviceOrder"][-len(ids[0]) :] for item in day] == ids[::-1]
    assert day[0].keys() >= {"direction", "handset", "subject", "status"}


def test_fifty_simultaneous_deliveries_give_one_record_and_one_set_of_media(
    caller: Caller, stored: ReadBack, mo_id: str
) -> None:
    def deliver(n: int) -> tuple[int, str]:
        boundary = f"boundary{n % 5}"
        parts = [part(png(), "image/png", "1.png"), part(b"GIF89a" + bytes(500), "image/gif", "2.gif"), text("twice")]
        return caller.outcome(message(main(moId=mo_id), *parts, boundary=boundary), multipart_type(boundary))

    with ThreadPoolExecutor(50) as pool:
        outcomes = list(pool.map(deliver, range(50)))
    assert sorted(outcomes) == [(200, "duplicate")] * 49 + [(200, "stored")]
    assert len(stored.items(f"MO#{mo_id}")) == 1
    assert len(stored.keys(f"mo/{mo_id}/")) == 2


def test_another_content_under_the_same_id_is_kept_beside_it(caller: Caller, stored: ReadBack, mo_id: str) -> None:
    caller.post(message(main(moId=mo_id), text("first")))
    assert caller.outcome(message(main(moId=mo_id), text("second"))) == (200, "conflict")
    assert caller.outcome(message(main(moId=mo_id), text("second"))) == (200, "conflict")
    conflict, first = stored.items(f"MO#{mo_id}")
    assert (first["text"], conflict["text"]) == ("first", "second")
    assert conflict["sk"] == f"CONFLICT#{conflict['contentSha256']}"
    waiting = stored.query("attention", attention="CONFLICT")
    assert (conflict["pk"], conflict["sk"]) in [(each["pk"], each["sk"]) for each in waiting]


def test_a_report_waits_for_its_message_and_joins_it_when_it_comes_again(
    caller: Caller, stored: ReadBack, mo_id: str
) -> None:
    request_id = f"order-{mo_id}"
    assert caller.outcome(report_json(mtId=mo_id, status="Deferred"), "application/json") == (200, "report")
    stored.table.put_item(Item={"pk": f"MT#{request_id}", "sk": "MESSAGE", "status": "ACCEPTED"})
    stored.table.put_item(Item={"pk": f"MTID#{mo_id}", "sk": "REQUEST", "requestId": request_id})
    assert caller.outcome(report_json(mtId=mo_id, status="Deferred"), "application/json") == (200, "duplicate")
    assert stored.item(f"MT#{request_id}")["delivery"]["status"] == "Deferred"


def test_delivery_only_moves_forward_and_every_report_is_kept(caller: Caller, stored: ReadBack, mo_id: str) -> None:
    request_id = f"order-{mo_id}"
    stored.table.put_item(Item={"pk": f"MT#{request_id}", "sk": "MESSAGE", "status": "ACCEPTED"})
    stored.table.put_item(Item={"pk": f"MTID#{mo_id}", "sk": "REQUEST", "requestId": request_id})
    seen = []
    for status, date in [
        ("Forwarded", "2026-11-21T08:00:02Z"),
        ("Deferred", "2026-11-21T08:00:01Z"),
        ("Retrieved", "2026-11-21T08:00:00Z"),
        ("Forwarded", "2026-11-21T09:00:00Z"),
        ("Rejected", "no date"),
    ]:
        caller.post(report_json(mtId=int(mo_id), status=status, date=date), "application/json")
        seen.append(stored.item(f"MT#{request_id}")["delivery"]["status"])
    assert seen == ["Forwarded", "Forwarded", "Retrieved", "Retrieved", "Retrieved"]
    delivery = stored.item(f"MT#{request_id}")["delivery"]
    assert delivery == {
        "status": "Retrieved",
        "outcomeId": 1,
        "outcomeDescription": "Success.",
        "date": "2026-11-21T08:00:00.000Z",
        "final": True,
    }
    reports = [item["sk"] for item in stored.items(f"MTID#{mo_id}") if item["sk"].startswith("REPORT#")]
    assert len(reports) == 5
    what = hashlib.sha256(b'["Retrieved","1","Success."]').hexdigest()[:16]
    assert f"REPORT#2026-11-21T08:00:00.000Z#{what}" in reports
    assert any(sk.startswith("REPORT#-#") for sk in reports)


def test_reports_that_differ_in_a_field_of_a_strange_type_are_kept_apart(
    caller: Caller, stored: ReadBack, mo_id: str
) -> None:
    reports: list[dict[str, Any]] = [
        *({"outcomeId": value} for value in (1, "4", "5", None, 1.5, 12345678901234567890)),
        *({"outcomeDescription": value} for value in (["a"], {"b": 1}, None)),
    ]
    outcomes = [caller.outcome(report_json(mtId=mo_id, **fields), "application/json")[1] for fields in reports]
    assert outcomes == ["report"] * len(reports)
    assert caller.outcome(report_json(mtId=mo_id, outcomeId="1"), "application/json") == (200, "duplicate")
    items = stored.items(f"MTID#{mo_id}")
    assert len(items) == len(reports)
    assert {item.get("outcomeId") for item in items} == {1, 4, 5, None}


def test_a_report_for_an_index_without_its_message_makes_no_message(
    caller: Caller, stored: ReadBack, mo_id: str
) -> None:
    stored.table.put_item(Item={"pk": f"MTID#{mo_id}", "sk": "REQUEST", "requestId": f"gone-{mo_id}"})
    assert caller.outcome(report_json(mtId=mo_id), "application/json") == (200, "report")
    assert stored.item(f"MT#gone-{mo_id}") == {}


def test_a_broken_body_is_quarantined_with_its_reason(caller: Caller, stored: ReadBack, mo_id: str) -> None:
    body = message(main(moId=None, userAgent=mo_id))
    answer = caller.post(body)
    reason = "moId: expected an integer or digits, got null"
    assert (answer.status_code, answer.headers["X-Mms-Outcome"]) == (200, f"quarantined; {reason}")
    sha256 = hashlib.sha256(body).hexdigest()
    item = stored.item(f"RAW#{sha256}", "CALLBACK")
    assert (item["reason"], item["attention"]) == (reason, "QUARANTINED")
    assert item["attentionSince"] == item["receivedAt"]
    kept = stored.bucket.Object(f"quarantine/{sha256}").get()
    assert kept["Body"].read() == body
    assert kept["Metadata"]["callback-content-type"] == multipart_type()


def test_a_body_cut_short_is_asked_for_again_once(caller: Caller, stored: ReadBack, mo_id: str) -> None:
    body = message(main(moId=mo_id), part(png(), "image/png"))[:-30]
    assert caller.outcome(body) == (503, "truncated")
    first = stored.item(f"RAW#{hashlib.sha256(body).hexdigest()}", "CALLBACK")
    assert caller.outcome(body) == (200, "quarantined; the closing delimiter is missing")
    assert stored.item(f"RAW#{hashlib.sha256(body).hexdigest()}", "CALLBACK") == first
    assert caller.outcome(message(main(moId=mo_id), part(png(), "image/png"))) == (200, "stored")


@pytest.mark.parametrize("encoding", ["gzip", "br"])
def test_row_29_a_compressed_request(caller: Caller, stored: ReadBack, mo_id: str, encoding: str) -> None:
    body = f"compressed {mo_id}".encode()
    answer = caller.post(body, Content_Encoding=encoding)
    assert answer.status_code == 200
    assert answer.headers["X-Mms-Outcome"].startswith("quarantined; Content-Encoding")
    assert stored.media(f"quarantine/{hashlib.sha256(body).hexdigest()}") == body


def test_a_forged_callback_writes_nothing(caller: Caller, stored: ReadBack, stack: Stack, mo_id: str) -> None:
    before = len(list(stored.all_items())), len(stored.keys())
    real = stack.callback_url.rsplit("/", 1)
    for token in ("wrong", real[1][:-1], real[1] + "x", "%00", real[1].swapcase()):
        answer = caller.post(message(main(moId=mo_id)), url=f"{real[0]}/{token}")
        assert (answer.status_code, answer.headers["X-Mms-Outcome"]) == (401, "unauthorized")
        assert answer.content == b""
    assert (len(list(stored.all_items())), len(stored.keys())) == before


@pytest.fixture
def secret(stack: Stack) -> Iterator["SecretEditor"]:
    editor = SecretEditor(stack)
    yield editor
    editor.put(**editor.usual)


class SecretEditor:
    """Changes the secret, and waits until the function may have seen the change."""

    def __init__(self, stack: Stack) -> None:
        self._client = stack.client("secretsmanager")
        self._arn = stack.secret_arn
        self.usual = json.loads(self._client.get_secret_value(SecretId=self._arn)["SecretString"])

    def put(self, **values: object) -> None:
        self._client.put_secret_value(SecretId=self._arn, SecretString=json.dumps(values))
        time.sleep(2.1)  # credentials.MIN_AGE


def test_a_new_token_opens_at_once_and_the_old_one_beside_it(
    caller: Caller, stack: Stack, secret: SecretEditor
) -> None:
    url, token = stack.callback_url.rsplit("/", 1)
    new = token_urlsafe()  # the stack may be one that strangers reach, who can read this too
    secret.put(**{**secret.usual, "callbackTokens": [new, token]})
    for one in (new, token):
        assert caller.post(message(main(moId=next(MO_IDS))), url=f"{url}/{one}").status_code == 200


def test_basic_is_asked_for_once_the_secret_has_it(caller: Caller, stack: Stack, secret: SecretEditor) -> None:
    url, token = stack.callback_url.rsplit("/", 1)
    basic = {"callbackUser": "openmarket", "callbackPasswords": ["new", "old"]}
    # A token that no function has seen yet makes each of them look at the secret again.
    new = token_urlsafe()
    secret.put(**{**secret.usual, **basic, "callbackTokens": [new, token]})

    def status(password: str | None) -> int:
        word = base64.b64encode(f"openmarket:{password}".encode()).decode()
        headers = {} if password is None else {"Authorization": f"Basic {word}"}
        return caller.post(message(main(moId=next(MO_IDS))), url=f"{url}/{new}", **headers).status_code

    assert [status(password) for password in ("new", "old", "wrong", None)] == [200, 200, 401, 401]


def test_a_body_of_4_6_mb_is_stored(caller: Caller, stored: ReadBack, mo_id: str) -> None:
    media = [png() + bytes(2_290_000) + bytes([n]) for n in range(2)]
    body = message(main(moId=mo_id), *[part(each, "image/png", f"{n}.png") for n, each in enumerate(media)])
    assert 4_550_000 < len(body) < 4_650_000
    assert caller.outcome(body) == (200, "stored")
    parts = stored.item(f"MO#{mo_id}")["parts"]
    assert [stored.media(each["s3Key"]) for each in parts] == media


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("receive-an-mms.mo.printed", "quarantined"),
        ("things-to-know.mo.printed", "quarantined"),
        ("receive-an-mms.mo.restored", "stored"),
        ("things-to-know.mo.restored", "conflict"),  # the provider printed two messages with one moId
        ("things-to-know.report.restored", "report"),
    ],
)
def test_the_providers_printed_samples(caller: Caller, name: str, outcome: str) -> None:
    request = sample(name)
    answer = caller.post(request.body, request.content_type)
    assert answer.headers["X-Mms-Outcome"].partition(";")[0] == outcome
