"""The example bot's function on records of a stream, with stores of its own."""

import io
import json
from dataclasses import dataclass, field
from typing import Any

import pytest

import answer_messages
from answer_messages import Bot, handler
from answers import Answer
from messages import Message, Picture


@dataclass
class Words:
    """Notes who opted out, and remembers it."""

    out: bool = False
    noted: list[bool] = field(default_factory=list)

    def note(self, _: Message, *, opted_out: bool) -> None:
        self.noted.append(opted_out)
        self.out = opted_out

    def has(self, _: Message) -> bool:
        return self.out


@dataclass
class Gateway:
    """Takes answers, but none to these messages."""

    refuses: tuple[str, ...] = ()
    sent: list[str] = field(default_factory=list)

    def send(self, message: Message, _: Answer) -> str:
        if message.mo_id in self.refuses:
            raise ConnectionError(f"it can't be sent to {message.handset}: {message.text}")
        self.sent.append(message.mo_id)
        return f"bot-{message.mo_id}"


class Context:
    function_name = memory_limit_in_mb = invoked_function_arn = aws_request_id = "bot"


@pytest.fixture
def stores(monkeypatch: pytest.MonkeyPatch) -> tuple[Words, Gateway]:
    words, gateway = Words(), Gateway()
    made: Any = Bot(opt_outs=words, outbox=gateway, parrot=Picture(key="outgoing/p.jpg", content_type="image/jpeg"))  # type: ignore[arg-type]
    monkeypatch.setattr(answer_messages, "bot", lambda: made)
    return words, gateway


def record(mo_id: str, text: str = "HELP", **changes: Any) -> dict[str, Any]:
    attributes = {
        "direction": "MO",
        "moId": mo_id,
        "handset": "447800000001",
        "service": "88600",
        "sentAt": "2026",
        "text": text,
    }
    image = {name: {"S": value} for name, value in {**attributes, **changes}.items()}
    keys = {"pk": {"S": f"MO#{mo_id}"}, "sk": {"S": "MESSAGE"}}
    change = {"Keys": keys, "NewImage": {**keys, **image}, "SequenceNumber": f"seq-{mo_id}"}
    return {"eventName": "INSERT", "eventSource": "aws:dynamodb", "dynamodb": change}


def call(*records: dict[str, Any]) -> list[str]:
    """The sequence numbers of what must come again."""
    answer: Any = handler({"Records": list(records)}, Context())  # type: ignore[arg-type]
    return [each["itemIdentifier"] for each in answer["batchItemFailures"]]


def test_one_that_fails_comes_again_and_the_others_are_answered(stores: tuple[Words, Gateway]) -> None:
    _, gateway = stores
    gateway.refuses = ("2",)
    assert call(record("1"), record("2"), record("3")) == ["seq-2"]
    assert gateway.sent == ["1", "3"]


def test_a_batch_of_failures_comes_again_whole(stores: tuple[Words, Gateway]) -> None:
    stores[1].refuses = ("1", "2")
    assert call(record("1"), record("2")) == ["seq-1", "seq-2"]


def test_a_record_without_an_image_fails_alone(stores: tuple[Words, Gateway]) -> None:
    broken = record("1")
    del broken["dynamodb"]["NewImage"]
    assert call(broken, record("2")) == ["seq-1"]
    assert stores[1].sent == ["2"]


@pytest.mark.parametrize("changes", [{"direction": "MT"}, {"sk": "CONFLICT#ab"}])
def test_what_the_filter_should_have_dropped_is_not_answered(
    stores: tuple[Words, Gateway], changes: dict[str, str]
) -> None:
    changed = {**record("2"), "eventName": "MODIFY"}
    assert call(record("1", **changes), changed) == []
    assert stores[1].sent == []


def test_stop_holds_even_where_its_answer_can_not_be_sent(stores: tuple[Words, Gateway]) -> None:
    words, gateway = stores
    gateway.refuses = ("1",)
    assert call(record("1", "STOP"), record("2", "PICTURE")) == ["seq-1"]
    assert (words.noted, gateway.sent) == ([True], [])


def test_whom_no_answer_can_reach_is_not_looked_up(stores: tuple[Words, Gateway]) -> None:
    words, gateway = stores
    assert call(record("1", "STOP", handset="")) == []
    assert (words.noted, gateway.sent) == ([], [])


def test_a_line_tells_what_became_of_each_and_never_a_text_or_a_whole_number(
    stores: tuple[Words, Gateway], monkeypatch: pytest.MonkeyPatch
) -> None:
    stores[1].refuses = ("2",)
    monkeypatch.setattr(answer_messages.logger.registered_handler, "stream", output := io.StringIO())
    call(record("1"), record("2", "HELP: is it dead?"), record("3", "Is it dead?"))
    printed = output.getvalue()
    lines = [json.loads(line) for line in printed.splitlines()]
    assert [(line["moId"], line["outcome"], line["handset"]) for line in lines] == [
        ("1", "answered", "…0001"),
        ("2", "failed", "…0001"),
        ("3", "silent", "…0001"),
    ]
    assert "447800000001" not in printed
    assert "is it dead" not in printed.lower()
