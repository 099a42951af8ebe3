"""`mms send`: one picture message, from the keyboard to the handset."""

from pathlib import Path
from typing import Annotated

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.progress import BarColumn, DownloadColumn, TextColumn

from console.connection import Gateway, connect
from console.drafts import SAFE_BYTES, Attachment, Draft, Finished, finish, plain_number
from console.options import AsJson, StackName
from console.output import aside, coloured, print_json, screen, time_text, words
from console.problems import Problem, explain
from console.sending import follow, is_settled
from console.sending import send as send_message
from console.watching import progress
from mms_gateway.message_table.store import Item

NOT_SENT, IN_DOUBT, NOT_SETTLED, NOT_DELIVERED = 1, 3, 4, 5
"""Exit statuses of --wait."""


def send(
    source: Annotated[str, typer.Option("--from", help="The short code or number that it is sent from.")],
    destination: Annotated[str, typer.Option("--to", help="The handset's number, such as 447700900750.")],
    subject: Annotated[str | None, typer.Option(help="The subject line.", show_default=False)] = None,
    text: Annotated[str | None, typer.Option(help="What it says.", show_default=False)] = None,
    attach: Annotated[
        list[Path] | None, typer.Option(exists=True, dir_okay=False, help="A file to send; may be repeated.")
    ] = None,
    link: Annotated[
        list[str] | None, typer.Option(help="An https link that OpenMarket fetches; may be repeated.")
    ] = None,
    request_id: Annotated[
        str | None,
        typer.Option("--id", help="Your idempotency key: the same id is sent once.", show_default="a new one"),
    ] = None,
    mt_config: Annotated[
        str | None, typer.Option(help="OpenMarket's set of settings.", show_default="the stack's")
    ] = None,
    operator: Annotated[int | None, typer.Option(help="OpenMarket's number of the handset's operator.")] = None,
    not_after: Annotated[str | None, typer.Option(help="Not later than this, such as 2026-12-01T18:00:00Z.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Follow it to the end.")] = False,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds that --wait waits.")] = 120,
    stack_name: StackName = None,
    as_json: AsJson = False,
) -> None:
    """Send a picture message: uploads its files, enqueues it, and with --wait follows it to the end.

    Prints the message's id. What the sender would refuse is refused here, in the same words, before it is uploaded.

    Exit status with --wait: 0 accepted, 1 not sent, 3 in doubt, 4 not known in time, 5 sent but not delivered.
    """
    gateway = connect(stack_name)
    message = finish(
        Draft(
            source=plain_number(source),
            destination=plain_number(destination),
            subject=subject,
            text=text,
            attachments=[Attachment.read(path) for path in attach or ()],
            links=link or (),
            request_id=request_id,
            mt_config=mt_config,
            mobile_operator_id=operator,
            not_after=not_after,
        ),
        gateway.rules,
    )
    aside.print(_about_its_size(message, gateway.rules.max_message_bytes), style="dim")
    _upload_and_enqueue(gateway, message)
    if not as_json:  # at once: whoever stops waiting has it
        screen.print(message.request_id, markup=False, soft_wrap=True)
    item = _wait(gateway, message, timeout) if wait else None
    if as_json:
        print_json(item or {"requestId": message.request_id})
    if wait:
        raise typer.Exit(_status(item))


def _about_its_size(message: Finished, most: int) -> str:
    advice = (
        "safe with every operator" if message.size <= SAFE_BYTES else f"over {SAFE_BYTES:,} some operators refuse it"
    )
    return f"{message.size:,} bytes of at most {most:,}: {advice}"


def _upload_and_enqueue(gateway: Gateway, message: Finished) -> None:
    total = sum(len(upload.attachment.data) for upload in message.uploads)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    try:
        with progress(*columns, hidden=not total) as shown:
            task = shown.add_task("Uploading", total=total)
            send_message(gateway, message, lambda size: shown.advance(task, size))
    except Problem:
        raise
    except BaseException:  # stopped by a person too
        _advise(f"It may not be enqueued. The same command with --id {message.request_id} sends it once in any case.")
        raise
    aside.print("enqueued")


def _wait(gateway: Gateway, message: Finished, timeout: float) -> Item | None:
    """Show what becomes of it; what is known of it at the end."""
    show = f"`{gateway.command('show', message.request_id)}`"
    item: Item | None = None
    try:
        with aside.status("waiting …"):
            for item in follow(gateway, message, timeout):
                aside.print(coloured(item["status"]), words(_news(item)), soft_wrap=True)
    except KeyboardInterrupt:
        _advise(f"Stopped waiting. It is enqueued and goes its way; {show} tells what becomes of it.")
        raise
    except (ClientError, BotoCoreError) as error:
        _advise(f"It is enqueued, but what becomes of it can't be seen. {explain(error)}")
        return item
    if item is None:
        _advise(f"Nobody has taken it from the queue within {timeout:g} s: ask `{gateway.command('doctor')}`.")
    elif not is_settled(item):
        _advise(f"No more is known after {timeout:g} s; {show} tells later.")
    elif item["status"] == "IN_DOUBT":
        _advise(
            f"Nobody knows whether it was sent; `{gateway.command('resolve', message.request_id)}` helps to settle it."
        )
    elif item["status"] == "REJECTED":
        _advise("Under this id it is not sent any more; for another try give another --id.")
    return item


def _advise(sentence: str) -> None:
    aside.print(sentence, markup=False, soft_wrap=True)


def _news(item: Item) -> str:
    if item["status"] == "SENDING":  # its error, if there is one, is the last try's
        return f"try {item.get('attempts', 1)}"
    if "delivery" in item:
        delivery = item["delivery"]
        said = delivery.get("outcomeDescription")
        return f"{delivery['status']} {time_text(delivery.get('date', ''))}" + (f" ({said})" if said else "")
    if "error" in item:
        again = f"; tried again at {time_text(item['retryAt'])}" if "retryAt" in item else ""
        return f"{item['error']['description']}{again}"
    return f"as mtId {item['mtId']}" if "mtId" in item else ""


def _status(item: Item | None) -> int:
    if item is None or item["status"] in {"SENDING", "RETRY"}:
        return NOT_SETTLED
    if item["status"] in {"REJECTED", "CLOSED"}:
        return NOT_SENT
    if item["status"] == "IN_DOUBT":
        return IN_DOUBT
    delivery = item.get("delivery", {})
    return NOT_DELIVERED if delivery.get("final") and delivery["status"] != "Retrieved" else 0
