"""Which request a misbehaviour is played on: rules in a row, the first that fits is taken."""

import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from local.simulator.fields import FieldError, Fields, require
from local.simulator.mt.behaviours import Behaviour, is_early, read_behaviour, write_behaviour

MAX_RULES = 1_000  # each is looked at for each request
MAX_PLAY = 100  # behaviours in one rule


@dataclass(slots=True, kw_only=True)
class Rule:
    """Plays one of its behaviours on requests: to a destination or to all, so many times or for ever, or a share."""

    play: tuple[Behaviour, ...]  # one of them each time, by the seed
    destination: str | None = None
    times: int | None = None
    share: float = 1.0  # of the requests that get as far as this rule
    seed: int = 0
    id: int = 0
    played: list[int] = field(default_factory=list)  # how often, per behaviour

    def __post_init__(self) -> None:
        require(1 <= len(self.play) <= MAX_PLAY, "play", f"expected 1 to {MAX_PLAY} behaviours")
        require(self.times is None or self.times >= 1, "times", "expected at least 1")
        require(0 < self.share <= 1, "share", "expected more than 0, at most 1")

    @property
    def is_live(self) -> bool:
        """Tell whether it will be played again."""
        return self.times is None or sum(self.played) < self.times


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A behaviour taken from a rule, counted as played."""

    behaviour: Behaviour
    rule: Rule
    index: int


class RuleBook:
    """The rules of one run; lives in one event loop."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._rules: list[Rule] = []
        self._chances: dict[int, random.Random] = {}

    def add(self, rules: Sequence[Rule]) -> None:
        """Put rules behind those that are there; used-up ones make room."""
        if len(self._rules) + len(rules) > MAX_RULES:
            self._rules = [rule for rule in self._rules if rule.is_live]
        require(len(self._rules) + len(rules) <= MAX_RULES, "rules", f"expected at most {MAX_RULES} in all")
        for rule in rules:
            rule.id = next(self._numbers)
            rule.played = [0] * len(rule.play)
            self._chances[rule.id] = random.Random(rule.seed)  # noqa: S311 - it is to be repeatable
            self._rules.append(rule)

    def list(self) -> list[Rule]:
        """Give all rules in order, used-up ones too."""
        return [*self._rules]

    def clear(self, destination: str | None = None) -> None:
        """Forget all rules, or only those for one destination."""
        self._rules = [rule for rule in self._rules if destination not in {None, rule.destination}]
        self._chances = {rule.id: self._chances[rule.id] for rule in self._rules}

    @property
    def plays_early(self) -> bool:
        """Tell whether a rule may have to be played before a request's body has been read."""
        return any(is_early(behaviour) for rule in self._rules if rule.is_live for behaviour in rule.play)

    @property
    def asks_for_destination(self) -> bool:
        """Tell whether a rule can't be judged without a request's destination."""
        return any(rule.destination is not None for rule in self._rules if rule.is_live)

    def choose(self, destination: str | None) -> Choice | None:
        """Take the behaviour for a request and count it as played."""
        for rule in self._rules:
            if not rule.is_live or rule.destination not in {None, destination}:
                continue
            chance = self._chances[rule.id]
            if rule.share < 1 and chance.random() >= rule.share:
                continue
            index = chance.randrange(len(rule.play))
            rule.played[index] += 1
            return Choice(behaviour=rule.play[index], rule=rule, index=index)
        return None

    def give_back(self, choice: Choice) -> None:
        """Take back a choice that was not played: the request turned out to be none."""
        choice.rule.played[choice.index] -= 1


def write_rule(rule: Rule) -> dict[str, Any]:
    """Give a rule as JSON."""
    return {
        "id": rule.id,
        "destination": rule.destination,
        "times": rule.times,
        "share": rule.share,
        "seed": rule.seed,
        "play": [write_behaviour(behaviour) for behaviour in rule.play],
        "played": rule.played,
    }


def read_rule(given: object, place: str) -> Rule:
    """Read a rule, or raise a `FieldError`; `id` and `played` are the simulator's to fill in."""
    fields = Fields(given, place)
    play = fields.take("play", [])
    play = play if isinstance(play, list) else [play]
    require(len(play) <= MAX_PLAY, fields.at("play"), f"expected at most {MAX_PLAY} behaviours")
    behaviours = tuple(read_behaviour(each, f"{fields.at('play')}[{index}]") for index, each in enumerate(play))
    destination = fields.text_or_none("destination", None)
    times, seed = fields.integer_or_none("times", None), fields.integer_or_none("seed", 0)
    share = fields.take("share", 1.0)
    require(type(share) in (int, float), fields.at("share"), "expected a number")
    fields.finish()
    try:
        return Rule(play=behaviours, destination=destination, times=times, share=float(share), seed=seed or 0)
    except FieldError as error:
        raise error.within(place) from None
