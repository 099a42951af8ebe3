"""A mistake in an order is answered 400, named, and nothing is sent."""

import json
from collections.abc import Iterator

import httpx
import pytest

from local.simulator.server import running_simulator


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("orders")
    (folder / "media").mkdir()
    (folder / "secret.txt").write_text("secret")
    with (
        running_simulator("http://127.0.0.1:9/", media_folder=folder / "media") as simulator,
        httpx.Client(base_url=f"{simulator.url}/simulator", trust_env=False) as client,
    ):
        yield client


@pytest.mark.parametrize(
    ("path", "order", "field", "message"),
    [
        ("mo", [], "", "expected an object"),
        ("mo", {"subjct": "x"}, "subjct", "no such field; there are moId, source, "),
        ("mo", {"moId": 1.5}, "moId", "expected digits"),
        ("mo", {"moId": "12x"}, "moId", "expected 1 to 40 digits"),
        ("mo", {"source": 5}, "source", "expected a text"),
        ("mo", {"subject": 5}, "subject", "expected a text or null"),
        ("mo", {"mobileOperatorId": True}, "mobileOperatorId", "expected a whole number or null"),
        ("mo", {"destinations": [1]}, "destinations", "expected a list of texts"),
        ("mo", {"more": []}, "more", "expected an object"),
        ("mo", {"parts": {}}, "parts", "expected a list of at most 200"),
        ("mo", {"parts": [{"text": ""}] * 201}, "parts", "expected a list of at most 200"),
        ("mo", {"parts": ["x"]}, "parts[0]", "expected an object"),
        ("mo", {"parts": [{"contentType": "a/b"}]}, "parts[0]", "expected exactly one of text, base64, dataUrl, file"),
        ("mo", {"parts": [{"text": "a", "base64": ""}]}, "parts[0]", "expected exactly one of"),
        ("mo", {"parts": [{"text": ""}, {"base64": "*"}]}, "parts[1].base64", "expected base64"),
        ("mo", {"parts": [{"base64": "é"}]}, "parts[0].base64", "expected base64"),
        ("mo", {"parts": [{"text": "\ud83d"}]}, "parts[0].text", "expected text that can be written as UTF-8"),
        ("mo", {"parts": [{"dataUrl": "http://x"}]}, "parts[0].dataUrl", "expected data:<type>;base64,<data>"),
        ("mo", {"parts": [{"text": "", "contentType": "a\r\nb"}]}, "parts[0].contentType", "expected one line"),
        ("mo", {"parts": [{"text": "", "contentID": "a"}]}, "parts[0].contentID", "no such field; there are text, "),
        ("mo", {"parts": [{"text": "", "encoding": "zip"}]}, "parts[0].encoding", "expected one of 'binary', 'base64'"),
        ("mo", {"parts": [{"file": "dog.gif"}]}, "parts[0].file", "no such file in the media folder"),
        ("mo", {"parts": [{"file": "../secret.txt"}]}, "parts[0].file", "no such file in the media folder"),
        ("mo", {"parts": [{"file": "/etc/hostname"}]}, "parts[0].file", "no such file in the media folder"),
        ("mo", {"parts": [{"file": "a\0b"}]}, "parts[0].file", "no such file in the media folder"),
        ("mo", {"dialect": 1}, "dialect", "expected an object"),
        ("mo", {"dialect": {"idform": "text"}}, "dialect.idform", "no such field; there are boundary, "),
        ("mo", {"dialect": {"idForm": []}}, "dialect.idForm", "expected one of 'number', 'text'"),
        ("mo", {"dialect": {"userAgent": 1}}, "dialect.userAgent", "expected true or false"),
        ("mo", {"dialect": {"boundary": ""}}, "dialect.boundary", "expected 1 to 50 letters"),
        ("mo", {"delivery": {"atOnce": 65}}, "delivery.atOnce", "expected 1 to 64, got 65"),
        ("mo", {"delivery": {"atOnce": 1.5}}, "delivery.atOnce", "expected a whole number"),
        ("mo", {"delivery": {"answerWithin": "1"}}, "delivery.answerWithin", "expected a number"),
        ("report", {"mtId": "01"}, "mtId", "expected 1 to 40 digits"),
        ("report", {"status": None}, "status", "expected a text"),
        ("report", {"parts": []}, "parts", "no such field; there are mtId, "),
        ("raw", {"base64": "?"}, "base64", "expected base64"),
        ("raw", {"contentType": "a\nb"}, "contentType", "expected one line"),
    ],
)
def test_a_mistake_is_answered_400_and_named(
    api: httpx.Client, path: str, order: object, field: str, message: str
) -> None:
    # httpx's own json= can't write half of a surrogate pair.
    answer = api.post(path, content=json.dumps(order), headers={"Content-Type": "application/json"})

    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["field"] == field
    assert error["message"].startswith(message)
    assert api.get("deliveries").json() == {"deliveries": []}


@pytest.mark.parametrize(
    ("headers", "content", "message"),
    [
        ({"Content-Type": "text/plain"}, b"{}", "expected Content-Type: application/json"),
        ({"Content-Type": "application/json"}, b"{", "expected JSON"),
        ({"Content-Type": "application/json"}, b"[" * 200_000, "expected JSON"),
        ({"Content-Type": "application/json"}, b" " * 32_000_001, "expected at most 32000000 bytes"),
    ],
)
def test_an_order_that_is_none_is_answered_400(
    api: httpx.Client, headers: dict[str, str], content: bytes, message: str
) -> None:
    answer = api.post("mo", content=content, headers=headers)

    assert (answer.status_code, answer.json()) == (400, {"error": {"field": "", "message": message}})
