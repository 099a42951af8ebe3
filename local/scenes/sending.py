"""Sending: a picture, its repeats, a refusal, a message that can't be sent, an answer that never comes."""

import json
import time
from collections.abc import Callable
from typing import Any

from local.readback import Item
from local.scenes.stage import HANDSET, SHORT_CODE, Stage
from local.simulator.media import PARROT, enlarge, jpeg
from local.simulator.mt.behaviours import Error, Silence

PATIENCE = 60.0  # seconds until a message must have settled; the longest scene waits for an answer for 12
PICTURE = jpeg(enlarge(PARROT, 6))
KEY = "outgoing/parrot.jpg"
SETTLED = {"ACCEPTED", "REJECTED", "IN_DOUBT"}


class Sending:
    """What goes out."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._stored = stage.stored
        self._simulator = stage.simulator
        self._scene, self._check, self._tell = stage.scene, stage.check, stage.tell
        self._sqs = self._stage.stack.client("sqs")

    def play(self) -> None:
        """All of it, one after another."""
        message = self._a_picture_is_sent()
        self._it_is_enqueued_again(message)
        self._one_is_refused()
        self._one_can_never_be_sent()
        self._an_answer_never_comes()

    def _a_picture_is_sent(self) -> dict[str, Any]:
        self._scene("A producer enqueues an answer, its picture taken from the bucket")
        self._stored.bucket.Object(KEY).put(Body=PICTURE, ContentType="image/jpeg")
        picture = {"contentId": "parrot.jpg", "s3": {"bucket": self._stage.stack.media_bucket, "key": KEY}}
        message = self._message("order-4711", "Your parrot", "Here is a new one", picture)
        item = self._send(message)
        self._check("OpenMarket accepted it", item["status"] == "ACCEPTED")
        requests = self._simulator.mt_requests(destination=HANDSET)
        self._check("it was once on the wire", [each.mt_id for each in requests] == [item.get("mtId")])
        self._check(
            "the picture arrived byte for byte", bool(requests) and self._simulator.mt_part(requests[0], 1) == PICTURE
        )
        item = self._wait(message, lambda item: "delivery" in item)
        self._check("its delivery report was joined: Retrieved", item["delivery"]["status"] == "Retrieved")
        self._tell(f"mtId {item.get('mtId')}, attempts {item.get('attempts')}, accepted {item.get('acceptedAt')}")
        return message

    def _it_is_enqueued_again(self, message: dict[str, Any]) -> None:
        self._scene("The producer is unsure whether that went out, and enqueues it five times more")
        before = self._item(message)
        for _ in range(5):
            self._enqueue(message)
        self._empty_queue()
        requests = self._simulator.mt_requests(destination=HANDSET)
        self._check(f"it was still once on the wire ({len(requests)} request)", len(requests) == 1)
        self._check("its record is unchanged", self._item(message) == before)

    def _one_is_refused(self) -> None:
        self._scene("OpenMarket refuses a message")
        self._simulator.behave(
            Error(code=4, status=400, description="The handset can't receive MMS."), destination=HANDSET, times=1
        )
        item = self._send(self._message("order-4712", "Your invoice", "It is attached"))
        reason = item.get("error", {}).get("description")
        self._check(
            "it is REJECTED, with OpenMarket's own words, and waits for attention",
            (item["status"], reason, item.get("attention"))
            == ("REJECTED", "The handset can't receive MMS.", "REJECTED"),
        )
        self._tell(f"error: {json.dumps(item.get('error'), default=int)}")

    def _one_can_never_be_sent(self) -> None:
        self._scene("A producer makes mistakes")
        before = len(self._simulator.mt_requests(destination=HANDSET))
        link = {"contentId": "film", "url": "https://films.example/parrot.mp4"}
        item = self._send(self._message("order-4713", "A film", "Watch this", link) | {"destination": f"+{HANDSET}"})
        faults = item.get("error", {}).get("description", "").split("; ")
        self._check("it is REJECTED, with every fault in words", item["status"] == "REJECTED" and len(faults) == 2)
        for fault in faults:
            self._tell(fault)
        self._check("OpenMarket saw nothing of it", len(self._simulator.mt_requests(destination=HANDSET)) == before)

    def _an_answer_never_comes(self) -> None:
        self._scene("OpenMarket takes a message, and its answer never comes (12 s of patience)")
        before = len(self._simulator.mt_requests(destination=HANDSET))
        self._simulator.behave(Silence(), destination=HANDSET, times=1)
        message = self._message("order-4714", "Your parcel", "It is on its way")
        with self._stage.console.status("waiting for an answer …"):
            item = self._send(message)
        self._check("it is parked IN_DOUBT, for a person to ask OpenMarket", item["status"] == "IN_DOUBT")
        self._tell(str(item.get("error", {}).get("description")))
        self._enqueue(message)
        self._empty_queue()
        requests = len(self._simulator.mt_requests(destination=HANDSET)) - before
        self._check("it was once on the wire, also after it came again from the queue", requests == 1)
        doubts = self._stored.query("attention", attention="IN_DOUBT")
        self._check("one query finds it", [each["pk"] for each in doubts] == [f"MT#{message['requestId']}"])

    def _message(self, request_id: str, subject: str, text: str, *more: dict[str, Any]) -> dict[str, Any]:
        return {
            "requestId": request_id,
            "source": SHORT_CODE,
            "destination": HANDSET,
            "subject": subject,
            "content": [{"contentId": "text.txt", "contentType": "text/plain", "text": text}, *more],
        }

    def _enqueue(self, message: dict[str, Any]) -> None:
        self._sqs.send_message(QueueUrl=self._stage.stack.send_queue_url, MessageBody=json.dumps(message))

    def _send(self, message: dict[str, Any]) -> Item:
        self._enqueue(message)
        return self._wait(message, lambda item: item.get("status") in SETTLED)

    def _item(self, message: dict[str, Any]) -> Item:
        return self._stored.item(f"MT#{message['requestId']}")

    def _wait(self, message: dict[str, Any], until: Callable[[Item], bool]) -> Item:
        """The message's item once it is so; as it stands after PATIENCE, for the claims to tell."""
        end = time.monotonic() + PATIENCE
        while not until(item := self._item(message)) and time.monotonic() < end:
            time.sleep(0.1)
        return {"status": None, "delivery": {"status": None}} | item

    def _empty_queue(self) -> None:
        """Wait until nothing waits in the queue or is being worked on."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            told = self._sqs.get_queue_attributes(QueueUrl=self._stage.stack.send_queue_url, AttributeNames=names)
            if not any(int(count) for count in told["Attributes"].values()):
                return
            time.sleep(0.1)
