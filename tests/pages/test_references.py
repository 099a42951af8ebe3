"""What pages point at is there: pages, anchors, files, commands, and the names of all that has one."""

import re
from pathlib import Path
from urllib.parse import unquote

import boto3
import pytest
from botocore import xform_name

from local.places import ROOT
from tests.pages.names import WORD, exists, make_targets, mms_fault, words
from tests.pages.page import LANGUAGES, Block, Page, all_pages, page

PAGES = {each.name: each for each in all_pages()}
OF_OTHERS = {  # words of AWS's, of HTTP's, of the network's, of a reader's
    *("GET", "INSERT", "POST", "INFO", "WARNING", "ERROR", "NUMBER", "Deferred", "Forwarded"),
    *("ApiId", "AutoPublishAlias", "ConsistentRead", "DeploymentPreference", "EndpointAccessMode"),
    *("MutualTlsAuthentication", "SecurityPolicy", "userIdentity"),
    *("ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED"),
}
RULES = re.compile(r"[A-Za-z0-9]+_(BODY|HEADER)|HostingProviderIPList")  # of AWS's managed groups for its WAF
ROWS = "tests/bench/README.md"  # its rows' names are put together from words
WITHOUT_MODEL = {("cloudformation", "deploy"), ("logs", "tail"), ("s3", "cp"), ("s3", "ls"), ("s3", "sync")}
GLOBAL_OPTIONS = {"--output", "--query", "--region", "--profile", "--endpoint-url"}

every_page = pytest.mark.parametrize("one", PAGES.values(), ids=PAGES)


def broken(one: Page, target: str) -> str | None:
    """Why a link leads nowhere; None if it leads somewhere."""
    if re.match(r"https://", target):
        return None
    path, _, anchor = unquote(target).partition("#")
    file = one.path.parent / path if path else one.path
    if not file.exists():
        return "there is no such file"
    if anchor and anchor not in Page(file).anchors:
        return "there is no such heading"
    return None


@every_page
def test_links_lead_somewhere(one: Page) -> None:
    assert [(line, target, why) for line, target in one.links if (why := broken(one, target))] == []


@every_page
def test_blocks_are_begun_in_a_way_that_is_seen(one: Page) -> None:
    """One that is indented, or has another tag, nobody would type."""
    assert [number for number, line in one.prose if "```" in line] == []
    assert {block.language for block in one.blocks} <= LANGUAGES


def test_a_link_over_the_end_of_a_line_is_found(tmp_path: Path) -> None:
    file = tmp_path / "page.md"
    file.write_text("What `[no](link)` is, and what\n[each of\nthem](there.md#part) is; `a\nb` and [c](d.md)\n")
    assert list(Page(file).links) == [(2, "there.md#part"), (4, "d.md")]


@every_page
def test_pictures_have_a_text_for_those_who_do_not_see_them(one: Page) -> None:
    pictures = [re.match(r"!\[(.*?)\]", line) for _, line in one.prose if line.startswith("!")]
    assert all(picture and len(picture[1]) > 20 for picture in pictures)


@every_page
def test_names_in_backticks_are_those_of_something(one: Page) -> None:
    strange = []
    for line, span in one.spans:
        is_word = WORD.fullmatch(span) and len(span) > 2
        is_row = one.name == ROWS and set(span.split("-")) <= words()
        if is_word and span not in words() | OF_OTHERS and not is_row and not RULES.fullmatch(span):
            strange.append((line, span))
        if exists(span.rstrip("/"), one.path.parent) is False:
            strange.append((line, span))
    assert strange == []


@every_page
def test_commands_in_backticks_are_there(one: Page) -> None:
    faults = []
    for line, span in one.spans:
        command = re.sub(r"^[A-Z_]+=\S+ ", "", span)
        match command.split():
            case ["make", target, *_] if target not in make_targets() and not target.startswith("."):
                faults.append((line, f"no {target} can be made"))
            case ["mms", _, *_] if fault := mms_fault(command):
                faults.append((line, fault))
    assert faults == []


def aws_commands(block: Block) -> list[list[str]]:
    """The words of each `aws` command of a block, up to where the shell takes over."""
    text = block.text.replace("\\\n", " ")
    return [found.split() for found in re.findall(r"\baws ([a-z0-9-]+ [a-z0-9-]+[^\n|;&()]*)", text)]


def aws_fault(service: str, operation: str, rest: list[str]) -> str | None:
    """What is wrong with an `aws` command, by AWS's own models; None if nothing is."""
    if (service, operation) in WITHOUT_MODEL:
        return None
    client = boto3.Session(region_name="us-east-1").client(service)  # type: ignore[call-overload]
    if operation == "wait":
        return None if rest[0].replace("-", "_") in client.waiter_names else f"aws {service} waits for no {rest[0]}"
    by_command = {xform_name(name, "-"): name for name in client.meta.service_model.operation_names}
    if operation not in by_command:
        return f"aws {service} has no {operation}"
    shape = client.meta.service_model.operation_model(by_command[operation]).input_shape
    members = {f"--{xform_name(name, '-')}" for name in shape.members}
    members |= {option.replace("--", "--no-", 1) for option in members} | GLOBAL_OPTIONS
    given = [word for word in rest if re.fullmatch("--[a-z-]+", word)]
    strange = [option for option in given if option not in members]
    return f"aws {service} {operation} has no {strange[0]}" if strange else None


@every_page
def test_commands_that_need_an_account_are_aws_own(one: Page) -> None:
    elsewhere = [block for block in one.blocks if block.language == "sh" and not block.is_typed]
    commands = [(block.line, command) for block in elsewhere for command in aws_commands(block)]
    faults = [
        (line, fault)
        for line, (service, operation, *rest) in commands
        if (fault := aws_fault(service, operation, rest))
    ]
    assert faults == []


def test_the_readme_is_one_page_and_leads_to_all_others() -> None:
    readme = page("README.md")
    assert len(readme.lines) < 170
    led_to = {(ROOT / target.partition("#")[0]).resolve() for _, target in readme.links}
    assert {one.name for one in PAGES.values() if one.path not in led_to} - {"README.md"} == set()


def test_a_name_that_is_not_there_is_found() -> None:
    assert "CallbackUrl" in words()
    assert "NoSuchParameter" not in words()
    assert mms_fault("mms show order-4711 --save folder") is None
    assert mms_fault("mms show --speed") == "mms show has no --speed"
    assert mms_fault("mms dlq drive") == "mms dlq has no drive"
    assert mms_fault("mms sow") == "mms has no sow"
    assert aws_fault("dynamodb", "update-table", ["--table-name", "x"]) is None
    assert aws_fault("dynamodb", "update-table", ["--tables"]) == "aws dynamodb update-table has no --tables"
    assert aws_fault("dynamodb", "mend-table", []) == "aws dynamodb has no mend-table"
    assert broken(page("README.md"), "layers/README.md#no-such") == "there is no such heading"
    assert broken(page("README.md"), "layers/NONE.md") == "there is no such file"
