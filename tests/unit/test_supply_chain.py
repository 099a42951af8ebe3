"""What is brought in from elsewhere is what was looked at: by version and hash. (Actions by commit: test_workflows.)"""

import re
from pathlib import Path

import pytest

from local.places import ROOT

BOT = ROOT / "examples" / "bot" / "answer_messages"
LOCKS = [
    *sorted((ROOT / "locks").glob("*.txt")),
    *(folder / "requirements.txt" for folder in (ROOT / "layers" / "dependencies", BOT)),
]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_every_package_is_pinned_with_its_hashes(lock: Path) -> None:
    packages = re.split(r"\n(?=\S)", lock.read_text().strip())
    assert packages
    for package in packages:
        assert re.match(r"[A-Za-z0-9._-]+(\[[a-z,]+\])?==[^\s;]+", package), package
        assert "--hash=sha256:" in package, package


def test_layers_and_environments_take_nothing_without_its_hash() -> None:
    makefiles = [ROOT / "Makefile", *(ROOT / "layers").glob("*/Makefile"), BOT / "Makefile"]
    installs = re.findall(r"pip install[^&|]*?-r \S+", "\n".join(file.read_text() for file in makefiles), re.DOTALL)
    assert len(installs) >= 4
    assert [one for one in installs if "--require-hashes" not in one] == []
