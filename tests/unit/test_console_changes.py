"""The table's stream, followed through throttling and the end of shards: against a stream of five lines."""

import threading
from itertools import islice
from typing import Any

import pytest
from botocore.exceptions import ClientError

from console.web.changes import Change, Gap, follow

BUSY = ClientError({"Error": {"Code": "LimitExceededException"}}, "GetRecords")
LOST = ClientError({"Error": {"Code": "TrimmedDataAccessException"}}, "GetRecords")
DENIED = ClientError({"Error": {"Code": "AccessDeniedException"}}, "DescribeStream")


class Stream:
    """Shards with records; `troubles` are raised by the calls that are named so, one after another."""

    def __init__(self) -> None:
        self.shards: dict[str, list[str]] = {"a": [], "b": []}
        self.ended: set[str] = set()
        self.hidden: set[str] = set()
        self.troubles: dict[str, list[ClientError | None]] = {}

    def _trouble(self, name: str) -> None:
        waiting = self.troubles.get(name, [])
        if waiting and (error := waiting.pop(0)) is not None:
            raise error

    def describe_table(self, **_: Any) -> dict[str, Any]:
        return {"Table": {"LatestStreamArn": "arn"}}

    def describe_stream(self, **_: Any) -> dict[str, Any]:
        self._trouble("describe")
        shards = [
            {"ShardId": name, "SequenceNumberRange": {"EndingSequenceNumber": "9"} if name in self.ended else {}}
            for name in self.shards
            if name not in self.hidden
        ]
        return {"StreamDescription": {"Shards": shards}}

    def get_shard_iterator(self, **asked: Any) -> dict[str, str]:
        self._trouble("iterator")
        name = asked["ShardId"]
        return {"ShardIterator": f"{name}:{len(self.shards[name]) if asked['ShardIteratorType'] == 'LATEST' else 0}"}

    def get_records(self, **asked: str) -> dict[str, Any]:
        name, _, place = asked["ShardIterator"].partition(":")
        self._trouble(name)
        records = [{"dynamodb": {"NewImage": {"pk": {"S": pk}}}} for pk in self.shards[name][int(place) :]]
        ends = name in self.ended
        return {"Records": records, **({} if ends else {"NextShardIterator": f"{name}:{len(self.shards[name])}"})}


class Gateway:
    """As much of a gateway as following asks of it."""

    def __init__(self, stream: Stream) -> None:
        self.dynamodb = self.streams = stream
        self.addresses = type("Addresses", (), {"table_name": "table"})


@pytest.fixture
def stream(monkeypatch: pytest.MonkeyPatch) -> Stream:
    monkeypatch.setattr("console.web.changes.PAUSE", 0)
    return Stream()


def take(changes: Any, count: int) -> list[str]:
    """The keys of the next changes; a Gap is a star."""
    return ["*" if isinstance(each, Gap) else str((each.after or {})["pk"]) for each in islice(changes, count)]


def begin(stream: Stream) -> Any:
    return follow(Gateway(stream), threading.Event())  # type: ignore[arg-type]


def test_what_was_there_before_is_not_told_and_what_comes_is(stream: Stream) -> None:
    stream.shards["a"].append("old")
    changes = begin(stream)
    assert take(changes, 1) == ["*"]
    stream.shards["a"].append("1")
    stream.shards["b"].append("2")
    assert take(changes, 2) == ["1", "2"]


def test_a_busy_shard_costs_no_other_shard_its_changes(stream: Stream) -> None:
    changes = begin(stream)
    take(changes, 1)
    stream.shards["a"].append("1")
    stream.shards["b"].append("2")
    stream.troubles["b"] = [BUSY, BUSY]
    assert take(changes, 2) == ["1", "2"]


@pytest.mark.parametrize("call", ["describe", "iterator"])
def test_a_busy_beginning_is_begun_again_until_it_is_told(stream: Stream, call: str) -> None:
    stream.troubles[call] = [BUSY, None, BUSY] if call == "iterator" else [BUSY, BUSY]
    changes = begin(stream)
    assert take(changes, 1) == ["*"]
    stream.shards["b"].append("1")
    assert take(changes, 1) == ["1"]


def test_the_last_records_of_a_shard_and_the_first_of_its_child_are_told(stream: Stream) -> None:
    changes = begin(stream)
    take(changes, 1)
    stream.shards["a"].append("last")
    stream.shards["child"] = ["first"]
    stream.ended.add("a")
    assert take(changes, 2) == ["last", "first"]


def test_a_child_that_is_listed_late_is_looked_for_until_it_is_there(stream: Stream) -> None:
    stream.shards = {"a": []}
    changes = begin(stream)
    take(changes, 1)
    stream.shards["a"].append("last")
    stream.ended.add("a")
    stream.hidden.add("child")
    stream.shards["child"] = ["first"]
    stream.troubles["describe"] = [None, None, BUSY]
    assert take(changes, 1) == ["last"]
    threading.Timer(0.1, stream.hidden.clear).start()
    assert take(changes, 1) == ["first"]


def test_where_some_may_have_been_missed_that_is_told(stream: Stream) -> None:
    changes = begin(stream)
    take(changes, 1)
    stream.troubles["a"] = [LOST]
    assert take(changes, 1) == ["*"]


def test_who_may_not_read_is_told_so(stream: Stream) -> None:
    stream.troubles["describe"] = [DENIED]
    with pytest.raises(ClientError, match="AccessDenied"):
        next(begin(stream))


def test_a_removal_is_told_by_what_was_there(stream: Stream) -> None:
    changes = begin(stream)
    take(changes, 1)
    stream.get_records = lambda **_: {  # type: ignore[method-assign]
        "Records": [{"dynamodb": {"OldImage": {"pk": {"S": "gone"}}}}],
        "NextShardIterator": "a:0",
    }
    assert next(changes) == Change({"pk": "gone"}, None)
