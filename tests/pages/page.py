"""The project's pages taken apart: fenced blocks, headings, links and code spans, each with its line."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from local.places import ROOT

PLACES = (
    "README.md",
    "CHANGELOG.md",
    "console/**/*.md",
    "events/*.md",
    "examples/**/*.md",
    "functions/*.md",
    "layers/*.md",
    "tests/**/*.md",
)
ELSEWHERE = {f"<!-- needs {what} -->" for what in ("an AWS account", "OpenMarket", "a repository at GitHub")}
LANGUAGES = {"", "sh", "python", "text", "json", "yaml", "sql"}
PRINTED = "<!-- it prints -->"
"""Right above a block of text: what the commands before it print, to the letter."""

_FENCE = re.compile(r"```(\w*)$")
_SPAN = re.compile(r"`[^`]+`")
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"(#+) (.+)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A fenced block."""

    language: str
    text: str
    line: int
    """Of its first line, from 1."""
    above: str
    """The line right above the fence."""

    @property
    def is_typed(self) -> bool:
        """Whether a person types it on the machine at hand."""
        return self.language in {"sh", "python"} and self.above not in ELSEWHERE


@dataclass(frozen=True)
class Page:
    """A page."""

    path: Path

    @property
    def name(self) -> str:
        """Its path in the project."""
        return self.path.relative_to(ROOT).as_posix()

    @cached_property
    def lines(self) -> list[str]:
        """Its lines."""
        return self.path.read_text(encoding="utf-8").splitlines()

    @cached_property
    def blocks(self) -> list[Block]:
        """Its fenced blocks."""
        blocks = []
        begun = None
        for number, line in enumerate(self.lines, 1):
            fence = _FENCE.match(line)
            if begun is None and fence:
                begun = number, fence[1]
            elif begun is not None and line == "```":
                first, language = begun
                text = "\n".join(self.lines[first : number - 1]) + "\n"
                above = self.lines[first - 2] if first > 1 else ""
                blocks.append(Block(language=language, text=text, line=first + 1, above=above))
                begun = None
        assert begun is None, f"{self.name}:{begun and begun[0]}: a block without an end"
        return blocks

    @cached_property
    def prose(self) -> list[tuple[int, str]]:
        """The lines outside of blocks, with their numbers."""
        inside = {
            line for block in self.blocks for line in range(block.line - 1, block.line + block.text.count("\n") + 1)
        }
        return [(number, line) for number, line in enumerate(self.lines, 1) if number not in inside]

    @property
    def spans(self) -> Iterator[tuple[int, str]]:
        """What stands in backticks outside of blocks; a span may go over the end of a line."""
        text = "\n".join(line for _, line in self.prose)
        numbers = [number for number, _ in self.prose]
        for match in re.finditer(r"`([^`]+)`", text):
            yield numbers[text.count("\n", 0, match.start())], re.sub(r"\s+", " ", match[1])

    @property
    def links(self) -> Iterator[tuple[int, str]]:
        """Where its links and pictures lead; what is linked may go over the end of a line."""
        text = "\n".join(line for _, line in self.prose)
        numbers = [number for number, _ in self.prose]
        bare = _SPAN.sub(lambda span: "`" + "\n" * span[0].count("\n"), text)
        for match in _LINK.finditer(bare):
            yield numbers[bare.count("\n", 0, match.start())], match[1]

    @property
    def headings(self) -> Iterator[tuple[int, str]]:
        """Its headings: their depth and their text."""
        for _, line in self.prose:
            if match := _HEADING.match(line):
                yield len(match[1]), match[2]

    @property
    def anchors(self) -> set[str]:
        """The anchors that its headings get, as GitHub makes them."""
        return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for _, text in self.headings}

    def under(self, heading: str) -> str:
        """What stands under a heading, until the next one that is not deeper."""
        depth, text = 0, []
        for _, line in self.prose:
            match = _HEADING.match(line)
            if depth and match and len(match[1]) <= depth:
                break
            if match and match[2] == heading:
                depth = len(match[1])
            elif depth:
                text.append(line)
        assert depth, f"{self.name} has no heading {heading!r}"
        return "\n".join(text)

    def table(self, heading: str) -> list[list[str]]:
        """The rows of the first table under a heading, without its head."""
        rows = []
        for line in self.under(heading).splitlines():
            if line.startswith("|"):
                rows.append([cell.strip() for cell in line.strip("|").split("|")])
            elif rows:
                break
        assert len(rows) > 2, f"{self.name} has no table under {heading!r}"
        return rows[2:]


def all_pages() -> list[Page]:
    """Every page of the project."""
    return [Page(path) for place in PLACES for path in sorted(ROOT.glob(place))]


def page(name: str) -> Page:
    """One page, by its path in the project."""
    return Page(ROOT / name)
