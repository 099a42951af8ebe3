"""What checkov is told to pass over: each with a reason, and none that it would not find."""

import json
import subprocess
from copy import deepcopy
from pathlib import Path
from typing import Any

from local.places import TOOLS

Template = dict[str, Any]


def skips(template: Template) -> dict[tuple[str, str], str]:
    """The reasons, by resource and check."""
    return {
        (name, skip["id"]): skip["comment"]
        for name, resource in template["Resources"].items()
        for skip in resource.get("Metadata", {}).get("checkov", {}).get("skip", [])
    }


def findings(template: Template, folder: Path) -> set[tuple[str, str]]:
    """What checkov finds where it passes nothing over."""
    whole = deepcopy(template)
    for resource in whole["Resources"].values():
        resource.pop("Metadata", None)
    file = folder / "template.json"
    file.write_text(json.dumps(whole))
    words: list[str | Path] = [
        TOOLS / "checkov" / "bin" / "checkov",
        "--framework",
        "cloudformation",
        "--skip-download",
        "--quiet",
    ]
    said = subprocess.run([*words, "--output", "json", "-f", file], capture_output=True, text=True, check=False)
    failed = json.loads(said.stdout)["results"]["failed_checks"]
    return {(each["resource"].rpartition(".")[2], each["check_id"]) for each in failed}


def test_whatever_is_passed_over_has_a_reason(template: Template) -> None:
    assert skips(template)
    for (resource, check), reason in skips(template).items():
        assert len(reason.split()) > 3, f"{check} of {resource} is passed over because {reason!r}"


def test_nothing_is_passed_over_that_would_not_be_found(template: Template, tmp_path: Path) -> None:
    assert findings(template, tmp_path) == set(skips(template))
