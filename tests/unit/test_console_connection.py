"""Which stack is meant, and how it is called in the commands that are advised."""

import ast
from pathlib import Path

import boto3
import pytest
from botocore.stub import Stubber

from console.connection import Addresses, Gateway, connect
from console.problems import Problem
from local.places import ROOT

ADDRESSES = Addresses(
    table_name="table",
    media_bucket="bucket",
    send_queue_url="https://sqs/send",
    dead_letter_queue_url="https://sqs/dead",
    secret_arn="arn:secret",
    callback_url="https://callbacks",
)


def gateway(name: str, open_market_url: str | None = None) -> Gateway:
    session = boto3.Session(region_name="eu-west-1")
    return Gateway(name=name, session=session, addresses=ADDRESSES, parameters={}, open_market_url=open_market_url)


def test_a_command_that_is_advised_names_the_deployed_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MMS_STACK_NAME", raising=False)
    assert gateway("local", "http://127.0.0.1:1").command("show", "order 1") == "mms show 'order 1'"
    assert gateway("mms-two").command("show", "1") == "mms show 1 --stack-name mms-two"
    monkeypatch.setenv("MMS_STACK_NAME", "mms-two")
    assert gateway("mms-two").command("show", "1") == "mms show 1"
    assert gateway("mms-one").command("show", "1") == "mms show 1 --stack-name mms-one"


def test_no_sentence_advises_a_command_that_leaves_out_the_stack() -> None:
    """Each has its words of `Gateway.command`; only who has no key of the console's is told of no stack."""
    trees = [ast.parse(path.read_text()) for path in (ROOT / "console").rglob("*.py")]
    of_modules = {ast.get_docstring(tree) for tree in trees}
    texts = {node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    advised = {text for text in texts - of_modules if isinstance(text, str) and "`mms " in text}
    assert advised == {"Open the console by the whole address that `mms console` printed."}


def test_the_region_is_the_one_that_the_command_line_of_aws_would_take(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-north-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    asked = []

    class Session(boto3.Session):
        def client(self, *names: str, **settings: object) -> object:  # type: ignore[override]
            asked.append(self.region_name)
            client = super().client(*names, **settings)  # type: ignore[call-overload]
            stub = Stubber(client)
            stub.add_client_error("describe_stacks", "ValidationError", "Stack with id nope does not exist")
            stub.activate()
            return client

    monkeypatch.setattr("boto3.Session", Session)
    with pytest.raises(Problem, match="no stack nope in eu-north-1"):
        connect("nope")
    assert asked == ["eu-north-1"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("{", "can't be read"), ("{}", "does not tell the 'accessKeyId' of the gateway"), (None, "No gateway runs")],
)
def test_a_stack_that_can_not_be_told_of_is_said_in_a_sentence(
    text: str | None, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "stack.json"
    if text is not None:
        file.write_text(text)
    monkeypatch.setenv("MMS_STACK_JSON", str(file))
    with pytest.raises(Problem, match=sentence):
        connect(None)
