"""The `mms` command as a person runs it against the running stack."""

import functools
import io
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.loaders import JSONFileLoader

from console import dead_letters
from console.__main__ import main
from console.connection import Gateway, local_gateway
from local.stack import Stack
from tests.integration.conftest import bench, producer, simulator  # noqa: F401 - fixtures of the tests on the stack


@dataclass(frozen=True, slots=True)
class Said:
    """What a command printed, and its exit status."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed for programs."""
        return json.loads(self.out)


Mms = Callable[..., Said]


@pytest.fixture(scope="session", autouse=True)
def _models_are_read_once() -> Iterator[None]:
    """Each command has a session of its own, and each session reads AWS's models anew: half of the time of a test."""
    read = functools.cache(JSONFileLoader().load_file)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(JSONFileLoader, "load_file", lambda _, path: read(path))
        yield


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """The embedded queues give all they have at once, AWS's only to those who wait."""
    monkeypatch.setattr(dead_letters, "WAIT", 0)


@pytest.fixture(scope="session")
def stack_json(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("console") / "stack.json"
    file.write_text(stack.as_json())
    return file


@pytest.fixture
def gateway(stack_json: Path) -> Gateway:
    return local_gateway(json.loads(stack_json.read_text()))


@pytest.fixture
def mms(stack_json: Path, monkeypatch: pytest.MonkeyPatch) -> Mms:
    """Runs `mms` with these words, wide enough that no line is folded; `typed` is what is typed on its questions."""
    monkeypatch.setenv("MMS_STACK_JSON", str(stack_json))
    monkeypatch.setenv("COLUMNS", "400")

    def run(*words: str, typed: str = "") -> Said:
        monkeypatch.setattr(sys, "argv", ["mms", *words])
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        out, err = io.StringIO(), io.StringIO()
        status = 0
        with redirect_stdout(out), redirect_stderr(err):
            try:
                main()
            except SystemExit as end:
                status = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
        return Said(status, out.getvalue(), err.getvalue())

    return run
