"""The template by which a new stack takes over a table and a bucket that an old one left."""

import json
from typing import Any

KEPT = ("Table", "MediaBucket")
"""What can't be had again. Queues are emptied first, and a secret is brought by the parameter SecretArn."""


def import_template(translated: dict[str, Any]) -> str:
    """The translated template, as JSON, with nothing in it but what is imported: an import may not make anything."""
    parts = {name: part for name, part in translated.items() if name in {"Parameters", "Mappings", "Conditions"}}
    resources = {name: translated["Resources"][name] for name in KEPT}
    return json.dumps({"AWSTemplateFormatVersion": "2010-09-09", **parts, "Resources": resources}, indent=2) + "\n"
