"""The same done to many things, where one that fails does not stop the others."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

from console.problems import in_words

AT_A_TIME = 8

Thing = TypeVar("Thing")
Done = TypeVar("Done")


@dataclass(frozen=True, slots=True)
class Result(Generic[Thing, Done]):
    """What came of one: either it was done, or there was a problem."""

    of: Thing
    done: Done | None = None
    problem: str | None = None
    """In words; None where it was done."""


def one_by_one(do: Callable[[Thing], Done], things: Iterable[Thing]) -> Iterator[Result[Thing, Done]]:
    """Do it to each, several at a time; the results in the order of the things."""

    def attempt(thing: Thing) -> Result[Thing, Done]:
        try:
            return Result(thing, done=do(thing))
        except Exception as error:
            if (problem := in_words(error)) is None:
                raise
            return Result(thing, problem=problem)

    with ThreadPoolExecutor(AT_A_TIME) as pool:
        yield from pool.map(attempt, things)
