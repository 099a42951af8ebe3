"""`mms send` on the running stack: what it uploads, enqueues and tells, and what reaches OpenMarket."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from console.connection import Gateway
from console.drafts import Refused, finish
from console.problems import Problem
from console.sending import follow, send
from local.readback import ReadBack
from local.simulator.client import SimulatorClient
from local.simulator.media import jpeg
from local.simulator.mt.behaviours import Behaviour, Error, Silence, Throttle
from local.simulator.mt.records import MtRequest
from local.stack import Stack
from tests.integration.console.conftest import Mms
from tests.integration.producer import NUMBERS, SETTLED, Producer
from tests.unit.drafts import FAULTY, by_hand, drafted

ROOT = Path(__file__).parents[3]
LINK = "https://www.openmarket.com/docs/Content/downloads/MMS-Demo.mp4"
Words = tuple[str, ...]
REJECTED_NUMBER = "10000872009"  # of the simulator's table: accepted, then reported as rejected


@pytest.fixture
def handset() -> str:
    return next(NUMBERS)


@pytest.fixture
def parrot(tmp_path: Path) -> Path:
    file = tmp_path / "Norwegian Blue.jpg"
    file.write_bytes(jpeg() + uuid.uuid4().bytes)
    return file


@pytest.fixture
def misbehaving(simulator: SimulatorClient, handset: str) -> Iterator[SimulatorClient]:
    """The simulator, which others use as well."""
    yield simulator
    rules = [rule for rule in simulator.list_behaviours() if rule.destination == handset and rule.is_live]
    assert rules == [], "was not played"


@pytest.fixture
def of_a_producer(stack: Stack, gateway: Gateway, tmp_path: Path) -> Iterator[Path]:
    """stack.json with the keys of somebody who may send, but not read."""
    iam = stack.client("iam")
    name = f"producer-{uuid.uuid4().hex[:12]}"
    arn = gateway.outputs["ProducerPolicyArn"]
    iam.create_user(UserName=name)
    iam.attach_user_policy(UserName=name, PolicyArn=arn)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    keys = {"accessKeyId": key["AccessKeyId"], "secretAccessKey": key["SecretAccessKey"]}
    file = tmp_path / "producer.json"
    file.write_text(json.dumps({**json.loads(stack.as_json()), **keys}))
    yield file
    iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    iam.detach_user_policy(UserName=name, PolicyArn=arn)
    iam.delete_user(UserName=name)


def new_order() -> str:
    """An id of its own."""
    return f"order-{uuid.uuid4()}"


def play_once(simulator: SimulatorClient, handset: str, behaviour: Behaviour) -> None:
    simulator.behave(behaviour, destination=handset, times=1)


def sent(simulator: SimulatorClient, handset: str) -> list[MtRequest]:
    return simulator.mt_requests(destination=handset)


def uploaded(stored: ReadBack, order: str) -> list[str]:
    return [each.key for each in stored.bucket.objects.filter(Prefix=f"outgoing/{order}/")]


def send_words(handset: str, *more: str) -> Words:
    return ("send", "--from", "88600", "--to", handset, *more)


def test_a_picture_and_a_text_reach_openmarket_byte_for_byte(
    mms: Mms, simulator: SimulatorClient, handset: str, parrot: Path
) -> None:
    words = ("--subject", "Für dich \U0001f99c", "--text", "Is it dead?\n[red]No[/red]", "--attach", str(parrot))
    said = mms(*send_words(f"+{handset}", *words, "--operator", "77", "--mt-config", "config1", "--wait"))
    assert said.status == 0, said.err
    assert re.fullmatch(r"mms-[0-9]{8}-[0-9]{6}-[0-9a-f]{8}\n", said.out)
    assert re.search(r"^[0-9,]+ bytes of at most 1,000,000: safe with every operator$", said.err, re.MULTILINE)
    assert said.err.index("enqueued") < said.err.index("ACCEPTED") < said.err.index("Retrieved")
    (request,) = sent(simulator, handset)
    assert request.details == {
        "type": "MT",
        "source": "88600",
        "destination": handset,
        "mtConfig": "config1",
        "subject": "Für dich \U0001f99c",
        "mobileOperatorId": 77,
    }
    assert [(part.content_id, part.content_type) for part in request.parts] == [
        ("text.txt", "text/plain"),
        ("Norwegian-Blue.jpg", "image/jpeg"),
    ]
    assert simulator.mt_part(request, 0) == b"Is it dead?\n[red]No[/red]"
    assert simulator.mt_part(request, 1) == parrot.read_bytes()
    assert said.err.startswith(f"{request.body_size:,} bytes of at most")


def test_without_waiting_the_id_is_all_that_is_told(mms: Mms, producer: Producer, handset: str, parrot: Path) -> None:
    order = new_order()
    said = mms(*send_words(handset, "--attach", str(parrot), "--id", order))
    assert (said.status, said.out) == (0, f"{order}\n")
    assert said.err.splitlines()[1:] == ["enqueued"]
    item = producer.wait({"requestId": order}, lambda item: item.get("status") == "ACCEPTED")
    assert item["handset"] == handset


def test_the_same_command_twice_is_sent_once(
    mms: Mms, simulator: SimulatorClient, producer: Producer, handset: str, parrot: Path
) -> None:
    order = new_order()
    words = send_words(handset, "--text", "x", "--attach", str(parrot), "--id", order)
    assert mms(*words).out == mms(*words).out == f"{order}\n"
    assert mms(*words, "--wait").status == 0
    producer.empties_the_queue()
    assert [request.accepted for request in sent(simulator, handset)] == [True]


def test_another_content_under_the_same_id_is_refused_and_not_enqueued(
    mms: Mms, simulator: SimulatorClient, stored: ReadBack, handset: str, parrot: Path
) -> None:
    order = new_order()
    mms(*send_words(handset, "--text", "Is it dead?", "--id", order, "--wait"))
    for wait in ("--wait",), ():
        said = mms(*send_words(handset, "--text", "It is.", "--attach", str(parrot), "--id", order, *wait))
        assert (said.status, said.out) == (1, "")
        _, sentence = said.err.splitlines()
        assert sentence == (
            f"The id {order} was used before for another message, so this one is not sent; give it an id of its own. "
            f"`mms show {order}` shows what stands there."
        )
        assert uploaded(stored, order) == []
    time.sleep(1)  # were it enqueued, it would be a conflict by now
    assert len(stored.items(f"MT#{order}")) == len(sent(simulator, handset)) == 1


def test_another_content_that_goes_first_is_found_while_waiting(
    gateway: Gateway, producer: Producer, handset: str
) -> None:
    order = new_order()
    first, second = (
        finish(drafted(destination=handset, request_id=order, text=text), gateway.rules) for text in ("one", "two")
    )
    send(gateway, first)
    producer.wait({"requestId": order}, lambda item: item.get("status") == "ACCEPTED")
    with pytest.raises(Problem, match=f"The id {order} was used before for another message"):
        list(follow(gateway, second, 10))


# --- what became of it ------------------------------------------------------------------------------------------------


def test_a_refusal_is_told_in_openmarkets_words(mms: Mms, misbehaving: SimulatorClient, handset: str) -> None:
    words = "The [red]operator[/red] can't take [/this]."
    play_once(misbehaving, handset, Error(code=400, status=400, description=words))
    said = mms(*send_words(handset, "--text", "x", "--wait"))
    assert said.status == 1
    assert f"REJECTED {words}\n" in said.err
    assert said.err.endswith("Under this id it is not sent any more; for another try give another --id.\n")
    assert said.out.startswith("mms-")


def test_a_message_that_is_reported_as_rejected_is_not_delivered(mms: Mms) -> None:
    said = mms(*send_words(REJECTED_NUMBER, "--text", "x", "--wait"))
    assert said.status == 5
    assert "ACCEPTED Rejected " in said.err


def test_a_doubt_is_told_with_how_to_settle_it(mms: Mms, misbehaving: SimulatorClient, handset: str) -> None:
    order = new_order()
    play_once(misbehaving, handset, Silence(seconds=0))
    said = mms(*send_words(handset, "--text", "x", "--id", order, "--wait"))
    assert (said.status, said.out) == (3, f"{order}\n")
    assert "IN_DOUBT it is not known whether OpenMarket took it" in said.err
    assert said.err.endswith(f"Nobody knows whether it was sent; `mms resolve {order}` helps to settle it.\n")


def test_a_throttled_message_is_shown_to_wait_and_then_to_be_accepted(
    mms: Mms, misbehaving: SimulatorClient, handset: str
) -> None:
    play_once(misbehaving, handset, Throttle(retry_after="2"))
    said = mms(*send_words(handset, "--text", "x", "--wait"))
    assert said.status == 0
    told = [line for line in said.err.splitlines() if line.split()[0] in {*SETTLED, "RETRY", "SENDING"}]
    retry = next(line for line in told if line.startswith("RETRY"))
    assert re.fullmatch(r"RETRY Too many requests\.; tried again at [0-9-]{10} [0-9:]{8}", retry)
    assert told[-1].startswith("ACCEPTED Retrieved ")
    assert not any("Too many" in line for line in told[told.index(retry) + 1 :])


def test_what_has_not_settled_in_time_is_told_with_where_to_look(
    mms: Mms, misbehaving: SimulatorClient, handset: str
) -> None:
    order = new_order()
    play_once(misbehaving, handset, Throttle(retry_after="30"))
    said = mms(*send_words(handset, "--text", "x", "--id", order, "--wait", "--timeout", "3"))
    assert said.status == 4
    assert said.err.endswith(f"No more is known after 3 s; `mms show {order}` tells later.\n")


def test_an_accepted_message_without_a_report_is_accepted(mms: Mms) -> None:
    said = mms(*send_words("10000873000", "--text", "x", "--wait", "--timeout", "4"))
    assert said.status == 0
    assert re.search("^ACCEPTED as mtId [0-9]+$", said.err, re.MULTILINE)
    assert "No more is known after 4 s" in said.err


def test_programs_are_told_in_json(mms: Mms, handset: str) -> None:
    order = new_order()
    words = send_words(handset, "--text", "x", "--id", order, "--json")
    assert mms(*words).json == {"requestId": order}
    item = mms(*words, "--wait").json
    assert (item["requestId"], item["status"], item["delivery"]["status"]) == (order, "ACCEPTED", "Retrieved")


# --- what is refused at once ------------------------------------------------------------------------------------------


def test_faults_of_every_kind_are_named_together_and_nothing_is_uploaded_or_enqueued(
    mms: Mms, stored: ReadBack, simulator: SimulatorClient, handset: str, parrot: Path
) -> None:
    order = new_order()
    numbers = ("send", "--from", "Parrots", "--to", f"{handset}x", "--subject", "x" * 256, "--operator", "-1")
    words = ("--not-after", "soon", "--link", "http://parrot.invalid", "--attach", str(parrot), "--id", order)
    said = mms(*numbers, *words, "--mt-config", "")
    assert (said.status, said.out) == (1, "")
    assert [line.partition(":")[0] for line in said.err.splitlines()] == [
        "source",
        "destination",
        "subject",
        "mtConfig",
        "mobileOperatorId",
        "notAfter",
        "content[1].url",
        "(content[1] is http",
    ]
    assert uploaded(stored, order) == []
    time.sleep(1)  # were it enqueued, it would be recorded by now
    assert stored.items(f"MT#{order}") == []
    assert sent(simulator, handset) == []


SENDABLE = {name: draft for name, draft in FAULTY.items() if draft.request_id is None}


def test_what_the_check_refuses_is_what_the_sender_writes_down_of_it(gateway: Gateway, producer: Producer) -> None:
    orders = {name: {"requestId": f"order-{uuid.uuid4()}"} for name in SENDABLE}
    for name, draft in SENDABLE.items():
        message = by_hand(draft, orders[name]["requestId"], producer.bucket)
        for key, (data, content_type) in message.objects.items():
            gateway.s3.put_object(Bucket=producer.bucket, Key=key, Body=data, ContentType=content_type)
        producer.enqueue(message.body)
    producer.wait_for_all(orders.values(), 60)
    for name, draft in SENDABLE.items():
        item = producer.item(orders[name])
        with pytest.raises(Refused) as refused:
            finish(replace(draft, request_id=orders[name]["requestId"]), gateway.rules)
        assert (name, item["status"], item.get("error", {}).get("description")) == (
            name,
            "REJECTED",
            "; ".join(refused.value.faults),
        )


@pytest.mark.parametrize("bad", ["", "order 4711"])
def test_an_id_that_can_not_be_used_is_refused_as_it_would_be_set_aside(
    mms: Mms, producer: Producer, handset: str, bad: str
) -> None:
    said = mms(*send_words(handset, "--text", "x", "--id", bad))
    assert said.status == 1
    producer.enqueue(by_hand(drafted(destination=handset), bad, producer.bucket).body)
    (dead,) = producer.set_aside(handset)
    assert said.err == dead["MessageAttributes"]["reason"]["StringValue"] + "\n"


def test_a_file_over_the_largest_message_is_refused_in_the_senders_words(
    mms: Mms, stored: ReadBack, handset: str, tmp_path: Path
) -> None:
    order = new_order()
    large = tmp_path / "large.mp4"
    large.write_bytes(b"x" * 1_000_000)
    said = mms(*send_words(handset, "--attach", str(large), "--id", order))
    assert said.status == 1
    assert re.fullmatch(
        r"content: takes 1,000,[0-9]{3} bytes when encoded, more than the 1,000,000 of the parameter MaxMessageBytes\n",
        said.err,
    )
    assert uploaded(stored, order) == []


def test_a_large_file_is_sent_with_a_word_of_warning(
    mms: Mms, simulator: SimulatorClient, handset: str, tmp_path: Path
) -> None:
    large = tmp_path / "large.mp4"
    large.write_bytes(uuid.uuid4().bytes * 60_000)
    said = mms(*send_words(handset, "--attach", str(large), "--wait"))
    assert said.status == 0
    assert "over 300,000 some operators refuse it" in said.err
    (request,) = sent(simulator, handset)
    assert simulator.mt_part(request, 0) == large.read_bytes()


def test_a_file_that_is_not_there_or_does_not_tell_its_type_is_named(mms: Mms, handset: str, tmp_path: Path) -> None:
    said = mms(*send_words(handset, "--attach", str(tmp_path / "gone.jpg")))
    assert (said.status, said.out) == (2, "")
    assert "gone.jpg' does not exist" in said.err
    (tmp_path / "parrot.feather").write_bytes(b"x")
    said = mms(*send_words(handset, "--attach", str(tmp_path / "parrot.feather")))
    assert (said.status, said.out) == (1, "")
    assert said.err.startswith("parrot.feather: its name does not tell what it is")


def test_a_link_to_an_allowed_host_goes_out_as_a_link(mms: Mms, simulator: SimulatorClient, handset: str) -> None:
    assert mms(*send_words(handset, "--link", LINK, "--wait")).status == 0
    (request,) = sent(simulator, handset)
    (part,) = request.parts
    assert (part.content_id, part.content_type) == ("link-1", "application/vnd.openmarket.remoteContent")
    assert simulator.mt_part(request, 0) == LINK.encode()


def test_characters_that_no_queue_takes_are_sent_all_the_same(
    mms: Mms, simulator: SimulatorClient, handset: str
) -> None:
    text = "not a character: \uffff, a control: \x01, an emoji: \U0001f99c"
    assert mms(*send_words(handset, "--text", text, "--wait")).status == 0
    (request,) = sent(simulator, handset)
    assert simulator.mt_part(request, 0) == text.encode()


# --- stopped, or cut off ----------------------------------------------------------------------------------------------


def told_how_to_go_on(err: str) -> str:
    """The id that the same command is to be given."""
    found = re.search(
        r"^It may not be enqueued\. The same command with --id (\S+) sends it once in any", err, re.MULTILINE
    )
    assert found is not None, err
    return found[1]


def test_whoever_can_not_enqueue_is_told_how_to_repeat_it_without_a_risk(
    mms: Mms, stack_json: Path, simulator: SimulatorClient, handset: str, parrot: Path
) -> None:
    whole = stack_json.read_text()
    told: dict[str, Any] = json.loads(whole)
    words = send_words(handset, "--attach", str(parrot))
    try:
        stack_json.write_text(json.dumps({**told, "sendQueueUrl": f"{told['sendQueueUrl']}-gone"}))
        said = mms(*words)
    finally:
        stack_json.write_text(whole)
    assert (said.status, said.out) == (1, "")
    assert mms(*words, "--id", told_how_to_go_on(said.err), "--wait").status == 0
    assert len(sent(simulator, handset)) == 1


def test_who_may_send_but_not_read_sends_and_is_told_that_waiting_shows_nothing(
    mms: Mms, of_a_producer: Path, simulator: SimulatorClient, parrot: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MMS_STACK_JSON", str(of_a_producer))
    quick, patient = next(NUMBERS), next(NUMBERS)
    assert mms(*send_words(quick, "--attach", str(parrot))).status == 0
    said = mms(*send_words(patient, "--attach", str(parrot), "--wait"))
    assert said.status == 4
    assert said.out.startswith("mms-")
    assert "It is enqueued, but what becomes of it can't be seen. AWS does not let you GetItem" in said.err
    for handset in (quick, patient):
        assert (
            simulator.wait_for_request(destination=handset, accepted=True).parts[0].content_id == "Norwegian-Blue.jpg"
        )


def test_who_stops_waiting_is_told_that_it_is_enqueued_and_where_to_look(stack_json: Path) -> None:
    words = send_words("10000873000", "--text", "x", "--wait")  # a number that nothing is reported of
    with subprocess.Popen(
        [sys.executable, "-m", "console", *words],
        cwd=ROOT,
        env={**os.environ, "MMS_STACK_JSON": str(stack_json), "PYTHONPATH": "layers/gateway:.", "COLUMNS": "400"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as command:
        assert command.stderr is not None
        for line in command.stderr:
            if line.startswith("ACCEPTED"):
                command.send_signal(signal.SIGINT)
                break
        out, err = command.communicate(timeout=30)
    assert command.returncode == 130
    # What was being printed when the signal came may be printed once more.
    assert f"\nStopped waiting. It is enqueued and goes its way; `mms show {out.strip()}` tells what" in f"\n{err}"
