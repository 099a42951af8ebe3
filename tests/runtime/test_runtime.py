"""The built function as Lambda runs it: how it starts, how much it takes, what it writes to its log."""

import hashlib
import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from local.readback import ReadBack
from local.simulator.media import png
from tests.runtime.emulator import Artifact, Run
from tests.runtime.events import IDS, EventMaker, picture_message
from tests.wire.bodies import main, message, part, report_json, text

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="AWS's emulator runs on Linux only")

MAX_EVENT = 6_291_556  # bytes: Lambda's 6 MB, and a hundred more


# --- start ------------------------------------------------------------------------------------------------------------


def test_the_first_call_starts_the_function_and_the_second_finds_it_warm(
    run: Run, event: EventMaker, stored: ReadBack
) -> None:
    mo_id = next(IDS)
    callback = event(picture_message(mo_id))
    with run() as emulator:
        assert emulator.invoke(callback).outcome == (200, "stored")
        assert emulator.invoke(callback).outcome == (200, "duplicate")
    assert stored.media(stored.item(f"MO#{mo_id}")["parts"][0]["s3Key"]) == png()
    lines = [line for line in emulator.json_lines() if "level" in line]
    assert [(line["level"], line["cold_start"]) for line in lines] == [("INFO", True), ("INFO", False)]
    assert emulator.output().count("INIT RTDONE(status: success)") == 1


# Each of them is installed for the tests too, so these show as well that the function sees nothing of that.
@pytest.mark.parametrize("package", ["pybase64", "jmespath", "mms_gateway"])
def test_a_layer_that_lacks_a_package_fails_at_the_start(
    run: Run, event: EventMaker, artifact: Artifact, tmp_path: Path, package: str
) -> None:
    layers = tmp_path / "opt"
    shutil.copytree(artifact.layers, layers)
    shutil.rmtree(layers / "python" / package)
    with run(replace(artifact, layers=layers)) as emulator:
        answer = emulator.invoke(event(picture_message(next(IDS))))
    assert answer.status == 502
    assert answer.result["errorType"] == "Runtime.ImportModuleError"
    assert f"No module named '{package}" in answer.result["errorMessage"]
    assert "INIT RTDONE(status: error)" in emulator.output()


def test_a_variable_that_the_template_forgot_fails_at_the_start(run: Run, event: EventMaker) -> None:
    with run(TABLE_NAME="") as emulator:
        answer = emulator.invoke(event(picture_message(next(IDS))))
    assert (answer.status, answer.result["errorType"]) == (502, "ValueError")
    assert "TABLE_NAME is not set" in answer.result["errorMessage"]


# --- size -------------------------------------------------------------------------------------------------------------


def test_an_event_of_lambdas_greatest_size_is_stored_byte_for_byte(
    run: Run, event: EventMaker, stored: ReadBack
) -> None:
    mo_id = next(IDS)
    media = [hashlib.shake_256(seed).digest(2_358_000) for seed in (b"one", b"two")]
    body = message(main(moId=int(mo_id)), *[part(each, "image/jpeg", f"{n}.jpg") for n, each in enumerate(media)])
    largest = event(body, size=MAX_EVENT)
    assert len(largest) == MAX_EVENT
    with run() as emulator:
        assert emulator.invoke(largest).outcome == (200, "stored")
    parts = stored.item(f"MO#{mo_id}")["parts"]
    assert [stored.media(each["s3Key"]) for each in parts] == media


def test_an_event_one_byte_larger_never_reaches_the_function(run: Run, event: EventMaker, stored: ReadBack) -> None:
    # Lambda refuses it whole (413). The emulator cuts it off there, and AWS's runtime client can't read what is left.
    mo_id = next(IDS)
    with run() as emulator:
        answer = emulator.invoke(event(picture_message(mo_id), size=MAX_EVENT + 1))
        assert answer.result["errorType"] == "Runtime.UnmarshalError"
        assert stored.item(f"MO#{mo_id}") == {}
        assert emulator.invoke(event(picture_message(mo_id))).outcome == (200, "stored")
    assert [line["message"] for line in emulator.json_lines() if "message" in line] == ["stored"]


# --- log --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", ["INFO", "DEBUG"])
def test_every_outcome_is_one_line_with_its_metric_and_tells_nothing_secret_or_personal(
    run: Run, event: EventMaker, level: str
) -> None:
    personal = {
        "handset": "447700900765",
        "service": "447700900123",
        "subject": "canary-subject",
        "device": "canary-device",
        "name": "canary-name",
        "text": "canary text",
        "broken": "canary-broken",
        "forged": "canary-token",
        "token": event.token,
    }

    def canaries(*, words: str = personal["text"], **fields: Any) -> bytes:
        usual = {
            "source": f"+{personal['handset']}",
            "destinations": [personal["service"]],
            "subject": personal["subject"],
            "userAgent": personal["device"],
        }
        picture = part(png(), "image/png", f"{personal['name']}.png")
        return message(main(**{**usual, **fields}), picture, text(words, content_id=f"{personal['name']}.txt"))

    mo_id, mt_id = int(next(IDS)), int(next(IDS))
    whole = canaries(moId=mo_id)
    report = report_json(mtId=mt_id, outcomeDescription=personal["text"], userAgent=personal["device"])
    calls = [
        ("stored", "Received", event(whole, request="r-1")),
        ("duplicate", "Duplicates", event(whole, request="r-2")),
        ("conflict", "Conflicts", event(canaries(moId=mo_id, words=personal["text"] * 2), request="r-3")),
        ("report", "Reports", event(report, "application/json", request="r-4")),
        ("quarantined", "Quarantined", event(canaries(moId=personal["broken"]), request="r-5")),
        ("truncated", "Truncated", event(canaries(moId=int(next(IDS)))[:-40], request="r-6")),
        ("unauthorized", "Unauthorized", event(whole, request="r-7", token=personal["forged"])),
    ]
    with run(POWERTOOLS_LOG_LEVEL=level) as emulator:
        outcomes = [emulator.invoke(each).outcome[1].partition(";")[0] for _, _, each in calls]
    assert outcomes == [outcome for outcome, _, _ in calls]
    assert [what for what, words in personal.items() if words in emulator.output()] == []
    assert not any(json.loads(each)["body"][:80] in emulator.output() for _, _, each in calls)

    lines = [line for line in emulator.json_lines() if line.get("level", "") not in {"", "DEBUG"}]
    assert [line["outcome"] for line in lines] == outcomes
    ids = [line.get("correlation_id") for line in lines]
    assert ids == [*(f"r-{number}" for number in range(1, 7)), None], "a stranger's id is nothing to log"
    assert lines[0]["handset"] == "…0765"
    counted = [line for line in emulator.json_lines() if "_aws" in line]
    assert len(counted) == len(calls)
    assert all(line[metric] == [1.0] for line, (_, metric, _) in zip(counted, calls, strict=True))
