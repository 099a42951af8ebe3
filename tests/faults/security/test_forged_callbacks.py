"""Forged, replayed and mis-authenticated callbacks: whoever posts them, table and bucket stand as before."""

import hashlib
import itertools
import json
from collections.abc import Iterator

import pytest

from local.readback import Item, ReadBack
from local.simulator.client import SimulatorClient
from local.simulator.media import png
from local.stack import Stack
from mms_gateway.credentials import MAX_AGE, MIN_AGE, Credentials
from mms_gateway.errors import Unauthorized
from tests.faults.security.conftest import Secret
from tests.faults.security.door import JSON, Door, Knock
from tests.faults.security.forgeries import (
    PASSWORD,
    STRANGER,
    USER,
    basic,
    beside_the_path,
    elsewhere,
    pairs,
    wrong_basics,
    wrong_tokens,
)
from tests.faults.security.functions import NUMBERS
from tests.faults.security.traces import Store
from tests.faults.security.watch import Watch
from tests.faults.tally import Scale, Tallies
from tests.integration.producer import Producer
from tests.wire.bodies import main as json_part
from tests.wire.bodies import message, mo_json, multipart_type, part, report_json, text
from tests.wire.hostile_rows import ROWS
from tests.wire.rows import Row

KIND = "security: forged and replayed callbacks"
SMALL = 20_000  # bytes: of the hostile bodies that are posted often
POSTABLE = [row for row in ROWS if row.content_type.isascii() and row.content_type.isprintable()]


def genuine(boundary: str = "mimeboundary") -> tuple[bytes, str]:
    """A sound message that nobody has sent yet."""
    parts = (json_part(moId=next(NUMBERS)), part(png(), "image/png", "parrot.png"), text("Is it dead?"))
    return message(*parts, boundary=boundary), multipart_type(boundary)


Body = tuple[str, bytes, str]


def bodies(mt_id: str) -> Iterator[Body]:
    """What a stranger may have in hand: sound, hostile, and a report of a message that was really sent."""
    yield "a message", *genuine()
    yield "a message without media", mo_json(moId=next(NUMBERS)), JSON
    yield "a report of a real message", report_json(mtId=int(mt_id), status="Rejected", outcomeId=9), JSON
    yield "nothing", b"", JSON
    yield "a message cut short", genuine()[0][:-20], multipart_type()
    yield "no body that can be read", b"\xff\x00" * 50, "application/octet-stream"


@pytest.fixture(scope="module")
def accepted(producer: Producer) -> Item:
    """A message that was accepted and reported: what a forged report would like to change."""
    sent = producer.message(destination="10000871000")
    producer.send(sent)
    return producer.wait(sent, lambda item: "delivery" in item)


def test_forged_callbacks_leave_no_trace_and_a_real_one_still_comes_in(
    store: Store, door: Door, accepted: Item, tallies: Tallies, scale: Scale
) -> None:
    given = list(bodies(accepted["mtId"]))
    small = [row for row in POSTABLE if len(row.body) < SMALL]
    hostile = POSTABLE if scale.long else small[::8]
    with tallies.of(KIND) as tally:
        before, watch = store.traces(), Watch(door, tally)
        for (name, segment), (kind, body, content_type) in pairs(wrong_tokens(door.token).items(), given, scale):
            watch.refused(Knock(path=f"/{segment}"), body, content_type, f"{name} with {kind}")
        for (name, knock), (kind, body, content_type) in pairs(elsewhere(door.token), given, scale):
            watch.refused(knock, body, content_type, f"the token {name} with {kind}")
        for (name, knock), (kind, body, content_type) in pairs(beside_the_path(door.token), given, scale):
            watch.turned_away(knock, body, content_type, f"{name} with {kind}")
        for row in hostile:
            watch.refused(Knock(path=f"/{STRANGER}"), row.body, row.content_type, f"a stranger's {row.label}")
        if scale.long:
            _every_forgery_with_hostile_bodies(watch, door, small[::3])
        watch.end()
        tally.expect(not (wrote := store.traces().since(before)), "wrong", f"the forged ones wrote {wrote[:5]}")
        answer = door.post(*genuine())
        tally.expect((answer.status, answer.outcome) == (200, "stored"), "lost", f"a real one after them: {answer}")
        wrote = sorted(each.split("/")[0] for each in store.traces().since(before))
        seen = [each.split("#")[0] for each in wrote] == ["item MO", "object mo", "object raw"]
        tally.expect(seen, "wrong", f"of the real one the traces show {wrote}")


