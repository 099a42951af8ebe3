"""`mms export` on the running stack."""

import hashlib
import json
import uuid
from pathlib import Path
from typing import Any

import pytest

from console.connection import Gateway
from console.exporting.export import export
from console.exporting.folder import ExportFolder
from console.reading import plain
from console.selection import Choice
from console.watching import Unwatched
from local.readback import Item, ReadBack
from local.simulator.callbacks import Part
from local.simulator.client import SimulatorClient
from local.simulator.media import jpeg
from tests.integration.console.conftest import Mms
from tests.integration.producer import NUMBERS, Producer

PICTURE = Part(content_type="image/jpeg", content_id="ex-parrot.jpg", data=jpeg())


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "messages.jsonl").read_text().splitlines()]


def keys(items: list[dict[str, Any]]) -> set[tuple[str, str]]:
    return {(item["pk"], item["sk"]) for item in items}


def key_of(item: Item) -> tuple[str, str]:
    return str(item["pk"]), str(item["sk"])


def test_a_handsets_messages_come_whole_with_reports_and_media_and_nobody_elses(
    mms: Mms, simulator: SimulatorClient, producer: Producer, stored: ReadBack, tmp_path: Path
) -> None:
    handset, stranger = next(NUMBERS), next(NUMBERS)
    mo_id = str(simulator.send_message([PICTURE], source=handset).mo_id)
    simulator.send_message([PICTURE], source=stranger, mo_id=mo_id, subject="Another's under the same id")
    upload = producer.upload("parrot.jpg", b"parrot")
    contents = [{"contentId": "a.jpg", "s3": upload}, {"contentId": "long.txt", "text": "long " * 2000}]
    message = producer.message(destination=handset, content=contents)
    producer.enqueue(message)
    sent = producer.wait(message, lambda item: "delivery" in item)
    said = mms("export", str(tmp_path), "--handset", f"+{handset}")
    assert said.status == 0, said
    assert "2 messages, 1 delivery report" in said.out
    assert "3 files" in said.out
    expected = [
        stored.item(f"MO#{mo_id}"),
        stored.item(f"MT#{message['requestId']}"),
        *stored.items(f"MTID#{sent['mtId']}"),
    ]
    exported = lines(tmp_path)
    assert sorted(exported, key=key_of) == sorted(map(plain, expected), key=key_of)
    (mo,) = (item for item in exported if item["pk"] == f"MO#{mo_id}")
    assert mo["parts"][0]["size"] == len(jpeg())  # a number, not a text
    files = {str(file.relative_to(tmp_path / "media")): file.read_bytes() for file in tmp_path.rglob("media/*/**/*.*")}
    assert files == {upload["key"]: b"parrot"}
    for key in (mo["parts"][0]["s3Key"], sent["parts"][1]["s3Key"]):
        assert (tmp_path / "media" / key).read_bytes() == stored.media(key)


def test_without_a_choice_everything_is_exported_callbacks_that_could_not_be_read_too(
    mms: Mms, simulator: SimulatorClient, stored: ReadBack, tmp_path: Path
) -> None:
    body = f"no callback {uuid.uuid4()}".encode()
    simulator.send_raw("text/plain", body)
    before = keys(list(stored.all_items()))
    mms("export", str(tmp_path))
    assert before <= keys(lines(tmp_path))
    assert len(keys(lines(tmp_path))) == len(lines(tmp_path))
    assert (tmp_path / "media" / "quarantine" / hashlib.sha256(body).hexdigest()).read_bytes() == body


def test_a_services_days_are_chosen_by_day_and_without_days_all_of_them(
    mms: Mms, simulator: SimulatorClient, tmp_path: Path
) -> None:
    service = next(NUMBERS)
    for day in (1, 2, 3):
        simulator.send_message(destinations=[service], subject=f"Day {day}", date=f"2026-03-0{day}T23:59:59Z")

    def subjects(name: str, *options: str) -> list[str]:
        said = mms("export", str(tmp_path / name), "--service", service, "--no-media", *options)
        assert said.status == 0, said
        return sorted(item["subject"] for item in lines(tmp_path / name))

    assert subjects("two", "--since", "2026-03-01", "--until", "2026-03-02") == ["Day 1", "Day 2"]
    assert subjects("since", "--since", "2026-03-02") == ["Day 2", "Day 3"]
    assert subjects("all") == ["Day 1", "Day 2", "Day 3"]


def test_ordered_again_it_fetches_what_is_not_there_whole_and_nothing_else(
    mms: Mms, simulator: SimulatorClient, tmp_path: Path
) -> None:
    handset = next(NUMBERS)
    whole = Part(content_type="image/jpeg", data=jpeg())
    simulator.send_message([whole, Part(content_type="image/gif", data=b"GIF89a" * 9)], source=handset)
    options = ("export", str(tmp_path / "it"), "--handset", handset)
    mms(*options)
    (item,) = lines(tmp_path / "it")
    there, cut = (tmp_path / "it" / "media" / part["s3Key"] for part in item["parts"])
    mark = b"x" * len(jpeg())  # of the right size: it would be overwritten if it were fetched
    there.write_bytes(mark)
    cut.write_bytes(b"GIF")
    (tmp_path / "it" / "messages.jsonl").unlink()
    said = mms(*options)
    assert "2 files" in said.out
    assert "1 of them there already" in said.out
    assert (there.read_bytes(), cut.read_bytes()) == (mark, b"GIF89a" * 9)
    assert lines(tmp_path / "it") == [item]
    assert not list(tmp_path.rglob("*.part"))


