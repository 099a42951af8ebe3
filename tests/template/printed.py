"""What the functions write to their logs when their code runs: lines, and the metrics that CloudWatch makes of them."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from typing import Any

from local.dashboard.metrics import Metric
from local.places import ROOT
from local.template_values import TemplateValues, read_template

MODULES = {"ReceiveCallback": "receive_callback", "SendMms": "send_mms"}
CODE = ("layers/gateway", "functions/receive_callback", "functions/send_mms", ".")


@cache
def printed_by(function: str) -> tuple[str, ...]:
    """The lines of a function, run in the environment that the template gives it."""
    template = read_template(ROOT / "template.yaml")
    variables = TemplateValues(template).of(template["Resources"][function]["Properties"]["Environment"]["Variables"])
    run = subprocess.run(
        [sys.executable, "-m", "tests.template.emitting", MODULES[function]],
        cwd=ROOT,
        env={**os.environ, **{name: str(one) for name, one in variables.items()}, "PYTHONPATH": os.pathsep.join(CODE)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return tuple(run.stdout.splitlines())


def documents() -> list[dict[str, Any]]:
    """What both functions write in the embedded metric format, one document for each call."""
    return [line for function in MODULES for line in map(json.loads, printed_by(function)) if "_aws" in line]


def emitted() -> set[Metric]:
    """The metrics of both functions, as CloudWatch takes them out of these documents."""
    return {metric for document in documents() for metric in _of_document(document)}


def _of_document(document: Mapping[str, Any]) -> set[Metric]:
    return {
        Metric(directive["Namespace"], told["Name"], tuple((name, document[name]) for name in names))
        for directive in document["_aws"]["CloudWatchMetrics"]
        for names in directive["Dimensions"]
        for told in directive["Metrics"]
    }
