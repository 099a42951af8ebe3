"""`mms attention` on the running stack, and the ids that it gives."""

import uuid
from hashlib import sha256

import pytest

from console.attention import find, handle_of
from console.connection import Gateway
from console.problems import Problem
from local.readback import ReadBack
from local.simulator.client import SimulatorClient
from local.simulator.mt.behaviours import Silence
from tests.integration.console.conftest import Mms
from tests.integration.producer import NUMBERS, Producer


def test_each_kind_is_listed_with_its_id_its_reason_and_what_to_do_next(
    mms: Mms, producer: Producer, simulator: SimulatorClient
) -> None:
    doubt, refused, twice = producer.message(), producer.message(destination="10000874000"), producer.message()
    simulator.behave(Silence(seconds=0), destination=doubt["destination"], times=1)
    producer.send(doubt)
    producer.send(refused)
    producer.send(twice)
    producer.enqueue({**twice, "subject": "Another parrot"})
    producer.empties_the_queue()
    body = f"no callback {uuid.uuid4()}".encode()
    simulator.send_raw("text/plain", body)
    said = mms("attention")
    kinds = [said.out.index(f"{kind}  ") for kind in ("IN_DOUBT", "REJECTED", "CONFLICT", "QUARANTINED")]
    assert kinds == sorted(kinds)
    for kind, handle, why, next_step in (
        ("IN_DOUBT", doubt["requestId"], "it is not known whether OpenMarket took it", "mms resolve ID"),
        ("REJECTED", refused["requestId"], "can't receive MMS", "mend it"),
        ("CONFLICT", f"MT#{twice['requestId']}#", "requestId: it was used for another message before", "look whether"),
        ("QUARANTINED", sha256(body).hexdigest()[:12], "Content-Type: expected", "mms replay ID after a fix"),
    ):
        part = mms("attention", "--kind", kind.lower(), "--limit", "10000").out  # other tests leave some too
        assert part.startswith(kind)
        assert next_step in part.splitlines()[1]
        lines = part.splitlines()
        (line,) = [number for number, line in enumerate(lines) if f"  {handle}" in line]
        assert why in lines[line + 1]
    both = mms("attention", "--kind", "REJECTED", "--kind", "QUARANTINED", "--json").json
    assert {item["attention"] for item in both} == {"REJECTED", "QUARANTINED"}
    assert refused["requestId"] in [item["id"] for item in both]


def test_what_has_waited_longest_comes_first_and_since_and_until_bound_it(mms: Mms, stored: ReadBack) -> None:
    year = 1000 + int(next(NUMBERS)) % 900  # nobody else's
    times = [f"{year}-03-01T10:00:00.000Z", f"{year}-03-02T00:00:00.000Z", f"{year}-03-02T10:00:00.000Z"]
    ids = [str(uuid.uuid4()) for _ in times]
    for request_id, since in zip(reversed(ids), reversed(times), strict=True):
        stored.table.put_item(
            Item={
                "pk": f"MT#{request_id}",
                "sk": "MESSAGE",
                "status": "REJECTED",
                "attention": "REJECTED",
                "attentionSince": since,
                "error": {"description": "[red]a customer's words"},
            }
        )
    try:
        period = ["attention", "--since", f"{year}-03-01", "--until", f"{year}-03-02T10:00:00Z"]
        assert [item["id"] for item in mms(*period, "--json").json] == ids
        assert [item["id"] for item in mms(*period[:3], "--until", f"{year}-03-01", "--json").json] == ids[:1]
        assert [item["id"] for item in mms(*period[:3], "--until", f"{year}-03-02", "--json").json] == ids
        some = mms(*period, "--limit", "2")
        assert (ids[1] in some.out, ids[2] in some.out) == (True, False)
        assert "the oldest 2 of REJECTED" in some.err
        assert "[red]a customer's words" in some.out
        assert mms("attention", "--until", "0998-01-01").err == "Nothing of that needs a person.\n"
    finally:
        for request_id in ids:
            stored.table.delete_item(Key={"pk": f"MT#{request_id}", "sk": "MESSAGE"})


def test_every_id_that_is_shown_finds_its_item_again(gateway: Gateway, stored: ReadBack) -> None:
    request_id, start = str(uuid.uuid4()), uuid.uuid4().hex
    shas = [f"{start[:8]}aa{'0' * 54}", f"{start[:8]}bb{'0' * 54}"]
    body = sha256(request_id.encode()).hexdigest()
    bodies = [f"RAW#{body}", f"RAW#{body[:20]}{'0' * 44}"]
    since = {"attention": "CONFLICT", "attentionSince": "1999-01-01T00:00:00.000Z"}
    items = [
        {"pk": f"MT#{request_id}", "sk": "MESSAGE", "status": "ACCEPTED"},
        {"pk": f"MT#{request_id}", "sk": f"CONFLICT#{shas[0]}", **since},
        {"pk": bodies[0], "sk": "CALLBACK", **since, "attention": "QUARANTINED"},
    ]
    more = [
        {"pk": f"MT#{request_id}", "sk": f"CONFLICT#{shas[1]}", **since},
        {"pk": bodies[1], "sk": "CALLBACK", **since, "attention": "QUARANTINED"},
    ]
    try:
        for item in items:
            stored.table.put_item(Item=item)
        for item in items:
            assert find(gateway, handle_of(item)) == item
        assert find(gateway, f"{request_id}#{start[:8]}") == items[1], "also without what kind it is"
        assert find(gateway, f"MT#{request_id}") == items[0]
        assert find(gateway, bodies[0]) == find(gateway, body) == items[2]
        for item in more:
            stored.table.put_item(Item=item)
        with pytest.raises(Problem, match=f"fits several: give one of MT#{request_id}#{shas[0]} and MT#"):
            find(gateway, handle_of(items[1]))
        assert find(gateway, f"MT#{request_id}#{shas[0]}") == items[1]
        with pytest.raises(Problem, match=f"fits several: give one of RAW#{body[:20]}"):
            find(gateway, handle_of(items[2]))
        assert find(gateway, body[:22]) == items[2]
    finally:
        for item in [*items, *more]:
            stored.table.delete_item(Key={"pk": item["pk"], "sk": item["sk"]})


def test_an_id_of_two_messages_means_the_one_that_needs_a_person(gateway: Gateway, stored: ReadBack) -> None:
    number = next(NUMBERS)
    quiet = {"pk": f"MO#{number}", "sk": "MESSAGE", "status": "RECEIVED"}
    loud = {"pk": f"MT#{number}", "sk": "MESSAGE", "status": "IN_DOUBT", "attention": "IN_DOUBT"}
    for item in (quiet, {**loud, "attentionSince": "1999-01-01T00:00:00.000Z"}):
        stored.table.put_item(Item=item)
    try:
        assert find(gateway, number)["pk"] == f"MT#{number}"
        stored.table.put_item(Item={"pk": f"MT#{number}", "sk": "MESSAGE", "status": "CLOSED"})
        with pytest.raises(Problem, match=f"give one of MT#{number} and MO#{number}"):
            find(gateway, number)
        assert find(gateway, f"MO#{number}") == quiet
    finally:
        for item in (quiet, loud):
            stored.table.delete_item(Key={"pk": item["pk"], "sk": item["sk"]})


@pytest.mark.parametrize("name", ["", "#", "a#b#c", "nobody", "MT#nobody", "deadbeefdeadbeef", "RAW#0"])
def test_what_is_no_id_is_said(gateway: Gateway, name: str) -> None:
    with pytest.raises(Problem, match="`mms attention`"):
        find(gateway, name)
