"""Every command and program of every page, typed as it stands, in order; and what came of it."""

import json
from pathlib import Path

import pytest

from local.__main__ import EXAMPLE
from local.readback import ReadBack
from local.simulator.media import jpeg
from local.stack import Stack
from tests.integration.producer import Producer
from tests.pages.conftest import DOUBTS, LOST, LOST_PICTURE, REPLAYED, Reader
from tests.pages.page import all_pages

PAGES = [page.name for page in all_pages() if any(block.is_typed for block in page.blocks)]


@pytest.mark.parametrize("name", PAGES)
def test_what_a_page_says_to_type_works(name: str, read: Reader) -> None:
    read("README.md")  # sends what others read
    read(name)


def test_the_messages_of_the_readme_are_sent_and_delivered(read: Reader, producer: Producer) -> None:
    read("README.md")
    for request_id in ("order-4711", "order-4712"):
        item = producer.wait({"requestId": request_id}, lambda item: "delivery" in item)
        assert (item["status"], item["delivery"]["status"]) == ("ACCEPTED", "Retrieved")


def test_the_simulators_message_of_the_readme_is_stored(read: Reader, stored: ReadBack) -> None:
    read("README.md")
    assert "Is it dead?" in [item.get("text") for item in stored.query("by-handset", handset="447800000001")]


def test_the_conversation_of_the_readme_is_read_with_its_picture(read: Reader, stored: ReadBack) -> None:
    conversation, picture = read("README.md", "conversation, picture")
    assert conversation[0]["handset"] == "447800000001"
    standing = stored.item(conversation[0]["pk"])
    assert {name: value for name, value in standing.items() if name != "expiresAt"} == conversation[0]
    assert picture == jpeg()


def test_the_recipes_find_what_is_there(read: Reader) -> None:
    read("README.md")
    found = read("layers/README.md", "conversation, with_one_code, by_status, undelivered, reports, news, data")
    conversation, with_one_code, by_status, undelivered, reports, news, data = found
    assert {item["handset"] for item in conversation} == {"447800000001"}
    assert with_one_code == [item for item in conversation if item["service"] == "88600"]
    assert by_status["MO", "RECEIVED"] >= 1
    assert by_status["MT", "ACCEPTED"] >= 1
    assert {item["requestId"] for item in undelivered} >= {DOUBTS[0], DOUBTS[2]}
    assert not [item for item in undelivered if item["requestId"] == "order-4711"]
    assert [report["status"] for report in reports] == ["Retrieved"]
    assert {"MT#order-4711", conversation[0]["pk"]} <= set(news)
    assert data


def test_a_page_that_changes_the_secret_leaves_it_as_it_was(read: Reader, stack: Stack) -> None:
    read("README.md")
    read("functions/security.md")
    secret = json.loads(stack.client("secretsmanager").get_secret_value(SecretId=stack.secret_arn)["SecretString"])
    assert secret["callbackTokens"] == [stack.callback_url.rpartition("/")[2]]


def test_the_dead_letters_of_the_runbook_are_gone(read: Reader, stack: Stack) -> None:
    read("README.md")
    read("functions/README.md")
    attributes = stack.client("sqs").get_queue_attributes(
        QueueUrl=stack.dead_letter_queue_url, AttributeNames=["ApproximateNumberOfMessages"]
    )["Attributes"]
    assert attributes["ApproximateNumberOfMessages"] == "0"


def test_what_make_local_offers_to_send_is_another_message_than_those_of_the_pages() -> None:
    offered = json.loads(EXAMPLE)["requestId"]
    assert [page.name for page in all_pages() if offered in page.path.read_text()] == []


def test_the_runbooks_settle_restore_and_replay(read: Reader, stored: ReadBack, producer: Producer) -> None:
    read("README.md")
    read("functions/README.md")
    accepted, resent, closed = [{"requestId": doubt} for doubt in DOUBTS]
    assert producer.item(accepted)["mtId"] == "123456789"
    assert producer.wait(resent, lambda item: item["status"] == "ACCEPTED")["resentAt"]
    assert producer.item(closed)["status"] == "CLOSED"
    assert stored.item(LOST)["status"] == "RECEIVED"
    assert stored.media(LOST_PICTURE) == jpeg()
    assert stored.item(f"MO#{REPLAYED}")["text"] == "Beautiful plumage"


def test_the_command_shows_exports_and_forgets(read: Reader, desk: Path, stored: ReadBack) -> None:
    read("README.md")
    read("console/README.md")
    assert {file.name for file in (desk / "order-4711").iterdir()} == {"0-text.txt", "1-parrot.jpg"}
    assert '"handset": "447700900753"' in (desk / "parrots" / "messages.jsonl").read_text()
    assert stored.query("by-handset", handset="447700900753") == []
