"""The README's Python, run as it stands against the local stack."""

import re
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local.readback import ReadBack
from local.simulator.client import SimulatorClient
from local.simulator.media import jpeg
from local.simulator.mt.behaviours import Silence
from local.stack import Stack
from tests.integration.producer import Producer

README = (Path(__file__).parents[2] / "README.md").read_text()


def python_under(title: str) -> str:
    """The first Python block after a title."""
    (block,) = re.findall(r"```python\n(.*?)```", README[README.index(title) :], re.DOTALL)[:1]
    return str(block)


@pytest.fixture
def run(stack: Stack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], dict[str, Any]]:
    """Run code as somebody would whose AWS the local stack is."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", stack.aws_endpoint_url)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    boto3.setup_default_session(
        aws_access_key_id=stack.access_key_id,
        aws_secret_access_key=stack.secret_access_key,
        region_name=stack.region,
    )
    monkeypatch.chdir(tmp_path)

    def execute(code: str) -> dict[str, Any]:
        names: dict[str, Any] = {}
        exec(compile(code, "README.md", "exec"), names)  # noqa: S102 - it is our own README
        return names

    return execute


def test_the_message_of_the_readme_is_sent(
    run: Callable[[str], dict[str, Any]], producer: Producer, tmp_path: Path
) -> None:
    (tmp_path / "parrot.jpg").write_bytes(jpeg())
    message = run(python_under("## Send messages"))["message"]
    item = producer.wait(message, lambda item: "delivery" in item)
    assert (item["status"], item["delivery"]["status"]) == ("ACCEPTED", "Retrieved")


def test_the_conversation_of_the_readme_is_read(
    run: Callable[[str], dict[str, Any]], simulator: SimulatorClient, stored: ReadBack
) -> None:
    delivery = simulator.send_raw("multipart/mixed; boundary=b", one_picture(simulator))
    assert delivery.outcomes == ["stored"]
    names = run(python_under("## Read messages"))
    assert names["conversation"][0]["handset"] == "447800000001"
    assert names["picture"] == jpeg()
    assert stored.item(names["conversation"][0]["pk"]) == names["conversation"][0]


def one_picture(simulator: SimulatorClient) -> bytes:
    """A message dated after all others of its handset."""
    mo_id = int(str(simulator.send_report(status="Deferred").mt_id)) + 10**16
    head = (
        f'{{"type":"MO","moId":{mo_id},"source":"447800000001","destinations":["88600"],"date":"2099-01-01T00:00:00Z"}}'
    )
    return (
        b"--b\r\nContent-Type: application/json\r\nContent-Id: main\r\n\r\n"
        + head.encode()
        + b"\r\n--b\r\nContent-Type: image/jpeg\r\nContent-Id: parrot.jpg\r\n\r\n"
        + jpeg()
        + b"\r\n--b--\r\n"
    )


@pytest.fixture
def doubt(producer: Producer, simulator: SimulatorClient) -> dict[str, Any]:
    """A message that OpenMarket took and did not answer: it hung up."""
    message = producer.message()
    simulator.behave(Silence(seconds=0), destination=message["destination"], times=1)
    assert producer.send(message)["status"] == "IN_DOUBT"
    return message


def test_a_doubt_is_settled_by_sending_it_again(
    run: Callable[[str], dict[str, Any]], doubt: dict[str, Any], producer: Producer
) -> None:
    run(python_under("**Settle a doubt.**"))["settle"](doubt["requestId"], "RETRY")
    item = producer.wait(doubt, lambda item: item.get("status") == "ACCEPTED")
    assert item["attempts"] == 2
    assert not {"attention", "attentionSince", "error"} & item.keys()
    assert item["resentAt"] > item["sentAt"]


def test_a_doubt_is_settled_by_the_mt_id_that_openmarket_tells(
    run: Callable[[str], dict[str, Any]], doubt: dict[str, Any], producer: Producer, simulator: SimulatorClient
) -> None:
    (request,) = simulator.mt_requests(destination=doubt["destination"])
    simulator.send_report(mt_id=str(request.mt_id), status="Retrieved")  # before anybody knew whose it is
    run(python_under("**Settle a doubt.**"))["settle"](doubt["requestId"], "ACCEPTED", request.mt_id)
    item = producer.wait(doubt, lambda item: "delivery" in item)
    assert (item["status"], item["mtId"], item["delivery"]["status"]) == ("ACCEPTED", request.mt_id, "Retrieved")
    assert not {"attention", "attentionSince", "error"} & item.keys()
    simulator.send_report(mt_id=str(request.mt_id), status="Retrieved", date="2099-01-01T00:00:00+00:00")
    assert producer.item(doubt)["delivery"]["date"].startswith("2099"), "later reports find it, too"
    producer.empties_the_queue()
    assert len(simulator.mt_requests(destination=doubt["destination"])) == 1


def test_a_doubt_that_is_another_one_by_now_is_not_settled(
    run: Callable[[str], dict[str, Any]], doubt: dict[str, Any], producer: Producer, stored: ReadBack
) -> None:
    names = run(python_under("**Settle a doubt.**"))
    read = producer.item(doubt)
    stored.table.put_item(Item={**read, "attempts": 2})  # somebody had it sent again, and it is in doubt once more
    names["table"].get_item = lambda **_: {"Item": read}
    with pytest.raises(ClientError, match="ConditionalCheckFailed"):
        names["settle"](doubt["requestId"], "RETRY")
    assert producer.item(doubt)["status"] == "IN_DOUBT"


def test_a_message_that_was_never_claimed_is_not_settled(
    run: Callable[[str], dict[str, Any]], stored: ReadBack
) -> None:
    request_id = str(uuid.uuid4())
    stored.table.put_item(Item={"pk": f"MT#{request_id}", "sk": "MESSAGE", "status": "RETRY"})
    with pytest.raises(ValueError, match="is RETRY, not IN_DOUBT"):
        run(python_under("**Settle a doubt.**"))["settle"](request_id, "RETRY")


def test_a_doubt_is_closed(run: Callable[[str], dict[str, Any]], doubt: dict[str, Any], producer: Producer) -> None:
    settle = run(python_under("**Settle a doubt.**"))["settle"]
    settle(doubt["requestId"], "CLOSED")
    assert producer.item(doubt)["status"] == "CLOSED"
    assert "attention" not in producer.item(doubt)
    settle(doubt["requestId"], "CLOSED")  # may be repeated
    with pytest.raises(ValueError, match="is CLOSED, not IN_DOUBT"):
        settle(doubt["requestId"], "RETRY")
    with pytest.raises(ValueError, match="ACCEPTED with the mtId"):
        settle(doubt["requestId"], "ACCEPTED")
    with pytest.raises(ValueError, match="nobody is not in the table"):
        settle("nobody", "RETRY")
