"""Where a person sits who deploys onto the embedded AWS."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from local.deployment import local_address, sam_environment
from local.places import SAM
from local.stack import Stack
from tests.integration.terminal import Dialogue, talk

CONFIRMATION = "Deploy this changeset?"


@dataclass(frozen=True)
class Desk:
    """Where a person sits who deploys: a built bundle, and a samconfig.toml of their own."""

    folder: Path
    stack: Stack

    def deploy(self, *options: str, **answers: str) -> Dialogue:
        """`sam deploy`, each question answered with Enter but the confirmation of the change set."""
        environment = sam_environment(self.stack.aws_endpoint_url, self.folder / "temporary")
        return talk([SAM, "deploy", *options], self.folder, environment, {CONFIRMATION: "y", **answers})

    @property
    def config(self) -> dict[str, Any]:
        return tomllib.loads((self.folder / "samconfig.toml").read_text())

    def describe(self, stack_name: str) -> dict[str, Any]:
        stacks = self.stack.client("cloudformation").describe_stacks(StackName=stack_name)["Stacks"]
        found: dict[str, Any] = stacks[0]
        return found

    def answer_to_a_forgery(self, deployed: dict[str, Any]) -> tuple[int, str]:
        """How a stack's function answers who knows no token: that it does shows that its code is whole."""
        outputs = {each["OutputKey"]: each["OutputValue"] for each in deployed["Outputs"]}
        url = local_address(self.stack.aws_endpoint_url, outputs["CallbackUrl"])
        answer = httpx.post(f"{url}/no-token", content=b"{}", headers={"Content-Type": "application/json"}, timeout=60)
        return answer.status_code, answer.headers.get("X-Mms-Outcome", "")
