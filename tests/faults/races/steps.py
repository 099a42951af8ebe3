"""Threads whose calls of AWS are made one at a time, in every order there is."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

PATIENCE = 60.0  # seconds for one call; whoever waits longer was forgotten
EVERYBODY = "everybody"

Order = list[str]
"""Whose turn it was, step by step."""
Choose = Callable[[Sequence[str]], str]
"""Who of those that wait goes next."""


class Turns:
    """Holds each actor before its next call until it has its turn; others who use the same clients are not held."""

    def __init__(self, *clients: Any) -> None:
        self._changed = threading.Condition()
        self._actor = threading.local()
        self._waiting: set[str] = set()
        self._ended: set[str] = set()
        self._turn: str | None = None
        for client in clients:
            client.meta.events.register_first("before-send", self._wait)

    def play(self, actors: Mapping[str, Callable[[], object]], choose: Choose) -> Order:
        """Run the actors, each in a thread; who was given a turn, in order. Each says itself `from_here`."""
        order: Order = []
        self._waiting, self._ended, self._turn = set(), set(), None
        with ThreadPoolExecutor(len(actors)) as threads:
            runs = [threads.submit(self._act, name, act) for name, act in actors.items()]
            try:
                while waiting := self._all_wait(len(actors)):
                    order.append(choose(waiting))
                    self._give_turn(order[-1])
            finally:
                self._give_turn(EVERYBODY)
            for run in runs:
                run.result(PATIENCE)
        return order

    def from_here(self, *, but: str = "") -> None:
        """The actor whose thread this is waits for its turn before each call from now on, but for one operation."""
        self._actor.held, self._actor.but = True, but

    def _act(self, name: str, act: Callable[[], object]) -> None:
        self._actor.name, self._actor.held = name, False
        try:
            act()
        finally:
            with self._changed:
                self._ended.add(name)
                self._changed.notify_all()

    def _wait(self, event_name: str, **_: object) -> None:
        if not getattr(self._actor, "held", False) or event_name.endswith(f".{self._actor.but}"):
            return
        name = self._actor.name
        with self._changed:
            self._waiting.add(name)
            self._changed.notify_all()
            if not self._changed.wait_for(lambda: self._turn in {name, EVERYBODY}, PATIENCE):
                raise TimeoutError(f"{name} was never given its turn")
            self._waiting.discard(name)
            if self._turn == name:
                self._turn = None

    def _all_wait(self, actors: int) -> Sequence[str]:
        """Who waits, once nobody is at work; nobody when all have ended."""
        with self._changed:
            if not self._changed.wait_for(
                lambda: self._turn is None and len(self._waiting) + len(self._ended) == actors, PATIENCE
            ):
                raise TimeoutError("somebody's call did not come to its end")
            return sorted(self._waiting)

    def _give_turn(self, name: str) -> None:
        with self._changed:
            self._turn = name
            self._changed.notify_all()


def every_order(run: Callable[[Choose], Order]) -> Iterator[Order]:
    """Run every order there is, each once: the last step at which there was another choice takes it the next time."""
    planned: Order | None = []
    while planned is not None:
        taken: list[tuple[str, Sequence[str]]] = []

        def choose(waiting: Sequence[str], plan: Order = planned, taken: list[Any] = taken) -> str:
            chosen = plan[len(taken)] if len(taken) < len(plan) else waiting[0]
            taken.append((chosen, waiting))
            return chosen

        yield run(choose)
        planned = _next_plan(taken)


def _next_plan(taken: Sequence[tuple[str, Sequence[str]]]) -> Order | None:
    for step in reversed(range(len(taken))):
        chosen, waiting = taken[step]
        if left := waiting[waiting.index(chosen) + 1 :]:
            return [*(name for name, _ in taken[:step]), left[0]]
    return None
