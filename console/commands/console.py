"""`mms console`: the page in the browser."""

import webbrowser
from typing import Annotated

import typer

from console.connection import connect
from console.options import StackName, read_address
from console.output import aside, screen
from console.problems import Problem
from console.web.guard import Keys
from console.web.server import listen, serve, url_of


def console(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The port on this machine; any free one where it is left out.")
    ] = 0,
    service: Annotated[
        list[str] | None, typer.Option(help="A short code to show; may be repeated.", show_default="all that are found")
    ] = None,
    browser: Annotated[bool, typer.Option(help="Open it in the browser.")] = True,
    stack_name: StackName = None,
) -> None:
    """Serve the console on this machine: conversations, answers, what needs attention, on the local stack a phone.

    Only who has the whole address that is printed gets in, and only from this machine. Ctrl-C ends it.
    """
    gateway = connect(stack_name)
    try:
        listener = listen(port)
    except OSError as error:
        raise Problem(f"Port {port} can't be had: {error.strerror}. Leave --port out for any free one.") from None
    keys = Keys()
    aside.print(f"The console of {gateway.name} is at")
    screen.print(f"{url_of(listener)}/?key={keys.address}", markup=False, soft_wrap=True)
    aside.print("Ctrl-C ends it.")
    if browser:
        webbrowser.open(f"{url_of(listener)}/?key={keys.ticket}")
    serve(gateway, listener, services=[read_address(each) for each in service or ()], keys=keys)
