"""The dead-letter queue: what lies in it, seen without taking it out, and how it is sent again."""

import email.utils
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, get_args

from botocore.exceptions import ClientError

from console.connection import Gateway
from console.one_by_one import one_by_one
from console.problems import DENIED, Problem
from mms_gateway.errors import Undeliverable
from mms_gateway.messages import utc_text
from mms_gateway.queue_message import read_queue_message

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import ListMessageMoveTasksResultEntryTypeDef, MessageTypeDef

BATCH = 10  # messages that one call of SQS gives or takes
WAIT = 1  # second; without a wait SQS asks only some of its servers
HIDDEN = 300  # seconds that a message we look at is hidden from others; it is shown again as soon as we are done
NO_MORE = 3  # receives that bring nothing new, though SQS counts some that are not hidden
NO_SUCH_TASK = {"InvalidAction", "UnknownOperationException", "UnsupportedOperation"}
POLL_SECONDS = 1.0
Count = Literal["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
COUNTS: tuple[Count, ...] = get_args(Count)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A message that was set aside, or came too often."""

    message_id: str
    sent_at: str
    """When it came into this queue; one that came too often, when it was enqueued."""
    receives: int
    body: str
    request_id: str | None
    """None where it has none that can be used."""
    destination: str | None
    reason: str | None
    """Why it was set aside; None where it came too often."""

    @property
    def would_come_back(self) -> bool:
        """Whether the sender itself set it aside, and would do so again."""
        return self.reason is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What came of sending dead letters again."""

    moved: int
    left: int = 0
    """That would have come back."""
    problems: list[str] = field(default_factory=list)
    """Of those that could not be sent or deleted, in words; they lie there still."""


class DeadLetters:
    """A gateway's dead-letter queue."""

    def __init__(self, gateway: Gateway) -> None:
        self._sqs = gateway.sqs
        self._url = gateway.addresses.dead_letter_queue_url
        self._send_url = gateway.addresses.send_queue_url
        self._link_hosts = gateway.rules.link_hosts

    def count(self) -> int:
        """About how many lie there, hidden ones too."""
        return self._count(COUNTS)

    def peek(self, limit: int) -> list[DeadLetter]:
        """At most so many of them, oldest first; they are hidden for a moment, and stay."""
        seen: dict[str, MessageTypeDef] = {}
        try:
            self._receive_until(seen, lambda: len(seen) >= limit)
        finally:
            show_again(self._sqs, self._url, [message["ReceiptHandle"] for message in seen.values()])
        letters = [self._read(message) for message in seen.values()]
        return sorted(letters, key=lambda letter: letter.sent_at)[:limit]

    def move_all(self, on_moved: Callable[[int], None] = lambda _: None) -> Moved | None:
        """Have SQS itself move every message into the send queue; None where it has no such task for the caller."""
        source, target = self._arn(self._url), self._arn(self._send_url)
        try:
            earlier = self._last_move(source)
            self._sqs.start_message_move_task(SourceArn=source, DestinationArn=target)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in NO_SUCH_TASK | DENIED:
                return None
            raise
        while True:
            task = self._last_move(source)
            if task is None or (earlier and task.get("StartedTimestamp") == earlier.get("StartedTimestamp")):
                time.sleep(POLL_SECONDS)  # one that has just begun may not be listed yet
                continue
            moved = task.get("ApproximateNumberOfMessagesMoved", 0)
            on_moved(moved)
            if task["Status"] == "COMPLETED":
                return Moved(moved=moved)
            if task["Status"] != "RUNNING":
                raise Problem(
                    f"SQS moved {moved} messages, and then its task was {task['Status']}: "
                    f"{task.get('FailureReason', 'it does not say why')}. Whatever lies there still may be moved again."
                )
            time.sleep(POLL_SECONDS)

    def move(self, *, those_that_come_back: bool, on_moved: Callable[[int], None] = lambda _: None) -> Moved:
        """Send each one again and then delete it here; those that would come back are left, unless they are wanted too.

        Each is deleted only after it was sent. One that comes back meanwhile stays.
        """
        began = self._now()
        seen: dict[str, MessageTypeDef] = {}
        gone: set[str] = set()
        left = 0
        problems: list[str] = []

        def goes(message: "MessageTypeDef") -> bool:
            letter = self._read(message)
            return letter.sent_at < began and (those_that_come_back or not letter.would_come_back)

        def move_one(message: "MessageTypeDef") -> None:
            self._sqs.send_message(QueueUrl=self._send_url, MessageBody=message["Body"])  # without its `reason`
            self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])

        try:
            while news := self._receive_until(seen, None):
                going = [message for message in news if goes(message)]
                left += len(news) - len(going)
                for result in one_by_one(move_one, going):
                    if result.problem is not None:
                        problems.append(result.problem)
                        continue
                    gone.add(result.of["MessageId"])
                    on_moved(len(gone))
        finally:
            show_again(
                self._sqs, self._url, [message["ReceiptHandle"] for key, message in seen.items() if key not in gone]
            )
        return Moved(moved=len(gone), left=left, problems=problems)

    def _receive_until(
        self, seen: dict[str, "MessageTypeDef"], enough: Callable[[], bool] | None
    ) -> list["MessageTypeDef"]:
        """Receive messages into `seen` until there are enough or no more; without `enough`, the next few that are new.

        Gives those that are new.
        """
        news: list[MessageTypeDef] = []
        nothing = 0
        while nothing < NO_MORE and not (enough() if enough else news):
            got = receive(self._sqs, self._url, hidden=HIDDEN)
            new = [message for message in got if message["MessageId"] not in seen]
            seen.update((message["MessageId"], message) for message in got)
            news += new
            nothing = 0 if new else nothing + 1
            if nothing and self._count(COUNTS[:1]) == 0:
                break
        return news

    def _count(self, names: tuple[Count, ...]) -> int:
        attributes = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=list(names))["Attributes"]
        return sum(int(attributes.get(name) or 0) for name in names)

    def _read(self, message: "MessageTypeDef") -> DeadLetter:
        attributes: Any = message.get("Attributes", {})
        sent = datetime.fromtimestamp(int(attributes.get("SentTimestamp", 0)) / 1000, UTC)
        given: Any = message.get("MessageAttributes", {})
        reason = given.get("reason", {}).get("StringValue")
        request_id = destination = None
        try:
            read = read_queue_message(message["Body"], link_hosts=self._link_hosts)
            request_id, destination = read.request_id, read.destination
        except Undeliverable as fault:
            reason = reason or str(fault)
        return DeadLetter(
            message_id=message["MessageId"],
            sent_at=utc_text(sent),
            receives=int(attributes.get("ApproximateReceiveCount", 0)),
            body=message["Body"],
            request_id=request_id,
            destination=destination,
            reason=reason,
        )

    def _now(self) -> str:
        """The time by the queue's own clock, to the second after: what is sent later was set aside meanwhile."""
        answer = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])
        date = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
        now = email.utils.parsedate_to_datetime(date) if date else datetime.now(UTC)
        return utc_text(datetime.fromtimestamp(int(now.timestamp()) + 1, UTC))

    def _last_move(self, source: str) -> "ListMessageMoveTasksResultEntryTypeDef | None":
        """The last task that moved messages out of a queue, whether it is over or not."""
        tasks = self._sqs.list_message_move_tasks(SourceArn=source, MaxResults=1).get("Results", [])
        return tasks[0] if tasks else None

    def _arn(self, url: str) -> str:
        return self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def receive(sqs: "SQSClient", url: str, *, hidden: int) -> list["MessageTypeDef"]:
    """A few messages with all that is known of them, hidden from others for so many seconds; none if none is left."""
    return sqs.receive_message(
        QueueUrl=url,
        MaxNumberOfMessages=BATCH,
        VisibilityTimeout=hidden,
        WaitTimeSeconds=WAIT,
        MessageAttributeNames=["reason"],
        MessageSystemAttributeNames=["SentTimestamp", "ApproximateReceiveCount"],
    ).get("Messages", [])


def show_again(sqs: "SQSClient", url: str, handles: Sequence[str]) -> None:
    """End the hiding of messages that were received, so that anybody may receive them now."""
    for start in range(0, len(handles), BATCH):
        entries: Any = [
            {"Id": str(number), "ReceiptHandle": handle, "VisibilityTimeout": 0}
            for number, handle in enumerate(handles[start : start + BATCH])
        ]
        sqs.change_message_visibility_batch(QueueUrl=url, Entries=entries)
