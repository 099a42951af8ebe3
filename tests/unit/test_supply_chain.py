"""What is brought in from elsewhere is what was looked at: by version and hash, or by commit."""

import re
from pathlib import Path

import pytest

from local.places import ROOT

LOCKS = [*sorted((ROOT / "locks").glob("*.txt")), ROOT / "layers" / "dependencies" / "requirements.txt"]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda file: file.name)
def test_every_package_is_pinned_with_its_hashes(lock: Path) -> None:
    packages = re.split(r"\n(?=\S)", lock.read_text().strip())
    assert packages
    for package in packages:
        assert re.match(r"[A-Za-z0-9._-]+(\[[a-z,]+\])?==[^\s;]+", package), package
        assert "--hash=sha256:" in package, package


def test_layers_and_environments_take_nothing_without_its_hash() -> None:
    makefiles = [ROOT / "Makefile", *(ROOT / "layers").glob("*/Makefile")]
    installs = re.findall(r"pip install[^&|]*?-r \S+", "\n".join(file.read_text() for file in makefiles), re.DOTALL)
    assert len(installs) >= 4
    assert [one for one in installs if "--require-hashes" not in one] == []


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda file: file.name)
def test_an_action_of_a_workflow_is_pinned_to_a_commit(workflow: Path) -> None:
    uses = re.findall(r"uses:\s*(\S+)", workflow.read_text())
    elsewhere = [one for one in uses if not one.startswith("./")]
    assert [one for one in elsewhere if not re.search(r"@[0-9a-f]{40}$", one)] == []
