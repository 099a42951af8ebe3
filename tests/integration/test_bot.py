"""The example bot, deployed beside the gateway: a handset writes, and an answer arrives there, once."""

import itertools
import json
import time
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import pytest

from local.readback import ReadBack
from local.simulator.callbacks import Part
from local.simulator.client import SimulatorClient
from local.simulator.media import jpeg, png
from local.simulator.mt.records import MtRequest
from local.stack import Stack
from tests.integration.bot_stack import BotStack, Record, deployed_bot, outputs_of, stream_records, wait_for
from tests.integration.producer import Producer

NUMBERS = (str(447_000_000_000 + n % 10**8) for n in itertools.count(time.time_ns() // 10**6))
PICTURE_KEY = "outgoing/bot/parrot.jpg"
HOLIDAY = Part(content_type="image/jpeg", content_id="holiday.jpg", data=jpeg())
FROM_HANDSET = ("MO#", "MESSAGE", "INSERT")


@pytest.fixture(scope="module")
def bot(stack: Stack) -> Iterator[BotStack]:
    with deployed_bot(stack) as deployed:
        yield deployed


class Handset:
    """A customer's telephone: writes through the simulator, and sees what arrives there."""

    def __init__(self, simulator: SimulatorClient) -> None:
        self._simulator, self.number = simulator, next(NUMBERS)

    def write(self, *parts: str | Part, **fields: Any) -> str:
        """Send an MMS to the short code; gives its moId."""
        whole = [
            Part(content_type="text/plain", data=part.encode()) if isinstance(part, str) else part for part in parts
        ]
        delivery = self._simulator.send_message(whole, source=self.number, destinations=["88600"], **fields)
        assert delivery.outcomes[-1] in {"stored", "duplicate", "conflict"}
        return str(delivery.mo_id)

    def gets(self, count: int = 1) -> list[str]:
        """The texts of everything that has arrived, once it is so many."""
        self.wait(count)
        return [self._simulator.mt_part(each, 0).decode() for each in self.arrived()]

    def wait(self, count: int = 1) -> MtRequest:
        """Wait for the answer of that number."""
        return self._simulator.wait_for_request(count=count, destination=self.number, accepted=True, timeout=30)

    def gets_picture(self) -> tuple[str, bytes]:
        """The type and the bytes of the picture in the first answer."""
        answer = self.wait()
        assert answer.parts[1].content_id in {"picture.jpg", "picture.png"}
        return answer.parts[1].content_type, self._simulator.mt_part(answer, 1)

    def arrived(self) -> list[MtRequest]:
        return self._simulator.mt_requests(destination=self.number)


@pytest.fixture
def handset(simulator: SimulatorClient) -> Handset:
    return Handset(simulator)


def test_a_handset_that_asks_is_answered_from_the_number_it_wrote_to(
    bot: BotStack, handset: Handset, stored: ReadBack
) -> None:
    mo_id = handset.write("help!")
    (text,) = handset.gets()
    assert text.startswith("Parrot shop: send PICTURE")
    sent = wait_for(lambda: stored.item(f"MT#bot-{mo_id}"))
    assert (sent["service"], sent["handset"]) == ("88600", handset.number)
    assert bot.wait_for_line(mo_id, "answered")["requestId"] == f"bot-{mo_id}"


def test_the_word_picture_brings_the_picture_of_the_bucket(bot: BotStack, handset: Handset, stored: ReadBack) -> None:
    stored.bucket.Object(PICTURE_KEY).put(Body=png(), ContentType="image/jpeg")
    bot.wait_for_line(handset.write("Picture"), "answered")
    assert handset.gets_picture() == ("image/jpeg", png())


@pytest.mark.usefixtures("bot")
def test_a_customers_picture_comes_back_byte_for_byte(handset: Handset, stored: ReadBack) -> None:
    mo_id = handset.write("look", HOLIDAY)
    assert handset.gets_picture() == ("image/jpeg", jpeg())
    assert stored.keys(f"outgoing/bot/{mo_id}/") == [f"outgoing/bot/{mo_id}/picture.jpg"]


def test_a_repeated_callback_and_a_repeated_record_are_answered_once(
    bot: BotStack, handset: Handset, stored: ReadBack, stack: Stack, producer: Producer
) -> None:
    mo_id = handset.write(HOLIDAY, mo_id=next(NUMBERS), date="2026-11-28T09:00:00Z")
    handset.wait()
    handset.write(HOLIDAY, mo_id=mo_id, date="2026-11-28T09:00:00Z")
    (record,) = stream_records(stack, f"MO#{mo_id}")
    assert bot.invoke(record, record) == []
    assert len([line for line in bot.lines(mo_id) if line["outcome"] == "answered"]) == 3
    producer.empties_the_queue()
    assert len(handset.arrived()) == 1
    assert [item["sk"] for item in stored.items(f"MT#bot-{mo_id}")] == ["MESSAGE"]  # and no conflict


def test_who_says_stop_is_told_so_and_nothing_more_until_start(bot: BotStack, simulator: SimulatorClient) -> None:
    out, other = Handset(simulator), Handset(simulator)
    out.write("Stop.", date="2026-11-28T09:00:00Z")
    assert "nothing more" in out.gets()[0]
    assert bot.wait_for_line(out.write("PICTURE"), "silent")
    other.write("HELP")
    other.wait()
    out.write("START", date="2026-11-28T09:05:00Z")
    assert "welcome back" in out.gets(2)[1]
    out.write("HELP")
    assert len(out.gets(3)) == 3


def test_a_stop_that_comes_again_after_start_stops_nothing(bot: BotStack, handset: Handset, stack: Stack) -> None:
    stop = handset.write("STOP", date="2026-11-28T09:00:00Z")
    handset.wait()
    bot.wait_for_line(handset.write("START", date="2026-11-28T09:05:00Z"), "answered")
    assert bot.invoke(*stream_records(stack, f"MO#{stop}")) == []
    key = {"service": "88600", "handset": handset.number}
    assert bot.opt_outs.get_item(Key=key, ConsistentRead=True)["Item"]["optedOut"] is False


def fits(pattern: Any, value: Any) -> bool:
    """Whether an event fits a filter's pattern: in every place that it names stands one of the values it lists."""
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(name in value and fits(pattern[name], value[name]) for name in pattern)
    assert all(isinstance(each, str) for each in pattern), "only plain values are understood here"
    return value in pattern


def kind(record: Record) -> tuple[str, str, str]:
    keys = record["dynamodb"]["Keys"]
    return keys["pk"]["S"].partition("#")[0] + "#", keys["sk"]["S"].partition("#")[0], record["eventName"]


@pytest.fixture
def kinds(
    bot: BotStack, handset: Handset, simulator: SimulatorClient, producer: Producer, stored: ReadBack
) -> tuple[str, ...]:
    """The partition keys of items of every kind, just written, changed, removed; a message's first."""
    assert bot.source["State"] == "Enabled"
    mo_id = handset.write("Nothing to answer", mo_id=next(NUMBERS))
    handset.write("The same id, something else", mo_id=mo_id)
    key = {"pk": f"MO#{mo_id}", "sk": "MESSAGE"}
    stored.table.update_item(Key=key, UpdateExpression="SET expiresAt = :soon", ExpressionAttributeValues={":soon": 1})
    stored.table.delete_item(Key=key)
    sent = producer.message()
    mt_id = producer.send(sent)["mtId"]
    producer.wait(sent, lambda item: "delivery" in item)
    producer.enqueue({**sent, "subject": "The same id, something else"})
    wait_for(lambda: len(stored.items(f"MT#{sent['requestId']}")) == 2)
    refused = producer.message(subject="x" * 256)
    producer.send(refused)
    broken = b"--b\r\n\r\nno JSON " + mo_id.encode() + b"\r\n--b--\r\n"
    assert str(simulator.send_raw("multipart/mixed; boundary=b", broken).outcomes[-1]).startswith("quarantined")
    requests = (f"MT#{one['requestId']}" for one in (sent, refused))
    return f"MO#{mo_id}", *requests, f"MTID#{mt_id}", f"RAW#{sha256(broken).hexdigest()}"


def test_only_new_messages_from_handsets_reach_the_function(
    bot: BotStack, handset: Handset, stack: Stack, kinds: tuple[str, ...]
) -> None:
    records = stream_records(stack, *kinds)
    (removed,) = [record for record in records if kind(record)[2] == "REMOVE"]
    expired = {**removed, "userIdentity": {"type": "Service", "principalId": "dynamodb.amazonaws.com"}}
    (filtered,) = bot.source["FilterCriteria"]["Filters"]
    fitting = [record for record in [*records, expired] if fits(json.loads(filtered["Pattern"]), record)]
    assert {kind(record) for record in records} == {
        FROM_HANDSET,
        ("MO#", "MESSAGE", "MODIFY"),
        ("MO#", "MESSAGE", "REMOVE"),
        ("MO#", "CONFLICT", "INSERT"),
        ("MT#", "MESSAGE", "INSERT"),
        ("MT#", "MESSAGE", "MODIFY"),
        ("MT#", "CONFLICT", "INSERT"),
        ("MTID#", "REQUEST", "INSERT"),
        ("MTID#", "REPORT", "INSERT"),
        ("RAW#", "CALLBACK", "INSERT"),
    }
    assert [(kind(record), record["dynamodb"]["Keys"]["pk"]["S"]) for record in fitting] == [(FROM_HANDSET, kinds[0])]
    later = handset.write("HELP")  # now the embedded AWS has read all of them, by its own reading of the pattern
    bot.wait_for_line(later, "answered")
    assert [line["outcome"] for line in bot.lines(kinds[0][3:])] == ["silent"]


def test_an_answer_that_can_not_be_sent_now_is_sent_later(bot: BotStack, handset: Handset, stack: Stack) -> None:
    iam = stack.client("iam")
    policy = {"RoleName": bot.role, "PolicyArn": outputs_of(stack, "mms-gateway")["ProducerPolicyArn"]}
    iam.detach_role_policy(**policy)
    try:
        mo_id = handset.write("HELP")
        bot.wait_for_line(mo_id, "failed")
    finally:
        iam.attach_role_policy(**policy)
    assert handset.wait().accepted
    assert bot.wait_for_line(mo_id, "answered")
    assert bot.set_aside() == []


def test_one_that_can_never_be_answered_is_set_aside_and_holds_up_nobody_for_long(
    bot: BotStack, handset: Handset, stack: Stack, stored: ReadBack, simulator: SimulatorClient
) -> None:
    fine = handset.write("HELP")
    handset.wait()
    whole = stored.item(f"MO#{fine}")
    bad = next(NUMBERS)
    lost = {"index": 0, "contentType": "image/jpeg", "size": 9, "s3Key": f"mo/{bad}/lost"}
    stored.table.put_item(Item={**whole, "pk": f"MO#{bad}", "moId": bad, "text": "look", "parts": [lost]})
    bot.wait_for_line(bad, "failed")
    behind = Handset(simulator)
    behind.write("HELP")

    (bad_record,), (fine_record,) = stream_records(stack, f"MO#{bad}"), stream_records(stack, f"MO#{fine}")
    assert bot.invoke(bad_record, fine_record) == [bad_record["dynamodb"]["SequenceNumber"]]

    assert behind.wait().accepted
    (told,) = wait_for(bot.set_aside)
    assert told["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert told["DDBStreamBatchInfo"]["startSequenceNumber"] == bad_record["dynamodb"]["SequenceNumber"]
    tries = 1 + bot.source["MaximumRetryAttempts"]
    assert len([line for line in bot.lines(bad) if line["outcome"] == "failed"]) == tries + 1  # one of them by hand


def test_the_event_source_is_as_the_template_has_it(bot: BotStack) -> None:
    source = bot.source
    assert (source["State"], source["FunctionResponseTypes"]) == ("Enabled", ["ReportBatchItemFailures"])
    assert (source["BisectBatchOnFunctionError"], source["MaximumRecordAgeInSeconds"]) == (True, 3600)


def test_what_was_given_up_is_answered_when_it_is_handed_over_again(
    bot: BotStack, handset: Handset, stack: Stack, stored: ReadBack
) -> None:
    mo_id = handset.write("Nothing to answer")
    bot.wait_for_line(mo_id, "silent")
    key = {"pk": {"S": f"MO#{mo_id}"}, "sk": {"S": "MESSAGE"}}
    stored.table.update_item(
        Key={"pk": f"MO#{mo_id}", "sk": "MESSAGE"},
        UpdateExpression="SET #text = :help",
        ExpressionAttributeNames={"#text": "text"},
        ExpressionAttributeValues={":help": "HELP"},
    )
    item = stack.client("dynamodb").get_item(TableName=stack.table_name, Key=key)["Item"]
    assert bot.invoke({"eventName": "INSERT", "dynamodb": {"SequenceNumber": "1", "NewImage": item}}) == []
    assert handset.wait().accepted


def test_deleting_the_bot_leaves_who_opted_out_and_nothing_else(bot: BotStack, stack: Stack) -> None:
    bot.delete()
    assert bot.function not in [each["FunctionName"] for each in bot.functions.list_functions()["Functions"]]
    assert bot.functions.list_event_source_mappings(FunctionName=bot.function)["EventSourceMappings"] == []
    assert bot.role not in [each["RoleName"] for each in stack.client("iam").list_roles()["Roles"]]
    assert "mms-bot" not in str(stack.client("logs").describe_log_groups()["logGroups"])
    assert "mms-bot" not in str(stack.client("sqs").list_queues().get("QueueUrls", []))
    assert stack.client("cloudwatch").describe_alarms(AlarmNamePrefix="mms-bot")["MetricAlarms"] == []
    assert bot.opt_outs.name in stack.client("dynamodb").list_tables()["TableNames"]
