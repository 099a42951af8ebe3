"""The programs of functions/security.md, run as they stand on the running stack, in their order."""

import json
import re
import time
import uuid
from collections.abc import Iterator
from typing import Any

import boto3
import httpx
import pytest

from local.simulator.client import SimulatorClient
from local.stack import Stack
from mms_gateway.credentials import MIN_AGE
from tests.integration.producer import Producer
from tests.integration.test_rotation import basic
from tests.unit.test_security_page import PAGE
from tests.wire.bodies import main, message, multipart_type


def programs(title: str) -> list[str]:
    """The Python under a title."""
    section = re.split(r"^## ", PAGE, flags=re.MULTILINE)
    (text,) = [one for one in section if one.startswith(title)]
    return re.findall(r"```python\n(.*?)```", text, re.DOTALL)


@pytest.fixture
def names(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the programs have in common; their AWS is the local stack."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", stack.aws_endpoint_url)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    boto3.setup_default_session(
        aws_access_key_id=stack.access_key_id,
        aws_secret_access_key=stack.secret_access_key,
        region_name=stack.region,
    )
    return {}


def run(program: str, names: dict[str, Any]) -> None:
    exec(compile(program, "functions/security.md", "exec"), names)  # noqa: S102 - it is our own page


@pytest.fixture
def secret(stack: Stack) -> Iterator[Any]:
    client = stack.client("secretsmanager")
    before = client.get_secret_value(SecretId=stack.secret_arn)["SecretString"]
    yield lambda: json.loads(client.get_secret_value(SecretId=stack.secret_arn)["SecretString"])
    client.put_secret_value(SecretId=stack.secret_arn, SecretString=before)
    functions = stack.client("lambda")
    for name in (stack.function_name, stack.send_function_name):  # no process goes on with what was put meanwhile
        memory = functions.get_function_configuration(FunctionName=name)["MemorySize"]
        functions.update_function_configuration(FunctionName=name, MemorySize=memory)


def knock(url: str, password: str | None = None) -> int:
    headers = {"Content-Type": multipart_type(), **({"Authorization": basic(password)} if password else {})}
    return httpx.post(url, content=message(main(moId=time.time_ns())), headers=headers, trust_env=False).status_code


def test_tokens_and_passwords_are_changed_by_the_programs_of_the_page(
    stack: Stack, names: dict[str, Any], secret: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    beginning, add, remove, ask, no_longer, without, account, put_back = programs("The secret")
    door, _, old = stack.callback_url.rpartition("/")
    before = secret()
    run(beginning, names)
    run(add, names)
    new = names["token"]
    assert capsys.readouterr().out.endswith(f"/callbacks/{new}\n")
    time.sleep(MIN_AGE)
    assert [knock(f"{door}/{token}") for token in (old, new)] == [200, 200]
    run(remove, names)
    assert secret() == {**before, "callbackTokens": [new]}
    assert knock(f"{door}/{new}") == 200
    run(ask, names)
    time.sleep(MIN_AGE)
    assert knock(f"{door}/{new}", names["password"]) == 200
    run(no_longer, names)
    assert secret()["callbackPasswords"] == [names["password"]]
    run(without, names)
    assert set(secret()) == set(before)
    run(account, names)
    sound = secret()
    assert sound["password"] == before["password"]
    names["store"].put_secret_value(SecretId=stack.secret_arn, SecretString="{")
    run(put_back, names)
    assert secret() == sound


@pytest.mark.usefixtures("secret")  # it puts everything back
def test_a_message_that_meets_the_old_password_waits_and_goes_out_once_after_the_new_one_was_put(
    names: dict[str, Any], producer: Producer, simulator: SimulatorClient
) -> None:
    run(programs("The secret")[0], names)
    waiting, password = producer.message(), str(uuid.uuid4())
    simulator.set_credentials("local", password)
    try:
        producer.enqueue(waiting)
        producer.wait(waiting, lambda item: item.get("status") == "RETRY")
        names["change"](password=password)
        producer.wait(waiting, lambda item: item.get("status") == "ACCEPTED")
        assert len(simulator.mt_requests(accepted=True, destination=waiting["destination"])) == 1
    finally:
        simulator.set_credentials("local", "local")


@pytest.fixture
def table(stack: Stack) -> Iterator[Any]:
    """A table of a test's own, for the program changes every item that there is."""
    dynamodb, name = stack.resource("dynamodb"), f"messages-{uuid.uuid4()}"
    key = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]
    types = [{"AttributeName": each, "AttributeType": "S"} for each in ("pk", "sk")]
    own = dynamodb.create_table(
        TableName=name, KeySchema=key, AttributeDefinitions=types, BillingMode="PAY_PER_REQUEST"
    )
    yield own
    own.delete()


def test_older_items_are_given_a_time_by_the_program_of_the_page(names: dict[str, Any], table: Any) -> None:
    for number in range(5):
        table.put_item(Item={"pk": f"MO#{number}", "sk": "MESSAGE", **({"expiresAt": 1} if number == 0 else {})})
    (program,) = programs("How long things are kept")
    run(program.replace('stack["TableName"]', repr(table.name)), names)
    items = {item["pk"]: int(item["expiresAt"]) for item in table.scan()["Items"]}
    assert items.pop("MO#0") == 1
    assert len(items) == 4
    assert all(abs(then - time.time() - 90 * 86_400) < 60 for then in items.values())
