"""`mms resolve`: a person's decisions on what needs attention."""

from collections.abc import Callable
from typing import Annotated

import typer

from console.attention import find, handle_of
from console.commands.asking import confirm
from console.commands.doubt import look
from console.commands.kinds import KindName, Kinds, Since, Until, listed
from console.connection import Gateway, connect
from console.one_by_one import Result, one_by_one
from console.options import AsJson, StackName
from console.output import aside, print_json, screen, words
from console.problems import Problem
from console.resolving import accept, close, is_doubt, resend
from console.watching import FEW, progress
from mms_gateway.message_table.store import Item

Act = Callable[[Item], str]
"""Does it, and says what was done."""


def resolve(
    ids: Annotated[
        list[str] | None,
        typer.Argument(metavar="ID", help="As mms attention shows them, or a whole `pk`.", show_default=False),
    ] = None,
    again: Annotated[
        bool, typer.Option("--resend", help="Send a doubt again: it arrives twice if OpenMarket had taken it.")
    ] = False,
    mt_id: Annotated[
        str | None,
        typer.Option(
            "--accepted", metavar="MTID", help="Note the mtId that OpenMarket tells of a doubt.", show_default=False
        ),
    ] = None,
    closed: Annotated[
        bool, typer.Option("--close", help="Leave a doubt at that; take anything else off the list, looked at.")
    ] = False,
    kind: Kinds = None,
    since: Since = None,
    until: Until = None,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask, with --kind.")] = False,
    reports: Annotated[
        bool, typer.Option("--reports/--no-reports", help="Whether to look for reports that may be a doubt's.")
    ] = True,
    stack_name: StackName = None,
    as_json: AsJson = False,
) -> None:
    """Decide what becomes of messages in doubt, and take off the list what was looked at.

    Without --resend, --accepted or --close it shows what there is to decide
    by: whether the handset answered since, and the delivery reports of that
    time whose mtId nobody knows. No index has those, so this reads the whole
    table, and takes dynamodb:Scan; --no-reports leaves it out.

    With --kind instead of ids it works on all that is on the list for that
    reason. What has changed since it was read stays as it is.
    """
    gateway = connect(stack_name)
    act = _action(gateway, again=again, mt_id=mt_id, closed=closed)
    if bool(ids) == bool(kind):
        lists = gateway.command("attention")
        raise Problem(f"Give ids, or with --kind all that is on the list for a reason. `{lists}` lists both.")
    if mt_id is not None and len(ids or ()) != 1:
        raise Problem("--accepted takes exactly one id: an mtId is one message's.")
    if (since or until) and not kind:
        raise Problem("--since and --until go with --kind; ids stand for themselves.")
    if again and set(kind or ()) - {KindName.IN_DOUBT}:
        raise Problem("Only doubts can be sent again: --kind IN_DOUBT. All else wants a new requestId.")
    if kind:
        items = [item for each in listed(gateway, kind, since, until).values() for item in each]
        found: list[Result[str, Item]] = [Result(handle_of(item), done=item) for item in items]
    else:
        found = list(one_by_one(lambda one: find(gateway, one), list(dict.fromkeys(ids or ()))))
    if not found:
        aside.print("Nothing of that needs a person.")
        return
    if act is None:
        look(gateway, found, with_reports=reports, as_json=as_json)
        return
    if kind and not yes:
        _ask(len(found), again=again, closed=closed)
    done: list[Result[str, str]] = []
    try:
        _do(act, found, done)
    finally:  # whoever stops it hears what has been done by then
        _tell(done, as_json=as_json)
    if any(one.problem is not None for one in done):
        raise typer.Exit(1)


def _action(gateway: Gateway, *, again: bool, mt_id: str | None, closed: bool) -> Act | None:
    """What is to be done to each; None where nothing is."""
    if again + (mt_id is not None) + closed > 1:
        raise Problem("--resend, --accepted and --close exclude each other: give one of them.")

    def do_resend(item: Item) -> str:
        resend(gateway, item)
        return "is sent again"

    def do_accept(item: Item) -> str:
        accept(gateway, item, str(mt_id))
        return f"was accepted as {mt_id}; its reports are joined"

    def do_close(item: Item) -> str:
        close(gateway, item)
        return "is closed" if is_doubt(item) else "is off the list"

    return do_resend if again else do_accept if mt_id is not None else do_close if closed else None


def _ask(count: int, *, again: bool, closed: bool) -> None:
    what = f"{count} message{'s' if count > 1 else ''}"
    if again:
        question = f"Send {what} again? Those that OpenMarket had taken arrive twice."
    else:
        question = f"Close {what}?" if closed else f"Settle {what}?"
    confirm(question)


def _do(act: Act, found: list[Result[str, Item]], done: list[Result[str, str]]) -> None:
    """Do it to all that was found, and add what came of each as soon as it is known."""
    done += [Result(one.of, problem=one.problem) for one in found if one.problem is not None]
    items = [one.done for one in found if one.done is not None]
    with progress(hidden=len(items) < FEW) as shown:
        task = shown.add_task("Settling", total=len(items))
        for result in one_by_one(act, items):
            done.append(Result(handle_of(result.of), done=result.done, problem=result.problem))
            shown.advance(task)


def _tell(done: list[Result[str, str]], *, as_json: bool) -> None:
    failed = [one for one in done if one.problem is not None]
    if as_json:
        print_json([{"id": one.of, "done": one.done, "problem": one.problem} for one in done])
    else:
        for one in done:
            if one.done is not None:
                screen.print(words(f"{one.of} {one.done}."), soft_wrap=True)
        for one in failed:
            aside.print(words(one.problem, "red"), soft_wrap=True)
        if len(done) > 1:
            aside.print(f"{len(done) - len(failed)} settled, {len(failed)} not.", style="dim")
