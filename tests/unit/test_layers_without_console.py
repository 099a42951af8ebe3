"""What people use never gets to the cloud with the functions."""

import re
import tomllib
from importlib.metadata import requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def needed(names: list[str]) -> set[str]:
    """These packages and all that they need here."""
    found: set[str] = set()
    waiting = [Requirement(name) for name in names]
    while waiting:
        one = waiting.pop()
        if one.marker and not one.marker.evaluate({"extra": ""}):
            continue
        name = canonicalize_name(one.name)
        if name not in found:
            found.add(name)
            waiting += map(Requirement, requires(name) or [])
    return found


def test_no_package_of_the_console_is_in_the_layer_unless_the_functions_need_it_themselves() -> None:
    layer = {
        canonicalize_name(name)
        for name in re.findall(
            r"^([\w.-]+)==", (ROOT / "layers/dependencies/requirements.txt").read_text(), re.MULTILINE
        )
    }
    functions = needed(PROJECT["dependencies"])
    console = needed(PROJECT["optional-dependencies"]["console"])
    assert {"jinja2", "starlette", "typer", "rich", "uvicorn"} <= console
    assert layer & (console - functions) == set()
    assert layer <= functions
