"""The page on the data names exactly the attributes that the code writes, and its SQL finds what an export has."""

import ast
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from local.places import ROOT, TOOLS
from mms_gateway.message_table.store import serialize
from tests.pages.conftest import Reader
from tests.pages.page import Block, page

PAGE = page("layers/README.md")
TABLE = ROOT / "layers/gateway/mms_gateway/message_table"
NAME = re.compile(r"[a-z][A-Za-z0-9]*")
SQL = [block for block in PAGE.blocks if block.language == "sql"]
DDL, ASKED = [[block for block in SQL if block.text.startswith(word)] for word in ("CREATE", "SELECT")]


def written() -> set[str]:
    """The attributes that the code writes: the keys of the items it makes."""
    keys = set()
    for file in TABLE.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            match node:
                case ast.Dict():
                    keys |= {
                        key.value for key in node.keys if isinstance(key, ast.Constant) and isinstance(key.value, str)
                    }
                case ast.Subscript(slice=ast.Constant(value=str(key)), ctx=ast.Store()):
                    keys.add(key)
    # `delivery` and its order are written by an expression; names and values of expressions begin otherwise.
    return {key for key in keys if NAME.fullmatch(key)} | {"delivery", "deliveryOrder"}


def named() -> set[str]:
    """The attributes that the page's tables of items, indexes and attributes name."""
    text = PAGE.under("The items")
    rows = "\n".join(
        line for line in text.splitlines() if line.startswith("|") and "bucket" not in line and "/<" not in line
    )
    return {name for name in re.findall(r"`([^`]+)`", rows) if NAME.fullmatch(name)}


def test_the_page_names_the_attributes_that_the_code_writes() -> None:
    expected = written() | {"pk", "sk"}
    assert named() - {"attention"} == (expected - {"expiresAt"}) - {"attention"}


def test_the_projection_of_each_index_is_the_templates() -> None:
    template = (ROOT / "template.yaml").read_text()
    found = re.search(r"NonKeyAttributes: \[(.*?)\]", template)
    assert found
    (row,) = [line for line in PAGE.under("The items").splitlines() if line.startswith("| `by-service`")]
    assert re.findall(r"`(\w+)`", row.split("day; ")[1]) == found[1].split(", ")


def test_the_columns_for_athena_are_attributes() -> None:
    names = {word for block in DDL for word in re.findall(r"(\w+)(?: string| int|:|(?= array| struct))", block.text)}
    assert names - {"Item", "S", "N", "M", "BOOL", "s3"} <= written() | {"pk", "sk"}


@pytest.fixture(scope="module")
def answers(read: Reader, desk: Path) -> list[list[Any]]:
    """What each question of the page finds in an export of the stack's table."""
    assert (TOOLS / "sql" / "ready").exists(), "no DuckDB yet: `make test` and `make .local/tools/sql/ready` make it"
    read("README.md")
    read("layers/README.md")
    export = desk / "exported" / "messages.jsonl"
    of_dynamodb = desk / "exported" / "of-dynamodb.jsonl"
    of_dynamodb.write_text("".join(json.dumps({"Item": serialize(json.loads(line))}) + "\n" for line in export.open()))
    order = {
        "files": [str(export), str(of_dynamodb)],
        "tables": [one.text for one in DDL],
        "asked": [one.text for one in ASKED],
    }
    done = subprocess.run(
        [TOOLS / "sql" / "bin" / "python", Path(__file__).with_name("ask_athena.py")],
        input=json.dumps(order), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: list[list[Any]] = json.loads(done.stdout)
    return found


def test_the_questions_for_athena_find_what_was_exported(answers: list[list[Any]], desk: Path) -> None:
    items = [json.loads(line) for line in (desk / "exported" / "messages.jsonl").open()]
    messages = [item for item in items if item["sk"] == "MESSAGE"]
    accepted = [item for item in messages if item["status"] == "ACCEPTED"]
    by_status, by_delivery, by_type, of_dynamodb = answers
    assert sum(row[-1] for row in by_status) == len(messages)
    assert sum(row[-1] for row in by_delivery) == len(accepted)
    assert "Retrieved" in {row[1] for row in by_delivery}
    assert {row[0] for row in by_type} >= {"image/jpeg", "text/plain"}
    sent = [item for item in messages if item.get("direction") == "MT"]
    assert sum(row[-1] for row in of_dynamodb) == len(sent)


def test_there_is_a_question_for_each_table() -> None:
    assert (len(DDL), len(ASKED)) == (2, 4)
    assert all(isinstance(block, Block) for block in SQL)
