"""`mms forget`: everything of a handset removed."""

from typing import Annotated

import typer
from rich.console import Console

from console.commands.asking import agrees, typed
from console.connection import Gateway, connect
from console.forgetting.belongings import Belongings, Stock
from console.forgetting.remains import remains
from console.forgetting.removal import Left, Removal
from console.forgetting.versions import Version
from console.options import StackName, read_address
from console.output import aside, counted, plain_table, screen, size_text, words
from console.problems import Problem
from console.watching import bars
from mms_gateway.openmarket.notation import normal_address

SHOWN = 10  # names of objects that a person looks at


def forget(
    handset: Annotated[
        str, typer.Argument(metavar="HANDSET", help="The handset's number in international form, such as 447700900750.")
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing.")] = False,
    bodies: Annotated[
        bool,
        typer.Option(
            "--bodies",
            help="Search what can't be found by number too: the whole table, and every body under raw/ and "
            "quarantine/. Reads all of it, and removes each body with the number in it.",
        ),
    ] = False,
    outgoing: Annotated[
        bool | None,
        typer.Option(
            "--outgoing/--keep-outgoing",
            help="Whether to remove what producers uploaded under outgoing/ and messages to it name. Others may "
            "name it too, such as a campaign's picture, and are rejected without it if they still wait.",
            show_default="asks; with --yes it is removed",
        ),
    ] = None,
    stack_name: StackName = None,
) -> None:
    """Remove everything of a handset, for good: its messages in and out, their reports, media and raw bodies.

    Shows what there is, and asks for the number again. Objects go with every
    version, so nothing brings them back; then its messages in the dead-letter
    queue, delivery reports, and last the messages' items: it may be interrupted,
    and goes on when it is ordered again. At the end it looks again, and says what
    still holds data, and until when.

    It removes nothing while a message is SENDING, RETRY or IN_DOUBT. A requestId
    that was forgotten is new again: a message that is enqueued with it once more
    is sent once more.
    """
    gateway = connect(stack_name)
    number = read_address(handset)
    with bars() as watcher:
        found = Stock(gateway, watcher).take(number, thorough=bodies)
    left = Left()
    if found.is_empty():
        aside.print(f"Nothing of {number} was found.")
    else:
        _show(found)
        found.check_settled(gateway)
        kept = _ask(found, yes=yes, outgoing=outgoing)
        with bars() as watcher:
            removal = Removal(gateway, watcher)
            removal.remove(found)
            left = removal.look_again(found)
        if left.is_empty():
            screen.print(f"Removed, and looked for again: nothing of {number} is found any more.")
        _tell_kept(found, kept)
    _tell_remains(gateway, searched=bodies)
    if not left.is_empty():
        raise Problem(
            f"There are still {counted(left.messages, 'message')} of {number}, {counted(left.versions, 'version')} of "
            f"objects and {counted(left.letters, 'message')} in the dead-letter queue: they came meanwhile, or an "
            "index lags. Order it again."
        )


def _show(found: Belongings) -> None:
    ways = [item.get("direction") for item in found.messages]
    rows = {
        "messages from it": (ways.count("MO"), ()),
        "messages to it": (ways.count("MT"), ()),
        "delivery reports": (sum(item["sk"].startswith("REPORT#") for item in found.reports), ()),
        "media": (len(_keys(found.media)), found.media),
        "uploads under outgoing/": (len(_keys(found.outgoing)), found.outgoing),
        "bodies as they came": (len(_keys(found.raw)), found.raw),
        "further bodies with the number in them": (len(_keys(found.bodies)), found.bodies),
        "messages in the dead-letter queue": (found.letters, ()),
    }
    table = plain_table(f"of {found.handset}", "", "versions", "bytes")
    for column in table.columns[1:]:
        column.justify = "right"
    for what, (count, versions) in rows.items():
        if not count:
            continue
        sizes = [version.size for version in versions]
        table.add_row(what, f"{count:,}", f"{len(sizes):,}" if sizes else "", size_text(sum(sizes)) if sizes else "")
    screen.print(table)
    if found.letters_unseen:
        aside.print("The dead-letter queue is too long to be looked through to its end.", style="yellow")


def _keys(versions: set[Version]) -> list[str]:
    return sorted({version.key for version in versions})


def _ask(found: Belongings, *, yes: bool, outgoing: bool | None) -> list[str]:
    """Have a person confirm it; the uploads that are to stay, which `found` no longer has then."""
    uploads = _keys(found.outgoing)
    if outgoing is None and uploads and not yes:
        aside.print("These uploads may be named by messages to others as well:")
        _list(uploads, aside)
        outgoing = agrees("Remove them too?")
    if outgoing is False:
        found.outgoing.clear()
    if not yes and normal_address(typed("To remove all this for good, type the number again")) != found.handset:
        raise Problem(f"That is not {found.handset}. Nothing was removed.")
    return uploads if outgoing is False else []


def _tell_kept(found: Belongings, kept: list[str]) -> None:
    if kept:
        screen.print("Kept, as you wished:")
        _list(kept)
    if found.elsewhere:
        screen.print("In buckets that are not the gateway's, for their owners to remove:")
        _list(sorted(found.elsewhere))


def _list(names: list[str], where: Console = screen) -> None:
    for name in names[:SHOWN]:
        where.print(words(f"  {name}"), soft_wrap=True)
    if len(names) > SHOWN:
        where.print(f"  … and {len(names) - SHOWN:,} more")


def _tell_remains(gateway: Gateway, *, searched: bool) -> None:
    screen.print("\nWhat still may hold data of it:")
    table = plain_table("", "")
    table.show_header = False
    for sentence in remains(gateway, searched=searched):
        table.add_row("·", words(sentence))
    screen.print(table)
