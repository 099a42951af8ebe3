"""Run by atheris's own Python: fuzz_target.py HARNESS CORPUS [libFuzzer's options]."""

import sys

import atheris

with atheris.instrument_imports(include=["mms_gateway"]):
    from tests.faults.bodies.harnesses import HARNESSES

name = sys.argv.pop(1)
harness = HARNESSES[name]
sys.argv[0] = f"{sys.executable} {sys.argv[0]} {name}"  # how libFuzzer starts itself again, to merge


def one_input(data: bytes) -> None:
    """Whatever comes out of it is a find."""
    harness(data)


atheris.Setup(sys.argv, one_input)
atheris.Fuzz()
