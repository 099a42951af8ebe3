"""Runs ministack, in ministack's own environment, on a socket that it was handed; started by embedded_aws.

Usage: ministack_server.py <descriptor of the listening socket> <folder of its temporary files>

It serves until its standard input ends. That happens when its parent closes it, and as well when its parent dies,
however it dies. What it adds to ministack:
- Functions run in a virtual environment with nothing in it: with ministack's own, botocore would be there for
  functions that forgot to bring it.
- A body without a Content-Type reaches the function byte for byte where every type is binary, as from API Gateway,
  which takes it for application/json; ministack would turn it into text and lose bytes.
- A layer is unpacked once; ministack would do it for each process of a function, thousands of files each time.
- A function runs a few times at once and further calls wait their turn; only where that takes long, as with calls that
  wait for somebody themselves, it runs more often. ministack would start a process for each of 50 simultaneous calls,
  which takes a small machine half a minute.
- CloudFormation's way to write a binary media type, `*~1*`, is understood as `*/*`.
- A template of production deploys too: saved queries, and alarms that calculate, are taken as made, though nothing here
  runs or rings them. ministack would refuse the whole stack.
- A queue's event source takes its MaximumConcurrency from a template's parameter too, which is text; ministack would
  compare it with a number, and no message would ever reach the function.
- What a function says of single records of a table's stream is heard: see ministack_streams.
"""

import asyncio
import hashlib
import os
import resource
import shutil
import signal
import sys
import threading
import venv
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from hypercorn.asyncio import serve  # type: ignore[import-not-found, unused-ignore]
from hypercorn.config import Config  # type: ignore[import-not-found, unused-ignore]
from ministack.app import app  # type: ignore[import-not-found, unused-ignore]
from ministack.core import lambda_runtime  # type: ignore[import-not-found, unused-ignore]
from ministack.services import apigateway_v1, lambda_svc  # type: ignore[import-not-found, unused-ignore]
from ministack.services.cloudformation import provisioners  # type: ignore[import-not-found, unused-ignore]

sys.path.append(str(Path(__file__).parents[1]))  # last, so that nothing of ours stands before anything of ministack's
from local.ministack_streams import feed_functions_from_streams

CALLS_AT_ONCE = max(4, 2 * (os.cpu_count() or 1))  # enough for races, few enough to start within a few seconds
MORE_CALLS_AT_ONCE = 16  # for calls that wait themselves: they cost memory, and hardly a processor
PATIENCE = 3.0  # seconds: longer than it takes to start the first few


def run_functions_in(environment: Path) -> None:
    """Make the interpreter of an empty virtual environment the one that runs Python functions."""
    venv.EnvBuilder(symlinks=True, with_pip=False).create(environment)
    detect = lambda_runtime._detect_runtime_binary  # noqa: SLF001

    def detect_empty(runtime: str) -> tuple[str, str]:
        binary, script = detect(runtime)
        return (str(environment / "bin" / "python") if runtime.startswith("python") else binary), script

    lambda_runtime._detect_runtime_binary = detect_empty  # noqa: SLF001


def share_layers(store: Path) -> None:
    """Unpack each layer once into the store, and give every process of a function a link to it."""
    store.mkdir()
    unpacking = threading.Lock()

    class SharedLayers(zipfile.ZipFile):
        def extractall(self, path: Any = None, members: Any = None, pwd: bytes | None = None) -> None:
            if not Path(path).name.startswith("layer_"):
                super().extractall(path, members, pwd)
                return
            shared = store / hashlib.sha256(Path(str(self.filename)).read_bytes()).hexdigest()
            with unpacking:
                if not shared.exists():
                    super().extractall(shared.with_suffix(".new"), members, pwd)
                    shared.with_suffix(".new").rename(shared)
            Path(path).rmdir()
            Path(path).symlink_to(shared)

    lambda_runtime.zipfile = SimpleNamespace(**{**vars(zipfile), "ZipFile": SharedLayers})


