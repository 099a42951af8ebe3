"""Somebody who types what a page says, block by block, in one shell and one Python, in a copy of the checkout."""

import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from local.places import ROOT, TOOLS
from tests.pages.page import Block

PATIENCE = 180  # seconds for one block

# `make` is asked what it would do, and does nothing: each target takes minutes or a stack, and has a test of its own.
# The AWS CLI's first version, which is what the package index has, asks SQS elsewhere than AWS_ENDPOINT_URL tells.
SHELL = f"""
set -eEuo pipefail
trap 'echo "failed: $BASH_COMMAND" >&2' ERR
aws() {{ command aws --endpoint-url "$AWS_ENDPOINT_URL" "$@"; }}
make() {{ command make --directory {ROOT} --dry-run "$@" >/dev/null; }}
"""
PYTHON = """
import contextlib, json, sys, traceback
names = {"__name__": "__main__"}
for order in sys.stdin:
    code, out = json.loads(order)
    with open(out, "w") as output, contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        try:
            exec(compile(open(code).read(), code, "exec"), names)
        except BaseException:
            traceback.print_exc()
            output.flush()
            sys.exit(1)
    print("done", flush=True)
"""


class Mistaken(AssertionError):
    """A block did not do what the page says."""


class Person:
    """Types what pages say; what one block leaves behind, the next ones find."""

    def __init__(self, desk: Path, environment: Mapping[str, str], notes: Path) -> None:
        """At a desk, a folder like the checkout; `notes` is a folder for what was typed and printed."""
        self._desk = desk
        self._notes = notes
        self._notes.mkdir()
        path = [Path(sys.executable).parent, TOOLS / "awscli/bin", TOOLS / "sam/bin"]
        found = os.environ["PATH"]
        self._environment = {**os.environ, **environment, "PATH": os.pathsep.join([*map(str, path), found])}
        self._shell = self._begin("bash", "--noprofile", "--norc")
        self._tell(self._shell, SHELL)
        self._python = self._begin(sys.executable, "-c", PYTHON)

    def close(self) -> None:
        """Go away."""
        for process in (self._shell, self._python):
            _end(process)
            process.communicate()

    def type(self, block: Block) -> str:
        """Type a block; what it printed. Mistaken where it failed."""
        code, out = self._notes / f"{block.line}.{block.language}", self._notes / f"{block.line}.out"
        code.write_text(block.text)
        if block.language == "sh":
            process = self._shell
            self._tell(process, f"source {code} </dev/null >{out} 2>&1\necho done\n")
        else:
            process = self._python
            self._tell(process, json.dumps([str(code), str(out)]) + "\n")
        impatience = threading.Timer(PATIENCE, _end, [process])
        impatience.start()
        assert process.stdout is not None
        answer = process.stdout.readline()
        impatience.cancel()
        printed = out.read_text() if out.exists() else ""
        if answer != "done\n":
            raise Mistaken(printed or "it ended without a word")
        return printed

    def values(self, names: str) -> Any:
        """What the programs gave to these names, separated by commas, in their order."""
        file = self._notes / "values"
        keep = f"import pickle; pickle.dump(({names},), open({str(file)!r}, 'wb'))\n"
        self.type(Block(language="python", text=keep, line=0, above=""))
        return pickle.loads(file.read_bytes())  # noqa: S301 - our own

    def _begin(self, *command: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            command,
            cwd=self._desk,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # what it began ends with it
        )

    @staticmethod
    def _tell(process: subprocess.Popen[str], words: str) -> None:
        assert process.stdin is not None
        process.stdin.write(words)
        process.stdin.flush()


def _end(process: subprocess.Popen[str]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def compare(shown: Block, printed: str) -> None:
    """Mistaken where a block shows something else than what was printed."""
    if shown.text != printed:
        raise Mistaken(f"the block before it prints this instead:\n{printed}")


def lay_out(desk: Path) -> None:
    """Make a folder look like the checkout, for what is written there to lie beside it."""
    for each in ROOT.iterdir():
        if each.name not in {".git", ".local", "examples"}:
            (desk / each.name).symlink_to(each)
    # One goes into it, and `sam build` writes there.
    shutil.copytree(ROOT / "examples", desk / "examples", ignore=shutil.ignore_patterns(".aws-sam"))
    (desk / ".local").mkdir()
    (desk / ".local" / "tools").symlink_to(TOOLS)