def _every_forgery_with_hostile_bodies(watch: Watch, door: Door, rows: list[Row]) -> None:
    forgeries = {
        **{name: Knock(path=f"/{segment}") for name, segment in wrong_tokens(door.token).items()},
        **dict(elsewhere(door.token)),
    }
    for (name, knock), row in itertools.product(forgeries.items(), rows):
        watch.refused(knock, row.body, row.content_type, f"{name} with {row.label}")


def test_whoever_lacks_the_password_or_has_a_revoked_token_leaves_no_trace(
    *, store: Store, door: Door, accepted: Item, secret: Secret, tallies: Tallies, scale: Scale
) -> None:
    given = list(bodies(accepted["mtId"]))
    user, password = USER, PASSWORD
    asks = {**secret.before, "callbackUser": user, "callbackPasswords": ["older", password]}
    right = basic(user, password)
    with tallies.of(KIND) as tally:
        secret.put(**{**asks, "callbackTokens": [STRANGER, door.token]})
        answer = door.post(*genuine(), token=STRANGER, Authorization=right)
        tally.expect(answer.outcome == "stored", "lost", f"with a token that was added: {answer}")
        secret.put(**asks)
        before, watch = store.traces(), Watch(door, tally)
        for (name, header), (kind, body, content_type) in pairs(wrong_basics(user, password).items(), given, scale):
            knock = Knock(path=f"/{door.token}", headers={} if header is None else {"Authorization": header})
            watch.refused(knock, body, content_type, f"Basic: {name} with {kind}")
        for name, segment in {**wrong_tokens(door.token), "one that was revoked": STRANGER}.items():
            knock = Knock(path=f"/{segment}", headers={"Authorization": right})
            for kind, body, content_type in given[:1]:
                watch.refused(knock, body, content_type, f"the right Basic, as the token {name}, with {kind}")
        watch.end()
        tally.expect(not (wrote := store.traces().since(before)), "wrong", f"mis-authenticated ones wrote {wrote[:5]}")
        for word in ("older", password):
            answer = door.post(*genuine(), Authorization=basic(user, word))
            tally.expect(answer.outcome == "stored", "lost", f"a real one with its password: {answer}")


def test_a_function_that_runs_on_refuses_a_revoked_token_within_a_minute(
    stack: Stack, secret: Secret, tallies: Tallies
) -> None:
    clock, warnings = [1000.0], list[str]()

    def opens(door: Credentials, token: str) -> bool:
        try:
            door.authenticate(token=token, authorization=None)
        except Unauthorized:
            return False
        return True

    with tallies.of(KIND) as tally:
        for stranger_after in (None, MIN_AGE):
            tally.cases += 1
            secret.put(**{**secret.before, "callbackTokens": [STRANGER]})
            door = Credentials(secret.client, stack.secret_arn, warn=warnings.append, clock=lambda: clock[0])
            tally.expect(opens(door, STRANGER), "lost", "a token of the secret does not open")
            secret.put(**secret.before)
            clock[0] += stranger_after or MAX_AGE
            if stranger_after is not None:
                tally.expect(not opens(door, "nobody's"), "wrong", "a stranger's token opens")
            seconds = stranger_after or MAX_AGE
            tally.expect(not opens(door, STRANGER), "wrong", f"{seconds} s after its end a token opens")
        tally.expect(not warnings, "wrong", f"the secret could not be had: {warnings}")


