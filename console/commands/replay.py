"""`mms replay`: callbacks that could not be read, once more after a fix."""

from typing import Annotated

import typer

from console.attention import find, handle_of
from console.connection import connect
from console.one_by_one import Result, one_by_one
from console.options import StackName
from console.output import aside, screen, words
from console.problems import Problem
from console.reading import Reader
from console.replaying import Replayer
from console.watching import FEW, progress
from mms_gateway.errors import MalformedCallback
from mms_gateway.message_table.store import Item
from mms_gateway.messages import DeliveryReport, InboundMms
from mms_gateway.receiving import Outcome

TAKEN_IN = {
    "stored": "is stored now",
    "duplicate": "had come again, and was recorded then",
    "conflict": "is kept as a conflict: another content stands under its id",
    "report": "is recorded now",
}


def replay(
    bodies: Annotated[
        list[str] | None,
        typer.Argument(metavar="SHA", help="As mms attention shows them.", show_default=False),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All that are on the list.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what they would become.")] = False,
    stack_name: StackName = None,
) -> None:
    """Read quarantined callbacks once more, with the decoder of this checkout, as if they came anew.

    One that can be read now is stored under the time it first came, and is
    off the list; one that still can't stays. May be repeated. It takes the
    rights of the function that receives: writing to the table and the bucket.
    """
    gateway = connect(stack_name)
    if bool(bodies) == every:
        shows = gateway.command("attention", "--kind", "QUARANTINED")
        raise Problem(f"Give the callbacks' ids, as `{shows}` shows them, or --all.")
    if every:
        items = list(Reader(gateway).attention("QUARANTINED"))
        lost: list[Result[str, Item]] = []
    else:
        found = list(one_by_one(lambda one: find(gateway, one), list(dict.fromkeys(bodies or ()))))
        items = [one.done for one in found if one.done is not None]
        lost = [one for one in found if one.problem is not None]
    if not items and not lost:
        aside.print("Nothing is in quarantine.")
        return
    replayer = Replayer(gateway)

    def try_one(item: Item) -> str:
        try:
            message, name = replayer.try_to_read(item)
        except MalformedCallback as fault:
            raise Problem(_still(item, str(fault))) from None
        return f"would be {name}: {_description(message)}"

    def replay_one(item: Item) -> str:
        outcome = replayer.replay(item)
        if outcome.name == "quarantined":
            raise Problem(_still(item, outcome.reason or ""))
        return _became(outcome)

    problems = [one.problem for one in lost]
    with progress(hidden=len(items) < FEW) as shown:
        task = shown.add_task("Reading", total=len(items))
        for result in one_by_one(try_one if dry_run else replay_one, items):
            shown.advance(task)
            if result.problem is None:
                screen.print(words(f"{handle_of(result.of)} {result.done}."), soft_wrap=True)
            else:
                problems.append(result.problem)
    for problem in problems:
        aside.print(words(problem, "red"), soft_wrap=True)
    if problems:
        raise typer.Exit(1)


def _still(item: Item, reason: str) -> str:
    before = "" if item.get("reason") == reason else f" (before: {item.get('reason')})"
    return f"{handle_of(item)} still can't be read: {reason}{before}. It stays on the list."


def _became(outcome: Outcome) -> str:
    if outcome.message is None:
        return outcome.name
    aside_ = "" if outcome.joined is not False else "; its message is not known"
    return f"{TAKEN_IN[outcome.name]}: {_description(outcome.message)}{aside_}"


def _description(message: InboundMms | DeliveryReport) -> str:
    if isinstance(message, DeliveryReport):
        return f"a delivery report on {message.mt_id}, {message.status}"
    contents = f"{len(message.parts)} content{'' if len(message.parts) == 1 else 's'}"
    ends = f"from {message.handset or '?'} to {message.service or '?'}"
    subject = f", {message.subject}" if message.subject else ""
    return f"message {message.mo_id} {ends}, {contents}{subject}"
