"""All that can happen next in the model: steps of processes, delays, time, and a person.

That a process ends without a word is no step: it may stay where it is for ever, and the search takes every
state for the last one.
"""

from collections.abc import Iterator

from tests.faults.model.protocol import Next, go_on, named, receive, report_comes
from tests.faults.model.table import WRITES
from tests.faults.model.world import Bug, Copy, Item, Process, Rules, Step, World, replaced

NO_ANSWER = "no answer"
DELAYED = "delayed"
"""The write is not answered in time; it may arrive later, and meanwhile the process writes it again."""


def moves(world: World, rules: Rules) -> Iterator[Step]:
    """Every step that is possible now."""
    for index, copy in enumerate(world.queue):
        if copy.left and not copy.done:
            for choice, after in receive(world, index, rules):
                yield Step("the queue brings", index, choice, after)
    for index, (report, arrival) in enumerate(zip(rules.reports, world.arrivals, strict=True)):
        if arrival.left and world.taken >= report.mt:
            yield Step("OpenMarket reports", index, "", report_comes(world, index, rules))
    for process in world.running:
        yield from of(process, world, rules)
    for index, stray in enumerate(world.strays):
        left = world._replace(strays=(*world.strays[:index], *world.strays[index + 1 :]))
        yield Step("arrives late", index, stray.at, WRITES[stray.at](left, stray, rules)[0], by=stray.me)
    yield from _time(world, rules)
    yield from _person(world, rules)


def of(process: Process, world: World, rules: Rules) -> Iterator[Step]:
    """A process goes on, or gets no answer."""
    process = named(world, process)
    for choice, after in go_on(world, process, rules):
        yield Step(process.at, process.name, choice, after, by=process.me)
    if process.at == "claim" and process.verdict != "again":
        yield Step(process.at, process.name, NO_ANSWER, _unanswered(world, process, rules))
    if process.at in {"finish", "accept"} and Bug.UNWRITTEN_ANSWER_IS_ACKNOWLEDGED in rules.bugs:
        given_up = process._replace(at="ack", me=0, value=0, found=0, verdict="")
        yield Step(process.at, process.name, NO_ANSWER, _put(world, given_up))
    if process.at in WRITES and world.delayed < rules.delays:
        waiting = _put(world, process)
        after = waiting._replace(strays=(*world.strays, process), delayed=world.delayed + 1)
        yield Step(process.at, process.name, DELAYED, after)


def ended(world: World, name: int) -> World:
    """A process has ended without a word."""
    return world._replace(running=tuple(each for each in world.running if each.name != name))


def _unanswered(world: World, process: Process, rules: Rules) -> World:
    """A claim was never answered: it is taken back, in case it was written."""
    if Bug.UNANSWERED_CLAIM_IS_SENT in rules.bugs:
        return _put(world, process._replace(at="post", value=0))
    return _put(world, process._replace(at="undo", value=0, verdict="RETRY"))


def _time(world: World, rules: Rules) -> Iterator[Step]:
    item = world.item
    if item is not None and item.status == "SENDING" and item.lease:
        over = world._replace(item=item._replace(lease=False))
        yield Step("the lease ends", 0, "", over if rules.zombies else _without(over, item.owner))
    if rules.window and not world.late:
        yield Step("the window ends", 0, "", world._replace(late=True))


def _person(world: World, rules: Rules) -> Iterator[Step]:
    """What a person may do about a doubt, each with a copy of the message for the queue."""
    item = world.item
    if not rules.person or item is None or item.status != "IN_DOUBT":
        return
    if world.ordered < rules.person:
        again = _by_hand(world, item._replace(status="RETRY"))._replace(ordered=world.ordered + 1)
        yield Step("a person has it sent again", 0, "", again)
    if world.taken:
        known = item._replace(status="ACCEPTED", mt=world.taken, attention="")
        yield Step("a person notes its mtId", 0, "", _by_hand(world, known))
    closed = item._replace(status="CLOSED", attention="")
    yield Step("a person closes it", 0, "", world._replace(item=closed))


def _by_hand(world: World, item: Item) -> World:
    return world._replace(item=item, queue=(*world.queue, Copy(item.content, 1)))


def _without(world: World, owner: int) -> World:
    """An owner has ended, and with it what it had under way."""
    return world._replace(
        running=tuple(each for each in world.running if each.me != owner),
        strays=tuple(each for each in world.strays if each.me != owner),
    )


def _put(world: World, process: Process) -> World:
    """The world with the process as it stands now."""
    index = next(index for index, each in enumerate(world.running) if each.name == process.name)
    return world._replace(running=replaced(world.running, index, process))


def run_alone(world: World, index: int, rules: Rules, answer: str) -> World:
    """One delivery of a copy, without a fault, to its end."""
    world = _first(receive(world, index, rules))
    while mine := [each for each in world.running if each.name == world.started]:
        steps = dict(go_on(world, mine[0], rules))
        world = steps[answer] if mine[0].at == "post" else steps[""]
    return world


def _first(all_: Iterator[Next]) -> World:
    return next(after for _, after in all_)
