"""How a version is named, told of and written into its places."""

from datetime import date
from pathlib import Path

import pytest

from release import __main__ as release
from release import changelog, versions

CHANGELOG = """# Changelog

## Unreleased

### Added
- New.

## 0.2.0 (2026-11-01)

### Added
- Newer.

## 0.1.0 (2026-10-01)

- First.
"""


@pytest.fixture
def places(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A copy of the three files, with a changelog of its own."""
    for name in ("PYPROJECT", "TEMPLATE", "CHANGELOG"):
        file: Path = getattr(release, name)
        copy = tmp_path / file.name
        copy.write_text(CHANGELOG if name == "CHANGELOG" else file.read_text())
        monkeypatch.setattr(release, name, copy)
    return tmp_path


def test_the_template_tells_the_version_of_pyproject() -> None:
    told = versions.of_pyproject(release.PYPROJECT.read_text())
    assert versions.of_template(release.TEMPLATE.read_text()) == versions.checked(told)


def test_the_notes_of_a_version_are_its_section() -> None:
    assert changelog.notes(CHANGELOG, "0.2.0") == "### Added\n- Newer.\n"
    assert changelog.notes(CHANGELOG, "0.1.0") == "- First.\n"


@pytest.mark.parametrize("version", ["0.3.0", "0.2", "Unreleased-1"])
def test_a_version_that_the_changelog_does_not_tell_of_has_no_notes(version: str) -> None:
    with pytest.raises(ValueError, match="says nothing of"):
        changelog.notes(CHANGELOG, version)


def test_what_was_unreleased_becomes_the_new_version() -> None:
    released = changelog.with_release(CHANGELOG, "0.3.0", date(2026, 12, 1))
    assert "## Unreleased\n\n## 0.3.0 (2026-12-01)\n\n### Added\n- New.\n" in released
    assert changelog.notes(released, "0.3.0") == "### Added\n- New.\n"
    with pytest.raises(ValueError, match="nothing under"):
        changelog.with_release(released, "0.4.0", date(2026, 12, 2))


def test_a_version_is_cut_into_all_its_places_and_then_they_agree(
    places: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {file.name: file.read_text() for file in places.iterdir()}
    release.cut("9.8.7-rc.1")
    release.check("v9.8.7-rc.1")
    assert "agree" in capsys.readouterr().out
    for name in ("pyproject.toml", "template.yaml"):
        changed = [
            (old, new)
            for old, new in zip(before[name].splitlines(), (places / name).read_text().splitlines(), strict=True)
            if old != new
        ]
        assert len(changed) == 1, "the version alone"


@pytest.mark.parametrize("tag", ["v9.9.9", "0.1.0", "v1", "v1.0", "v1.0.0 ", "v01.0.0", "main", "v1.0.0+build"])
@pytest.mark.usefixtures("places")
def test_a_tag_that_is_not_the_version_of_the_checkout_is_refused(tag: str) -> None:
    with pytest.raises(ValueError, match=r"The tag is|is no version"):
        release.check(tag)


@pytest.mark.usefixtures("places")
def test_a_refusal_is_a_sentence_and_a_status(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["release", "notes", "7.7.7"])
    assert release.main() == 1
    assert capsys.readouterr().err.startswith("CHANGELOG.md says nothing of 7.7.7")
