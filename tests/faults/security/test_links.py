"""Links and redirects: nobody is called but OpenMarket's hosts and AWS, wherever a message or an answer points to."""

import itertools
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from local.readback import ReadBack
from local.simulator.client import SimulatorClient
from local.simulator.mt.behaviours import Status
from local.stack import Stack
from mms_gateway.openmarket.encode import REMOTE_CONTENT
from mms_gateway.send_request import MAX_CONTENTS
from tests.faults.security.connections import Place, connections
from tests.faults.security.door import Door
from tests.faults.security.functions import NUMBERS, Functions
from tests.faults.security.links import bad_links, good_links, redirects
from tests.faults.tally import Scale, Tallies
from tests.integration.producer import Producer
from tests.unit.peers import Peer, running_peer, sending
from tests.wire.bodies import main, message, multipart_type, part

KIND = "security: links, headers, keys"
NOTHING = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


@pytest.fixture
def listener() -> Iterator[Peer]:
    """Somebody who listens on loopback and should never be called."""
    with running_peer(sending(NOTHING)) as peer:
        yield peer


def expected_of(stack: Stack) -> set[Place]:
    """Where the functions may connect to: AWS and OpenMarket, here both on loopback."""
    urls = [urlsplit(url) for url in (stack.aws_endpoint_url, stack.open_market_url)]
    return {(str(url.hostname), int(url.port or 0)) for url in urls}


def linking(producer: Producer, *urls: str) -> dict[str, Any]:
    return producer.message(content=[{"contentId": f"link-{n}", "url": url} for n, url in enumerate(urls)])


def test_a_link_to_elsewhere_is_refused_in_words_and_called_by_nobody(
    functions: Functions, producer: Producer, listener: Peer, tallies: Tallies, scale: Scale
) -> None:
    aws = {("127.0.0.1", urlsplit(functions.stack.aws_endpoint_url).port)}
    with tallies.of(KIND) as tally, connections() as heard:
        for url in itertools.islice(bad_links(listener.port), 0, None, scale(short=3, long=1)):
            tally.cases += 1
            sent = linking(producer, url)
            tally.expect(functions.send(sent), "stuck", f"{url[:200]!r} comes again")
            item = producer.item(sent)
            words = item.get("error", {}).get("description", "")
            refused = item.get("status") == "REJECTED" and words.startswith("content[0].url: ")
            tally.expect(refused, "wrong", f"{url[:200]!r} is {item.get('status')}: {words}")
            tally.expect("canary" not in words + functions.log, "wrong", f"{url[:200]!r} is quoted")
        tally.expect(set(heard) <= aws, "wrong", f"connected to {set(heard) - aws}")
        tally.expect(not listener.wires, "wrong", "the listener was called")


def test_the_deployed_function_refuses_them_likewise(
    producer: Producer, simulator: SimulatorClient, listener: Peer, tallies: Tallies
) -> None:
    links = list(bad_links(listener.port))
    batches = [tuple(links[n : n + MAX_CONTENTS]) for n in range(0, len(links), MAX_CONTENTS)]
    with tallies.of(KIND) as tally:
        messages = [linking(producer, *batch) for batch in batches]
        for each in messages:
            producer.enqueue(each)
        for batch, sent, item in zip(batches, messages, producer.wait_for_all(messages, 120), strict=True):
            faults = {fault.partition(": ")[0] for fault in item["error"]["description"].split("; ")}
            for index, url in enumerate(batch):
                tally.cases += 1
                tally.expect(f"content[{index}].url" in faults, "wrong", f"{url[:200]!r} has no fault among {faults}")
            requests = simulator.mt_requests(destination=sent["destination"])
            tally.expect(not requests, "wrong", f"sent all the same: {requests}")
        tally.expect(not listener.wires, "wrong", "the listener was called")


def test_a_link_to_an_allowed_host_goes_out_as_it_is_and_is_not_looked_up(
    functions: Functions, producer: Producer, simulator: SimulatorClient, tallies: Tallies
) -> None:
    expected = expected_of(functions.stack)
    with tallies.of(KIND) as tally:
        for url in good_links():
            tally.cases += 1
            sent = linking(producer, url)
            with connections() as heard:
                tally.expect(functions.send(sent), "stuck", f"{url[:200]!r} comes again")
            tally.expect(set(heard) <= expected, "wrong", f"{url[:200]!r}: connected to {set(heard) - expected}")
            (request,) = simulator.mt_requests(destination=sent["destination"])
            holds = (request.violations, simulator.mt_part(request, 0)) == ([], url.encode())
            tally.expect(holds and request.parts[0].content_type == REMOTE_CONTENT, "wrong", f"{url!r}: {request}")


