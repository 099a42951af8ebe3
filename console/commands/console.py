"""`mms console`: the page in the browser."""

import secrets
import webbrowser
from typing import Annotated

import typer

from console.connection import connect
from console.options import StackName, read_address
from console.output import aside, screen
from console.problems import Problem


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
    from console.web.server import listen, serve, url_of  # noqa: PLC0415 - the other commands start without a server

    gateway = connect(stack_name)
    try:
        listener = listen(port)
    except OSError as error:
        raise Problem(f"Port {port} can't be had: {error.strerror}. Leave --port out for any free one.") from None
    key = secrets.token_urlsafe(24)
    url = f"{url_of(listener)}/?key={key}"
    aside.print(f"The console of {gateway.name} is at")
    screen.print(url, markup=False, soft_wrap=True)
    aside.print("Ctrl-C ends it.")
    if browser:
        webbrowser.open(url)
    serve(gateway, listener, services=[read_address(each) for each in service or ()], key=key)
