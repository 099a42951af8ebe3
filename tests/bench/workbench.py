"""What the rows are measured with; each thing is made when it is first asked for, and gone at the end."""

import os
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

from local.progress import Say
from local.stack import Stack, running_stack
from tests.bench.artifacts import Artifacts
from tests.bench.stores import Stores, running_stores

STORE_DELAY = 0.020  # seconds that AWS takes for an answer, as S3 does for a small object on an ordinary day


class Workbench:
    """`quick` measures each row once, to see that it can be; the figures are then no figures."""

    def __init__(self, wanted: Sequence[str], *, quick: bool, say: Say) -> None:
        self._wanted = wanted
        self.quick = quick
        self.say = say
        self._open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def wants(self, row: str) -> bool:
        """Whether this row is to be measured."""
        return not self._wanted or any(fnmatchcase(row, f"{each}*") for each in self._wanted)

    def rounds(self, usual: int) -> int:
        """How often to measure."""
        return 1 if self.quick else usual

    @cached_property
    def folder(self) -> Path:
        """For files of this run."""
        return Path(self._open.enter_context(tempfile.TemporaryDirectory(prefix="mms-bench-")))

    def new_folder(self) -> Path:
        """A folder that nothing has been put into."""
        return Path(tempfile.mkdtemp(dir=self.folder))

    @cached_property
    def stores(self) -> Stores:
        """AWS as far as a callback needs it."""
        return self._open.enter_context(running_stores(self.folder, delay=STORE_DELAY))

    @cached_property
    def executor(self) -> ThreadPoolExecutor:
        """Threads for media, as many as the callback function has."""
        return self._open.enter_context(ThreadPoolExecutor(16))

    @cached_property
    def artifacts(self) -> Artifacts:
        """The functions, built."""
        return Artifacts(self.folder, self.stores)

    @cached_property
    def stack(self) -> Stack:
        """The whole gateway on this machine: started here, or the one that MMS_STACK_JSON tells of."""
        if told := os.environ.get("MMS_STACK_JSON"):
            return Stack.read(Path(told))
        return self._open.enter_context(running_stack(self.say))
