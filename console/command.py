"""The subcommands put together."""

import typer

from console.commands.attention import attention
from console.commands.console import console
from console.commands.conversation import conversation
from console.commands.dlq import dlq
from console.commands.doctor import doctor
from console.commands.export import export
from console.commands.forget import forget
from console.commands.inbox import inbox
from console.commands.replay import replay
from console.commands.resolve import resolve
from console.commands.send import send
from console.commands.show import show

app = typer.Typer(
    name="mms",
    help="Send and read picture messages, look after what needs a person, and open the console in the browser.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    epilog="Every command takes --stack-name (or MMS_STACK_NAME) for a deployed stack, and --help. Times are UTC.",
)
READ, SEND = "Read", "Send"
app.command(rich_help_panel=READ)(console)
LOOK_AFTER = "Look after"
app.command(rich_help_panel=SEND)(send)
app.command(rich_help_panel=READ)(conversation)
app.command(rich_help_panel=READ)(inbox)
app.command(rich_help_panel=READ)(show)
app.command(rich_help_panel=LOOK_AFTER)(attention)
app.command(rich_help_panel=LOOK_AFTER)(resolve)
app.command(rich_help_panel=LOOK_AFTER)(replay)
app.add_typer(dlq, name="dlq", help="See the dead letters, and send them again.", rich_help_panel=LOOK_AFTER)
app.command(rich_help_panel=LOOK_AFTER)(doctor)
app.command(rich_help_panel=LOOK_AFTER)(export)
app.command(rich_help_panel=LOOK_AFTER)(forget)