def test_a_link_that_comes_in_is_kept_and_not_followed(
    functions: Functions, door: Door, stored: ReadBack, listener: Peer, tallies: Tallies
) -> None:
    places = [f"http://127.0.0.1:{listener.port}/x", f"//127.0.0.1:{listener.port}/x", "file:///etc/passwd"]
    types = {
        REMOTE_CONTENT: "PLACE",
        "message/external-body; access-type=URL": "PLACE",
        "text/uri-list": "PLACE\r\n",
        "application/smil": '<smil><body><img src="PLACE"/></body></smil>',
        "application/xml": '<!DOCTYPE x [<!ENTITY y SYSTEM "PLACE">]><x>&y;</x>',
        "text/html": '<img src="PLACE">',
    }
    with tallies.of(KIND) as tally, connections() as heard:
        for place, (content_type, form) in itertools.product(places, types.items()):
            tally.cases += 2
            ids, data = [str(next(NUMBERS)), str(next(NUMBERS))], form.replace("PLACE", place).encode()
            mos = [message(main(moId=each), part(data, content_type, "link")) for each in ids]
            outcomes = [functions.take(mos[0], multipart_type())[1], door.post(mos[1], multipart_type()).outcome]
            tally.expect(outcomes == ["stored"] * 2, "lost", f"{data!r} as {content_type}: {outcomes}")
            kept = [_kept(stored, each) for each in ids]
            tally.expect(kept == [data] * 2, "lost", f"{data!r} as {content_type}: kept as {kept}")
        strange = set(heard) - expected_of(functions.stack)
        tally.expect(not strange, "wrong", f"connected to {strange}")
        tally.expect(not listener.wires, "wrong", "the listener was called")


def _kept(stored: ReadBack, mo_id: str) -> bytes:
    (only,) = stored.item(f"MO#{mo_id}")["parts"]
    return only["text"].encode() if "text" in only else stored.media(only["s3Key"])


def test_a_redirect_is_never_followed_and_the_message_is_sent_once_it_is_answered(
    producer: Producer, simulator: SimulatorClient, listener: Peer, tallies: Tallies, scale: Scale
) -> None:
    with tallies.of(KIND) as tally:
        messages = []
        for status, location in list(redirects(listener.port))[:: scale(short=3, long=1)]:
            sent = producer.message()
            answer = Status(status=status, headers={"Location": location} if location else {})
            simulator.behave(answer, destination=sent["destination"], times=1)
            producer.enqueue(sent)
            messages.append((status, location, sent))
        items = producer.wait_for_all([sent for _, _, sent in messages], 120)
        for (status, location, sent), item in zip(messages, items, strict=True):
            tally.cases += 1
            case = f"{status} to {location!r}"
            tally.expect(item["status"] == "ACCEPTED", "lost", f"{case}: {item['status']}")
            requests = simulator.mt_requests(destination=sent["destination"])
            statuses = [each.answer.status for each in requests if each.answer]
            tally.expect(statuses == [status, 200], "doubled", f"{case}: answered {statuses}")
        tally.expect(not listener.wires, "wrong", "the listener was called")
    producer.empties_the_queue()


def test_a_redirect_opens_no_connection_but_the_one_it_came_over(
    functions: Functions, producer: Producer, simulator: SimulatorClient, listener: Peer, tallies: Tallies
) -> None:
    expected = expected_of(functions.stack)
    openmarket = urlsplit(functions.stack.open_market_url).port
    with tallies.of(KIND) as tally:
        for status, location in redirects(listener.port):
            tally.cases += 1
            sent = producer.message()
            answer = Status(status=status, headers={"Location": location} if location else {})
            simulator.behave(answer, destination=sent["destination"], times=1)
            with connections() as heard:
                done = functions.send(sent)
            case = f"{status} to {location!r}"
            tally.expect(not done and producer.item(sent)["status"] == "RETRY", "lost", f"{case}: not tried again")
            tally.expect(set(heard) <= expected, "wrong", f"{case}: connected to {set(heard) - expected}")
            calls = len([place for place in heard if place[1] == openmarket])
            tally.expect(calls == 2, "doubled", f"{case}: looked up and connected to, {calls} instead of 2")
            functions.close(sent)
        tally.expect(not listener.wires, "wrong", "the listener was called")
