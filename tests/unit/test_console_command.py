"""The list of subcommands, which is shown without importing any of them."""

import subprocess
import sys

import pytest

from console.command import SUBCOMMANDS, load


@pytest.mark.parametrize("name", SUBCOMMANDS)
def test_the_list_says_of_a_subcommand_what_its_own_help_begins_with(name: str) -> None:
    assert load(name).help.split("\n\n")[0] == SUBCOMMANDS[name][1]


@pytest.mark.parametrize("name", SUBCOMMANDS)
def test_help_is_folded_by_the_terminal_alone(name: str) -> None:
    loaded = load(name)
    for command in getattr(loaded, "commands", {name: loaded}).values():
        assert "\n" not in command.help.replace("\n\n", "")


def test_the_list_and_its_completion_load_neither_aws_nor_the_gateway() -> None:
    heavy = "{'boto3', 'botocore', 'requests', 'msgspec', 'starlette', 'jinja2', 'mms_gateway'}"
    look = f"import sys, console.__main__; print(sorted({heavy} & set(sys.modules)))"
    said = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert said.stdout == "[]\n"
