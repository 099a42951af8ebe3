"""Every message that was enqueued, looked up by its id: settled, and at OpenMarket as often as its status says."""

import base64
import hashlib
import json
from collections import Counter, defaultdict
from typing import Any

from local.readback import Item, ReadBack
from local.simulator.mt.records import MtRequest
from tests.faults.load.attention import is_listed, listed
from tests.faults.load.belongings import Belongings
from tests.faults.load.load import Load
from tests.faults.load.outbound import Send
from tests.faults.tally import Tally
from tests.integration.producer import SETTLED, Producer


def check_outbound(load: Load, stored: ReadBack, tally: Tally) -> None:
    """Count what is not as it should be, and what is there beside it."""
    check = _Check(load, stored, tally)
    for send in load.sends:
        tally.cases += 1
        if send.kind != "dead letter":
            check.send(send)
    check.unknown()
    sound = sum(send.kind == "sound" for send in load.sends)
    most = check.statuses["ACCEPTED"] >= sound / 2  # or there was nothing for a copy to double
    tally.expect(most, "wrong", f"only {check.statuses['ACCEPTED']} of {sound} sound ones were accepted, {load.run}")
    tally.note(", ".join(f"{count} {status}" for status, count in sorted(check.statuses.items())))
    check.belongings.nothing_else(load, "sends", tally)


def check_dead_letters(load: Load, producer: Producer, tally: Tally) -> None:
    """Each copy of a message without a usable requestId is among the dead letters, with the reason, and no other is.

    Nothing tells its copies apart, so one that the queue brought twice lies there twice.
    """
    wanted = Counter({send.bodies[0]: send.times for send in load.sends if send.kind == "dead letter"})
    found: list[dict[str, Any]] = []
    while len(found) < wanted.total() and (more := producer.set_aside(load.run.mark)):
        found += more
    found += producer.set_aside(load.run.mark, patience=0.1)  # of others, which do not belong there
    there = Counter(one["Body"] for one in found)
    for body in wanted | there:
        tally.expect(there[body] >= wanted[body], "lost", f"{there[body]} of {wanted[body]} dead letters: {body}")
        tally.expect(wanted[body], "wrong", f"it does not belong among the dead letters: {body}")
    for one in found:
        tally.expect("reason" in one.get("MessageAttributes", {}), "wrong", f"no reason on it: {one['Body']}")


