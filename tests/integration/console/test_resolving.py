"""A person's decisions on what needs attention, on the running stack."""

import uuid
from typing import Any

import pytest

from console.connection import Gateway
from console.problems import Problem
from console.reading import Reader
from console.resolving import accept, close, resend
from local.readback import ReadBack
from local.simulator.client import SimulatorClient
from tests.integration.console.conftest import Mms
from tests.integration.console.doubtful import in_doubt
from tests.integration.producer import NUMBERS, Producer

LONG_AGO = "1999-05-01T00:00:00.000Z"


@pytest.fixture
def doubt(producer: Producer, simulator: SimulatorClient) -> dict[str, Any]:
    """A message that OpenMarket took and did not answer: it hung up."""
    return in_doubt(producer, simulator)


def test_a_doubt_is_settled_by_sending_it_again(mms: Mms, doubt: dict[str, Any], producer: Producer) -> None:
    said = mms("resolve", doubt["requestId"], "--resend")
    assert (said.status, said.out) == (0, f"{doubt['requestId']} is sent again.\n")
    item = producer.wait(doubt, lambda item: item.get("status") == "ACCEPTED")
    assert item["attempts"] == 2
    assert not {"attention", "attentionSince", "error"} & item.keys()
    assert item["resentAt"] > item["sentAt"]
    late = mms("resolve", doubt["requestId"], "--resend")
    assert late.status == 1
    assert f"{doubt['requestId']} is ACCEPTED, not IN_DOUBT: OpenMarket took it as {item['mtId']}." in late.err


def test_a_doubt_whose_message_lies_in_the_bucket_is_sent_again(
    gateway: Gateway, producer: Producer, simulator: SimulatorClient
) -> None:
    content = [{"contentId": "long.txt", "text": "x" * 70_000}]
    doubt = in_doubt(producer, simulator, content=content)
    assert "detailsKey" in producer.item(doubt)
    resend(gateway, Reader(gateway).message(doubt["requestId"]))
    assert producer.wait(doubt, lambda item: item["status"] == "ACCEPTED")["attempts"] == 2


def test_nothing_is_written_where_the_message_can_no_longer_be_read(
    gateway: Gateway, doubt: dict[str, Any], producer: Producer, stored: ReadBack
) -> None:
    item = producer.item(doubt)
    details = item.pop("details")
    for lost in (item, {**item, "detailsKey": f"mt/{doubt['requestId']}/gone"}):
        stored.table.put_item(Item=lost)
        with pytest.raises(Problem, match=r"has lost its queue message|is in the bucket no longer"):
            resend(gateway, lost)
        assert producer.item(doubt)["status"] == "IN_DOUBT"
    stored.table.put_item(Item={**item, "details": details})


def test_a_doubt_is_settled_by_the_mt_id_that_openmarket_tells(
    mms: Mms, doubt: dict[str, Any], producer: Producer, simulator: SimulatorClient
) -> None:
    (request,) = simulator.mt_requests(destination=doubt["destination"])
    mt_id = str(request.mt_id)
    simulator.send_report(mt_id=mt_id, status="Retrieved")  # before anybody knew whose it is
    said = mms("resolve", doubt["requestId"], "--accepted", mt_id)
    assert said.out == f"{doubt['requestId']} was accepted as {mt_id}; its reports are joined.\n"
    item = producer.wait(doubt, lambda item: "delivery" in item)
    assert (item["status"], item["mtId"], item["delivery"]["status"]) == ("ACCEPTED", mt_id, "Retrieved")
    assert not {"attention", "attentionSince", "error"} & item.keys()
    simulator.send_report(mt_id=mt_id, status="Retrieved", date="2099-01-01T00:00:00+00:00")
    assert producer.item(doubt)["delivery"]["date"].startswith("2099"), "later reports find it, too"
    producer.empties_the_queue()
    assert len(simulator.mt_requests(destination=doubt["destination"])) == 1
    assert mms("resolve", doubt["requestId"], "--accepted", mt_id).status == 0, "may be repeated"
    assert "is ACCEPTED, not IN_DOUBT" in mms("resolve", doubt["requestId"], "--accepted", f"{mt_id}0").err


def test_an_mt_id_that_is_another_messages_is_refused(
    gateway: Gateway, doubt: dict[str, Any], producer: Producer
) -> None:
    other = producer.message()
    mt_id = producer.send(other)["mtId"]
    with pytest.raises(Problem, match=f"{mt_id} is the mtId of {other['requestId']}"):
        accept(gateway, producer.item(doubt), mt_id)
    for wrong in ("", "12a", "1" * 41, "1\n"):
        with pytest.raises(Problem, match="is no mtId"):
            accept(gateway, producer.item(doubt), wrong)
    assert producer.item(doubt)["status"] == "IN_DOUBT"


def test_a_doubt_that_is_another_one_by_now_is_not_settled(
    gateway: Gateway, doubt: dict[str, Any], producer: Producer, stored: ReadBack
) -> None:
    read = producer.item(doubt)
    stored.table.put_item(Item={**read, "attempts": 2})  # somebody had it sent again, and it is in doubt once more
    changed = "has changed since it was read: it is IN_DOUBT now, after 2 tries"
    with pytest.raises(Problem, match=changed):
        resend(gateway, read)
    with pytest.raises(Problem, match=changed):
        accept(gateway, read, next(NUMBERS))
    with pytest.raises(Problem, match=changed):
        close(gateway, read)
    assert producer.item(doubt) == {**read, "attempts": 2}


