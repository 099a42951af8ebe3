"""functions/security.md: the tests that it names are there, and its snippets are sound."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from local.places import ROOT

PAGE = (ROOT / "functions" / "security.md").read_text()


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("named", sorted(set(re.findall(r"`(tests/[^`]+)`", PAGE))))
def test_what_shows_that_something_holds_is_a_test(named: str) -> None:
    path, _, name = named.partition("::")
    file = ROOT / path
    assert file.name.startswith("test_")
    assert f"def {name or 'test_'}" in file.read_text()


@pytest.mark.parametrize("snippet", blocks("yaml"))
def test_a_template_of_the_page_is_one(snippet: str, tmp_path: Path) -> None:
    file = tmp_path / "template.yaml"
    file.write_text(snippet)
    linted = subprocess.run(
        [Path(sys.executable).with_name("cfn-lint"), file], capture_output=True, text=True, check=False
    )
    assert (linted.returncode, linted.stdout) == (0, "")


@pytest.mark.parametrize("snippet", blocks("json"))
def test_a_policy_of_the_page_is_json(snippet: str) -> None:
    assert all(statement["Effect"] == "Allow" for statement in json.loads(snippet))


def test_no_rule_of_the_web_acl_blocks_on_what_is_in_a_message() -> None:
    (acl,) = blocks("yaml")
    in_the_core_set = re.findall(r"`([A-Za-z0-9]+_(?:BODY|HEADER))`", PAGE)
    counted = re.findall(r"\{Name: (\w+), ActionToUse: \{Count: \{\}\}\}", acl)
    of_other_sets = {"SQLi_BODY", "Log4JRCE_BODY", "JavaDeserializationRCE_BODY"}
    assert set(counted) == set(in_the_core_set) - of_other_sets
