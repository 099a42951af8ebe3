"""What is allowed beside what uses it, as a table: printed at the end of a run, and on functions/security.md."""

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from local.places import ROOT
from local.stack import Stack
from tests.faults.calls import AwsCall
from tests.faults.security.needs import OwnKey
from tests.faults.security.policies import NOT_OURS, Permission, needed

PAGE = ROOT / "functions" / "security.md"
HEAD = ("may", "on", "statement", "first used by")
Used = tuple[str, AwsCall]
"""What was played or typed, and a call that it made."""


class PermissionTable:
    """Rows for permissions, each with what first used it."""

    def __init__(self, stack: Stack, parameters: dict[str, str]) -> None:
        self._names = {
            **parameters_by_value(parameters),
            f"arn:aws:s3:::{stack.media_bucket}": "MediaBucket",
            stack.table_name: "Table",
            stack.secret_arn: "Secret",
            stack.send_queue_url.rpartition("/")[2]: "SendQueue",
            stack.dead_letter_queue_url.rpartition("/")[2]: "DeadLetterQueue",
            stack.function_name: "ReceiveCallback",
            stack.send_function_name: "SendMms",
        }

    def of(
        self,
        permissions: Iterable[Permission],
        used: Sequence[Used],
        key: OwnKey | None = None,
        otherwise: dict[str, str] | None = None,
    ) -> str:
        """A table in Markdown; `otherwise` says of actions that no call was seen of why they are there."""
        rows = []
        wants = [(name, want) for name, call in used for want in sorted(needed(call, key))]
        for one in permissions:
            because = {**(otherwise or {}), **{action: f"AWS: {why}" for action, why in _machinery(one).items()}}
            users = [name for name, want in wants if one.covers(want)]
            user = users[0] if users else because.get(one.action, "nothing")
            via = f" via {one.via}" if one.via else ""
            rows.append((f"`{one.action}`{via}", f"`{self._named(one.resource)}`", one.statement, user))
        return "\n".join(_line(row) for row in [HEAD, ("---",) * len(HEAD), *rows])

    def _named(self, resource: str) -> str:
        for value, name in self._names.items():
            resource = resource.replace(value, name)
        return re.sub(r"arn:(aws|\*):[a-z0-9]+:[a-z0-9-]*:[0-9]*:((table|function|log-group)[:/])?", "", resource)


def parameters_by_value(parameters: dict[str, str]) -> dict[str, str]:
    """What stands for the value of a parameter."""
    return {value: name for name, value in parameters.items()}


def _machinery(one: Permission) -> dict[str, str]:
    return dict(next((actions for who, actions in NOT_OURS.items() if who == one.function), {}))


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def on_the_page(name: str, table: str, page: Path = PAGE) -> str:
    """The table of that name as the page has it; with MMS_WRITE_PAGE set it is first written there."""
    text = page.read_text()
    begins, ends = f"<!-- {name}: written by `make permissions` -->\n", f"\n<!-- end of {name} -->"
    before, _, rest = text.partition(begins)
    _, _, after = rest.partition(ends)
    assert rest
    assert after, f"{page} has no place for {name}"
    if os.environ.get("MMS_WRITE_PAGE"):
        page.write_text(f"{before}{begins}{table}{ends}{after}")
        return table
    return rest.partition(ends)[0]