def test_an_mt_id_that_was_noted_meanwhile_is_not_replaced(
    gateway: Gateway, doubt: dict[str, Any], producer: Producer
) -> None:
    seen = producer.item(doubt)
    accept(gateway, seen, mt_id := next(NUMBERS))
    with pytest.raises(Problem, match=f"it is ACCEPTED now, as {mt_id}, after 1 tries"):
        accept(gateway, seen, next(NUMBERS))
    assert producer.item(doubt)["mtId"] == mt_id
    accept(gateway, seen, mt_id)


def test_a_message_that_was_never_claimed_is_not_settled(mms: Mms, stored: ReadBack) -> None:
    request_id = str(uuid.uuid4())
    stored.table.put_item(Item={"pk": f"MT#{request_id}", "sk": "MESSAGE", "status": "RETRY"})
    said = mms("resolve", request_id, "--resend")
    assert (said.status, said.err) == (1, f"{request_id} is RETRY, not IN_DOUBT.\n")


def test_a_doubt_is_closed(mms: Mms, doubt: dict[str, Any], producer: Producer) -> None:
    request_id = doubt["requestId"]
    assert mms("resolve", request_id, "--close").out == f"{request_id} is closed.\n"
    assert producer.item(doubt)["status"] == "CLOSED"
    assert "attention" not in producer.item(doubt)
    assert mms("resolve", request_id, "--close").status == 0, "may be repeated"
    assert f"{request_id} is CLOSED, not IN_DOUBT." in mms("resolve", request_id, "--resend").err
    assert f"{request_id} is CLOSED, not IN_DOUBT." in mms("resolve", request_id, "--accepted", "1").err
    assert "Nothing stands under nobody" in mms("resolve", "nobody", "--resend").err
    assert "Nothing stands under nobody" in mms("resolve", "nobody", "--accepted", "1").err


def test_a_message_that_was_ordered_again_keeps_its_mark_until_it_is_tried(
    mms: Mms, doubt: dict[str, Any], producer: Producer, stored: ReadBack
) -> None:
    item = {**producer.item(doubt), "status": "RETRY"}
    stored.table.put_item(Item=item)
    assert "is RETRY, not IN_DOUBT: it was ordered again" in mms("resolve", doubt["requestId"], "--close").err
    assert producer.item(doubt) == item
    mms("resolve", doubt["requestId"], "--resend")  # as if the first order had not come to enqueue it
    producer.wait(doubt, lambda item: item["status"] == "ACCEPTED")


def test_whatever_else_needs_attention_is_taken_off_the_list_by_itself(
    mms: Mms, producer: Producer, stored: ReadBack
) -> None:
    message = producer.message()
    producer.send(message)
    producer.enqueue({**message, "subject": "Another parrot"})
    producer.enqueue({**message, "subject": "A third parrot"})
    producer.empties_the_queue()
    pk = f"MT#{message['requestId']}"
    one, other = (item for item in stored.items(pk) if item["sk"].startswith("CONFLICT#"))
    handle = f"{pk}#{one['sk'].removeprefix('CONFLICT#')[:8]}"
    for wrong in ("--resend", "--accepted=1"):
        said = mms("resolve", handle, wrong)
        assert said.status == 1
        assert f"{handle} is CONFLICT, not IN_DOUBT. Its id was taken" in said.err
    assert mms("resolve", handle, "--close").out == f"{handle} is off the list.\n"
    rest = {name: value for name, value in one.items() if not name.startswith("attention")}
    assert stored.item(pk, one["sk"]) == rest
    assert stored.item(pk, other["sk"]) == other
    assert mms("resolve", handle, "--close").status == 0, "may be repeated"


def test_a_refused_message_is_not_sent_again_and_may_be_taken_off_the_list(mms: Mms, producer: Producer) -> None:
    refused = producer.message(destination="10000874000")
    producer.send(refused)
    said = mms("resolve", refused["requestId"], "--resend")
    assert f"{refused['requestId']} is REJECTED, not IN_DOUBT. Send another one, with a new requestId" in said.err
    assert mms("resolve", refused["requestId"], "--close").status == 0
    item = producer.item(refused)
    assert (item["status"], "attention" in item) == ("REJECTED", False)
    assert "error" in item
    assert mms("resolve", refused["requestId"], "--close").out == f"{refused['requestId']} is off the list.\n"
    assert producer.item(refused) == item
    again = mms("resolve", refused["requestId"], "--resend").err
    assert "is REJECTED, not IN_DOUBT. Send another one, with a new requestId" in again


def test_a_reason_that_nobody_has_seen_is_not_dismissed(gateway: Gateway, stored: ReadBack) -> None:
    item: dict[str, Any] = {"pk": f"MT#{uuid.uuid4()}", "sk": "MESSAGE", "status": "REJECTED"}
    seen = {**item, "attention": "REJECTED", "attentionSince": LONG_AGO}
    now = {**item, "status": "ACCEPTED", "attention": "CONFLICT", "attentionSince": LONG_AGO}
    stored.table.put_item(Item=now)
    with pytest.raises(Problem, match="has changed since it was read: it is CONFLICT since 1999"):
        close(gateway, seen)
    assert stored.item(item["pk"]) == now
    stored.table.put_item(Item=item)
    close(gateway, seen)  # somebody else has dismissed it: that is as well
    stored.table.delete_item(Key={"pk": item["pk"], "sk": "MESSAGE"})
    close(gateway, seen)
    assert stored.item(item["pk"]) == {}, "nor is it written anew"
