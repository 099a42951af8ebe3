"""What must hold of every step of the model, and of every state in which nothing can happen any more."""

from collections.abc import Callable

from tests.faults.model.events import run_alone
from tests.faults.model.world import OURS, SETTLED, Rules, Step, World, dead, settled

REFUSED = "not taken, refused"
"""The answer by which a redriven message would settle whatever came of it before."""


def _accepted_once(_: World, step: Step) -> bool:
    return step.world.taken <= 1 + step.world.ordered


def _acknowledged_when_done(before: World, step: Step) -> bool:
    if step.what != "ack":
        return True
    world = step.world
    copies = zip(before.queue, world.queue, strict=True)
    (content,) = {now.content for then, now in copies if then != now} or {""}
    if world.item is None or content in {"", *world.conflicts}:
        return content == "" or content in world.conflicts
    if world.item.content != content:
        return False
    resent = world.ordered > 0 and any(not copy.done for copy in world.queue)
    return settled(world) or resent  # a person's order has a copy of its own


def _acceptance_names_its_mt_id(_: World, step: Step) -> bool:
    item = step.world.item
    return item is None or item.status != "ACCEPTED" or 1 <= item.mt <= step.world.taken


def _shown_to_a_person(_: World, step: Step) -> bool:
    item = step.world.item
    return item is None or item.status not in {"IN_DOUBT", "REJECTED"} or item.attention == item.status


def _delivery_moves_forward(before: World, step: Step) -> bool:
    if before.item is None or step.world.item is None:
        return True
    return before.item.shown <= step.world.item.shown


def _settled_stays(before: World, step: Step) -> bool:
    old, new = before.item, step.world.item
    if old is None or old.status not in SETTLED or step.what.startswith("a person "):
        return True
    if new is None:
        return False
    if old.status == "IN_DOUBT":
        return new.status in {"IN_DOUBT", "ACCEPTED"}
    return (old.status, old.mt, old.content) == (new.status, new.mt, new.content)


def _a_live_claim_is_its_owners(before: World, step: Step) -> bool:
    old, new = before.item, step.world.item
    if old is None or old.status != "SENDING" or not old.lease:
        return True
    return new is not None and ((old.status, old.owner) == (new.status, new.owner) or step.by == old.owner)


def _attempts_grow_and_the_content_stays(before: World, step: Step) -> bool:
    old, new = before.item, step.world.item
    return old is None or (new is not None and old.attempts <= new.attempts and old.content == new.content)


def _an_mt_id_stays_the_firsts(before: World, step: Step) -> bool:
    pairs = zip(before.requests, step.world.requests, strict=True)
    return all(old in {"", new} for old, new in pairs)


def _an_acceptance_is_never_denied(_: World, step: Step) -> bool:
    item = step.world.item
    return item is None or item.status != "REJECTED" or step.world.taken == 0 or item.hedged


STEPS: dict[str, Callable[[World, Step], bool]] = {
    "accepted at most once, but on a person's order": _accepted_once,
    "acknowledged only when settled or kept as a conflict": _acknowledged_when_done,
    "ACCEPTED names the mtId that OpenMarket gave": _acceptance_names_its_mt_id,
    "IN_DOUBT and REJECTED are shown to a person": _shown_to_a_person,
    "delivery moves only forward": _delivery_moves_forward,
    "what has settled stays": _settled_stays,
    "a live claim is its owner's": _a_live_claim_is_its_owners,
    "attempts only grow, and the content stays": _attempts_grow_and_the_content_stays,
    "an mtId stays the first's": _an_mt_id_stays_the_firsts,
    "an acceptance is never denied": _an_acceptance_is_never_denied,
}
"""Of a world and the step that leads out of it."""


def _nothing_is_stuck(world: World, _: Rules) -> bool:
    return settled(world) or bool(dead(world)) or (world.item is None and _all_conflicts(world))


def _no_acceptance_waits(world: World, _: Rules) -> bool:
    return world.item is None or world.item.status != "RETRY" or world.taken <= world.ordered


def _reports_are_joined(world: World, rules: Rules) -> bool:
    item = world.item
    if item is None or item.status != "ACCEPTED" or dead(world):
        return True
    if item.cleared and not rules.strict:
        return True
    if world.requests[item.mt - 1] not in {"", OURS}:
        return True
    reports = zip(rules.reports, world.arrivals, strict=True)
    latest = max([report.order for report, arrival in reports if report.mt == item.mt and arrival.done], default=0)
    return item.shown >= latest


def _dead_letters_settle(world: World, rules: Rules) -> bool:
    """Put back into the queue and brought once more each, everything ends well, and nothing is sent twice."""
    if world.item is not None:
        world = world._replace(item=world.item._replace(lease=False))
    again = [index for index, copy in enumerate(world.queue) if not copy.done and copy.left == 0]
    for index in again:
        copy = world.queue[index]._replace(left=1)
        world = world._replace(queue=(*world.queue[:index], copy, *world.queue[index + 1 :]))
        world = run_alone(world, index, rules._replace(trouble=False), REFUSED)
    ends_well = not again or (settled(world) and not dead(world))
    return ends_well and world.taken <= 1 + world.ordered and _reports_are_joined(world, rules)


def _all_conflicts(world: World) -> bool:
    return all(copy.done for copy in world.queue)


ENDS: dict[str, Callable[[World, Rules], bool]] = {
    "settled, or in the dead-letter queue": _nothing_is_stuck,
    "no acceptance waits to be sent again": _no_acceptance_waits,
    "the latest report is shown": _reports_are_joined,
    "dead letters that are put back settle": _dead_letters_settle,
}
"""Of a world in which the queue is empty, and everybody may have ended where he is."""
