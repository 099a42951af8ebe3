"""The page is made of its own files alone."""

import re
from pathlib import Path

import pytest

WEB = Path(__file__).parents[2] / "console/web"
FILES = sorted([*WEB.glob("static/*"), *WEB.glob("templates/*")])


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_nothing_comes_from_elsewhere_and_nothing_runs_outside_the_pages_own_scripts(file: Path) -> None:
    text = file.read_text().replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not re.search(r"https?://|url\(|@import|eval\(|new Function", text)
    assert not re.search(
        r"<[^>]*\s(on[a-z]+|style)=|<style|<script(?! type=\"module\" src=\"/static/)|javascript:", text
    )


def test_each_module_is_found_by_those_that_import_it() -> None:
    for file in WEB.glob("static/*.js"):
        for name in re.findall(r'(?:from|import\()\s*"\./([\w.-]+)"', file.read_text()):
            assert (file.parent / name).exists(), f"{file.name} imports {name}"


def test_templates_make_html_of_strangers_words_nowhere_themselves() -> None:
    for file in WEB.glob("templates/*"):
        unescaped = re.findall(r"\|\s*safe", file.read_text())
        assert len(unescaped) == (1 if file.name == "icons.html" else 0)
