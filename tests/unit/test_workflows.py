"""The GitHub workflows: what `make workflows` does not look at, and that it does look."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from local.places import ROOT, TOOLS

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PINNED = re.compile(r"uses: ([\w.-]+/[\w./-]+)@([0-9a-f]{40})  # v(\d+\.\d+\.\d+)$")
ACTIONLINT, ZIZMOR = (TOOLS / "workflows" / "bin" / name for name in ("actionlint", "zizmor"))
WRONG = """name: wrong
on: push
permissions: {}
concurrency: {group: wrong, cancel-in-progress: true}
jobs:
  one:
    name: one
    runs-on: ubuntu-24.04
    steps:
      - run: echo ${{ STEP }}
"""


def jobs(workflow: Path) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load(workflow.read_text())["jobs"]
    return found


def makefile_targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda workflow: workflow.stem)
def test_every_command_of_make_is_one_that_there_is(workflow: Path) -> None:
    commands = set(re.findall(r"(?:run|command): make (?:--\S+ )?([a-z-]+)", workflow.read_text()))
    assert commands
    assert commands <= makefile_targets()


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda workflow: workflow.stem)
def test_every_action_is_pinned_to_a_commit_with_its_version_beside_it(workflow: Path) -> None:
    used = [line.strip(" -") for line in workflow.read_text().splitlines() if "uses: " in line and "./" not in line]
    assert used
    assert [line for line in used if not PINNED.fullmatch(line)] == []


def test_an_action_has_one_commit_everywhere() -> None:
    pins = {
        match.groups() for file in WORKFLOWS for match in map(PINNED.search, file.read_text().splitlines()) if match
    }
    assert len(pins) == len({action for action, _, _ in pins})


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda workflow: workflow.stem)
def test_a_job_ends_in_time_and_has_only_rights_of_its_own(workflow: Path) -> None:
    assert yaml.safe_load(workflow.read_text())["permissions"] == {}
    for name, job in jobs(workflow).items():
        assert "permissions" in job, name
        assert "uses" in job or job["timeout-minutes"] <= 45, name


def test_only_the_job_that_publishes_may_write_and_it_runs_nothing_of_the_repository() -> None:
    writing = {
        (workflow.stem, name)
        for workflow in WORKFLOWS
        for name, job in jobs(workflow).items()
        if job["permissions"].get("contents") == "write"
    }
    assert writing == {("release", "publish")}
    steps = jobs(ROOT / ".github" / "workflows" / "release.yml")["publish"]["steps"]
    assert not any("checkout" in step.get("uses", "") or "make" in step.get("run", "") for step in steps)


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda workflow: workflow.stem)
def test_nothing_is_built_once_there_are_credentials(workflow: Path) -> None:
    """Building brings packages, which have no business beside them."""
    for name, job in jobs(workflow).items():
        steps = job.get("steps", [])
        held = [at for at, step in enumerate(steps) if "configure-aws-credentials" in step.get("uses", "")]
        for step in steps[held[0] :] if held else []:
            if "make " in step.get("run", ""):
                planned = subprocess.run(
                    ["/bin/bash", "-c", step["run"].replace("make ", "make --dry-run ", 1)],
                    cwd=ROOT,
                    capture_output=True,
                    text=True,
                    check=True,
                    env={"PATH": "/usr/bin:/bin", "BUCKET": "one"},
                )
                assert " build " not in planned.stdout, name


@pytest.mark.skipif(not (TOOLS / "workflows" / "ready").exists(), reason="`make workflows` brings what checks them")
@pytest.mark.parametrize(
    ("linter", "workflow"),
    [
        ([ACTIONLINT, "-no-color", "-shellcheck=", "-pyflakes="], WRONG),
        ([ZIZMOR, "--offline", "--quiet", "--no-progress"], WRONG.replace("STEP", "github.event.issue.title")),
    ],
    ids=["actionlint", "zizmor"],
)
def test_what_checks_the_workflows_finds_what_is_wrong(linter: list[str | Path], workflow: str, tmp_path: Path) -> None:
    file = tmp_path / ".github" / "workflows" / "wrong.yml"
    file.parent.mkdir(parents=True)
    file.write_text(workflow)
    assert subprocess.run([*linter, file], cwd=tmp_path, capture_output=True, check=False).returncode != 0
