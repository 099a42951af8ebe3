"""The table's conditional writes, each a step on the model's item; see message_table/outbound.py and reports.py."""

from collections.abc import Callable

from tests.faults.model.world import OURS, Bug, Item, Process, Rules, World

Write = Callable[[World, Process, Rules], tuple[World, bool]]
"""The world after a write, and whether its condition held."""


def claim(world: World, process: Process, rules: Rules) -> tuple[World, bool]:
    """nothing, RETRY as it was -> SENDING."""
    content, item = world.queue[process.source].content, world.item
    status = Bug.CLAIM_WITHOUT_STATUS in rules.bugs
    again = process.verdict == "again" and item is not None and not item.lease
    attempts = item.attempts if item is not None else 0
    as_it_was = attempts == process.value or Bug.CLAIM_WITHOUT_ATTEMPTS in rules.bugs
    if not as_it_was or not (again or _not_taken(item, content, rules, status=status)):
        return world, False
    before = item or Item("", content)
    resent = before.resent or _is_resend(before)
    claimed = before._replace(
        status="SENDING", content=content, owner=process.me, lease=True, attempts=process.value + 1, attention="",
        resent=resent,
    )  # fmt: skip
    return world._replace(item=claimed, late=world.late and not _is_resend(before)), True


def put_off(world: World, process: Process, rules: Rules) -> tuple[World, bool]:
    """nothing, RETRY -> RETRY, without a claim."""
    content = world.queue[process.source].content
    if not _not_taken(world.item, content, rules, status=Bug.PUT_OFF_WITHOUT_STATUS in rules.bugs):
        return world, False
    return world._replace(item=(world.item or Item("", content))._replace(status="RETRY")), True


def reject(world: World, process: Process, rules: Rules) -> tuple[World, bool]:
    """nothing, RETRY -> REJECTED."""
    content = world.queue[process.source].content
    attempts = world.item.attempts if world.item is not None else 0
    careless = {Bug.REJECT_WITHOUT_ATTEMPTS, Bug.REJECT_WITHOUT_STATUS} & rules.bugs
    as_it_was = attempts == process.value or careless
    if not as_it_was or not _not_taken(world.item, content, rules, status=Bug.REJECT_WITHOUT_STATUS in rules.bugs):
        return world, False
    before = world.item or Item("", content)
    hedged = process.verdict == "doubted"
    return world._replace(item=before._replace(status="REJECTED", attention="REJECTED", hedged=hedged)), True


def finish(world: World, process: Process, rules: Rules) -> tuple[World, bool]:
    """SENDING of this owner -> RETRY, REJECTED, IN_DOUBT."""
    item = world.item
    if item is None:
        return world, False
    status = item.status == "SENDING" or Bug.FINISH_WITHOUT_STATUS in rules.bugs
    owner = item.owner == process.me or Bug.FINISH_WITHOUT_OWNER in rules.bugs
    if not (status and owner):
        return world, False
    attention = item.attention if process.verdict == "RETRY" else process.verdict
    if process.verdict == "IN_DOUBT" and Bug.DOUBT_WITHOUT_ATTENTION in rules.bugs:
        attention = ""
    hedged = process.verdict == "REJECTED" and item.resent
    return world._replace(item=item._replace(status=process.verdict, attention=attention, hedged=hedged)), True


def accept(world: World, process: Process, rules: Rules) -> tuple[World, bool]:
    """SENDING, IN_DOUBT of this owner -> ACCEPTED, and whose the mtId is, in one transaction."""
    free = world.requests[process.value - 1] in {"", OURS} or Bug.ACCEPT_TAKES_ANOTHERS_REQUEST in rules.bugs
    if not free:
        return world, False
    after, done = _accept(world, process, rules)
    return (request(after, process, rules, taking=True)[0], True) if done else (world, False)


def accept_alone(world: World, process: Process, rules: Rules) -> tuple[World, bool]:
    """The same, where the mtId is another message's."""
    after, done = _accept(world, process, rules)
    if not done or after.item is None:
        return world, False
    return after._replace(item=after.item._replace(attention="CONFLICT")), True


def can_accept(item: Item | None, process: Process, rules: Rules) -> bool:
    """The condition of an acceptance on the item."""
    if item is None:
        return False
    status = item.status in {"SENDING", "IN_DOUBT"} or Bug.ACCEPT_WITHOUT_STATUS in rules.bugs
    return status and (item.owner == process.me or Bug.ACCEPT_WITHOUT_OWNER in rules.bugs)


def request(world: World, process: Process, rules: Rules, *, taking: bool = False) -> tuple[World, bool]:
    """`MTID#…/REQUEST`, if it is absent."""
    mine = world.requests[process.value - 1]
    if mine and not taking and Bug.JOIN_TAKES_ANOTHERS_REQUEST not in rules.bugs:
        return world, False
    requests = list(world.requests)
    requests[process.value - 1] = OURS
    return world._replace(requests=tuple(requests)), True


def show(world: World, process: Process, rules: Rules) -> tuple[World, bool]:
    """Show a report on the item, if it is a later one."""
    item = world.item
    if item is None or (item.shown >= process.found and Bug.SHOW_WITHOUT_ORDER not in rules.bugs):
        return world, False
    return world._replace(item=item._replace(shown=process.found)), True


def abandon(world: World, process: Process, rules: Rules) -> tuple[World, bool]:
    """SENDING of the owner that was seen with its lease over -> IN_DOUBT."""
    item = world.item
    if item is None:
        return world, False
    status = item.status == "SENDING" or Bug.ABANDON_WITHOUT_STATUS in rules.bugs
    owner = item.owner == process.me or Bug.ABANDON_WITHOUT_OWNER in rules.bugs
    if not (status and owner):
        return world, False
    return world._replace(item=item._replace(status="IN_DOUBT", attention="IN_DOUBT")), True


def conflict(world: World, process: Process, rules: Rules) -> tuple[World, bool]:  # noqa: ARG001 - as the others
    """`CONFLICT#…`, if it is absent."""
    return world._replace(conflicts=world.conflicts | {world.queue[process.source].content}), True


def report(world: World, process: Process, rules: Rules) -> tuple[World, bool]:  # noqa: ARG001 - as the others
    """`REPORT#…`, if it is absent."""
    arrivals = list(world.arrivals)
    news = not arrivals[process.source].recorded
    arrivals[process.source] = arrivals[process.source]._replace(recorded=True)
    return world._replace(arrivals=tuple(arrivals)), news


WRITES: dict[str, Write] = {
    "claim": claim,
    "put off": put_off,
    "reject": reject,
    "undo": finish,
    "finish": finish,
    "accept": accept,
    "accept alone": accept_alone,
    "request": request,
    "show": show,
    "abandon": abandon,
    "conflict": conflict,
    "report": report,
    "show report": show,
}
"""By the step before which a process stands."""


def _accept(world: World, process: Process, rules: Rules) -> tuple[World, bool]:
    item = world.item
    if item is None or not can_accept(item, process, rules):
        return world, False
    accepted = item._replace(status="ACCEPTED", mt=process.value, attention="", hedged=False)
    return world._replace(item=accepted._replace(cleared=item.status == "IN_DOUBT")), True


def _not_taken(item: Item | None, content: str, rules: Rules, *, status: bool) -> bool:
    if item is None:
        return True
    return (item.status == "RETRY" or status) and (item.content == content or Bug.CLAIM_WITHOUT_CONTENT in rules.bugs)


def _is_resend(item: Item) -> bool:
    return item.status == "RETRY" and item.attention != ""
