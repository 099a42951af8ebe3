"""`mms attention`: what a person must look at."""

from itertools import islice
from typing import Annotated

import typer

from console.attention import MEANING, handle_of, reason_of
from console.commands.kinds import Kinds, Since, Until, listed, show_item
from console.connection import Gateway, connect
from console.options import AsJson, StackName
from console.output import aside, coloured, print_json, screen
from console.reading import Kind

NEXT: dict[Kind, str] = {
    "IN_DOUBT": "{resolve} shows what to decide by: --resend, --accepted or --close",
    "REJECTED": "mend it and send it with a new requestId, then {close}",
    "CONFLICT": "look whether the other one is wanted, then {close}",
    "QUARANTINED": "{replay} after a fix; or leave it at that, {close}",
}
"""What to do next."""
SHOWN = 100  # of each kind


def attention(
    kind: Kinds = None,
    since: Since = None,
    until: Until = None,
    limit: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="The most of each kind.", show_default=f"{SHOWN}; all of them with --json"
        ),
    ] = None,
    stack_name: StackName = None,
    as_json: AsJson = False,
) -> None:
    """List what a person must look at, by reason, what has waited longest first.

    The id that is shown is the one to give to mms resolve, or to mms replay.
    """
    gateway = connect(stack_name)
    found = listed(gateway, kind, since, until)
    if as_json:
        every = (item for items in found.values() for item in islice(items, limit))
        print_json([{"id": handle_of(item), "why": reason_of(item), **item} for item in every])
        return
    some = False
    most = limit or SHOWN
    for each, all_of_it in found.items():
        items = list(islice(all_of_it, most + 1))
        if not items:
            continue
        screen.print(f"{chr(10) if some else ''}{coloured(each)}  {MEANING[each]}", soft_wrap=True)
        screen.print(f"Next: {_next(gateway, each)}", style="dim", markup=False, soft_wrap=True)
        for item in items[:most]:
            show_item(item)
        if len(items) > most:
            aside.print(f"These are the oldest {most} of {each}; for more, --limit or --since.", style="dim")
        some = True
    if not some:
        aside.print("Nothing needs a person." if not (kind or since or until) else "Nothing of that needs a person.")


def _next(gateway: Gateway, kind: Kind) -> str:
    resolve = gateway.command("resolve", "ID")
    return NEXT[kind].format(resolve=resolve, close=f"{resolve} --close", replay=gateway.command("replay", "ID"))
