"""CHANGELOG.md: the sections of its versions."""

import re
from datetime import date

UNRELEASED = "## Unreleased"


def notes(changelog: str, version: str) -> str:
    """What the changelog says of a version, without its heading; ValueError where it says nothing."""
    sections = re.split(r"^## ", changelog, flags=re.MULTILINE)[1:]
    for section in sections:
        heading, _, text = section.partition("\n")
        if heading.split(" ")[0] == version and text.strip():
            return text.strip() + "\n"
    raise ValueError(f"CHANGELOG.md says nothing of {version}: it has no section `## {version} (date)` with a text.")


def with_release(changelog: str, version: str, day: date) -> str:
    """The changelog in which what was unreleased is that version's; ValueError where nothing was."""
    before, heading, after = changelog.partition(f"{UNRELEASED}\n")
    if not heading or not re.split(r"^## ", after, flags=re.MULTILINE)[0].strip():
        raise ValueError(f"CHANGELOG.md has nothing under `{UNRELEASED}` to be released.")
    return f"{before}{UNRELEASED}\n\n## {version} ({day.isoformat()})\n{after}"
