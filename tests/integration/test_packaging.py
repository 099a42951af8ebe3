"""What a release holds, put onto the embedded AWS by somebody who has nothing else."""

import hashlib
import subprocess
import uuid
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from local.build import built_bundle
from local.deployment import sam_environment
from local.places import ROOT
from local.stack import Stack
from release import bundle
from tests.integration.desk import CONFIRMATION, Desk

IN_TIME = {"Delay": 1, "MaxAttempts": 120}


@pytest.fixture(scope="module")
def bucket() -> str:
    return f"releases-{uuid.uuid4()}"


@pytest.fixture(scope="module")
def dist(stack: Stack, bucket: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a release, as `make bundle` and `make package` write them; here of the build for this machine."""
    folder = tmp_path_factory.mktemp("release")
    environment = sam_environment(stack.aws_endpoint_url, folder)
    stack.client("s3").create_bucket(Bucket=bucket)
    with built_bundle(environment, folder / "build.log", print) as template:
        bundle.pack(template.parent, ROOT, folder / "dist" / "mms-gateway-0.0.0.zip")
        subprocess.run(
            ["make", "package", f"BUILD={template.parent}", f"DIST={folder / 'dist'}", f"BUCKET={bucket}"],  # noqa: S607
            cwd=ROOT,
            env=environment,
            check=True,
        )
    return folder / "dist"


def packaged(dist: Path) -> Path:
    (found,) = dist.glob("mms-gateway-*.packaged.yaml")
    return found


def test_the_checksums_are_those_of_the_files(dist: Path) -> None:
    told = [line.split("  ") for line in (dist / "SHA256SUMS").read_text().splitlines()]
    assert [name for _, name in told] == sorted(file.name for file in dist.iterdir() if file.name != "SHA256SUMS")
    assert [sum_ for sum_, _ in told] == [hashlib.sha256((dist / name).read_bytes()).hexdigest() for _, name in told]


def test_the_packaged_template_is_deployed_by_cloudformation_alone(
    dist: Path, stack: Stack, bucket: str, take_down: Callable[[str], None]
) -> None:
    take_down("mms-gateway-packaged")
    stack.client("s3").upload_file(str(packaged(dist)), bucket, "packaged.yaml")  # too long to be given in the call
    cloudformation = stack.client("cloudformation")
    cloudformation.create_change_set(
        StackName="mms-gateway-packaged",
        ChangeSetName="first",
        ChangeSetType="CREATE",
        TemplateURL=f"{stack.aws_endpoint_url}/{bucket}/packaged.yaml",
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    cloudformation.get_waiter("change_set_create_complete").wait(
        StackName="mms-gateway-packaged", ChangeSetName="first", WaiterConfig=IN_TIME
    )
    cloudformation.execute_change_set(StackName="mms-gateway-packaged", ChangeSetName="first")
    cloudformation.get_waiter("stack_create_complete").wait(StackName="mms-gateway-packaged", WaiterConfig=IN_TIME)
    desk = Desk(dist, stack)
    assert desk.answer_to_a_forgery("mms-gateway-packaged") == (401, "unauthorized")


def test_the_bundle_is_deployed_without_building(
    dist: Path, stack: Stack, tmp_path: Path, take_down: Callable[[str], None]
) -> None:
    take_down("mms-gateway-dev")
    with zipfile.ZipFile(dist / "mms-gateway-0.0.0.zip") as archive:
        archive.extractall(tmp_path)
    desk = Desk(tmp_path / "mms-gateway-0.0.0", stack)
    (desk.folder / "temporary").mkdir()
    dialogue = desk.deploy("--config-env", "dev")
    assert dialogue.status == 0, dialogue.said
    assert dialogue.asked == [CONFIRMATION]
    assert desk.answer_to_a_forgery("mms-gateway-dev") == (401, "unauthorized")


def test_the_same_build_gives_the_same_bundle(dist: Path, stack: Stack, tmp_path: Path) -> None:
    with built_bundle(sam_environment(stack.aws_endpoint_url, tmp_path), tmp_path / "build.log", print) as template:
        bundle.pack(template.parent, ROOT, tmp_path / "mms-gateway-0.0.0.zip")
    assert (tmp_path / "mms-gateway-0.0.0.zip").read_bytes() == (dist / "mms-gateway-0.0.0.zip").read_bytes()
