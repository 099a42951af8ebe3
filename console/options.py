"""Options that several subcommands share."""

import re
from typing import Annotated

import typer

from console.problems import Problem
from mms_gateway.messages import utc_text
from mms_gateway.openmarket.notation import normal_address, read_date

StackName = Annotated[
    str | None,
    typer.Option(
        "--stack-name",
        envvar="MMS_STACK_NAME",
        help="The deployed stack, with your own AWS credentials and region; without it the one that `make local` runs.",
        show_default=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def read_address(text: str) -> str:
    """A number or address as the table has it."""
    address = normal_address(text)
    if address is None:
        raise Problem("Give a number in international form such as 447700900750, or an address.")
    return address


def read_time(text: str, *, of_a_day: str = "00:00:00.000") -> str:
    """A time or a day as the table writes times; a day stands for its beginning in UTC, or for that time of it."""
    date = read_date(f"{text}T{of_a_day}Z" if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) else text)
    if date is None:
        raise Problem(f"{text} is no time; give a day such as 2026-12-01 or a time such as 2026-12-01T18:00:00Z.")
    return utc_text(date)


def read_end(text: str) -> str:
    """A time or a day as the table writes times; a day stands for its last moment in UTC."""
    return read_time(text, of_a_day="23:59:59.999")


def read_day(text: str) -> str:
    """The day of a time, or a day."""
    return read_time(text)[:10]
