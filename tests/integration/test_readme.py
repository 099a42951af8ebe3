"""The README's Python, run as it stands against the local stack."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest

from local.readback import ReadBack
from local.simulator.client import SimulatorClient
from local.simulator.media import jpeg
from local.stack import Stack
from tests.integration.producer import Producer

README = (Path(__file__).parents[2] / "README.md").read_text()


def python_under(title: str) -> str:
    """The first Python block after a title."""
    (block,) = re.findall(r"```python\n(.*?)```", README[README.index(title) :], re.DOTALL)[:1]
    return str(block)


@pytest.fixture
def run(stack: Stack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], dict[str, Any]]:
    """Run code as somebody would whose AWS the local stack is."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", stack.aws_endpoint_url)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    boto3.setup_default_session(
        aws_access_key_id=stack.access_key_id,
        aws_secret_access_key=stack.secret_access_key,
        region_name=stack.region,
    )
    monkeypatch.chdir(tmp_path)

    def execute(code: str) -> dict[str, Any]:
        names: dict[str, Any] = {}
        exec(compile(code, "README.md", "exec"), names)  # noqa: S102 - it is our own README
        return names

    return execute


def test_the_message_of_the_readme_is_sent(
    run: Callable[[str], dict[str, Any]], producer: Producer, tmp_path: Path
) -> None:
    (tmp_path / "parrot.jpg").write_bytes(jpeg())
    message = run(python_under("## Send messages"))["message"]
    item = producer.wait(message, lambda item: "delivery" in item)
    assert (item["status"], item["delivery"]["status"]) == ("ACCEPTED", "Retrieved")


def test_the_conversation_of_the_readme_is_read(
    run: Callable[[str], dict[str, Any]], simulator: SimulatorClient, stored: ReadBack
) -> None:
    delivery = simulator.send_raw("multipart/mixed; boundary=b", one_picture(simulator))
    assert delivery.outcomes == ["stored"]
    names = run(python_under("## Read messages"))
    assert names["conversation"][0]["handset"] == "447800000001"
    assert names["picture"] == jpeg()
    assert stored.item(names["conversation"][0]["pk"]) == names["conversation"][0]


def one_picture(simulator: SimulatorClient) -> bytes:
    """A message dated after all others of its handset."""
    mo_id = int(str(simulator.send_report(status="Deferred").mt_id)) + 10**16
    head = (
        f'{{"type":"MO","moId":{mo_id},"source":"447800000001","destinations":["88600"],"date":"2099-01-01T00:00:00Z"}}'
    )
    return (
        b"--b\r\nContent-Type: application/json\r\nContent-Id: main\r\n\r\n"
        + head.encode()
        + b"\r\n--b\r\nContent-Type: image/jpeg\r\nContent-Id: parrot.jpg\r\n\r\n"
        + jpeg()
        + b"\r\n--b--\r\n"
    )
