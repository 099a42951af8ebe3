"""The names that there are: in the template, in the code, in the Makefile, in the command."""

import re
from functools import cache
from pathlib import Path
from typing import Any

from console.command import SUBCOMMANDS, load
from local.places import ROOT

CODE = (
    *(".ci/run", "Makefile", "pyproject.toml", "samconfig.toml", "template.yaml", ".github/**/*.yml", "locks/*.txt"),
    *("console/**/*.*", "examples/**/*.*", "functions/**/*.*", "layers/**/*.*", "local/**/*.py"),
    *("events/*.json", "tests/bench/*.*"),
)
WRITTEN = {".css", ".html", ".js", ".json", ".mk", ".py", ".sh", ".toml", ".txt", ".yaml", ".yml", ""}
WORD = re.compile(r"[A-Za-z][\w-]*")


@cache
def words() -> frozenset[str]:
    """Every word of the project outside of its pages and tests."""
    files = {path for place in CODE for path in ROOT.glob(place) if path.is_file() and path.suffix in WRITTEN}
    return frozenset(word for path in files for word in WORD.findall(path.read_text(encoding="utf-8")))


@cache
def make_targets() -> frozenset[str]:
    """What can be made."""
    return frozenset(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def mms_fault(line: str) -> str | None:
    """What is wrong with a line that begins with `mms`, as far as its words can tell; None if nothing is."""
    _, *typed = line.split()
    given = [word.split("=")[0] for word in typed if word.startswith("--")]
    if not typed or typed[0].startswith("--"):
        return None if not given or given[0] in {"--install-completion", "--help"} else f"mms has no {given[0]}"
    if typed[0] not in SUBCOMMANDS:
        return f"mms has no {typed[0]}"
    command: Any = load(typed[0])
    if hasattr(command, "commands") and len(typed) > 1:
        if typed[1] not in command.commands:
            return f"mms {typed[0]} has no {typed[1]}"
        command = command.commands[typed[1]]
    known = {"--help", *(option for each in command.params for option in (*each.opts, *each.secondary_opts))}
    missing = [option for option in given if option not in known]
    return f"mms {typed[0]} has no {missing[0]}" if missing else None


def exists(path: str, beside: Path) -> bool | None:
    """Whether a path leads to something, from the project or from beside a page; None where it looks like no path."""
    first = path.partition("/")[0]
    if "/" not in path or first in {"", ".local", ".venv"} or not re.fullmatch(r"\.?[\w./-]+", path):
        return None
    starts = [start for start in (ROOT, beside) if (start / first).exists()]
    return any((start / path).exists() for start in starts) if starts else None
