"""Rules for the API: what comes in unharmed, who may call, and that the token shows nowhere."""

import json
import re
from collections.abc import Callable
from typing import Any

Template = dict[str, Any]
Resources = dict[str, dict[str, Any]]

SHOWN = {"requestId", "identity.sourceIp", "httpMethod", "status", "responseLength"}
SHOWN_OF_THE_FUNCTION = {"integration.latency", "integration.error"}


def policy_statement(template: Template) -> dict[str, Any]:
    body = template["Resources"]["Api"]["Properties"]["Body"]
    (statement,) = body["x-amazon-apigateway-policy"]["Statement"]
    found: dict[str, Any] = statement
    return found


def test_there_is_one_way_in(template: Template, resources: Resources) -> None:
    body = resources["Api"]["Body"]
    assert {path: list(methods) for path, methods in body["paths"].items()} == {"/callbacks/{token}": ["post"]}
    assert resources["Api"]["EndpointConfiguration"] == {"Types": ["REGIONAL"]}
    kinds = [one["Type"] for one in template["Resources"].values()]
    assert kinds.count("AWS::ApiGateway::Stage") == 1


def test_every_body_reaches_the_function_byte_for_byte(resources: Resources) -> None:
    assert resources["Api"]["Body"]["x-amazon-apigateway-binary-media-types"] == ["*/*"]


def test_the_access_log_is_json_without_path_and_token(resources: Resources) -> None:
    text = resources["ApimmsStage"]["AccessLogSetting"]["Format"]
    json.loads(text)
    assert "\n" not in text
    assert set(re.findall(r"\$context\.([A-Za-z.]+)", text)) == SHOWN | SHOWN_OF_THE_FUNCTION
    assert text.count("$") == len(SHOWN | SHOWN_OF_THE_FUNCTION)


def test_no_execution_log_shows_the_path(resources: Resources) -> None:
    (settings,) = resources["ApimmsStage"]["MethodSettings"]
    assert settings["LoggingLevel"] == "OFF"
    assert settings["DataTraceEnabled"] is False


def test_the_stage_is_throttled_by_parameters(resources: Resources) -> None:
    (settings,) = resources["ApimmsStage"]["MethodSettings"]
    assert (settings["ResourcePath"], settings["HttpMethod"]) == ("/*", "*")
    assert settings["ThrottlingRateLimit"] == {"Ref": "CallbackRate"}
    assert settings["ThrottlingBurstLimit"] == {"Ref": "CallbackBurst"}


def test_without_source_addresses_anyone_may_call(template: Template) -> None:
    assert template["Parameters"]["SourceAddresses"]["Default"] == ""
    assert template["Conditions"]["HasSourceAddresses"] == {
        "Fn::Not": [{"Fn::Equals": [{"Ref": "SourceAddresses"}, ""]}]
    }
    statement = policy_statement(template)
    assert (statement["Effect"], statement["Principal"]) == ("Allow", "*")
    condition, _, otherwise = statement["Condition"]["Fn::If"]
    assert (condition, otherwise) == ("HasSourceAddresses", {"Ref": "AWS::NoValue"})


def test_with_source_addresses_only_they_may_call(translate: Callable[..., Template]) -> None:
    statement = policy_statement(translate(SourceAddresses="192.0.2.0/24,198.51.100.7"))
    _, restriction, _ = statement["Condition"]["Fn::If"]
    # CloudFormation splits it; a list would be put in as text by SAM.
    assert restriction == {"IpAddress": {"aws:SourceIp": {"Fn::Split": [",", "192.0.2.0/24,198.51.100.7"]}}}


def test_new_source_addresses_make_a_new_deployment(translate: Callable[..., Template]) -> None:
    """A resource policy holds only once the API is deployed again."""

    def deployment(**parameters: str) -> str:
        expanded = translate(**parameters)["Resources"]
        (name,) = [name for name, one in expanded.items() if one["Type"] == "AWS::ApiGateway::Deployment"]
        return str(name)

    assert deployment() != deployment(SourceAddresses="192.0.2.0/24")


def test_source_addresses_are_checked_before_anything_is_deployed(template: Template) -> None:
    pattern = re.compile(template["Parameters"]["SourceAddresses"]["AllowedPattern"])
    for good in ("", "192.0.2.7", "192.0.2.0/24,2001:db8::/32"):
        assert pattern.fullmatch(good)
    for bad in ("192.0.2.0/24, 198.51.100.0/24", "192.0.2.0/24,", "example.com", ","):
        assert not pattern.fullmatch(bad)


def test_the_role_for_access_logs_is_set_before_the_stage_unless_the_account_has_one(
    template: Template, resources: Resources
) -> None:
    assert resources["ApimmsStage"]["AccessLogSetting"]["DestinationArn"] == {"Fn::GetAtt": ["ApiLogs", "Arn"]}
    (tag,) = resources["ApiLogs"]["Tags"]
    assert tag["Value"] == {"Fn::If": ["SetApiLogRole", {"Ref": "ApiLogAccount"}, "of-the-account"]}
    for name in ("ApiLogAccount", "ApiLogRole"):  # the account relies on them, also where the stack did not come about
        assert template["Resources"][name]["Condition"] == "SetApiLogRole"
        assert template["Resources"][name]["DeletionPolicy"] == "Retain"
