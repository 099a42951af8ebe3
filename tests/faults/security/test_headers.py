"""What producers and handsets write never becomes a header, a key or a line of the log."""

import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from local.readback import ReadBack
from local.stack import Stack
from mms_gateway.openmarket.encode import REMOTE_CONTENT
from mms_gateway.queue_message import content_bytes, read_queue_message
from tests.faults.security.door import Door, Knock
from tests.faults.security.functions import NUMBERS, Functions, functions_of
from tests.faults.security.injections import CONTENT, TAILS, injections
from tests.faults.security.wire_form import departures
from tests.faults.tally import Scale, Tallies
from tests.integration.producer import Producer
from tests.unit.peers import Wire, running_peer
from tests.wire.bodies import main, message, multipart_type, part
from tests.wire.hostile_rows import ROWS

KIND = "security: links, headers, keys"
KEY = re.compile(r"(mo/[0-9]{1,40}/[0-9]{1,2}-|raw/|quarantine/)[0-9a-f]{64}")
TYPE = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+/[!#$%&'*+.^_`|~0-9a-z-]+")
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b"


@dataclass
class OpenMarket:
    """A peer that takes everything and keeps its bytes."""

    requests: list[tuple[bytes, bytes]] = field(default_factory=list)

    def script(self, wire: Wire) -> None:
        self.requests.append(wire.read_request())
        answer = json.dumps({"mtId": next(NUMBERS)}).encode()
        wire.send(ANSWER % (len(answer), answer))


@pytest.fixture(scope="module")
def openmarket() -> OpenMarket:
    return OpenMarket()


@pytest.fixture(scope="module")
def sender(stack: Stack, openmarket: OpenMarket, own_logs: list[str]) -> Iterator[Functions]:
    """The functions, with that peer for OpenMarket."""
    with running_peer(openmarket.script) as peer:
        yield functions_of(stack, own_logs, OPENMARKET_ENDPOINTS=f"http://127.0.0.1:{peer.port}")


def test_no_text_of_a_queue_message_becomes_a_header_or_a_part(
    sender: Functions, openmarket: OpenMarket, producer: Producer, tallies: Tallies, scale: Scale
) -> None:
    whole = producer.message()
    sent, set_aside = 0, 0
    with tallies.of(KIND) as tally:
        for name, hostile in itertools.islice(injections(whole), 0, None, scale(short=5, long=1)):
            tally.cases += 1
            # One of its own for each, where the injection is not in it.
            one = (
                {**hostile, "requestId": str(next(NUMBERS))} if hostile["requestId"] == whole["requestId"] else hostile
            )
            openmarket.requests.clear()
            tally.expect(sender.send(one), "stuck", f"{name}: comes again")
            lines = [json.loads(line) for line in sender.log.splitlines()]
            reasons = "".join(line.get("reason", "") for line in lines)
            # The name of a field that there is not is told, in printable ASCII; no field's value ever is.
            told = "canary" in sender.log and not name.endswith("field")
            tally.expect(not told, "wrong", f"{name}: stands in the log: {sender.log}")
            tally.expect(reasons.isascii() and (reasons + "x").isprintable(), "wrong", f"{name}: {reasons!r}")
            outcomes = [line["outcome"] for line in lines]
            if outcomes == ["taken", "accepted"]:
                sent += 1
                ((head, body),) = openmarket.requests
                for departure in departures(head, body, one, _contents(one)):
                    tally.breach("wrong", f"{name}: {departure}")
            else:
                set_aside += outcomes == ["set-aside"]
                tally.expect(outcomes in (["rejected"], ["set-aside"]), "wrong", f"{name}: {outcomes}")
                tally.expect(not openmarket.requests, "wrong", f"{name}: refused, and sent all the same")
        taken_away = 0
        while taken_away < set_aside and (found := producer.set_aside(whole["destination"])):
            taken_away += len(found)
        tally.expect(taken_away == set_aside, "lost", f"{set_aside} set aside, {taken_away} in the dead-letter queue")
        tally.note(f"of queue messages {sent} went out harmlessly")


def _contents(sent: dict[str, Any]) -> list[bytes]:
    request = read_queue_message(json.dumps(sent), link_hosts=frozenset()).request
    assert request
    return [content_bytes(content) or b"" for content in request.content]


SEEDED = [
    ("head", b"Connection: close", b"Connection: close\r\nX-Injected: canary"),
    ("head", b"/send", b"/sent"),
    ("head", b"Connection: close\r\n", b""),
    ("body", b"binary", b"binary\r\nX-Injected: canary"),
    ("body", b"text/plain", b"text/html"),
    ("body", b"a.txt", b"b.txt"),
    ("body", b"Here it is", b"Here it was"),
    ("body", b'"88600"', b'"88601"'),
    ("body", b"}\r\n", b"\n}\r\n"),
    ("body", b"--\r\n", b"\r\nContent-Id: x\r\n\r\nx--\r\n"),
]


def test_a_departure_on_the_wire_would_be_noticed(
    sender: Functions, openmarket: OpenMarket, producer: Producer, tallies: Tallies
) -> None:
    whole = producer.message(content=[CONTENT])
    openmarket.requests.clear()
    with tallies.of(KIND) as tally:
        assert sender.send(whole)
        ((head, body),) = openmarket.requests
        assert not list(departures(head, body, whole, [b"Here it is"]))
        for part_of, old, new in SEEDED:
            tally.cases += 1
            seeded = (head.replace(old, new), body) if part_of == "head" else (head, body.replace(old, new))
            assert seeded != (head, body)
            tally.expect(list(departures(*seeded, whole, [b"Here it is"])), "wrong", f"{new!r} is not noticed")


def test_an_objects_own_type_becomes_no_header_either(
    sender: Functions, openmarket: OpenMarket, producer: Producer, tallies: Tallies
) -> None:
    types = [
        REMOTE_CONTENT,
        f"{REMOTE_CONTENT.upper()}; x=y",
        "multipart/mixed; boundary=canary",
        "text/vcard",
        "image",
        "image/jpeg, text/html",
        "image/jpeg;\tname=x",
        "image/" + "j" * 300,
        "=?utf-8?b?DQpYLUluamVjdGVkOiBjYW5hcnk=?=",
    ]
    with tallies.of(KIND) as tally:
        for content_type in types:
            tally.cases += 1
            source = producer.upload("x", b"https://evil.example/canary", content_type)
            whole = producer.message(content=[{"contentId": "a.jpg", "s3": source}])
            openmarket.requests.clear()
            tally.expect(sender.send(whole), "stuck", f"an object of type {content_type}: comes again")
            item = producer.item(whole)
            fault = item.get("error", {}).get("description", "")
            refused = item["status"] == "REJECTED" and fault.startswith("content[0].contentType: of the object, ")
            tally.expect(refused, "wrong", f"an object of type {content_type}: {item['status']} {fault}")
            tally.expect(not openmarket.requests, "wrong", f"an object of type {content_type} went out")


def test_what_handsets_name_their_parts_becomes_no_key_no_header_and_no_line_of_the_log(
    functions: Functions, stored: ReadBack, tallies: Tallies, scale: Scale
) -> None:
    rows = [row for row in ROWS if row.label.startswith(("row-8 ", "row-10 ", "row-27 ", "row-31 "))]
    bodies = [(row.label, row.body, row.content_type) for row in rows]
    headers = ("Content-Type: image/jpeg", "Content-Id: ", "Content-Type: ", "X-Canary: ")
    for (name, tail), header in itertools.islice(
        itertools.product(TAILS.items(), headers), 0, None, scale(short=3, long=1)
    ):
        line = f"{header}a{tail}".encode("utf-8", "surrogatepass")
        hostile = part(b"\xff\xd8\xff" * 30, headers=(line,))
        bodies.append((f"{name} in {header}", message(main(moId=next(NUMBERS)), hostile), multipart_type()))
    before = set(stored.keys())
    with tallies.of(KIND) as tally:
        for name, body, content_type in bodies:
            tally.cases += 1
            status, outcome = functions.take(body, content_type)
            tally.expect(status == 200 or outcome == "truncated", "lost", f"{name}: {status} {outcome}")
            tally.expect(outcome.isascii() and outcome.isprintable(), "wrong", f"{name}: X-Mms-Outcome is {outcome!r}")
            for canary in ("canary", "passwd", "\\u001b", "../"):
                tally.expect(canary not in functions.log, "wrong", f"{name}: {canary} in the log: {functions.log}")
            tally.expect(functions.log.count("\n") == 1, "wrong", f"{name}: the log is {functions.log!r}")
            json.loads(functions.log)
        for key in set(stored.keys()) - before:
            tally.expect(KEY.fullmatch(key), "wrong", f"a key is {key!r}")
            head = stored.bucket.Object(key).get()
            plain = [head["ContentType"], *head["Metadata"], *head["Metadata"].values()]
            tally.expect(TYPE.fullmatch(head["ContentType"]), "wrong", f"{key}: its type is {head['ContentType']!r}")
            tally.expect(all(each.isascii() and each.isprintable() for each in plain), "wrong", f"{key}: {plain}")
            tally.expect(set(head["Metadata"]) <= {"callback-content-type"}, "wrong", f"{key}: {head['Metadata']}")
            tally.expect(head["ContentDisposition"] == "attachment", "wrong", f"{key}: a browser would run it")


def test_a_callers_request_id_is_cleaned_wherever_it_goes(
    functions: Functions, stored: ReadBack, tallies: Tallies
) -> None:
    with tallies.of(KIND) as tally:
        for name, tail in {**TAILS, "100,000 characters": "y" * 100_000}.items():
            tally.cases += 2
            mo_id, headers = next(NUMBERS), {"X-Request-Id": f"015-{tail}"}
            body = message(main(moId=mo_id), part(b"x"))
            outcome = functions.take(body, multipart_type(), headers=headers)
            tally.expect(outcome == (200, "stored"), "lost", f"X-Request-Id with {name}: {outcome}")
            kept = stored.item(f"MO#{mo_id}")["openMarketRequestId"]
            tally.expect(kept.isprintable() and len(kept) <= 255, "wrong", f"{name}: kept as {kept!r}")
            tally.expect(functions.log.count("\n") == 1, "wrong", f"{name}: the log is {functions.log[:300]!r}")
            line = json.loads(functions.log)
            tally.expect(line["correlation_id"] == kept, "wrong", f"{name}: logged as {line['correlation_id']!r}")
            outcome = functions.take(body, multipart_type(), token="nobody's", headers=headers)
            tally.expect(outcome == (401, "unauthorized"), "wrong", f"a stranger with {name}: {outcome}")
            tally.expect("015-" not in functions.log, "wrong", f"a stranger's is logged: {functions.log[:300]}")


def test_over_http_no_header_of_a_callers_comes_back(door: Door, tallies: Tallies) -> None:
    strange = {
        "folded": "MMS-015\r\n X-Mms-Outcome: stored",
        "8,000 characters": "y" * 8000,
        "60,000 characters": "y" * 60_000,
        "Latin-1": "MMS-015-\xe9\x85\xa0",
        "quotes": 'MMS-015-"; X-Mms-Outcome=stored',
        "escapes": "MMS-015-%0d%0aX-Injected:%20canary",
        "a tab": "MMS-015\t-",
    }
    with tallies.of(KIND) as tally:
        for name, value in strange.items():
            for token in (door.token, "nobodys"):
                tally.cases += 1
                headers = {"X-Request-Id": value, "X-Injected": "canary"}
                answer = door.knock(Knock(path=f"/{token}", headers=headers), b"{}")
                said = repr(sorted(answer.headers.items())) + repr(answer.body)
                back = [each for each in ("canary", "yyy", "MMS-015", "X-Injected") if each in said]
                tally.expect(not back, "wrong", f"X-Request-Id {name}: {back} comes back: {said[:300]}")
