"""`mms inbox`, `conversation` and `show` on the running stack."""

import hashlib
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from console import output
from local.readback import ReadBack
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


def test_a_conversation_with_several_short_codes_is_in_the_order_of_time(mms: Mms, simulator: SimulatorClient) -> None:
    handset, services = next(NUMBERS), ("90001", "10001", "90001", "10001", "50001")
    for number, service in enumerate(services):
        simulator.send_message(
            source=handset, destinations=[service], subject=f"No. {number}", date=f"2026-03-01T10:00:0{number}Z"
        )
    every = mms("conversation", handset, "--json").json
    assert [item["subject"] for item in every] == [f"No. {number}" for number in range(5)]
    newest = mms("conversation", handset, "--limit", "3")
    assert [line.strip() for line in newest.out.splitlines() if "No." in line] == ["No. 2", "No. 3", "No. 4"]
    assert "These are the newest 3" in newest.err
    assert mms("conversation", handset, "--limit", "5").err == ""


def test_an_id_is_printed_in_one_piece_however_narrow_the_terminal_is(
    mms: Mms, producer: Producer, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = producer.message(destination=next(NUMBERS), requestId=f"order-{uuid.uuid4()}-{'x' * 60}")
    producer.send(message)
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setattr(output.screen, "_width", 40)
    for words in (
        ("conversation", message["destination"]),
        ("inbox", "--service", message["source"]),
        ("show", message["requestId"]),
    ):
        assert message["requestId"] in mms(*words).out, words


def test_what_a_team_adds_to_an_item_is_shown_as_json_too(mms: Mms, stored: ReadBack) -> None:
    mo_id = next(NUMBERS)
    added: dict[str, Any] = {
        "labels": {"urgent", "angry"},
        "price": Decimal("0.125"),
        "blob": b"\x00\x01",
        "votes": {Decimal(2)},
    }
    stored.table.put_item(Item={"pk": f"MO#{mo_id}", "sk": "MESSAGE", "status": "RECEIVED", **added})
    item = mms("show", mo_id, "--json").json["message"]
    assert {name: item[name] for name in added} == {
        "labels": ["angry", "urgent"],
        "price": 0.125,
        "blob": "AAE=",
        "votes": [2],
    }
    assert mms("show", mo_id).status == 0, "though it has none of what a message has"


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


def test_what_needs_attention_is_shown_by_the_id_that_the_list_has(mms: Mms, simulator: SimulatorClient) -> None:
    body = f"no callback {uuid.uuid4()}".encode()
    simulator.send_raw("text/plain", body)
    sha256 = hashlib.sha256(body).hexdigest()
    assert mms("show", sha256[:12], "--json").json["message"]["pk"] == f"RAW#{sha256}"
    mo_id = str(simulator.send_message(subject="One").mo_id)
    simulator.send_message(subject="Other", mo_id=mo_id)
    (other,) = mms("show", mo_id, "--json").json["conflicts"]
    name = f"MO#{mo_id}#{other['sk'].removeprefix('CONFLICT#')[:8]}"
    assert name in mms("show", mo_id).out
    said = mms("show", name)
    assert said.out.startswith(f"{name}  CONFLICT\n")
    assert "Other contents under the same id" in said.out
    assert mms("show", name, "--json").json["message"] == other


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
