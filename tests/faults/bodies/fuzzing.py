"""Run atheris on a harness, from the kept corpus and the seeds. By hand, to keep what it finds:

PYTHONPATH=layers/gateway:. .venv/bin/python -m tests.faults.bodies.fuzzing decode 600
"""

import json
import os
import re
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from local.places import ROOT, TOOLS
from mms_gateway.send_request import SOURCES
from tests.faults.bodies.corpus import HERE, keep, kept
from tests.faults.bodies.mutations import originals
from tests.faults.bodies.tokens import TOKENS
from tests.unit.queue_messages import BASE, SAMPLE

PYTHON = TOOLS / "atheris" / "bin" / "python"
LONGEST = 4096  # bytes of an input
OPTIONS = [
    *("-seed=4711", f"-max_len={LONGEST}", "-timeout=10", "-rss_limit_mb=1024"),
    *("-print_final_stats=1", "-verbosity=1", "-len_control=0"),
]


class NoFuzzer(Exception):
    """The environment of atheris is not there."""


@dataclass(frozen=True, slots=True)
class Fuzzed:
    """What a run did, and the input that broke something, if one did."""

    runs: int
    features: int
    breach: str | None


def dictionary(harness: str) -> list[bytes]:
    """Words worth trying, as a harness's format has them."""
    more = {
        "queue": [*(f'"{name}": '.encode() for name in [*SAMPLE, *SOURCES, "contentId", "contentType"]), b"https://"],
        "reply": [b'"error"', b'"code"', b'"description"', b"1000", b"1010", b"GMT", b"Sun, "],
    }
    return TOKENS + more.get(harness, [])


def seeds(harness: str) -> list[bytes]:
    """What a harness begins with beside its kept corpus."""
    if harness in {"decode", "planted"}:
        return [f"auto {kind}\n".encode("latin-1", "replace") + body for kind, body in originals()]
    if harness == "queue":
        return [json.dumps(message).encode() for message in (BASE, SAMPLE)]
    answers = [b'{"mtId": 123456789012345}', b'{"error": {"code": 1010, "description": "Later."}}', b"<html>", b""]
    heads = [b"200 ", b"429 30", b"500 ", b"503 Sun, 22 Nov 2026 00:00:30 GMT", b"401 ", b"302 ", b"400 "]
    return [head + b"\n" + answer for head in heads for answer in answers]


def fuzz(harness: str, corpus: Path, *, runs: int, seconds: int) -> Fuzzed:
    """Fuzz a harness from a folder of inputs, where new ones are written; ends at the first breach."""
    with TemporaryDirectory() as scratch:
        tokens = Path(scratch, "tokens")
        tokens.write_text("".join(f'"{_escaped(token)}"\n' for token in dictionary(harness)))
        limits = [f"-runs={runs}", f"-max_total_time={seconds}", f"-dict={tokens}", f"-artifact_prefix={scratch}/"]
        done = _run(harness, [str(corpus), *OPTIONS, *limits])
        found = [path for path in Path(scratch).iterdir() if path != tokens]
        breach = None
        if done.returncode or found:
            input_bytes = b64encode(found[0].read_bytes()).decode() if found else "none was written"
            breach = f"{_cause(done.stdout)}; the input in base64: {input_bytes}"
    runs_done = re.findall(r"stat::number_of_executed_units: *(\d+)", done.stdout)
    features = re.findall(r" ft: (\d+)", done.stdout)
    return Fuzzed(int(runs_done[-1]) if runs_done else 0, int(features[-1]) if features else 0, breach)


def minimize(harness: str, corpus: Path, into: Path) -> None:
    """Copy just the inputs that together reach all that the corpus reaches."""
    done = _run(harness, ["-merge=1", f"-max_len={LONGEST}", "-use_value_profile=0", str(into), str(corpus)])
    if done.returncode:
        raise RuntimeError(done.stdout[-2000:])


def write_inputs(folder: Path, inputs: Iterable[bytes]) -> None:
    """Lay inputs into a folder, as libFuzzer wants them."""
    for data in inputs:
        if len(data) <= LONGEST:
            (folder / sha256(data).hexdigest()).write_bytes(data)


def _run(harness: str, arguments: list[str]) -> "subprocess.CompletedProcess[str]":
    if not PYTHON.exists():
        raise NoFuzzer("atheris has no environment here: `make faults` makes it")
    return subprocess.run(
        [PYTHON, ROOT / "tests/faults/bodies/fuzz_target.py", harness, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'layers/gateway'}:{ROOT}", "PYTHONHASHSEED": "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )


def _cause(output: str) -> str:
    """The line that says what went wrong."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    for at, line in enumerate(lines):
        if "Uncaught Python exception" in line and at + 1 < len(lines):
            return lines[at + 1]
    return next((line for line in lines if "ERROR" in line), " / ".join(lines[-3:]))


def _escaped(token: bytes) -> str:
    return "".join(chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else f"\\x{byte:02x}" for byte in token)


def main(harness: str, seconds: int) -> None:
    """Fuzz for some seconds, and keep the smallest corpus that reaches as much."""
    with TemporaryDirectory() as found, TemporaryDirectory() as least:
        write_inputs(
            Path(found), [*seeds(harness), *(kept(harness).values() if (HERE / f"{harness}.zip").exists() else [])]
        )
        print(fuzz(harness, Path(found), runs=-1, seconds=seconds))
        minimize(harness, Path(found), Path(least))
        keep(harness, [path.read_bytes() for path in Path(least).iterdir()])


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