class _Check:
    def __init__(self, load: Load, stored: ReadBack, tally: Tally) -> None:
        self._load, self._stored, self._tally = load, stored, tally
        self._wire = {
            hashlib.sha256(send.texts[n].encode()).hexdigest(): (send, n)
            for send in load.sends
            for n in range(len(send.texts))
        }
        self._taken: dict[str, list[tuple[int, MtRequest]]] = defaultdict(list)
        self._unknown = [request for request in load.accepted if not self._assign(request)]
        self.belongings = Belongings(objects=set(load.planner.hashes))
        self._listed = listed(stored, "IN_DOUBT", "REJECTED", "CONFLICT")
        self.statuses: Counter[str] = Counter()

    def _assign(self, request: MtRequest) -> bool:
        """Note whose message a request was, by its rule or its first part."""
        by_rule = self._load.rules.get(request.rule or 0)
        known = (by_rule, 0) if by_rule else self._wire.get(request.parts[0].sha256 if request.parts else "")
        if known is not None:
            self._taken[known[0].request_id].append((known[1], request))
        return known is not None

    def unknown(self) -> None:
        """What OpenMarket took on that is none of the messages."""
        for request in self._unknown:
            self._tally.breach("wrong", f"nobody sent what OpenMarket took as {request.mt_id}, {self._load.run}")

    def send(self, send: Send) -> None:
        items = self._stored.items(f"MT#{send.request_id}")
        messages = [item for item in items if item["sk"] == "MESSAGE"]
        if not messages:
            self._tally.breach("lost", f"no item: {send}")
            return
        self._tally.expect(len(items) >= len(send.bodies), "lost", f"the conflict is not recorded: {send}")
        self._tally.expect(len(items) <= len(send.bodies), "doubled", f"{len(items)} items: {send}")
        told = [self._told(item, send) for item in items]
        self._tally.expect(sorted(told) == list(range(len(send.bodies))), "wrong", f"contents {told} on record: {send}")
        for item in items:
            self.belongings.items.add((item["pk"], item["sk"]))
            self._tally.expect(is_listed(item, self._listed), "stuck", f"not in the index `attention`: {send}")
            if item["sk"] != "MESSAGE":
                fits = (item["attention"], item["status"]) == ("CONFLICT", "REJECTED")
                self._tally.expect(fits, "wrong", f"its conflict is {item['status']}: {send}")
        self._settled(messages[0], self._told(messages[0], send), send)

    def _told(self, item: Item, send: Send) -> int:
        """Which of the bodies the item was made of, -1 if of none; its objects are looked at on the way."""
        details = item.get("details")
        if (key := item.get("detailsKey")) is not None:
            self.belongings.objects.add(key)
            details = self._stored.media(key).decode()
        if details not in send.bodies:
            return -1
        self._parts(item, json.loads(details), send)
        return send.bodies.index(details)

    def _parts(self, item: Item, message: dict[str, Any], send: Send) -> None:
        """Each content with its bytes, in the item or in the bucket; a faulty message has none."""
        parts = item.get("parts", [])
        whole = len(parts) == len(message["content"]) or send.kind == "never sendable"
        self._tally.expect(whole, "lost", f"{len(parts)} parts: {send}")
        for part, content in zip(parts, message["content"], strict=False):
            sha256 = self._hash(content)
            fits = part["contentId"] == content["contentId"]
            if "s3" in content:
                fits &= part["s3Key"] == content["s3"]["key"]
            elif "url" in content:
                fits &= part["url"] == content["url"]
            else:
                fits &= part["sha256"] == sha256
                if "s3Key" in part:
                    self.belongings.objects.add(part["s3Key"])
                    fits &= hashlib.sha256(self._stored.media(part["s3Key"])).hexdigest() == sha256
                else:
                    fits &= hashlib.sha256(part["text"].encode()).hexdigest() == sha256
            self._tally.expect(fits, "wrong", f"part {part['index']} is not what was sent: {send}")

    def _settled(self, item: Item, which: int, send: Send) -> None:
        taken, status = self._taken[send.request_id], item["status"]
        self.statuses[status] += 1
        self._tally.expect(status in SETTLED, "stuck", f"it is {status}: {send}")
        self._tally.expect(len(taken) <= 1, "doubled", f"OpenMarket took it {len(taken)} times: {send}")
        self._tally.expect(all(n == which for n, _ in taken), "doubled", f"OpenMarket took its rival: {send}")
        if status == "ACCEPTED":
            self._accepted(item, send)
        else:
            shown = item.get("attention") == status and item["error"].get("description")
            self._tally.expect(shown, "stuck", f"{status}, and nobody is told: {send}")
        if status == "REJECTED":
            self._tally.expect(not taken, "doubled", f"rejected, but OpenMarket has it: {send}")
        if send.kind == "never sendable":
            self._tally.expect(status == "REJECTED", "wrong", f"it can't be sent, and is {status}: {send}")

    def _accepted(self, item: Item, send: Send) -> None:
        mt_ids = [request.mt_id for _, request in self._taken[send.request_id]]
        self._tally.expect(item["mtId"] in mt_ids, "wrong", f"mtId {item['mtId']}, OpenMarket's {mt_ids}: {send}")
        fits = "attention" not in item and "error" not in item
        self._tally.expect(fits, "wrong", f"accepted, and still {item.get('error')}: {send}")
        self.belongings.items.add((f"MTID#{item['mtId']}", "REQUEST"))
        owner = self._stored.item(f"MTID#{item['mtId']}", "REQUEST").get("requestId")
        self._tally.expect(owner == send.request_id, "lost", f"its mtId belongs to {owner}: {send}")
        for n, request in self._taken[send.request_id]:
            message = json.loads(send.bodies[n])
            wanted = [(content["contentId"], self._hash(content)) for content in message["content"]]
            got = [(part.content_id, part.sha256) for part in request.parts]
            whole = got == wanted and (request.details or {}).get("subject") == message["subject"]
            early = send.behaviour is not None and send.behaviour.kind == "early-answer"  # it never saw the rest
            self._tally.expect(whole or early, "wrong", f"OpenMarket has other contents: {send}")

    def _hash(self, content: dict[str, Any]) -> str:
        """What a content is on the wire."""
        if "s3" in content:
            return self._load.planner.hashes.get(content["s3"]["key"], "")
        data = (
            base64.b64decode(content["base64"])
            if "base64" in content
            else (content.get("text") or content["url"]).encode()
        )
        return hashlib.sha256(data).hexdigest()
