"""`mms export`: messages and their media as files."""

from pathlib import Path
from typing import Annotated

import typer

from console.connection import connect
from console.exporting.export import Exported
from console.exporting.export import export as write_export
from console.options import StackName, read_address, read_day
from console.output import aside, counted, screen, size_text, words
from console.problems import Problem
from console.selection import Choice, today
from console.watching import bars

SHOWN = 20  # of what is lacking; a person looks at the first, and a program reads all of it


def export(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER", help="Where to: a new or empty folder, or one with an earlier export of the same."
        ),
    ],
    handset: Annotated[
        str | None, typer.Option(help="Only the messages from and to this number.", show_default=False)
    ] = None,
    service: Annotated[
        str | None, typer.Option(help="Only the messages from and to this short code.", show_default=False)
    ] = None,
    first_day: Annotated[
        str | None, typer.Option("--since", metavar="DAY", help="With --service: from this day on (UTC, YYYY-MM-DD).")
    ] = None,
    last_day: Annotated[
        str | None,
        typer.Option("--until", metavar="DAY", help="With --since: until this day's end.", show_default="today"),
    ] = None,
    media: Annotated[bool, typer.Option("--media/--no-media", help="Whether to fetch the media too.")] = True,
    stack_name: StackName = None,
) -> None:
    """Export messages as JSON Lines, and their media as files.

    messages.jsonl has one item of the table per line: messages, their conflicts,
    the delivery reports on them and whose their mtIds are. Without --handset and
    --service that is everything, callbacks that could not be read too; it reads
    the whole table, and takes dynamodb:Scan, and so does --service without --since.

    Media lie under media/<key>, other buckets' under media/<bucket>/<key>. If a
    message names a version, its id follows an @; a key that makes no safe path
    becomes media/odd/<SHA-256 of it>. Texts stand in their items.

    A message that has been put off before its first try is in no index yet: an
    export of everything has it, and so has one of a --service without --since.

    An export that was interrupted goes on when it is ordered again; files that are
    there are not fetched again.
    """
    choice = _choice(handset, service, first_day, last_day)
    gateway = connect(stack_name)
    try:
        with bars() as watcher:
            exported = write_export(gateway, choice, folder, watcher, media=media)
    except OSError as error:
        raise Problem(
            f"{error.filename or folder} can't be written: {error.strerror}. Order it again elsewhere."
        ) from None
    _tell(exported, folder, media=media)
    if exported.lacking:
        raise typer.Exit(1)


def _choice(handset: str | None, service: str | None, first_day: str | None, last_day: str | None) -> Choice:
    if handset is not None and service is not None:
        raise Problem("Give --handset or --service, not both: a handset's messages are exported with all short codes.")
    if first_day is not None and service is None:
        raise Problem("--since and --until go with --service: the table lists messages by short code and day.")
    if last_day is not None and first_day is None:
        raise Problem("--until goes with --since: give the first day too.")
    first = read_day(first_day) if first_day else None
    last = read_day(last_day) if last_day else None
    if first is not None and first > (last or today()):
        raise Problem(f"{first} is after {last or 'today'}; give the earlier day with --since.")
    return Choice(
        handset=read_address(handset) if handset else None,
        service=read_address(service) if service else None,
        first_day=first,
        last_day=last,
    )


def _tell(exported: Exported, folder: Path, *, media: bool) -> None:
    counts = [counted(exported.messages, "message")]
    counts += [counted(exported.conflicts, "conflict")] if exported.conflicts else []
    counts += [counted(exported.reports, "delivery report")] if exported.reports else []
    if exported.quarantined:
        counts.append(f"{counted(exported.quarantined, 'callback')} that could not be read")
    screen.print(words(f"{folder / 'messages.jsonl'}: {', '.join(counts)}"), soft_wrap=True)
    if media:
        there = exported.files - exported.fetched
        already = f", {there:,} of them there already" if there else ""
        told = f"{folder / 'media'}: {counted(exported.files, 'file')}, {size_text(exported.size)}{already}"
        screen.print(words(told), soft_wrap=True)
    if exported.lacking:
        lacking = counted(len(exported.lacking), "object")
        aside.print(f"{lacking} could not be had; all else is exported:", style="yellow")
        for reason in exported.lacking[:SHOWN]:
            aside.print(words(f"  {reason}"), soft_wrap=True)
        if len(exported.lacking) > SHOWN:
            aside.print(f"  … and {len(exported.lacking) - SHOWN:,} more")
