"""hostile-callbacks.md, every row of it, through the stack's HTTP endpoint: the answer, and what is kept."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import groupby

import httpx

from local.readback import ReadBack
from local.simulator.media import jpeg
from local.stack import Stack
from tests.faults.bodies.posting import Desk, Finding, Request
from tests.faults.tally import Tallies
from tests.wire.bodies import part
from tests.wire.hostile_rows import ROWS
from tests.wire.rows import Q, Row, body, main

KIND = "bodies: each hostile row over HTTP"
AT_ONCE = 8

ORDINARY = body(main(), part(jpeg()))
REQUESTS = [
    *(Request(row) for row in ROWS),
    Request(Row("row-3 two Content-Type headers", ORDINARY + b"\r\n3", Q), second_type="text/plain"),
    Request(Row("row-29 gzip", ORDINARY + b"\r\n29", Q), {"Content-Encoding": "gzip"}),
]
ELSEWHERE = {28: "HTTP carries bytes: base64 and text are the API event's, see test_callback_event"}


def test_every_row_is_posted_or_tried_elsewhere() -> None:
    posted = {int(request.row.label.removeprefix("row-").partition(" ")[0]) for request in REQUESTS}
    assert posted | ELSEWHERE.keys() == set(range(1, 36))
    assert not posted & ELSEWHERE.keys()


def test_every_hostile_row_is_answered_and_kept_as_its_label_has_it(stack: Stack, tallies: Tallies) -> None:
    with tallies.of(KIND) as tally, ExitStack() as open_clients, ThreadPoolExecutor(AT_ONCE) as pool:
        desks = []
        for _ in range(AT_ONCE):  # a boto3 resource is for one thread
            client = open_clients.enter_context(httpx.Client(timeout=60, trust_env=False))
            desks.append(Desk(stack.callback_url, ReadBack(stack), client))
        for findings in pool.map(try_out, desks, lots(REQUESTS, AT_ONCE)):
            for what, sentence in findings:
                tally.breach(what, sentence)
        tally.cases += len(REQUESTS)


def lots(requests: list[Request], count: int) -> list[list[list[Request]]]:
    """The requests in so many lots; those that become one thing stand together, in their order."""
    by_key = [list(group) for _, group in groupby(sorted(requests, key=key_of), key=key_of)]
    return [by_key[n::count] for n in range(count)]


def key_of(request: Request) -> str:
    return request.key


def try_out(desk: Desk, groups: list[list[Request]]) -> list[Finding]:
    return [finding for group in groups for finding in findings_of(desk, group)]


def findings_of(desk: Desk, group: list[Request]) -> Iterator[Finding]:
    try:
        for request in group:
            yield from desk.try_out(request)
    finally:
        for request in group:
            desk.forget(request)
