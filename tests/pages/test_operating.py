"""The page for operating has every alarm, status, outcome and metric that there is, and no other."""

import ast
import itertools
import re
from typing import get_args

import pytest

from console.reading import KINDS
from local.places import ROOT
from local.template_values import read_template
from mms_gateway.outbound import Status
from tests.pages.page import all_pages, page

PAGE = page("functions/README.md")
FUNCTIONS = {name: (ROOT / f"functions/{name}/{name}.py").read_text() for name in ("receive_callback", "send_mms")}
GIVEN_METRICS = re.compile(r'(?:add_metric|_count|_respond)\((?:[^()"]*, )?"([A-Z]\w+)"')


def names_in(cell: str) -> list[str]:
    """What stands in backticks in a table's cell."""
    return re.findall(r"`([^`]+)`", cell)


def table_of(function: str, name: str) -> dict[str, str]:
    """A dictionary of texts that a function's module has, such as METRICS."""
    for node in ast.parse(FUNCTIONS[function]).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == name:
            found: dict[str, str] = ast.literal_eval(node.value)
            return found
    raise AssertionError(name)


def metrics_of(function: str) -> set[str]:
    """The metrics that a function counts."""
    named = {
        metric
        for table in ("METRICS", *(["ALARMS"] if function == "send_mms" else []))
        for metric in table_of(function, table).values()
    }
    return named | set(GIVEN_METRICS.findall(FUNCTIONS[function]))


def outcomes_of(function: str) -> set[str]:
    """The outcomes that a function's log lines may have."""
    return {*table_of(function, "METRICS"), *re.findall(r'"outcome": "([\w-]+)"', FUNCTIONS[function])}


RESOURCES = read_template(ROOT / "template.yaml")["Resources"]
ALARMS = [
    name for name, one in RESOURCES.items() if one["Type"].startswith("AWS::CloudWatch::") and "Alarm" in one["Type"]
]
QUERIES = {
    one["Properties"]["Name"]["Fn::Sub"].removeprefix("${AWS::StackName}/")
    for one in RESOURCES.values()
    if one["Type"] == "AWS::Logs::QueryDefinition"
}
HEADED = [text for _, text in PAGE.headings if text.endswith("Alarm")]


def test_every_alarm_has_its_heading_and_every_heading_its_alarm() -> None:
    assert len(HEADED) == len(set(HEADED))
    assert set(HEADED) == set(ALARMS)


def test_every_alarm_says_what_to_do() -> None:
    """Two alarms that mean the same have their words under the second one."""
    told = {name: PAGE.under(name) for name in HEADED}
    silent = [name for name, words in told.items() if len(words.split()) < 15]
    following = dict(itertools.pairwise(HEADED))
    assert [name for name in silent if len(told[following[name]].split()) < 15] == []


def test_the_saved_queries_that_are_named_are_there() -> None:
    named = {
        span.split("/")[1] for one in all_pages() for _, span in one.spans if re.fullmatch(r"mms-gateway/[\w-]+", span)
    }
    assert named
    assert named <= QUERIES


def test_every_status_of_a_sent_message_is_explained() -> None:
    assert [names_in(row[0])[0] for row in PAGE.table("Statuses")] == list(get_args(Status))


def test_every_kind_of_attention_is_explained() -> None:
    text = PAGE.under("Statuses")
    kinds = re.findall(r"^\| `([A-Z_]+)` \|", text[text.index("| `attention` |") :], re.MULTILINE)
    assert kinds == list(KINDS)


@pytest.mark.parametrize(("function", "head"), [("receive_callback", "Receiving: "), ("send_mms", "Sending:")])
def test_every_outcome_and_metric_is_explained(function: str, head: str) -> None:
    text = PAGE.under("Outcomes")
    rows = re.findall(r"^\| `([\w-]+)` \| (.*?) \|", text[text.index(f"\n{head}") :].split("\n\n")[1], re.MULTILINE)
    assert {outcome for outcome, _ in rows} == outcomes_of(function)
    assert len(rows) == len({outcome for outcome, _ in rows})
    own = table_of(function, "METRICS")
    assert all(f"`{own[outcome]}`" in metric for outcome, metric in rows if outcome in own)
    assert {metric for metric in metrics_of(function) if f"`{metric}`" not in text} == set()


def test_every_answer_to_openmarket_is_explained() -> None:
    rows = page("events/README.md").table("What it is answered")
    told = {name.split(";")[0] for row in rows for name in names_in(row[1])}
    lines_alone = {"secret"}
    assert told == outcomes_of("receive_callback") - lines_alone