def test_what_is_gone_from_the_bucket_is_named_and_all_else_exported(
    mms: Mms, simulator: SimulatorClient, stored: ReadBack, tmp_path: Path
) -> None:
    handset = next(NUMBERS)
    gone = str(simulator.send_message([PICTURE], source=handset).mo_id)
    kept = str(simulator.send_message([PICTURE], source=handset).mo_id)
    key = stored.item(f"MO#{gone}")["parts"][0]["s3Key"]
    stored.bucket.Object(key).delete()
    said = mms("export", str(tmp_path), "--handset", handset)
    assert said.status == 1
    assert "1 object could not be had; all else is exported" in said.err
    assert f"{key} is in the bucket no longer" in said.err
    assert keys(lines(tmp_path)) == {(f"MO#{gone}", "MESSAGE"), (f"MO#{kept}", "MESSAGE")}
    (file,) = (tmp_path / "media").rglob("0-*")
    assert (file.parent.name, file.read_bytes()) == (kept, jpeg())


def test_the_version_that_a_message_names_lies_behind_an_at(
    mms: Mms, producer: Producer, stored: ReadBack, tmp_path: Path
) -> None:
    upload = producer.upload("parrot.jpg", b"alive")
    version = stored.bucket.Object(upload["key"]).version_id
    stored.bucket.Object(upload["key"]).put(Body=b"an ex-parrot")
    named = upload | {"versionId": version}
    message = producer.message(content=[{"contentId": "a.jpg", "s3": named}, {"contentId": "b.jpg", "s3": upload}])
    producer.send(message)
    mms("export", str(tmp_path), "--handset", message["destination"])
    media = tmp_path / "media"
    assert (media / f"{upload['key']}@{version}").read_bytes() == b"alive"
    assert (media / upload["key"]).read_bytes() == b"an ex-parrot"


@pytest.mark.parametrize(
    "key",
    [
        "outgoing/../../../{}",
        "/etc/{}",
        "outgoing//{}",
        "outgoing/./{}",
        "outgoing/{}/..",
        "outgoing/a\x1b[2J{}",
        "../{}",
    ],
)
def test_no_key_leads_out_of_the_folder(gateway: Gateway, tmp_path: Path, key: str) -> None:
    name = key.format(uuid.uuid4())
    files = ExportFolder(tmp_path / "it", gateway, Choice())
    assert files.places_of(name) == (odd_file(tmp_path, name),) * 2
    elsewhere = "../.." if ".." in key else "outgoing"  # a bucket named like the folder of our own uploads
    assert files.places_of("fine", bucket=elsewhere) == (odd_file(tmp_path, f"{elsewhere}/fine"),) * 2


def odd_file(folder: Path, name: str) -> Path:
    return folder / "it" / "media" / "odd" / hashlib.sha256(name.encode()).hexdigest()


def test_keys_that_make_no_path_are_exported_all_the_same(gateway: Gateway, stored: ReadBack, tmp_path: Path) -> None:
    handset, number = next(NUMBERS), next(NUMBERS)
    names = {f"outgoing/{number}/..%2f": b"1", f"outgoing/{number}": b"2", f"outgoing/{number}/{'n' * 250}": b"3"}
    for name, data in names.items():
        stored.bucket.Object(name).put(Body=data)
    parts = [{"index": index, "s3Key": name, "size": 1} for index, name in enumerate(names)]
    item = {"pk": f"MT#{number}", "sk": "MESSAGE", "requestId": number, "handset": handset, "parts": parts}
    stored.table.put_item(Item=item | {"handsetOrder": f"88600#2026-03-01#{number}"})
    for _ in range(2):  # the second time all of them are there
        exported = export(gateway, Choice(handset=handset), tmp_path, Unwatched())
        assert (exported.files, exported.size, exported.lacking) == (3, 3, [])
        files = [file for file in (tmp_path / "media").rglob("*") if file.is_file()]
        assert sorted(file.read_bytes() for file in files) == [b"1", b"2", b"3"]
    assert exported.fetched == 0


def test_a_folder_with_something_else_in_it_is_left_alone(mms: Mms, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "messages.jsonl").write_text("precious")
    said = mms("export", str(mine), "--handset", next(NUMBERS))
    assert said.status == 1
    assert "is not empty, and holds no earlier export of the same messages" in said.err
    assert [file.read_text() for file in mine.iterdir()] == ["precious"]
    assert mms("export", str(tmp_path / "it"), "--handset", next(NUMBERS)).status == 0
    assert mms("export", str(tmp_path / "it"), "--handset", next(NUMBERS)).status == 1


def test_options_that_contradict_each_other_are_told_apart(mms: Mms, tmp_path: Path) -> None:
    folder = str(tmp_path / "it")
    for options, sentence in {
        ("--handset", "447700900750", "--service", "88600"): "Give --handset or --service, not both",
        ("--since", "2026-03-01"): "--since and --until go with --service",
        ("--service", "88600", "--until", "2026-03-01"): "--until goes with --since",
        ("--service", "88600", "--since", "2026-03-02", "--until", "2026-03-01"): "2026-03-02 is after 2026-03-01",
    }.items():
        said = mms("export", folder, *options)
        assert (said.status, sentence in said.err) == (1, True), said
    assert not Path(folder).exists()
