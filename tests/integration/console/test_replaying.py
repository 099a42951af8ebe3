"""Quarantined callbacks read once more, on the running stack."""

import json
from hashlib import sha256
from typing import Any

import pytest

from console.connection import Gateway
from console.problems import Problem
from console.replaying import FAULTS_OF_THE_REQUEST, Replayer
from local.readback import Item, ReadBack
from local.simulator.client import SimulatorClient
from local.simulator.media import jpeg
from tests.integration.console.conftest import Mms
from tests.integration.producer import NUMBERS, Producer

FIRST_SEEN = "2026-03-01T10:00:00.000Z"
SINCE = {"attention": "QUARANTINED", "attentionSince": FIRST_SEEN}
TYPE = "multipart/mixed; boundary=b"


def picture_message(mo_id: str, subject: str = "Is it dead?") -> bytes:
    head = json.dumps(
        {"type": "MO", "moId": int(mo_id), "source": "4477", "destinations": ["88600"], "subject": subject}
    )
    return (
        b"--b\r\nContent-Type: application/json\r\nContent-Id: main\r\n\r\n"
        + head.encode()
        + b"\r\n--b\r\nContent-Type: image/jpeg\r\nContent-Id: parrot.jpg\r\n\r\n"
        + jpeg()
        + b"\r\n--b--\r\n"
    )


def quarantined(stored: ReadBack, body: bytes, content_type: str = TYPE, **changes: Any) -> str:
    """Put a body into quarantine as if a decoder before today's had failed to read it; its SHA-256."""
    sha = sha256(body).hexdigest()
    stored.bucket.Object(f"quarantine/{sha}").put(Body=body)
    item: Item = {
        "pk": f"RAW#{sha}",
        "sk": "CALLBACK",
        "reason": "moId: a fault that is mended by now",
        "size": len(body),
        "s3Key": f"quarantine/{sha}",
        "contentType": content_type,
        "receivedAt": FIRST_SEEN,
        "openMarketRequestId": "015-3DD6C366",
        **SINCE,
    }
    stored.table.put_item(Item={**item, **changes})
    return sha


def standing(stored: ReadBack, sha: str) -> Item:
    return stored.item(f"RAW#{sha}", "CALLBACK")


def test_a_message_that_can_be_read_now_is_stored_as_if_it_had_been_at_once(mms: Mms, stored: ReadBack) -> None:
    mo_id = next(NUMBERS)
    sha = quarantined(stored, picture_message(mo_id, "[b]Is it dead?"))
    before = standing(stored, sha)
    trial = mms("replay", sha[:12], "--dry-run")
    assert trial.out == (
        f"{sha[:12]} would be stored: message {mo_id} from 4477 to 88600, 1 content, [b]Is it dead?.\n"
    )
    assert stored.items(f"MO#{mo_id}") == []
    assert standing(stored, sha) == before
    said = mms("replay", sha[:12])
    assert (said.status, said.out[: len(sha[:12]) + 14]) == (0, f"{sha[:12]} is stored now")
    item = stored.item(f"MO#{mo_id}")
    assert (item["receivedAt"], item["sentAt"]) == (FIRST_SEEN, FIRST_SEEN)
    assert item["openMarketRequestId"] == "015-3DD6C366"
    assert stored.media(item["parts"][0]["s3Key"]) == jpeg()
    assert standing(stored, sha) == {k: v for k, v in before.items() if k not in SINCE}
    again = mms("replay", sha)
    assert (again.status, f"{sha[:12]} had come again" in again.out) == (0, True), "may be repeated"
    assert len(stored.items(f"MO#{mo_id}")) == 1


def test_what_came_again_meanwhile_is_a_duplicate_or_a_conflict(mms: Mms, stored: ReadBack) -> None:
    mo_id = next(NUMBERS)
    first, other = (quarantined(stored, picture_message(mo_id, subject)) for subject in ("One", "Another"))
    mms("replay", first)
    assert " would be duplicate: " in mms("replay", first, "--dry-run").out
    assert " would be conflict: " in mms("replay", other, "--dry-run").out
    assert " is kept as a conflict: " in mms("replay", other).out
    message, conflict = sorted(stored.items(f"MO#{mo_id}"), key=lambda item: item["sk"], reverse=True)
    assert (message["subject"], conflict["subject"], conflict["attention"]) == ("One", "Another", "CONFLICT")
    assert "attention" not in standing(stored, other)


