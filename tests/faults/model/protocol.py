"""What a delivery and a report's handler do, one atomic step after another; see sending.py and receiving.py.

A step is one AWS call, the request, or the acknowledgement, with all that the code then decides by itself.
"""

from collections.abc import Iterator

from tests.faults.model.table import WRITES, can_accept
from tests.faults.model.world import OURS, Arrival, Bug, Item, Process, Rules, World, replaced

FAULTY = "faulty"
"""The content of a message that can never be sent."""
OUT_OF_REACH = "out of reach"
"""The choice of a step after which the message would be tried, but its contents or the secret can't be had."""
ANSWERS = {  # whether OpenMarket took the message, and what is read of that
    "taken, answered with its mtId": (True, "accepted"),
    "taken, answer lost": (True, "lost"),
    "taken, undocumented 5xx": (True, "5xx"),
    "not taken, answer lost": (False, "lost"),
    "not taken, undocumented 5xx": (False, "5xx"),
    "not taken, 503": (False, "RETRY"),
    "not taken, refused": (False, "REJECTED"),
    "not taken, not handed over": (False, "RETRY"),
}
Next = tuple[str, World]
"""A choice, and the world after it."""


def receive(world: World, index: int, rules: Rules) -> Iterator[Next]:
    """The queue brings a copy, and its delivery reads the item."""
    copy = world.queue[index]
    queue = replaced(world.queue, index, copy._replace(left=copy.left - 1))
    begun = world._replace(queue=queue, started=world.started + 1)
    yield from _decide(begun, Process(begun.started, index, "find"), rules)


def report_comes(world: World, index: int, rules: Rules) -> World:
    """OpenMarket sends a report, and its handler begins."""
    arrival = world.arrivals[index]
    arrivals = replaced(world.arrivals, index, arrival._replace(left=arrival.left - 1))
    first = "whose" if Bug.HANDLER_READS_BEFORE_IT_WRITES in rules.bugs else "report"
    begun = world._replace(arrivals=arrivals, started=world.started + 1)
    report = rules.reports[index]
    return _at(begun, Process(begun.started, index, first, value=report.mt, found=report.order))


def go_on(world: World, process: Process, rules: Rules) -> Iterator[Next]:
    """A process takes its next step."""
    process = named(world, process)
    world = world._replace(running=tuple(each for each in world.running if each.name != process.name))
    match process.at:
        case "post":
            yield from _post(world, process, rules)
        case "query" | "query early":
            yield "", _query(world, process, rules)
        case "whose":
            yield "", _whose(world, process, rules)
        case "ack":
            copy = world.queue[process.source]
            yield "", world._replace(queue=replaced(world.queue, process.source, copy._replace(done=True)))
        case "claim" | "reject" | "abandon":
            yield from _contest(world, process, rules)
        case "report" | "show report":
            yield "", _handle(world, process, rules)
        case _:
            yield "", _write(world, process, rules)


def _contest(world: World, process: Process, rules: Rules) -> Iterator[Next]:
    """A write that others may have come before; then what they left decides."""
    before = world.item
    after, done = WRITES[process.at](world, process, rules)
    ours = {
        "claim": _is(before, process.me, "SENDING"),
        "reject": before is not None and _is_rejected(before, process, world),
        "abandon": _is(before, process.me, "IN_DOUBT"),
    }[process.at]
    if not done and not ours:
        yield from _decide(after, process, rules)
    elif process.at == "claim":
        yield "", _at(after, process._replace(at="post", verdict="", value=0))
    else:
        yield "", _ack(after, process)


def _write(world: World, process: Process, rules: Rules) -> World:
    """A write of the sender's after which there is one way to go on."""
    before = world.item
    after, done = WRITES[process.at](world, process, rules)
    match process.at:
        case "put off" | "undo":  # not acknowledged
            return after
        case "finish":
            return _finished(after, before, process, rules, done=done)
        case "accept" | "accept alone":
            return _accepted(after, before, process, rules, done=done)
        case "request" if done or world.requests[process.value - 1] == OURS:
            return _at(after, process._replace(at="query"))
    return _ack(after, process)  # conflict, show, and where the mtId is another message's


def _handle(world: World, process: Process, rules: Rules) -> World:
    """A write of the report's handler."""
    after, news = WRITES[process.at](world, process, rules)
    if process.at == "show report":
        return _answered(after, process)
    if Bug.HANDLER_READS_BEFORE_IT_WRITES in rules.bugs:
        known = process.verdict == "known"
        return _at(after, process._replace(at="show report")) if known else _answered(after, process)
    if not news and Bug.REPEATED_REPORT_IS_NOT_JOINED in rules.bugs:
        return _answered(after, process)
    return _at(after, process._replace(at="whose"))


def _decide(world: World, process: Process, rules: Rules) -> Iterator[Next]:
    """Act on what stands in the table."""
    bugs, item, content = rules.bugs, world.item, world.queue[process.source].content
    if item is None:
        yield from _try(world, process, rules)
    elif item.content != content and Bug.CONTENTS_ARE_NOT_COMPARED not in bugs:
        yield "", _at(world, process._replace(at="conflict", me=0, value=0, verdict=""))
    elif item.status == "RETRY":
        yield from _try(world, process, rules)
    elif item.status == "SENDING" and item.lease:
        acked = Bug.DUPLICATE_IS_ACKNOWLEDGED_WHILE_THE_FIRST_IS_SENDING in bugs
        yield "", _ack(world, process) if acked else world
    elif item.status == "SENDING" and Bug.EXPIRED_CLAIM_IS_SENT_AGAIN in bugs:
        yield "", _at(world, process._replace(at="claim", me=0, value=item.attempts, verdict="again"))
    elif item.status == "SENDING":
        yield "", _at(world, process._replace(at="abandon", me=item.owner, value=0, verdict=""))
    elif item.status == "ACCEPTED" and Bug.DUPLICATE_OF_ACCEPTED_SKIPS_THE_JOIN not in bugs:
        first = "query" if Bug.JOIN_LEAVES_REQUEST_OUT in bugs else "request"
        yield "", _at(world, process._replace(at=first, me=0, value=item.mt, verdict=""))
    else:
        yield "", _ack(world, process)


