"""Searches every interleaving of the model, breadth first, and tells the shortest way to a broken promise."""

from collections.abc import Container
from typing import NamedTuple

from tests.faults.model.events import moves
from tests.faults.model.promises import ENDS, STEPS
from tests.faults.model.world import Item, Process, Rules, Step, World

Position = tuple[str, int, int, int, str]
"""Where a process stands, apart from its name and its source."""
STRANGER = 9
"""The owner that everybody is who can't claim any more: only who is whom to the item matters."""
HANDLING = frozenset({"report", "whose", "show report"})
"""Where a report's handler stands; all others are at a copy of the message."""


class Found(NamedTuple):
    """What a search has found."""

    states: int
    steps: int
    depth: int
    broken: str = ""
    """The promise that does not hold."""
    trace: tuple[str, ...] = ()
    """The shortest way there, a line for each step."""


def search(rules: Rules, promises: Container[str] = (*STEPS, *ENDS)) -> Found:
    """Look at every state that can be reached; ends with the first of these promises to break."""
    at_steps = [(promise, holds) for promise, holds in STEPS.items() if promise in promises]
    at_the_end = [(promise, holds) for promise, holds in ENDS.items() if promise in promises]
    start = canonical(rules.start)
    came_from: dict[World, World | None] = {start: None}
    level, depth, steps = [start], 0, 0
    while level:
        following: list[World] = []
        for world in level:
            for step in moves(world, rules):
                steps += 1
                reached = canonical(step.world)
                if reached not in came_from:
                    came_from[reached] = world
                    following.append(reached)
                for promise, holds in at_steps:
                    if not holds(world, step):
                        way = [*_way(world, came_from), reached]
                        return Found(len(came_from), steps, depth + 1, promise, _told(way, rules, promise))
            if all(copy.done or not copy.left for copy in world.queue):
                for promise, still_holds in at_the_end:
                    if not still_holds(world, rules):
                        way = _way(world, came_from)
                        return Found(len(came_from), steps, depth, promise, _told(way, rules, promise))
        level, depth = following, depth + bool(following)
    return Found(len(came_from), steps, depth)


def canonical(world: World) -> World:
    """The same state with interchangeable things in one order: copies, processes, and owners by what they can do."""
    owners = _owners(world)
    at_copies: list[list[Position]] = [[] for _ in world.queue]
    handlers: list[tuple[int, Position]] = []
    for _, source, at, me, value, found, verdict in world.running:
        position = (at, owners.get(me, STRANGER), value, found, verdict)
        if at in HANDLING:
            handlers.append((source, position))
        else:
            at_copies[source].append(position)
    for positions in at_copies:
        positions.sort()
    order = sorted(range(len(at_copies)), key=lambda index: (world.queue[index], at_copies[index]))
    senders = [(new, position) for new, old in enumerate(order) for position in at_copies[old]]
    running = enumerate((*senders, *sorted(handlers)), 1)
    return World(
        queue=tuple(world.queue[old] for old in order),
        arrivals=world.arrivals,
        requests=world.requests,
        item=_item(world.item, owners) if world.item is not None else None,
        conflicts=world.conflicts,
        running=tuple(Process(name, source, *position) for name, (source, position) in running),
        strays=tuple(sorted(_stray(each, owners, order) for each in world.strays)),
        delayed=world.delayed,
        taken=world.taken,
        ordered=world.ordered,
        late=world.late,
        started=len(world.running),
    )


def _item(item: Item, owners: dict[int, int]) -> Item:
    """A lease means nothing where nobody is sending."""
    return item._replace(owner=owners.get(item.owner, STRANGER), lease=item.lease and item.status == "SENDING")


def _stray(stray: Process, owners: dict[int, int], order: list[int]) -> Process:
    source = stray.source if stray.at in HANDLING else order.index(stray.source)
    return stray._replace(name=0, me=owners.get(stray.me, STRANGER), source=source)


def _owners(world: World) -> dict[int, int]:
    """New names: nobody stays nobody; the item's owner, and all who may still come to own it, keep one of their own."""
    claiming = [each.me for each in world.running if each.at == "claim"]
    names = {0: 0}
    for owner in (world.item.owner if world.item is not None else 0, *(each.me for each in world.strays), *claiming):
        names.setdefault(owner, len(names))
    return names


def _way(world: World, came_from: dict[World, World | None]) -> list[World]:
    """The states from the start to a world."""
    way = [world]
    while (before := came_from[way[-1]]) is not None:
        way.append(before)
    return way[::-1]


def _told(way: list[World], rules: Rules, promise: str) -> tuple[str, ...]:
    """The way in words, walked again with names that stay the same."""
    world, lines = rules.start, []
    for goal in way[1:]:
        step = next(step for step in moves(world, rules) if canonical(step.world) == goal)
        lines.append(told(step, world))
        world = step.world
    return (*lines, f"broken: {promise}")


def told(step: Step, before: World) -> str:
    """A step in words, and what it made of the item."""
    choice = f" ({step.choice})" if step.choice else ""
    if step.what == "the queue brings":
        words = f"delivery {step.world.started} of copy {step.who + 1} reads the item{choice}"
    elif step.what == "OpenMarket reports":
        words = f"delivery {step.world.started} brings report {step.who + 1}"
    elif step.who and any(each.name == step.who for each in before.running):
        words = f"delivery {step.who}: {step.what}{choice}"
    else:
        words = f"{step.what}{choice}"
    item = step.world.item
    if item is None or item == before.item:
        return words
    changed = [f"{name} {value}" for name, value, old in _fields(item, before.item) if value != old]
    return f"{words} -> {', '.join(changed)}"


def _fields(item: Item, before: Item | None) -> list[tuple[str, object, object]]:
    return list(zip(Item._fields, item, before or Item("", ""), strict=True))
