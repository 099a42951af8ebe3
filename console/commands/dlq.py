"""`mms dlq`: the dead-letter queue."""

from dataclasses import asdict
from typing import Annotated

import typer

from console.commands.asking import confirm
from console.commands.kinds import show_indented
from console.connection import connect
from console.dead_letters import DeadLetter, DeadLetters, Moved
from console.options import AsJson, StackName
from console.output import aside, print_json, screen, time_text, words
from console.watching import progress

BODY_LINES, BODY_CHARACTERS = 3, 240
LOOKED_AT = 500  # before it is asked whether to send them again

dlq = typer.Typer(
    help="See the dead letters, and send them again.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


@dlq.command("list")
def list_dead_letters(
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="The most messages to show.")] = 100,
    stack_name: StackName = None,
    as_json: AsJson = False,
) -> None:
    """List what lies in the dead-letter queue, oldest first; nothing is taken out.

    One with a reason was set aside by the sender, and would be again; one
    without came 200 times. What is listed is hidden from others meanwhile.
    """
    letters = DeadLetters(connect(stack_name))
    seen = letters.peek(limit)
    if as_json:
        print_json([_for_programs(letter) for letter in seen])
        return
    for letter in seen:
        _show(letter)
    count = letters.count()
    if not seen:
        aside.print(f"The dead-letter queue is empty.{f' About {count} are hidden, look again.' if count else ''}")
    elif count > len(seen):
        aside.print(f"At least {len(seen)}; SQS says about {count}. For more, --limit.", style="dim")


@dlq.command("redrive")
def redrive(
    every: Annotated[bool, typer.Option("--all", help="Those too that the sender set aside for a reason.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    stack_name: StackName = None,
) -> None:
    """Send the dead letters again; none goes out twice, for each has its requestId.

    Those that the sender itself set aside would come back, so they stay,
    unless with --all. Where there is none of them, SQS moves all by itself if
    it can (a message move task); else each is sent, and then deleted here.
    """
    gateway = connect(stack_name)
    letters = DeadLetters(gateway)
    seen = letters.peek(LOOKED_AT)
    if not seen:
        aside.print("The dead-letter queue is empty.")
        return
    known = len(seen) < LOOKED_AT
    coming_back = sum(letter.would_come_back for letter in seen)
    staying = 0 if every else coming_back
    going = len(seen) - staying
    if staying:
        aside.print(
            f"{'' if known else 'At least '}{staying} would come back, for the reasons in "
            f"`{gateway.command('dlq', 'list')}`, and stay (--all sends them too).",
            soft_wrap=True,
            markup=False,
        )
    if known and not going:
        return
    count = f"{going}" if known else f"at least {going}"
    if not yes:
        confirm(f"Send {count} dead letter{'s' if going != 1 else ''} again?")
    # SQS's own task leaves none, and might go on for ever with such as come back.
    moved = _move(letters, those_that_come_back=every, all_at_once=known and not coming_back, total=going)
    screen.print(f"{moved.moved} sent again{f', {moved.left} stay' if moved.left else ''}.")
    for problem in moved.problems:
        aside.print(words(problem, "red"), soft_wrap=True)
    if moved.problems:
        raise typer.Exit(1)


def _move(letters: DeadLetters, *, those_that_come_back: bool, all_at_once: bool, total: int) -> Moved:
    with progress() as shown:
        task = shown.add_task("Sending again", total=total)

        def tell(moved: int) -> None:
            shown.update(task, completed=moved, total=max(moved, total))

        moved = letters.move_all(tell) if all_at_once else None
        return moved or letters.move(those_that_come_back=those_that_come_back, on_moved=tell)


def _show(letter: DeadLetter) -> None:
    line = words(time_text(letter.sent_at), "dim").append("  ")
    line.append_text(words(letter.request_id or "(no usable requestId)", "bold"))
    if letter.destination is not None:
        line.append_text(words(f"  to {letter.destination}"))
    line.append(f"  received {letter.receives}×", style="dim")
    screen.print(line, soft_wrap=True)
    if letter.reason is not None:
        show_indented(letter.reason, "red")
    lines = letter.body[:BODY_CHARACTERS].splitlines()[:BODY_LINES]
    start = "\n".join(lines)
    show_indented(start if len(start) == len(letter.body) else f"{start}…", "dim")


def _for_programs(letter: DeadLetter) -> dict[str, object]:
    names = {"message_id": "messageId", "sent_at": "sentAt", "request_id": "requestId"}
    return {names.get(name, name): value for name, value in asdict(letter).items()}
