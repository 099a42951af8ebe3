"""`mms resolve` for many at once, and what it shows to decide by."""

import hashlib
import json

import pytest
from botocore.exceptions import ClientError

from console.commands.doubt import look
from console.connection import Gateway
from console.one_by_one import Result
from local.readback import ReadBack
from local.simulator.client import SimulatorClient
from tests.integration.console.conftest import Mms
from tests.integration.console.doubtful import in_doubt
from tests.integration.producer import NUMBERS, Producer


def test_many_are_settled_at_once_after_a_question_and_one_that_fails_stops_none(
    mms: Mms, stored: ReadBack, producer: Producer
) -> None:
    messages = [producer.message() for _ in range(6)]
    year = 1000 + int(next(NUMBERS)) % 900  # nobody else's
    for number, message in enumerate(messages):
        stored.table.put_item(
            Item={
                "pk": f"MT#{message['requestId']}",
                "sk": "MESSAGE",
                "status": "RETRY" if number == 3 else "IN_DOUBT",
                "attempts": 1,
                "attention": "IN_DOUBT",
                "attentionSince": f"{year}-05-0{number + 1}T00:00:00.000Z",
                "details": json.dumps(message),
            }
        )
    period = ["--kind", "IN_DOUBT", "--since", f"{year}-05-02", "--until", f"{year}-05-30"]
    try:
        refused = mms("resolve", *period, "--close", typed="n\n")
        assert refused.status == 1
        assert "Close 5 messages? [y/n] (n)" in refused.err
        assert producer.item(messages[1])["status"] == "IN_DOUBT"
        said = mms("resolve", *period, "--close", typed="y\n")
        assert said.status == 1
        assert "4 settled, 1 not." in said.err
        assert f"{messages[3]['requestId']} is RETRY, not IN_DOUBT: it was ordered again" in said.err
        states = [producer.item(message)["status"] for message in messages]
        assert states == ["IN_DOUBT", "CLOSED", "CLOSED", "RETRY", "CLOSED", "CLOSED"]
        results = mms("resolve", *period, "--close", "--yes", "--json").json
        assert [(one["id"], one["done"]) for one in results] == [(messages[3]["requestId"], None)]
        assert mms("resolve", "--kind", "CONFLICT", *period[2:], "--close", "--yes").err.startswith("Nothing of that")
    finally:
        for message in messages:
            stored.table.delete_item(Key={"pk": f"MT#{message['requestId']}", "sk": "MESSAGE"})


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "Give ids, or with --kind"),
        (["a", "--kind", "IN_DOUBT"], "Give ids, or with --kind"),
        (["a", "--resend", "--close"], "exclude each other"),
        (["a", "b", "--accepted", "1"], "takes exactly one id"),
        (["--kind", "IN_DOUBT", "--accepted", "1"], "takes exactly one id"),
        (["a", "--since", "2026-01-01", "--close"], "go with --kind"),
        (["--kind", "IN_DOUBT", "--kind", "REJECTED", "--resend"], "Only doubts can be sent again"),
    ],
)
def test_what_does_not_go_together_is_said(mms: Mms, words: list[str], sentence: str) -> None:
    said = mms("resolve", *words)
    assert said.status == 1
    assert sentence in said.err


def test_without_an_action_it_shows_what_there_is_to_decide_by(
    mms: Mms, producer: Producer, simulator: SimulatorClient
) -> None:
    doubt = in_doubt(producer, simulator)
    (request,) = simulator.mt_requests(destination=doubt["destination"])
    simulator.send_report(mt_id=str(request.mt_id), status="Retrieved")
    simulator.send_message(source=doubt["destination"], subject="Thank you [b]very much")
    simulator.send_message(source=doubt["destination"], subject="An old one", date="2020-01-01T00:00:00Z")
    said = mms("resolve", doubt["requestId"])
    request_id = doubt["requestId"]
    assert said.status == 0
    assert "Thank you [b]very much" in said.out
    assert "An old one" not in said.out
    assert f"  {request.mt_id}  Retrieved" in said.out
    for command in ("--resend", f"--accepted {request.mt_id}", "--close"):
        assert f"    mms resolve {request_id} {command}   #" in said.out
    (told,) = mms("resolve", request_id, "--json").json
    assert told["message"]["status"] == "IN_DOUBT"
    assert str(request.mt_id) in [report["mtId"] for report in told["reports"]]
    (quick,) = mms("resolve", request_id, "--no-reports", "--json").json
    assert (quick["reports"], len(quick["answers"])) == (None, 1)


def test_who_may_not_read_the_whole_table_is_shown_all_else(
    gateway: Gateway, producer: Producer, simulator: SimulatorClient, capsys: pytest.CaptureFixture[str]
) -> None:
    def deny(**_: object) -> None:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "dynamodb:Scan"}}, "Scan")

    doubt = in_doubt(producer, simulator)
    gateway.dynamodb.meta.events.register_first("before-send.dynamodb.Scan", deny)
    look(gateway, [Result("one", done=producer.item(doubt))], with_reports=True, as_json=False)
    said = capsys.readouterr()
    assert "that takes dynamodb:Scan" in said.err
    assert "mms resolve" in said.out
    assert "No report of that time" not in said.out


def test_without_an_action_other_kinds_show_what_may_be_done(mms: Mms, simulator: SimulatorClient) -> None:
    body = f"no callback {next(NUMBERS)}".encode()
    simulator.send_raw("text/plain", body)
    whole = hashlib.sha256(body).hexdigest()
    handle = whole[:12]
    said = mms("resolve", handle, "nobody")
    assert said.status == 1, "one that is not there stops none"
    assert f"mms replay {handle}" in said.out
    assert f"mms resolve {handle} --close" in said.out
    assert "Nothing stands under nobody" in said.err
    assert mms("resolve", handle, "--close").status == 0
    assert "Nothing about it needs a person." in mms("resolve", whole).out