def _try(world: World, process: Process, rules: Rules) -> Iterator[Next]:
    item, faulty = world.item, world.queue[process.source].content == FAULTY
    ordered = item is not None and item.status == "RETRY" and item.attention != ""
    attempts = item.attempts if item is not None else 0
    if faulty or (world.late and not ordered):
        doubted = item is not None and (item.resent or ordered)
        verdict = "doubted" if doubted else ""
        yield "", _at(world, process._replace(at="reject", me=0, value=attempts, verdict=verdict))
        return
    yield "", _at(world, process._replace(at="claim", me=0, value=attempts, verdict=""))
    if rules.trouble:
        yield OUT_OF_REACH, _at(world, process._replace(at="put off", me=0, value=0, verdict=""))


def _post(world: World, process: Process, rules: Rules) -> Iterator[Next]:
    """The request: OpenMarket takes the message or does not, and an answer comes or does not."""
    for choice, (taken, reply) in ANSWERS.items():
        if taken and world.taken == len(world.requests):
            continue
        after = world._replace(taken=world.taken + 1) if taken else world
        if reply == "accepted":
            first = "query early" if Bug.SENDER_READS_BEFORE_IT_WRITES in rules.bugs else "accept"
            yield choice, _at(after, process._replace(at=first, value=after.taken))
        else:
            yield choice, _at(after, process._replace(at="finish", verdict=_verdict(reply, rules)))


def _verdict(reply: str, rules: Rules) -> str:
    retried = {"lost": Bug.LOST_ANSWER_IS_RETRIED, "5xx": Bug.UNDOCUMENTED_5XX_IS_RETRIED}
    if reply in retried:
        return "RETRY" if retried[reply] in rules.bugs else "IN_DOUBT"
    return reply


def _finished(after: World, before: Item | None, process: Process, rules: Rules, *, done: bool) -> World:
    ours = done or _is(before, process.me, process.verdict)
    if ours and process.verdict == "RETRY":
        return _ack(after, process) if Bug.RETRY_IS_ACKNOWLEDGED in rules.bugs else after
    if not ours and before is not None and before.status in {"SENDING", "RETRY"}:
        # The claim was over before this try was, and another one goes on.
        return _ack(after, process) if Bug.OVERTAKEN_TRY_IS_ACKNOWLEDGED in rules.bugs else after
    skips = Bug.OVERTAKEN_TRY_SKIPS_THE_JOIN in rules.bugs
    if not ours and before is not None and before.status == "ACCEPTED" and not skips:
        return _at(after, process._replace(at="request", me=0, value=before.mt, verdict=""))
    return _ack(after, process)


def _accepted(after: World, before: Item | None, process: Process, rules: Rules, *, done: bool) -> World:
    mine = before is not None and (before.owner, before.mt) == (process.me, process.value)
    ours = mine and Bug.OWN_ACCEPTANCE_IS_NOT_RECOGNISED not in rules.bugs
    if process.at == "accept alone":  # the mtId is another message's, and so are the reports
        return _ack(after, process)
    if done or (ours and not can_accept(before, process, rules)):
        if Bug.SENDER_READS_BEFORE_IT_WRITES in rules.bugs:
            return _at(after, process._replace(at="show")) if process.found else _ack(after, process)
        return _at(after, process._replace(at="request"))
    if can_accept(before, process, rules):
        return _at(after, process._replace(at="accept alone"))
    return _ack(after, process)  # lost to somebody else: the log has the mtId


def _query(world: World, process: Process, rules: Rules) -> World:
    found = [
        report.order
        for report, arrival in zip(rules.reports, world.arrivals, strict=True)
        if report.mt == process.value and arrival.recorded
    ]
    if process.at == "query early":
        return _at(world, process._replace(at="accept", found=max(found, default=0)))
    return _at(world, process._replace(at="show", found=max(found))) if found else _ack(world, process)


def _whose(world: World, process: Process, rules: Rules) -> World:
    """The report's handler reads whose the mtId is."""
    known = world.requests[process.value - 1] == OURS
    if Bug.HANDLER_READS_BEFORE_IT_WRITES in rules.bugs:
        return _at(world, process._replace(at="report", verdict="known" if known else ""))
    return _at(world, process._replace(at="show report")) if known else _answered(world, process)


def _answered(world: World, process: Process) -> World:
    arrival: Arrival = world.arrivals[process.source]
    return world._replace(arrivals=replaced(world.arrivals, process.source, arrival._replace(done=True)))


def _at(world: World, process: Process) -> World:
    return world._replace(running=(*world.running, process))


def _ack(world: World, process: Process) -> World:
    return _at(world, process._replace(at="ack", me=0, value=0, found=0, verdict=""))


def _is(item: Item | None, owner: int, status: str) -> bool:
    return item is not None and (item.owner, item.status) == (owner, status)


def _is_rejected(item: Item, process: Process, world: World) -> bool:
    return (item.status, item.content) == ("REJECTED", world.queue[process.source].content)


def named(world: World, process: Process) -> Process:
    """The process, as an owner of its own where it is about to claim."""
    if process.at != "claim" or process.me:
        return process
    item = (world.item.owner,) if world.item is not None else ()
    return process._replace(me=1 + max([*item, *(each.me for each in (*world.running, *world.strays))]))