def test_a_report_that_can_be_read_now_is_shown_on_its_message(mms: Mms, stored: ReadBack, producer: Producer) -> None:
    message = producer.message(destination="10000872001")
    mt_id = producer.send(message)["mtId"]
    report = {"type": "REPORT", "mtId": mt_id, "status": "Expired", "date": "2098-01-01T00:00:00Z"}
    sha = quarantined(stored, json.dumps(report).encode(), "application/json")
    assert f"would be report: a delivery report on {mt_id}, Expired" in mms("replay", sha, "--dry-run").out
    assert f"is recorded now: a delivery report on {mt_id}, Expired." in mms("replay", sha).out
    assert producer.item(message)["delivery"]["date"].startswith("2098")
    assert "attention" not in standing(stored, sha)
    orphan = json.dumps({**report, "mtId": next(NUMBERS)}).encode()
    assert "; its message is not known" in mms("replay", quarantined(stored, orphan, "application/json")).out


def test_what_still_cant_be_read_stays_with_its_reason_and_stops_no_other(
    mms: Mms, stored: ReadBack, simulator: SimulatorClient
) -> None:
    body = f"no callback {next(NUMBERS)}".encode()
    simulator.send_raw("text/plain", body)
    cut = picture_message(next(NUMBERS))[:-20]
    never, truncated = sha256(body).hexdigest(), quarantined(stored, cut)
    good = quarantined(stored, picture_message(next(NUMBERS)))
    before = [standing(stored, sha) for sha in (never, truncated)]
    for words in (["--dry-run"], []):
        said = mms("replay", never, truncated, good, "nobody", *words)
        assert said.status == 1
        assert said.out.startswith(good[:12])
        assert f"{never[:12]} still can't be read: Content-Type: expected" in said.err
        assert "(before: moId: a fault that is mended by now). It stays on the list." in said.err
        assert "Nothing stands under nobody" in said.err
        assert [standing(stored, sha) for sha in (never, truncated)] == before


@pytest.mark.parametrize("fault", sorted(FAULTS_OF_THE_REQUEST))
def test_what_was_at_fault_before_its_body_was_decoded_is_not_stored_in_another_shape(
    mms: Mms, stored: ReadBack, fault: str
) -> None:
    mo_id = next(NUMBERS)
    sha = quarantined(stored, picture_message(mo_id), reason=fault)
    for words in (["--dry-run"], []):
        said = mms("replay", sha, *words)
        assert (said.status, f"still can't be read: {fault}. It" in said.err) == (1, True)
    assert stored.items(f"MO#{mo_id}") == []
    assert "attention" in standing(stored, sha)


def test_a_body_that_is_not_the_one_that_came_is_not_read(gateway: Gateway, stored: ReadBack) -> None:
    mo_id = next(NUMBERS)
    sha = quarantined(stored, picture_message(mo_id))
    item = standing(stored, sha)
    stored.bucket.Object(item["s3Key"]).put(Body=picture_message(next(NUMBERS)))
    with pytest.raises(Problem, match="its SHA-256 differs"):
        Replayer(gateway).replay(item)
    stored.bucket.Object(item["s3Key"]).delete()
    with pytest.raises(Problem, match="is in the bucket no longer"):
        Replayer(gateway).replay(item)
    assert standing(stored, sha) == item
    with pytest.raises(Problem, match="is no callback that could not be read"):
        Replayer(gateway).replay({"pk": "MT#order-1", "sk": "MESSAGE"})


def test_a_look_at_it_that_somebody_else_took_meanwhile_stays(gateway: Gateway, stored: ReadBack) -> None:
    sha = quarantined(stored, picture_message(next(NUMBERS)))
    item = standing(stored, sha)
    newer = {**item, "attentionSince": "2026-03-02T10:00:00.000Z"}
    stored.table.put_item(Item=newer)
    assert Replayer(gateway).replay(item).name == "stored"
    assert standing(stored, sha) == newer
    stored.table.delete_item(Key={"pk": item["pk"], "sk": item["sk"]})


def test_all_on_the_list_are_read_or_those_that_are_named(mms: Mms, stored: ReadBack) -> None:
    assert mms("replay").err.startswith("Give the callbacks' ids")
    assert mms("replay", "0" * 64, "--all").err.startswith("Give the callbacks' ids")
    mo_id = next(NUMBERS)
    sha = quarantined(stored, picture_message(mo_id))
    said = mms("replay", "--all", "--dry-run")
    assert f"{sha[:12]} would be stored: message {mo_id}" in said.out
    assert "attention" in standing(stored, sha)
    mms("resolve", sha, "--close")
    assert sha[:12] not in mms("replay", "--all", "--dry-run").out
