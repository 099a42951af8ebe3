"""A program run in a pseudo-terminal, its questions answered as a person would."""

import os
import pty
import re
import select
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from local.processes import end_group

STYLE = re.compile(r"\x1b\[[0-9;]*[A-Za-z]|\r")
QUESTION = re.compile(r"^\s*(?P<text>.+?) \[(?P<default>[^\[\]]*)\]: $")
ENTER = "\n"
PATIENCE = 180.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What was asked, and what Enter stands for."""

    text: str
    default: str


@dataclass(slots=True)
class Dialogue:
    """What a program asked, all that it said, and how it ended."""

    questions: list[Question] = field(default_factory=list)
    said: str = ""
    status: int = -1

    @property
    def asked(self) -> list[str]:
        """The questions in their order."""
        return [question.text for question in self.questions]

    def _take(self, text: str) -> Question | None:
        """What stands on the last line, if that is a question that was not answered yet."""
        self.said += STYLE.sub("", text)
        found = QUESTION.match(self.said.rpartition("\n")[2])
        if found is None:
            return None
        self.questions.append(Question(text=found["text"], default=found["default"]))
        self.said += ENTER
        return self.questions[-1]


def talk(
    command: Sequence[str | Path], folder: Path, environment: Mapping[str, str], answer: Callable[[str], str]
) -> Dialogue:
    """Run a program to its end; `answer` has what is typed before Enter, for each question."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={**environment, "TERM": "dumb", "COLUMNS": "200"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    dialogue, end = Dialogue(), time.monotonic() + PATIENCE
    try:
        while time.monotonic() < end:
            if not select.select([ours], [], [], 0.5)[0]:
                continue
            with suppress(OSError):  # so Linux tells that the other end was closed
                if came := os.read(ours, 65536):
                    if question := dialogue._take(came.decode(errors="replace")):
                        os.write(ours, answer(question.text).encode() + b"\n")
                    continue
            break
        dialogue.status = process.wait(10)
    finally:
        end_group(process)
        os.close(ours)
    return dialogue