def raw_object(body: bytes) -> tuple[str, str]:
    """Under which key a whole body lies, and its ETag there."""
    md5 = hashlib.md5(body, usedforsecurity=False).hexdigest()
    return f"raw/{hashlib.sha256(body).hexdigest()}", f'"{md5}"'


def test_a_replay_of_a_genuine_callback_writes_nothing_new(
    store: Store, door: Door, accepted: Item, tallies: Tallies, scale: Scale
) -> None:
    mo_id, date = next(NUMBERS), "2026-11-22T08:30:00+00:00"
    parts = (json_part(moId=mo_id), part(png() * 40, "image/png", "parrot.png"), text("Is it dead?"))
    report = report_json(mtId=int(accepted["mtId"]), status="Forwarded", outcomeId=5, date=date)
    cut = message(json_part(moId=next(NUMBERS)), part(png()))[:-20]
    unreadable = mo_json(moId=None, subject=str(next(NUMBERS)))
    sent = {
        "a message": (message(*parts), multipart_type(), "stored", "duplicate"),
        "a report": (report, JSON, "report", "duplicate"),
        "one cut short": (cut, multipart_type(), "truncated", "quarantined"),
        "one that can't be read": (unreadable, JSON, "quarantined", "quarantined"),
    }
    others = []
    with tallies.of(KIND) as tally:
        for name, (body, content_type, first, _) in sent.items():
            outcome = door.post(body, content_type).outcome
            tally.expect(outcome == first, "lost", f"{name}, for the first time: {outcome}")
        before = store.traces()
        for again in range(scale(short=3, long=50)):
            for name, (body, content_type, _, outcome) in sent.items():
                tally.cases += 1
                answer = door.post(body, content_type, X_Request_Id=f"another-{again}")
                tally.expect(answer.outcome == outcome, "wrong", f"a replay of {name}: {answer}")
            other = f"another-boundary-{again}"
            others.append(message(*parts, boundary=other))
            answer = door.post(others[-1], multipart_type(other))
            tally.cases += 1
            tally.expect(answer.outcome == "duplicate", "wrong", f"a replay with the boundary {other}: {answer}")
        after = store.traces()
        tally.expect(after.items == before.items, "doubled", f"replays changed items: {after.since(before)[:5]}")
        # Written again is written alike: new is nothing but the whole bodies that have another boundary in them.
        alike = {(key, etag) for (key, _), etag in before.versions.items()} | set(map(raw_object, others))
        strange = {key for (key, _), etag in after.versions.items() if (key, etag) not in alike}
        tally.expect(not strange, "doubled", f"replays wrote {sorted(strange)}")
        gone = before.versions.keys() - after.versions.keys()
        tally.expect(not gone, "lost", f"replays took away {sorted(gone)}")


def test_a_forged_report_changes_nothing_and_the_real_one_still_does(
    stored: ReadBack, door: Door, producer: Producer, simulator: SimulatorClient, tallies: Tallies
) -> None:
    sent = producer.message(destination="10000873000")  # nobody reports on it
    producer.send(sent)
    item = producer.item(sent)
    mt_id = int(item["mtId"])
    with tallies.of(KIND) as tally:
        before = stored.item(item["pk"])
        for name, segment in wrong_tokens(door.token).items():
            tally.cases += 1
            answer = door.post(report_json(mtId=mt_id, status="Rejected"), token=segment)
            tally.expect(answer.status == 401, "wrong", f"a forged report with {name}: {answer}")
        tally.expect(stored.item(item["pk"]) == before, "wrong", f"forged reports changed {item['pk']}")
        reports = stored.items(f"MTID#{mt_id}")
        tally.expect(len(reports) == 1, "wrong", f"forged reports stand: {json.dumps(reports, default=str)}")
        delivery = simulator.send_report(mt_id=mt_id, status="Retrieved")
        tally.expect(delivery.outcomes == ["report"], "lost", f"the real report: {delivery.outcomes}")
        shown = stored.item(item["pk"]).get("delivery", {}).get("status")
        tally.expect(shown == "Retrieved", "lost", f"the real report is shown as {shown}")
