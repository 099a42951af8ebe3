"""Messages to send: plain, repeated, rivals for one requestId, faulty ones, and ones that OpenMarket fails."""

import base64
import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, Literal

from local.simulator.media import gif
from local.simulator.mt.behaviours import Behaviour, Error, Silence, SilenceUnread
from local.simulator.mt.numbers import NUMBERS
from tests.faults.load.load_run import LoadRun
from tests.integration.producer import Producer
from tests.integration.test_sending_at_large import MISBEHAVIOURS

Kind = Literal["sound", "never sendable", "dead letter"]
REPORTED = [number.number for number in NUMBERS.values() if not number.turns]  # each with reports of its own kind
FAULTS = ("number", "past", "missing object", "too large", "foreign link", "no requestId", "no JSON")
SENT = 50_000  # the first handset that is sent to
LARGE_TEXT = 70_000  # bytes; with it the queue message lies in the bucket
TOO_LARGE = 1_100_000  # bytes; MaxMessageBytes is 1,000,000
Content = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """One message, how often it is enqueued, and what stands in its way."""

    run: LoadRun
    number: int
    kind: Kind
    bodies: tuple[str, ...]
    """The queue message; a second one is its rival, another content under the same requestId."""
    texts: tuple[str, ...]
    """What their first part says, by which OpenMarket's record tells them apart."""
    times: int = 1
    behaviour: Behaviour | None = None
    destination: str

    @property
    def request_id(self) -> str:
        return self.run.request_id(self.number)

    def __str__(self) -> str:
        met = self.behaviour or "no misbehaviour"
        return f"requestId {self.request_id} (send {self.number} of {self.run}, {self.kind}, {self.times} times, {met})"


class Planner:
    """Writes messages, and puts their pictures where the gateway reads them."""

    def __init__(self, run: LoadRun, producer: Producer) -> None:
        self._run = run
        self._producer = producer
        name, chance = run.word("object key"), run.chance("pictures")
        start = gif() + run.word("media").encode()
        self.pictures = {size: start + chance.randbytes(size) for size in (2_000, 60_000, 800_000, TOO_LARGE)}
        self._objects = {
            size: producer.upload(f"{name}.gif", data, "image/gif") for size, data in self.pictures.items()
        }
        self.hashes = {self._objects[size]["key"]: sha256(data).hexdigest() for size, data in self.pictures.items()}
        """Of the pictures, by their keys."""

    def plan(self, count: int, behaviours: Sequence[Behaviour]) -> list[Send]:
        """So many sends: 5 % faulty, 5 % with a rival, a fifth enqueued several times, a tenth reported on oddly."""
        chance = self._run.chance("sends")
        faults = itertools.islice(itertools.cycle(FAULTS), max(len(FAULTS), count // 20))
        sends = [self._faulty(number, fault) for number, fault in enumerate(faults)]
        quoting = self._run.handset(SENT + len(sends))
        for behaviour in (_refuse(quoting), *behaviours):
            sends.append(replace(self._sound(len(sends), odd=0), behaviour=behaviour))
        sends += [self._sound(number) for number in range(len(sends), count)]
        plain = [n for n, send in enumerate(sends) if send.kind == "sound" and send.behaviour is None]
        for n in chance.sample(plain, max(2, count // 20)):
            sends[n] = self._with_rival(sends[n])
        for n in chance.sample(range(count), count // 5):
            sends[n] = replace(sends[n], times=chance.randint(2, 5))
        chance.shuffle(sends)
        return sends

    def _sound(self, number: int, *, odd: float = 0.1) -> Send:
        chance = self._run.chance("send", number)
        text = self._text(number, 0)
        more: dict[str, list[Content]] = {
            "nothing": [],
            "object": [
                {"contentId": self._name("o.gif"), "s3": self._objects[chance.choice((2_000, 60_000, 800_000))]}
            ],
            "base64": [{"contentId": self._name("b.gif"), "contentType": "image/gif", "base64": self._base64(chance)}],
            "link": [{"contentId": "demo.mp4", "url": f"https://www.openmarket.com/{self._run.word('link')}.mp4"}],
            "large": [{"contentId": "large.txt", "text": f"{text} ".ljust(LARGE_TEXT, "x")}],
        }
        contents = [{"contentId": "text.txt", "text": text}, *more[chance.choice(list(more))]]
        oddly = chance.random() < odd
        destination = REPORTED[number % len(REPORTED)] if oddly else self._run.handset(SENT + number)
        return self._send(number, "sound", self._message(number, destination, contents), text, destination)

    def _faulty(self, number: int, fault: str) -> Send:
        text, destination = self._text(number, 0), self._run.handset(SENT + number)
        message = self._message(number, destination, [{"contentId": "text.txt", "text": text}])
        kind: Kind = "never sendable"
        match fault:
            case "number":
                message["destination"] = f"+{destination}"
            case "past":
                message["notAfter"] = "2020-01-01T00:00:00Z"
            case "missing object":
                key = f"outgoing/{self._run.word('object key')}-is-not-there"
                message["content"].append({"contentId": "o.gif", "s3": {"bucket": self._producer.bucket, "key": key}})
            case "too large":
                message["content"].append({"contentId": "o.gif", "s3": self._objects[TOO_LARGE]})
            case "foreign link":
                message["content"].append({"contentId": "l.mp4", "url": f"https://{self._run.word('link')}.example/x"})
            case "no requestId":
                kind = "dead letter"
                del message["requestId"]
        body = json.dumps(message)
        if fault == "no JSON":
            kind, body = "dead letter", body[:-1]
        return replace(self._send(number, kind, message, text, destination), bodies=(body,))

    def _with_rival(self, send: Send) -> Send:
        text = self._text(send.number, 1)
        rival = self._message(send.number, send.destination, [{"contentId": "text.txt", "text": text}])
        return replace(send, bodies=(*send.bodies, json.dumps(rival)), texts=(*send.texts, text))

    def _send(self, number: int, kind: Kind, message: dict[str, Any], text: str, destination: str) -> Send:
        return Send(
            run=self._run,
            number=number,
            kind=kind,
            bodies=(json.dumps(message),),
            texts=(text,),
            destination=destination,
        )

    def _message(self, number: int, destination: str, contents: list[Content]) -> dict[str, Any]:
        return self._producer.message(
            requestId=self._run.request_id(number),
            destination=destination,
            subject=f"{self._run.word('subject')} {number}",
            content=contents,
        )

    def _text(self, number: int, version: int) -> str:
        return f"{self._run.word('text')} {self._run.request_id(number)}.{version}"

    def _name(self, end: str) -> str:
        return f"{self._run.word('content id')}{end}"  # 19 characters at most

    def _base64(self, chance: Any) -> str:
        return base64.b64encode(self.pictures[chance.choice((2_000, 60_000))]).decode()


def choose_behaviours(run: LoadRun, *, every: bool) -> Sequence[Behaviour]:
    """All the ways to fail, or a few of those that keep nobody waiting."""
    quick = [each for each in MISBEHAVIOURS if not isinstance(each, Silence | SilenceUnread)]
    return MISBEHAVIOURS if every else run.chance("behaviours").sample(quick, 4)


def _refuse(number: str) -> Behaviour:
    """A refusal that quotes the number, as people write it."""
    return Error(code=4, status=400, description=f"+{number[:2]} {number[2:6]} {number[6:]} can't receive MMS.")