class Turns:
    """The calls of one function that may run at once."""

    def __init__(self) -> None:
        self._few = threading.BoundedSemaphore(CALLS_AT_ONCE)
        self._more = threading.BoundedSemaphore(MORE_CALLS_AT_ONCE)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for one of the few; who has waited long takes one of the others, if any is left."""
        while True:
            if self._few.acquire(timeout=PATIENCE):
                taken = self._few
                break
            if self._more.acquire(blocking=False):
                taken = self._more
                break
        try:
            yield
        finally:
            taken.release()


def let_calls_wait_their_turn() -> None:
    """Hold each function to a few processes; ministack gives every call a thread, so waiting blocks nobody."""
    turns: dict[str, Turns] = defaultdict(Turns)
    execute = lambda_svc._execute_function_warm  # noqa: SLF001

    def execute_in_turn(function: dict[str, Any], event: Any, request_id: str) -> Any:
        with turns[function.get("config", function)["FunctionArn"]].turn():
            return execute(function, event, request_id)

    lambda_svc._execute_function_warm = execute_in_turn  # noqa: SLF001


def match_media_types_as_api_gateway() -> None:
    """Read `~1` in a REST API's BinaryMediaTypes as the slash it stands for, and a missing Content-Type as JSON."""
    matches = apigateway_v1._media_type_matches  # noqa: SLF001

    def matches_likewise(media_type: str | None, binary_media_types: list[str] | None) -> bool:
        unescaped = [each.replace("~1", "/") for each in binary_media_types or []]
        return bool(matches(media_type or "application/json", unescaped))

    apigateway_v1._media_type_matches = matches_likewise  # noqa: SLF001


def read_concurrency_as_number() -> None:
    """Let an event source's MaximumConcurrency be text."""
    concurrency = lambda_svc._sqs_esm_concurrency  # noqa: SLF001

    def concurrency_as_number(*arguments: Any) -> int:
        return int(concurrency(*arguments))

    lambda_svc._sqs_esm_concurrency = concurrency_as_number  # noqa: SLF001


def take_what_only_people_look_at_as_made() -> None:
    """Let a stack have saved queries, and alarms on a calculation, which are kept as alarms on its first metric."""

    def create(logical_id: str, _properties: dict[str, Any], stack_name: str) -> tuple[str, dict[str, Any]]:
        return f"{stack_name}-{logical_id}", {}

    def delete(*_: Any) -> None:
        pass

    handlers = provisioners._RESOURCE_HANDLERS  # noqa: SLF001
    handlers.setdefault("AWS::Logs::QueryDefinition", {"create": create, "delete": delete})
    record = provisioners._cw_metric_alarm_record  # noqa: SLF001

    def record_plainly(name: str, properties: dict[str, Any]) -> Any:
        plain = {key: value for key, value in properties.items() if key != "Metrics"}
        for metric in properties.get("Metrics") or []:
            if "MetricStat" in metric:
                plain |= {**metric["MetricStat"]["Metric"], "Period": metric["MetricStat"]["Period"]}
                break
        return record(name, plain)

    provisioners._cw_metric_alarm_record = record_plainly  # noqa: SLF001


def end_with_standard_input(folder: Path) -> None:
    """Wait for the end of standard input, then end everything and leave nothing."""
    while os.read(0, 4096):
        pass
    with suppress(Exception):
        lambda_runtime.reset()  # ends the functions' processes
    shutil.rmtree(folder, ignore_errors=True)
    os.killpg(os.getpgrp(), signal.SIGKILL)  # itself, and whatever else is left of the group it leads


def main() -> None:
    """Serve on the socket that was handed over."""
    descriptor, folder = int(sys.argv[1]), Path(sys.argv[2])
    threading.Thread(target=end_with_standard_input, args=(folder,), daemon=True).start()
    most_files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most_files, most_files))
    run_functions_in(folder / "function-environment")
    share_layers(folder / "layers")
    let_calls_wait_their_turn()
    match_media_types_as_api_gateway()
    read_concurrency_as_number()
    feed_functions_from_streams()
    take_what_only_people_look_at_as_made()
    config = Config()
    config.bind = [f"fd://{descriptor}"]
    config.keep_alive_timeout = 75
    config.accesslog = None
    asyncio.run(serve(app, config))


if __name__ == "__main__":
    main()
