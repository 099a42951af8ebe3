"""What there is to decide a doubt by, on the terminal."""

import typer
from botocore.exceptions import ClientError
from rich.progress import BarColumn, TaskProgressColumn, TextColumn

from console.attention import handle_of
from console.commands.kinds import show_indented, show_item
from console.connection import Gateway
from console.doubts import Doubt, look_at, may_be_its
from console.one_by_one import Result
from console.orphan_reports import orphan_reports
from console.output import aside, coloured, print_json, screen, time_text, words
from console.problems import DENIED
from console.reading import identity
from console.resolving import is_doubt
from console.watching import progress
from mms_gateway.message_table.store import Item

SHOWN = 10  # reports that may be a doubt's
FACTS = {
    "host": "asked host",
    "openMarketRequestId": "OpenMarket's request id",
    "attempts": "tries",
}


def look(gateway: Gateway, found: list[Result[str, Item]], *, with_reports: bool, as_json: bool) -> None:
    """Show each item, and of a doubt what there is to decide by, and the commands that could follow."""
    items = [one.done for one in found if one.done is not None]
    doubts = [look_at(gateway, item) for item in items if is_doubt(item) and item["status"] == "IN_DOUBT"]
    orphans = _orphans(gateway, doubts) if doubts and with_reports else None
    if as_json:
        print_json([_for_programs(doubt, orphans) for doubt in doubts])
    else:
        by_key = {(doubt.item["pk"], doubt.item["sk"]): doubt for doubt in doubts}
        for number, item in enumerate(items):
            if number:
                screen.print()
            doubt = by_key.get((item["pk"], item["sk"]))
            screen.print(coloured(item.get("attention", item.get("status", "looked at"))), end="  ")
            show_item(item)
            if doubt is not None:
                _show(gateway, doubt, orphans)
            elif "attention" in item:
                _next(gateway, item)
            else:
                screen.print("Nothing about it needs a person.")
    problems = [one.problem for one in found if one.problem is not None]
    for problem in problems:
        aside.print(words(problem, "red"), soft_wrap=True)
    if problems:
        raise typer.Exit(1)


def _orphans(gateway: Gateway, doubts: list[Doubt]) -> list[Item] | None:
    """Reports of messages nobody knows, of the time of any of the doubts; None where the table may not be read."""
    since, until = min(doubt.since for doubt in doubts), max(doubt.until for doubt in doubts)
    columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn()
    with progress(*columns) as shown:
        task = shown.add_task("Reading the table", total=None)
        try:
            return orphan_reports(gateway, since, until, lambda read, of: shown.update(task, completed=read, total=of))
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") not in DENIED:
                raise
    aside.print(
        "Delivery reports that may be its could not be looked for: that takes dynamodb:Scan.",
        style="yellow",
        soft_wrap=True,
    )
    return None


def _for_programs(doubt: Doubt, orphans: list[Item] | None) -> Item:
    reports = may_be_its(doubt, orphans) if orphans is not None else None
    return {"message": doubt.item, "answers": doubt.answers, "reports": reports}


def _show(gateway: Gateway, doubt: Doubt, orphans: list[Item] | None) -> None:
    for name, meaning in FACTS.items():
        if name in doubt.item:
            show_indented(f"{meaning}: {doubt.item[name]}")
    screen.print("Sent by the handset since:" if doubt.answers else "The handset has sent nothing since.")
    for answer in doubt.answers:
        said = ": ".join(text for text in (answer.get("subject"), answer.get("text")) if text)
        show_indented(f"{time_text(answer['sentAt'])}  {said or '(no text)'}")
    request_id = identity(doubt.item)
    reports = may_be_its(doubt, orphans) if orphans is not None else []
    if orphans is not None:
        screen.print(
            "Reports of that time on messages that nobody knows, the closest first:"
            if reports
            else "No report of that time is on a message that nobody knows."
        )
    for report in reports[:SHOWN]:
        when, said = time_text(report.get("date") or report["receivedAt"]), report.get("outcomeDescription") or ""
        show_indented(f"{when}  {report['mtId']}  {report['status']}  {said}")
    if len(reports) > SHOWN:
        show_indented(f"and {len(reports) - SHOWN} more, see --json", "dim")
    screen.print("Then one of")
    _command("it did not arrive, or may come twice", gateway, "resolve", request_id, "--resend")
    for mt_id in list(dict.fromkeys(report["mtId"] for report in reports[:SHOWN])) or ["MTID"]:
        _command("OpenMarket took it as this", gateway, "resolve", request_id, "--accepted", mt_id)
    _command("leave it at that", gateway, "resolve", request_id, "--close")


def _next(gateway: Gateway, item: Item) -> None:
    screen.print("Then one of")
    if item["sk"] == "CALLBACK":
        _command("read it once more, after a fix", gateway, "replay", handle_of(item))
    _command("see all of it", gateway, "show", str(item["pk"]))
    _command("take it off the list", gateway, "resolve", handle_of(item), "--close")


def _command(meaning: str, gateway: Gateway, *arguments: str) -> None:
    line = words(f"    {gateway.command(*arguments)}", "bold")
    screen.print(line.append(f"   # {meaning}", style="dim"), soft_wrap=True)
