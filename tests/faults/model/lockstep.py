"""The real sender, tables and report handler in step with the model: each step is taken in both and compared."""

from collections.abc import Iterator, Sequence

from botocore.httpsession import URLLib3Session

from mms_gateway.errors import SecretUnavailable, StorageUnavailable
from mms_gateway.outbound import Outcome
from tests.faults.model.events import DELAYED, NO_ANSWER, ended, moves
from tests.faults.model.ground import Ground, Track
from tests.faults.model.lanes import Delayed, Gone, OutOfTime, kept, owner_in
from tests.faults.model.promises import ENDS, STEPS
from tests.faults.model.protocol import OUT_OF_REACH, named
from tests.faults.model.search import told
from tests.faults.model.table import WRITES
from tests.faults.model.world import Bug, Process, Rules, Step, World
from tests.integration.bench import answered, silent

ENDED = "ended before"
"""The choice of a step that its process does not live to take."""
GIVEN_UP = "given up"
"""The same, because the table gave no answer to the end."""
READING = frozenset({"the queue brings", "OpenMarket reports", "query", "whose", "post", "ack"})
"""Steps that write nothing."""
SAME = {"undo": "finish", "show report": "show"}
"""Steps that are one and the same call."""
CALLS = {
    "taken, answer lost": silent(in_doubt=True),
    "taken, undocumented 5xx": answered(500),
    "not taken, answer lost": silent(in_doubt=True),
    "not taken, undocumented 5xx": answered(502),
    "not taken, 503": answered(503),
    "not taken, refused": answered(400),
    "not taken, not handed over": silent(in_doubt=False),
}
"""What the sender gets to see of each answer; an acceptance names the mtId."""


class Differs(AssertionError):
    """The real code did something else than the model, or a promise does not hold; tells the way there."""


