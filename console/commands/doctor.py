"""`mms doctor`: a stack checked from end to end."""

from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from console.checks.findings import Finding
from console.checks.trial import Trial
from console.connection import Gateway, connect
from console.doctoring import examine, is_healthy
from console.options import AsJson, StackName
from console.output import print_json, screen, words
from console.problems import Problem

MARKS = {"fine": ("✔", "green"), "warning": ("!", "yellow"), "failed": ("✘", "bold red"), "unknown": ("?", "dim")}
LOCAL_SOURCE = "88600"
NAME_WIDTH = 20


def doctor(
    send_test: Annotated[
        bool | None,
        typer.Option(
            "--send-test/--no-send-test",
            help="Send a message to OpenMarket's test number 10000871000, and follow it until it is reported "
            "Retrieved, for two minutes at most. On a deployed stack it costs a message.",
            show_default="on the local stack alone",
        ),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="SHORTCODE",
            help="The short code to send it from.",
            show_default="88600 on the local stack",
        ),
    ] = None,
    mt_config: Annotated[
        str | None,
        typer.Option(
            help="OpenMarket's set of settings to send it with.", show_default="test; the stack's on the local one"
        ),
    ] = None,
    stack_name: StackName = None,
    as_json: AsJson = False,
) -> None:
    """Check a stack from end to end; says what is wrong and what to do.

    ✔ fine, ! look at it when you can, ✘ does not work, ? could not be looked at:
    a permission is missing, or this AWS has no such thing. Exit status 1 if
    something does not work. It changes nothing; --send-test sends a message.
    """
    gateway = connect(stack_name)
    findings = []
    for finding in examine(gateway, _trial(gateway, send_test, source, mt_config)):
        findings.append(finding)
        if not as_json:
            _show(finding)
    healthy = is_healthy(findings)
    if as_json:
        print_json({"healthy": healthy, "findings": [asdict(finding) for finding in findings]})
    if not healthy:
        raise typer.Exit(1)


def _trial(gateway: Gateway, send_test: bool | None, source: str | None, mt_config: str | None) -> Trial | None:
    wanted = gateway.is_local if send_test is None else send_test
    if not wanted:
        if send_test is None and (source or mt_config):
            raise Problem("--from and --mt-config go with --send-test.")
        return None
    if gateway.is_local:
        return Trial(gateway, source=source or LOCAL_SOURCE, mt_config=mt_config)
    if source is None:
        raise Problem(
            "Name the short code to send from: --send-test --from SHORTCODE. It sends one message, which costs."
        )
    return Trial(gateway, source=source, mt_config=mt_config or "test")


def _show(finding: Finding) -> None:
    mark, style = MARKS[finding.verdict]
    line = Table.grid(padding=(0, 1))
    line.add_column(width=1)
    line.add_column(width=NAME_WIDTH)
    line.add_column(overflow="fold")
    line.add_row(words(mark, style), words(finding.check), words(finding.found))
    if finding.advice:
        line.add_row("", "", words(finding.advice, style))
    screen.print(line)
