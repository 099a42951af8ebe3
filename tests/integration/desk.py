"""Where a person sits who deploys onto the embedded AWS."""

import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
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
    keys: dict[str, str] = field(default_factory=dict)
    """Of whoever sits there; without them, of one who may do everything."""

    def deploy(self, *options: str) -> Dialogue:
        """`sam deploy`, each question answered with Enter but the confirmation of the change set."""
        return self._sam(["deploy", *options], lambda question: "y" if question == CONFIRMATION else "")

    def delete(self, *options: str) -> Dialogue:
        """`sam delete`, each question answered with yes."""
        return self._sam(["delete", *options], lambda _: "y")

    def _sam(self, command: list[str], answer: Callable[[str], str]) -> Dialogue:
        environment = sam_environment(self.stack.aws_endpoint_url, self.folder / "temporary")
        return talk([SAM, *command], self.folder, environment | self.keys, answer)

    @property
    def config(self) -> dict[str, Any]:
        return tomllib.loads((self.folder / "samconfig.toml").read_text())

    def describe(self, stack_name: str) -> dict[str, Any]:
        stacks = self.stack.client("cloudformation").describe_stacks(StackName=stack_name)["Stacks"]
        found: dict[str, Any] = stacks[0]
        return found

    def outputs(self, stack_name: str) -> dict[str, str]:
        return {each["OutputKey"]: each["OutputValue"] for each in self.describe(stack_name)["Outputs"]}

    def answer_to_a_forgery(self, stack_name: str) -> tuple[int, str]:
        """How a stack's function answers who knows no token: that it does shows that its code is whole."""
        url = local_address(self.stack.aws_endpoint_url, self.outputs(stack_name)["CallbackUrl"])
        answer = httpx.post(f"{url}/no-token", content=b"{}", headers={"Content-Type": "application/json"}, timeout=60)
        return answer.status_code, answer.headers.get("X-Mms-Outcome", "")
