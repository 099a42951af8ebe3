"""The subcommands, each imported only when it is asked for: their list and the completion of names are quick."""

import inspect
import re
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

READ, SEND, LOOK_AFTER = "Read", "Send", "Look after"
SUBCOMMANDS = {
    "console": (
        READ,
        "Serve the console on this machine: conversations, answers, what needs attention, on the local stack a phone.",
    ),
    "conversation": (READ, "Show a conversation with a handset: the newest messages, oldest of them first."),
    "inbox": (READ, "List a short code's messages of a day, in and out, newest first."),
    "show": (
        READ,
        "Show a message, its contents, its conflicts and every delivery report; save its contents with --save.",
    ),
    "send": (SEND, "Send a picture message: uploads its files, enqueues it, and with --wait follows it to the end."),
    "attention": (LOOK_AFTER, "List what a person must look at, by reason, what has waited longest first."),
    "resolve": (LOOK_AFTER, "Decide what becomes of messages in doubt, and take off the list what was looked at."),
    "replay": (
        LOOK_AFTER,
        "Read quarantined callbacks once more, with the decoder of this checkout, as if they came anew.",
    ),
    "dlq": (LOOK_AFTER, "See the dead letters, and send them again."),
    "doctor": (LOOK_AFTER, "Check a stack from end to end; says what is wrong and what to do."),
    "export": (LOOK_AFTER, "Export messages as JSON Lines, and their media as files."),
    "forget": (
        LOOK_AFTER,
        "Remove everything of a handset, for good: its messages in and out, their reports, media and raw bodies.",
    ),
}
"""Where each stands in the list, and the first sentence of its help; its module and what that offers have its name."""


class Subcommands(TyperGroup):
    """The list of subcommands, each of which is loaded when it is called or completed."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The subcommand that the words begin with, and the words after it."""
        name, listed, rest = super().resolve_command(ctx, args)
        return name, load(name) if name and listed else listed, rest


def load(name: str) -> Any:
    """A subcommand with all its options, or a group of them."""
    found = getattr(import_module(f"console.commands.{name}"), name)
    if isinstance(found, typer.Typer):
        group = found
    else:
        group = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="rich")
        group.command(name)(found)
    for each in group.registered_commands:
        each.help = _in_paragraphs(each.callback)
    return get_command(group)


def _in_paragraphs(function: object) -> str:
    """What a function says of itself, without the breaks of its lines: each terminal has a width of its own."""
    return re.sub(r"(?<!\n)\n(?!\n)", " ", inspect.getdoc(function) or "")


def _list() -> typer.Typer:
    listing = typer.Typer(
        name="mms",
        cls=Subcommands,
        help="Send and read picture messages, look after what needs a person, and open the console in the browser.",
        no_args_is_help=True,
        context_settings={"help_option_names": ["-h", "--help"]},
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
        epilog="Every command takes --stack-name (or MMS_STACK_NAME) for a deployed stack, and --help. Times are UTC.",
    )
    for name, (panel, sentence) in SUBCOMMANDS.items():
        listing.command(name, help=sentence, rich_help_panel=panel)(lambda: None)
    return listing


app = _list()
