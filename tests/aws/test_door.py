"""Who gets in, how much of a body, and by what: some of it only AWS itself shows."""

import json
import time
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from console.connection import Gateway
from local.readback import ReadBack
from local.stack import Stack
from tests.wire.bodies import main, message, multipart_type, part

TOO_MUCH_FOR_LAMBDA = 4_800_000  # bytes: as base64, in an event, more than 6 MB
TOO_MUCH_FOR_THE_API = 10_500_000
PATIENCE = 60
MULTIPART = {"Content-Type": multipart_type()}


@pytest.fixture(scope="module")
def api(gateway: Gateway) -> str:
    """The id of the REST API."""
    return str(urlsplit(gateway.addresses.callback_url).netloc.split(".")[0])


@pytest.fixture(scope="module")
def stage(gateway: Gateway, api: str) -> dict[str, Any]:
    found: dict[str, Any] = gateway.client("apigateway").get_stage(restApiId=api, stageName="mms")
    return found


def large_body(size: int) -> bytes:
    return message(main(moId=time.time_ns()), part(bytes(size), "image/png", "large.png"))


def test_a_stranger_is_turned_away_and_nothing_is_written(callbacks: str, stored: ReadBack) -> None:
    mo_id = time.time_ns()
    answer = httpx.post(f"{callbacks}/no-token", content=message(main(moId=mo_id)), headers=MULTIPART, timeout=PATIENCE)
    assert (answer.status_code, answer.headers["X-Mms-Outcome"], answer.content) == (401, "unauthorized", b"")
    assert stored.items(f"MO#{mo_id}") == []


@pytest.mark.real_aws
def test_the_api_takes_a_body_that_the_function_can_not_and_answers_413(stack: Stack) -> None:
    answer = httpx.post(
        stack.callback_url, content=large_body(TOO_MUCH_FOR_LAMBDA), headers=MULTIPART, timeout=PATIENCE
    )
    assert (answer.status_code, "X-Mms-Outcome" in answer.headers) == (413, False)


@pytest.mark.real_aws
def test_a_body_over_10_mb_is_answered_413(stack: Stack) -> None:
    answer = httpx.post(
        stack.callback_url, content=large_body(TOO_MUCH_FOR_THE_API), headers=MULTIPART, timeout=PATIENCE
    )
    assert (answer.status_code, "X-Mms-Outcome" in answer.headers) == (413, False)


@pytest.mark.real_aws
def test_nothing_reaches_the_function_without_tls(callbacks: str) -> None:
    address = urlsplit(callbacks)._replace(scheme="http").geturl()
    try:
        answer = httpx.post(
            f"{address}/no-token", content=b"{}", headers={"Content-Type": "application/json"}, timeout=10
        )
    except httpx.TransportError:
        return  # nobody listens there
    assert (answer.is_success, "X-Mms-Outcome" in answer.headers) == (False, False)


def test_the_stage_lets_through_what_the_parameters_say(stage: dict[str, Any], parameters: dict[str, str]) -> None:
    settings = stage["methodSettings"]["*/*"]
    assert int(settings["throttlingRateLimit"]) == int(parameters["CallbackRate"])
    assert int(settings["throttlingBurstLimit"]) == int(parameters["CallbackBurst"])


def test_no_execution_log_and_no_trace_shows_the_token(stage: dict[str, Any]) -> None:
    settings = stage["methodSettings"]["*/*"]
    assert (settings.get("loggingLevel", "OFF"), settings.get("dataTraceEnabled", False)) == ("OFF", False)
    assert not stage.get("tracingEnabled")


@pytest.mark.real_aws
def test_the_access_log_is_without_the_path(stage: dict[str, Any]) -> None:
    assert "path" not in stage["accessLogSettings"]["format"].lower()


def test_only_the_source_addresses_may_call(gateway: Gateway, api: str, parameters: dict[str, str]) -> None:
    if not parameters["SourceAddresses"]:
        pytest.skip("the stack's parameter SourceAddresses is empty: anyone may call who knows a token")
    # API Gateway escapes the quotes of the policy that it tells.
    policy = json.loads(gateway.client("apigateway").get_rest_api(restApiId=api)["policy"].replace('\\"', '"'))
    (statement,) = policy["Statement"]
    told = statement["Condition"]["IpAddress"]["aws:SourceIp"]
    assert sorted([told] if isinstance(told, str) else told) == sorted(parameters["SourceAddresses"].split(","))
