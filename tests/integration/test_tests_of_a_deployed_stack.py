"""tests/aws on the local stack, as if that were deployed: they can't rot, and what they write they remove."""

import subprocess
import sys
from pathlib import Path

from local.deployment import STACK_NAME, sam_environment
from local.places import ROOT
from local.readback import ReadBack
from local.stack import Stack
from tests.aws.conftest import CHANGING, NEEDS, PASSED_OVER

SOME = "not as_locally or as_locally_message_table"  # the others run here anyway, each by its own name
ONLY_AWS = {
    "test_the_api_takes_a_body_that_the_function_can_not_and_answers_413",
    "test_a_body_over_10_mb_is_answered_413",
    "test_nothing_reaches_the_function_without_tls",
    "test_the_access_log_is_without_the_path",
    "test_the_doctor_finds_nothing_that_does_not_work",
    "test_the_table_can_be_restored_to_any_second",
    "test_the_table_forgets_what_has_an_end",
    "test_the_bucket_refuses_without_tls",
    "test_a_queue_refuses_without_tls[send_queue_url]",
    "test_a_queue_refuses_without_tls[dead_letter_queue_url]",
    "test_every_alarm_of_the_template_is_there_and_acts",
}
AS_LOCALLY = [
    ROOT / "tests/integration" / f"{file.stem.replace('_as_locally', '')}.py"
    for file in ROOT.glob("tests/aws/test_as_locally_*.py")
]
NEEDS_ADDRESSES = {"test_only_the_source_addresses_may_call"}


def run(environment: dict[str, str], *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "--verbose", "--color=no", "-p", "no:cacheprovider", "tests/aws", *options],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def named(outcome: str, told: str) -> set[str]:
    return {line.split("::")[1].split(" ")[0] for line in told.splitlines() if "::" in line and f" {outcome} " in line}


def test_what_is_kept_from_a_deployed_stack_goes_by_names_that_there_are() -> None:
    """Under another name it would run there, and write, or send, what nobody allowed."""
    text = "".join(file.read_text() for file in (*AS_LOCALLY, ROOT / "tests/integration/conftest.py"))
    names = {*PASSED_OVER, *NEEDS, *CHANGING}
    assert {name for name in names if f"def {name}(" not in text} == set()


def test_they_pass_on_the_local_stack_and_leave_nothing(stack: Stack, stored: ReadBack, tmp_path: Path) -> None:
    partitions, objects = {item["pk"] for item in stored.all_items()}, set(stored.keys())
    told = run(
        sam_environment(stack.aws_endpoint_url, tmp_path),
        f"--stack-name={STACK_NAME}",
        f"--callback-url={stack.callback_url.rpartition('/')[0]}",
        "--source=88600",
        "--test-mt-config=test",
        f"-k={SOME}",
    )
    assert told.returncode == 0, told.stdout + told.stderr
    assert named("SKIPPED", told.stdout) == ONLY_AWS | NEEDS_ADDRESSES
    assert {
        "test_a_message_that_comes_twice_is_stored_once_and_its_media_byte_for_byte",
        "test_a_stranger_is_turned_away_and_nothing_is_written",
        "test_a_message_to_the_providers_test_number_is_reported_retrieved",
    } <= named("PASSED", told.stdout)
    assert "only AWS itself shows it" in told.stdout
    assert "Removed " in told.stdout
    assert {item["pk"] for item in stored.all_items()} <= partitions
    assert set(stored.keys()) <= objects


def test_what_nobody_allowed_is_passed_over_with_the_words_that_allow_it(stack: Stack, tmp_path: Path) -> None:
    told = run(
        sam_environment(stack.aws_endpoint_url, tmp_path),
        f"--stack-name={STACK_NAME}",
        "-k=reported_retrieved or old_one_beside",
    )
    assert told.returncode == 0, told.stdout + told.stderr
    assert "allow it with --source and --test-mt-config" in told.stdout
    assert "allow it with --may-change-stack" in told.stdout
    assert "2 skipped" in told.stdout.splitlines()[-1]
    assert "passed" not in told.stdout.splitlines()[-1]
