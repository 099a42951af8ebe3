"""The template as CloudFormation sees it."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.places import ROOT, TOOLS

Template = dict[str, Any]


@pytest.fixture(scope="session")
def translate() -> Callable[..., Template]:
    """Expands template.yaml with values of its parameters, which SAM puts in while it does so."""

    def expand(**parameters: str) -> Template:
        script = Path(__file__).with_name("translate.py")
        answer = subprocess.run(
            [TOOLS / "sam" / "bin" / "python", script, ROOT / "template.yaml"]
            + [f"{name}={value}" for name, value in parameters.items()],
            capture_output=True,
            text=True,
            check=True,
        )
        expanded: Template = json.loads(answer.stdout)
        return expanded

    return expand


@pytest.fixture(scope="session")
def template(translate: Callable[..., Template]) -> Template:
    """template.yaml after the SAM transform; its other intrinsic functions stand as they are."""
    return translate()


@pytest.fixture(scope="session")
def resources(template: Template) -> dict[str, dict[str, Any]]:
    """The properties of every resource, by its name in the template."""
    return {name: resource.get("Properties", {}) for name, resource in template["Resources"].items()}
