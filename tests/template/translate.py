"""Prints template.yaml as CloudFormation sees it: the SAM resources expanded, offline, as JSON.

It runs in the environment of the SAM CLI, which brings the translator:
    .local/tools/sam/bin/python tests/template/translate.py [template [Parameter=Value ...]]
"""

import json
import logging
import os
import sys
from pathlib import Path
from typing import Any

from samcli.yamlhelper import yaml_parse  # type: ignore[import-not-found, unused-ignore]
from samtranslator.translator.transform import transform  # type: ignore[import-not-found, unused-ignore]

CODE_PLACES = {"AWS::Serverless::Function": "CodeUri", "AWS::Serverless::LayerVersion": "ContentUri"}


class _NoManagedPolicies:
    """The template names its policies in full, so there is nothing to look up in an account."""

    def load(self) -> dict[str, str]:
        return {}


def translated(template: Path, parameters: dict[str, str]) -> dict[str, Any]:
    """The template after the SAM transform, with these values of parameters, its code as if uploaded."""
    text: dict[str, Any] = yaml_parse(template.read_text())
    for resource in text["Resources"].values():
        if place := CODE_PLACES.get(resource["Type"]):
            resource["Properties"][place] = f"s3://uploaded/{resource['Properties'][place]}"
    apis = {name: one for name, one in text["Resources"].items() if one["Type"] == "AWS::Serverless::Api"}
    expanded: dict[str, Any] = transform(text, parameters, _NoManagedPolicies())
    for name, api in apis.items():  # what checkov passes over there is a matter of the stage
        stage = expanded["Resources"][f"{name}{api['Properties']['StageName']}Stage"]
        stage["Metadata"] = expanded["Resources"][name].pop("Metadata")
    return expanded


if __name__ == "__main__":
    os.environ.setdefault(
        "AWS_DEFAULT_REGION", "us-east-1"
    )  # the translator asks for one, though nothing here depends on it
    logging.disable(logging.WARNING)  # the translator tells of its own feature switches
    chosen = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[2] / "template.yaml"
    print(json.dumps(translated(chosen, dict(pair.split("=", 1) for pair in sys.argv[2:])), indent=2, default=str))