class Lockstep:
    """One message, real and modelled."""

    def __init__(self, ground: Ground, rules: Rules) -> None:
        self.rules, self.world = rules, rules.start
        self.trace: list[str] = []
        self.real = ground.message(rules)

    def choices(self) -> list[Step]:
        """What can happen next."""
        return list(moves(self.world, self.rules))

    def endings(self) -> Iterator[Step]:
        """Which process may end next, and how."""
        for process in self.world.running:
            yield self.ending(process, ENDED)
            if process.at in {*WRITES, "query", "whose"} - {"claim"}:
                yield self.ending(process, GIVEN_UP)

    def ending(self, process: Process, how: str) -> Step:
        """The process ends before its next step."""
        return Step(process.at, process.name, how, ended(self.world, process.name))

    def take(self, step: Step) -> None:
        """Take a step in both, and compare."""
        self.trace.append(told(step, self.world))
        before, self.world = self.world, step.world
        self._take(step, before)
        self._compare_lanes()
        if step.what not in READING and step.choice not in {ENDED, GIVEN_UP, DELAYED, NO_ANSWER}:
            self._compare_table()
        for promise, holds in STEPS.items():
            if not holds(before, step):
                self._differs(f"broken: {promise}")

    def follow(self, way: Sequence[str], bug: Bug) -> int:
        """Take the steps of a bug's way as they are without it, up to the first that shows the bug; how many were."""
        rules, wrong = self.rules._replace(bugs=frozenset({bug})), self.world
        try:
            for taken, line in enumerate(way, 1):
                step = next(each for each in moves(wrong, rules) if told(each, wrong) == line)
                self.take(self._without_bug(step))
                wrong = step.world
                if self._visible(wrong) != self._visible(self.world):
                    return taken
        finally:
            self.end()
        raise AssertionError(f"nothing that is compared would show {bug.name}")

    def end(self) -> None:
        """What holds once the queue is empty, and nobody is left."""
        self.real.end()
        if all(copy.done or not copy.left for copy in self.world.queue):
            for promise, holds in ENDS.items():
                if not holds(self.world, self.rules):
                    self._differs(f"broken: {promise}")

    def _without_bug(self, step: Step) -> Step:
        """The same step in this model; where only a bug goes on without an answer, the process ends."""
        steps = {each[:3]: each for each in (*self.choices(), *self.endings())}
        same = steps.get((step.what, step.who, step.choice))
        return same or steps[step.what, step.who, {NO_ANSWER: GIVEN_UP}[step.choice]]

    def _take(self, step: Step, before: World) -> None:
        match step.what:
            case "the queue brings":
                track = self.real.receive(step.world.started, before.queue[step.who].content)
                self._go(track, step)
            case "OpenMarket reports":
                self.real.report(step.world.started, step.who, self.rules.reports[step.who])
            case "arrives late":
                URLLib3Session().send(self.real.strays.pop(step.who))
            case "the lease ends":
                self.real.end_lease()
                self._end_owner(step.world, before)
            case "the window ends":
                self.real.end_window()
            case "a person has it sent again":
                self.real.settle("RETRY")
            case "a person notes its mtId":
                self.real.settle("ACCEPTED", before.taken)
            case "a person closes it":
                self.real.settle("CLOSED")
            case "ack":
                del self.real.tracks[step.who]
            case _:
                self._process(step, before)

    def _end_owner(self, after: World, before: World) -> None:
        """Where there are no zombies, an owner and what it had under way end before its lease does."""
        for name in {each.name for each in before.running} - {each.name for each in after.running}:
            self.real.tracks.pop(name).lane.end()
        under_way = zip(before.strays, self.real.strays, strict=True)
        self.real.strays = [request for stray, request in under_way if stray in after.strays]

    def _process(self, step: Step, before: World) -> None:
        track = self.real.tracks[step.who]
        if step.what == "claim" and track.lane.at == "claim":
            process = next(each for each in before.running if each.name == step.who)
            self.real.owners[owner_in(track.lane.request)] = named(before, process).me
        match step.choice:
            case "ended before":
                track.lane.go(Gone())
                del self.real.tracks[step.who]
            case "given up" | "no answer":
                track.run_out_of_time()
                track.lane.go(OutOfTime("the table could not be reached"))
            case "delayed":
                self.real.strays.append(kept(track.lane.request))
                # The SDK repeats a transaction under its token, and that is never refused; the sender's repeat may be.
                by_sender = step.what == "accept"
                track.lane.go(StorageUnavailable("no answer") if by_sender else Delayed(endpoint_url="the table"))
            case _ if step.what == "post":
                track.lane.go(CALLS.get(step.choice) or self.real.acceptance(step.world.taken))
            case _:
                self._go(track, step)

    def _go(self, track: Track, step: Step) -> None:
        out = step.choice == OUT_OF_REACH
        track.account.fault = SecretUnavailable("the secret could not be fetched") if out else None
        track.lane.go()

    def _compare_lanes(self) -> None:
        """Whether everybody stands where he stands in the model, and nobody failed in a way that is not in it."""
        for track in self.real.tracks.values():
            if track.lane.raised is not None and not isinstance(track.lane.raised, StorageUnavailable):
                raise track.lane.raised
        for process in self.world.running:
            track = self.real.tracks[process.name]
            modelled = "" if process.at == "ack" else SAME.get(process.at, process.at)
            if track.lane.at != modelled:
                self._differs(f"delivery {process.name} stands before “{track.lane.at}”, in the model “{modelled}”")
            if process.at == "ack" and not _done(track):
                self._differs(f"delivery {process.name} comes again: {track.lane.result}, {track.lane.raised!r}")
        for name in self.real.tracks.keys() - {process.name for process in self.world.running}:
            self._compare_ended(name, self.real.tracks.pop(name))

    def _compare_table(self) -> None:
        stored, expected = self.real.stored_state(self.world), self._state(self.world)
        if stored != expected:
            self._differs(f"stored:   {stored}\nmodelled: {expected}")

    def _compare_ended(self, name: int, track: Track) -> None:
        """A process that the model has not any more: not acknowledged, or a report that was answered."""
        if track.lane.at:
            self._differs(f"delivery {name} stands before “{track.lane.at}”, in the model it has ended")
        answered_200 = track.lane.result is not None
        if track.report is not None and answered_200 and not self.world.arrivals[track.report].done:
            self._differs(f"delivery {name} was answered 200, not so in the model")
        if track.report is None and _done(track):
            self._differs(f"delivery {name} is acknowledged, in the model it comes again")

    def _visible(self, world: World) -> tuple[object, ...]:
        """What is compared: where everybody stands, and the table."""
        return {each.name: SAME.get(each.at, each.at) for each in world.running}, self._state(world)

    def _state(self, world: World) -> dict[str, object]:
        """What stands in the model's table."""
        item = world.item._asdict() if world.item is not None else None
        if item is not None:
            del item["cleared"]
            item["lease"] = item["lease"] and item["status"] == "SENDING"
        arrived = zip(self.rules.reports, world.arrivals, strict=True)
        return {
            "item": item,
            "conflicts": set(world.conflicts),
            "requests": world.requests,
            "reports": {(report.mt, report.order) for report, arrival in arrived if arrival.recorded},
        }

    def _differs(self, words: str) -> None:
        raise Differs("\n".join([*self.trace, words]))


def _done(track: Track) -> bool:
    """Whether the queue message is done with."""
    return isinstance(track.lane.result, Outcome) and track.lane.result.come_again_in is None
