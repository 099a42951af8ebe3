"""Rules for the saved queries: each names fields that the logs have, and finds something in lines really written."""

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from local.template_values import STACK
from tests.template.insights import Line, commands, fields, found
from tests.template.printed import MODULES, printed_by
from tests.template.test_observing import TEMPLATE, VALUES

QUERIES = {
    name: VALUES.of(one["Properties"])
    for name, one in TEMPLATE["Resources"].items()
    if one["Type"] == "AWS::Logs::QueryDefinition"
}
BY_ITSELF = {
    "@timestamp": "2026-11-28 09:24:19.483",
    "@log": "123456789012:the-group",
}  # CloudWatch has them of each line
# Lambda writes it at the end of each call, and CloudWatch finds these fields in it:
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_AnalyzeLogData-discoverable-fields.html
OF_LAMBDA: Mapping[str, str] = {
    "@type": "REPORT",
    "@requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
    "@duration": "103.2",
    "@billedDuration": "104",
    "@initDuration": "411.9",
    "@memorySize": "1024000000",
    "@maxMemoryUsed": "98000000",
    "@message": "REPORT RequestId: c6af9ac6-7b61-11e6-9a41-93e8deadbeef Duration: 103.20 ms Billed Duration: 104 ms "
    "Memory Size: 1024 MB Max Memory Used: 98 MB Init Duration: 411.90 ms Status: timeout",
}
FORMAT = TEMPLATE["Resources"]["Api"]["Properties"]["AccessLogSetting"]["Format"]


def of_function(function: str) -> list[Line]:
    """The lines in a function's log group."""
    written = printed_by(function)
    own = [{**BY_ITSELF, "@message": line, **_texts(json.loads(line))} for line in written]
    return [*own, {**BY_ITSELF, **OF_LAMBDA}]


def _texts(line: Mapping[str, Any]) -> dict[str, str]:
    """A line's fields as CloudWatch names them: what a list holds is not found under the list's own name."""
    single = {name: one for name, one in line.items() if not isinstance(one, list | dict)}
    return {name: one if isinstance(one, str) else json.dumps(one) for name, one in single.items()}


def of_the_api() -> list[Line]:
    """The lines in the access log: one for each answer, as its format has it."""
    statuses = ("200", "401", "403", "413", "429", "503")
    filled = [
        re.sub(r"\$context\.([A-Za-z.]+)", lambda of: f"a {of[1]}", FORMAT.replace("$context.status", one))
        for one in statuses
    ]
    return [{**BY_ITSELF, "@message": line, **json.loads(line)} for line in filled]


def lines_of(query: Mapping[str, Any]) -> list[Line]:
    """What stands in the log groups that a query looks into."""
    gathered: list[Line] = []
    for group in query["LogGroupNames"]:
        function = group.removeprefix(f"{STACK}-").removesuffix("Logs")
        gathered += of_function(function) if function in MODULES else of_the_api()
    return gathered


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_lies_in_the_stacks_folder_and_looks_into_logs_of_the_stack(name: str) -> None:
    words = "-".join(re.findall(r"[A-Z][a-z]+", name.removesuffix("Query"))).lower()
    assert QUERIES[name]["Name"] == f"{STACK}/{words}"
    groups = {group.removeprefix(f"{STACK}-") for group in QUERIES[name]["LogGroupNames"]}
    assert groups
    assert groups <= {one for one in TEMPLATE["Resources"] if one.endswith("Logs")}
    assert TEMPLATE["Resources"][name]["Condition"] == "OnAws", "the embedded AWS has no saved queries"


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_is_made_of_known_commands_in_their_order(name: str) -> None:
    order = [command for command, _ in commands(QUERIES[name]["QueryString"])]
    usual = ["parse", "fields", "filter", "stats", "sort", "limit"]
    assert order == sorted(order, key=usual.index)
    assert len(order) - order.count("parse") == len(set(order) - {"parse"})
    assert "filter" in order
    assert "stats" in order or order[-1] == "limit", "it could show more than anybody reads"


@pytest.mark.parametrize("name", QUERIES)
def test_every_field_of_a_query_stands_in_a_line_of_its_logs(name: str) -> None:
    known = {field for line in lines_of(QUERIES[name]) for field in line}
    assert fields(QUERIES[name]["QueryString"]) <= known


@pytest.mark.parametrize("name", [one for one in QUERIES if one != "OneMessageQuery"])
def test_a_query_finds_lines_that_were_really_written_and_not_all_of_them(name: str) -> None:
    lines = lines_of(QUERIES[name])
    assert 0 < len(found(QUERIES[name]["QueryString"], lines)) < len(lines)


@pytest.mark.parametrize(
    ("name", "outcomes"),
    [
        ("QuarantinedQuery", {"quarantined", "truncated"}),
        ("RefusedCallersQuery", {"unauthorized"}),
        ("RetriesQuery", {"retry"}),
        ("DeliveriesQuery", {"report"}),
    ],
)
def test_a_query_finds_just_these_outcomes(name: str, outcomes: set[str]) -> None:
    lines = found(QUERIES[name]["QueryString"], lines_of(QUERIES[name]))
    assert {line["outcome"] for line in lines} == outcomes


def test_errors_and_warnings_are_all_that_a_person_should_look_at() -> None:
    query = QUERIES["ErrorsAndWarningsQuery"]
    lines = found(query["QueryString"], lines_of(query))
    assert {line["level"] for line in lines if "level" in line} == {"WARNING", "ERROR"}
    assert {"mistake", "secret", "unavailable", "quarantined"} <= {line.get("outcome") for line in lines}
    assert OF_LAMBDA["@message"] in {line["@message"] for line in lines}, "a function that ran out of time says nothing"


@pytest.mark.parametrize("status", ["401", "403", "413", "429", "503"])
def test_every_answer_that_is_no_success_is_found_in_the_access_log(status: str) -> None:
    name = "ServerErrorsQuery" if status == "503" else "TurnedAwayQuery"
    assert status in {line["answer"] for line in found(QUERIES[name]["QueryString"], of_the_api())}


@pytest.mark.parametrize("name", ["TurnedAwayQuery", "ServerErrorsQuery"])
def test_a_query_of_the_access_log_needs_no_fields_that_only_a_standard_log_has(name: str) -> None:
    known = set(BY_ITSELF) | {"@message"}
    bare: list[Line] = [{field: line[field] for field in known} for line in of_the_api()]
    assert fields(QUERIES[name]["QueryString"]) <= known
    assert found(QUERIES[name]["QueryString"], bare)


@pytest.mark.parametrize("field", ["requestId", "moId", "mtId"])
def test_one_message_is_found_by_each_of_its_ids(field: str) -> None:
    query = QUERIES["OneMessageQuery"]
    lines = lines_of(query)
    wanted = next(line[field] for line in lines if field in line)
    asked = query["QueryString"].replace("order-4711", wanted)
    assert wanted in asked
    told = found(asked, lines)
    assert told
    assert all(wanted in {line.get(one) for one in ("requestId", "moId", "mtId")} for line in told)


def test_the_reason_and_the_host_of_a_retry_stand_in_its_line() -> None:
    query = QUERIES["RetriesQuery"]
    lines = found(query["QueryString"], lines_of(query))
    grouped = fields(query["QueryString"]) - {"outcome", "@timestamp"}
    assert grouped == {"attempts", "reason", "host", "httpStatus", "code"}
    assert grouped <= {field for line in lines for field in line}
