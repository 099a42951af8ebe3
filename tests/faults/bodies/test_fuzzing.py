"""What the fuzzer has found worth keeping is read again on every run; the long run lets it search on."""

import platform
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.faults.bodies.corpus import kept
from tests.faults.bodies.fuzzing import PYTHON, Fuzzed, fuzz, seeds, write_inputs
from tests.faults.bodies.harnesses import HARNESSES
from tests.faults.tally import Scale, Tallies

KEPT = "bodies: the kept corpus"
FUZZING = "bodies: fuzzing (atheris)"
LIMITS = {  # inputs, seconds; whichever is reached first
    "decode": (300_000, 300),
    "queue": (100_000, 150),
    "reply": (200_000, 60),
}


@pytest.fixture
def atheris(scale: Scale) -> None:
    if not scale.long:
        pytest.skip("the long run fuzzes: MMS_FAULTS=long")
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        pytest.skip("atheris has wheels for Linux on x86-64 alone")
    assert PYTHON.exists(), "atheris has no environment here: `make faults` makes it"


@pytest.mark.parametrize(("harness", "outcomes"), [("decode", 40), ("queue", 30), ("reply", 8)])
def test_the_kept_corpus_is_read_without_a_breach(harness: str, outcomes: int, tallies: Tallies) -> None:
    seen = set()
    with tallies.of(KEPT) as tally:
        for name, data in kept(harness).items():
            try:
                seen.add(HARNESSES[harness](data))
            except Exception as error:  # noqa: BLE001 - none may come out; which one did is what is told
                tally.breach("wrong", f"{harness}.zip, {name}: {type(error).__name__}: {error}")
            tally.cases += 1
        tally.note(f"{harness}: {len(seen)} outcomes")
    assert len(seen) >= outcomes, "the corpus is no longer what it was kept for"


@pytest.mark.usefixtures("atheris")
def test_the_fuzzer_finds_a_planted_fault(tmp_path: Path) -> None:
    write_inputs(tmp_path, seeds("decode")[:1])
    found = fuzz("planted", tmp_path, runs=200_000, seconds=120)
    assert found.breach is not None
    assert "the planted fault" in found.breach


@pytest.mark.usefixtures("atheris")
def test_the_fuzzer_finds_no_fault(tmp_path: Path, tallies: Tallies) -> None:
    def search(harness: str) -> Fuzzed:
        corpus = tmp_path / harness
        corpus.mkdir()
        write_inputs(corpus, [*seeds(harness), *kept(harness).values()])
        runs, seconds = LIMITS[harness]
        return fuzz(harness, corpus, runs=runs, seconds=seconds)

    with tallies.of(FUZZING) as tally, ThreadPoolExecutor(2) as pool:
        for harness, fuzzed in zip(LIMITS, pool.map(search, LIMITS), strict=True):
            tally.cases += fuzzed.runs
            tally.expect(fuzzed.breach is None, "wrong", f"{harness}: {fuzzed.breach}")
            tally.note(f"{harness}: {fuzzed.runs:,} runs, {fuzzed.features:,} features")
            assert fuzzed.runs > 1_000, f"{harness} was hardly fuzzed"
