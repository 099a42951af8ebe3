"""`mms inbox`, `conversation` and `show` on the running stack."""

import hashlib
import uuid
from pathlib import Path

import pytest

from local.simulator.callbacks import Part
from local.simulator.client import SimulatorClient
from local.simulator.media import jpeg
from tests.integration.console.conftest import Mms
from tests.integration.producer import NUMBERS, Producer


def test_a_conversation_is_shown_oldest_first_with_what_was_sent_both_ways(
    mms: Mms, simulator: SimulatorClient, producer: Producer
) -> None:
    handset = next(NUMBERS)
    parts = [
        Part(content_type="text/plain", content_id="t.txt", data=b"Is it dead?"),
        Part(content_type="image/jpeg", content_id="ex-parrot.jpg", data=jpeg()),
    ]
    simulator.send_message(parts, source=handset, subject="Hello")
    answer = producer.message(destination=handset)
    producer.enqueue(answer)
    producer.wait(answer, lambda item: "delivery" in item)
    said = mms("conversation", f"+{handset}", "--service", "88600")
    question, reply = said.out.index("Hello: Is it dead?"), said.out.index("Your parrot: Here it is")
    assert question < said.out.index("with ex-parrot.jpg") < reply < said.out.index("Retrieved")
    assert [item["direction"] for item in mms("conversation", handset, "--json").json] == ["MO", "MT"]
    newest = mms("conversation", handset, "--limit", "1")
    assert "Is it dead?" not in newest.out
    assert "--limit" in newest.err


def test_what_a_customer_wrote_is_neither_markup_nor_obeyed_by_the_terminal(
    mms: Mms, simulator: SimulatorClient
) -> None:
    handset = next(NUMBERS)
    simulator.send_message(
        [Part(content_type="text/plain", data=b"\x1b]0;owned\x07[red]hot[/red]")], source=handset, subject="[/nonsense"
    )
    said = mms("conversation", handset)
    assert said.status == 0
    assert "[/nonsense: \ufffd]0;owned\ufffd[red]hot[/red]" in said.out


def test_a_short_codes_day_is_listed_newest_first(mms: Mms, simulator: SimulatorClient) -> None:
    service = next(NUMBERS)
    for number in range(3):
        simulator.send_message(destinations=[service], subject=f"No. {number}", date=f"2026-03-01T10:00:0{number}Z")
    items = mms("inbox", "--service", service, "--day", "2026-03-01", "--json").json
    assert [item["subject"] for item in items] == ["No. 2", "No. 1", "No. 0"]
    some = mms("inbox", "--service", service, "--day", "2026-03-01", "--limit", "2")
    assert ("No. 1" in some.out, "No. 0" in some.out) == (True, False)
    assert "--limit" in some.err
    assert "Nothing was sent" in mms("inbox", "--service", service).err


def test_a_message_is_shown_whole_and_its_contents_are_saved(
    mms: Mms, simulator: SimulatorClient, tmp_path: Path
) -> None:
    picture = Part(content_type="image/jpeg", content_id="ex-parrot.jpg", data=jpeg())
    mo_id = str(simulator.send_message([picture], subject="Look").mo_id)
    said = mms("show", mo_id, "--save", str(tmp_path))
    assert f"MO#{mo_id}  RECEIVED" in said.out
    (file,) = tmp_path.iterdir()
    assert (file.name, file.read_bytes()) == ("0-ex-parrot.jpg", jpeg())
    assert mms("show", f"MO#{mo_id}", "--json").json["message"]["subject"] == "Look"


def test_a_sent_message_is_found_by_its_mt_id_and_shown_with_every_report(mms: Mms, producer: Producer) -> None:
    message = producer.message(destination="10000873003")  # Deferred, then Retrieved
    producer.enqueue(message)
    item = producer.wait(message, lambda item: item.get("delivery", {}).get("status") == "Retrieved")
    said = mms("show", str(item["mtId"]))
    assert said.out.index("Delivery reports") < said.out.index("Deferred") < said.out.rindex("Retrieved")


def test_a_quarantined_body_is_shown_with_its_reason_and_saved(
    mms: Mms, simulator: SimulatorClient, tmp_path: Path
) -> None:
    body = f"no callback {uuid.uuid4()}".encode()
    simulator.send_raw("text/plain", body)
    said = mms("show", hashlib.sha256(body).hexdigest(), "--save", str(tmp_path))
    assert "QUARANTINED" in said.out
    assert "reason" in said.out
    assert (tmp_path / "0-body").read_bytes() == body


def test_what_is_not_there_is_said_with_what_could_be_given(mms: Mms) -> None:
    said = mms("show", "order-never-seen")
    assert (said.status, said.out) == (1, "")
    assert said.err.startswith("Nothing stands under order-never-seen. Give a requestId, a moId")
    assert "is no time" in mms("inbox", "--service", "88600", "--day", "yesterday").err


def test_the_callers_profile_and_proxies_have_no_part_in_the_local_stack(
    mms: Mms, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"AWS_PROFILE": "nobody", "HTTP_PROXY": "http://127.0.0.1:9", "NO_PROXY": ""}.items():
        monkeypatch.setenv(name, value)
        monkeypatch.setenv(name.lower(), value)
    assert mms("inbox", "--service", "1").status == 0


def test_without_a_stack_it_says_how_to_get_one(mms: Mms, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MMS_STACK_JSON", str(tmp_path / "none.json"))
    said = mms("inbox", "--service", "88600")
    assert said.status == 1
    assert said.err.startswith("No gateway runs on this machine. Start one with `make local`")
