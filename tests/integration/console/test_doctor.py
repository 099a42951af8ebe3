"""`mms doctor` on the running stack, and on parts of it that are not as they should be."""

import json
import ssl
import threading
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest

from console.checks.door import check_certificate, check_door
from console.checks.findings import Finding
from console.checks.stores import check_secret, check_versioning
from console.checks.surroundings import clock_finding
from console.checks.trial import Trial
from console.checks.work import check_attention, check_dead_letters, check_event_source
from console.connection import Gateway
from console.doctoring import examine
from local.simulator.certificate import make_certificate
from local.simulator.client import SimulatorClient
from local.stack import Stack
from tests.integration.console.conftest import Mms
from tests.integration.producer import Producer


def verdicts(findings: Iterator[Finding]) -> dict[str, str]:
    return {finding.check: finding.verdict for finding in findings}


def test_a_sound_stack_is_found_sound_and_a_trial_message_goes_through(mms: Mms, stack: Stack) -> None:
    said = mms("doctor")
    assert said.status == 0, said
    for line in (
        "✔ table mms-gateway-Table",
        "✔ table's indexes by-handset, by-service, attention: ACTIVE",
        "? table's recovery the embedded AWS has none",
        "✔ bucket's privacy all public access is blocked",
        "✔ secret complete: an account, 1 callback token",
        "✔ send queue's redrive",
        "✔ sending function",
        "✔ queue to function Enabled",
        "✔ callback address turns a caller without a token away (401)",
        "✔ clock within",
    ):
        assert any(" ".join(row.split()).startswith(line) for row in said.out.splitlines()), (line, said.out)
    steps = ("is in the queue", "OpenMarket has it, as", "its delivery report came: Retrieved")
    assert [said.out.count(step) for step in steps] == [1, 1, 1]
    assert stack.callback_url.rpartition("/")[2] not in said.out + said.err


def test_programs_get_the_same_as_json(mms: Mms) -> None:
    told = mms("doctor", "--json", "--no-send-test").json
    assert told["healthy"] is True
    assert "trial message" not in {finding["check"] for finding in told["findings"]}
    assert {"check": "bucket's versions", "verdict": "fine", "found": "kept", "advice": ""} in told["findings"]


def test_what_is_not_there_is_found_and_all_else_is_still_looked_at(gateway: Gateway) -> None:
    gateway.addresses = replace(
        gateway.addresses,
        table_name="no-such-table",
        media_bucket=f"no-such-bucket-{uuid.uuid4()}",
        send_queue_url=f"{gateway.addresses.send_queue_url}-none",
        dead_letter_queue_url=f"{gateway.addresses.dead_letter_queue_url}-none",
        secret_arn="no-such-secret",
    )
    gateway.outputs = gateway.outputs | {"SendMmsName": "no-such-function"}
    findings = list(examine(gateway))
    absent = {each.check for each in findings if each.found == "there is no such thing" and each.verdict == "failed"}
    assert absent >= {"table", "bucket", "secret", "send queue", "dead-letter queue", "functions", "attention"}
    found = verdicts(iter(findings))
    assert (found["callback address"], found["receiving function"], found["credentials"]) == ("fine",) * 3


@pytest.mark.parametrize(
    ("secret", "sentence"),
    [
        ({"accountId": "", "password": "hunter2", "callbackTokens": ["t"]}, "accountId must be filled in"),
        ({"accountId": "a", "password": "hunter2", "callbackTokens": []}, "no token in it: no callback comes in"),
        (
            {"accountId": "a", "password": "hunter2", "callbackTokens": "hunter2"},
            "callbackTokens must be a list of texts",
        ),
        ({"password": "hunter2"}, "callbackTokens must be a list of texts; the secret's accountId must be text"),
        ("hunter2", "the secret is not JSON"),
    ],
)
def test_a_secret_that_lacks_something_is_told_by_the_fields_name_and_not_quoted(
    gateway: Gateway, secret: Any, sentence: str
) -> None:
    text = secret if isinstance(secret, str) else json.dumps(secret)
    arn = gateway.secrets.create_secret(Name=f"incomplete-{uuid.uuid4()}", SecretString=text)["ARN"]
    gateway.addresses = replace(gateway.addresses, secret_arn=arn)
    (finding,) = check_secret(gateway)
    gateway.secrets.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)
    assert (finding.verdict, sentence in finding.found) == ("failed", True), finding
    assert "hunter2" not in str(finding)


def test_a_permission_that_is_missing_is_named_and_the_rest_looked_at(gateway: Gateway, stack: Stack) -> None:
    iam = stack.client("iam")
    name = f"doctor-{uuid.uuid4()}"
    iam.create_user(UserName=name)
    allowed = {"Effect": "Allow", "Action": ["s3:ListBucket", "dynamodb:DescribeTable"], "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.put_user_policy(UserName=name, PolicyName="little", PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    little = Gateway(
        name="local",
        session=boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name=stack.region),
        addresses=gateway.addresses,
        parameters=gateway.parameters,
        outputs=gateway.outputs,
        endpoint_url=stack.aws_endpoint_url,
        open_market_url=stack.open_market_url,
    )
    findings = {finding.check: finding for finding in examine(little)}
    iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    iam.delete_user_policy(UserName=name, PolicyName="little")
    iam.delete_user(UserName=name)
    assert (findings["table"].verdict, findings["bucket"].verdict) == ("fine", "fine")
    missing = {
        "table's recovery": "dynamodb:DescribeContinuousBackups",
        "bucket's privacy": "s3:GetBucketPublicAccessBlock",
        "secret": "secretsmanager:GetSecretValue",
        "send queue": "sqs:GetQueueAttributes",
        "functions": "lambda:GetFunctionConfiguration",
        "attention": "dynamodb:Query",
    }
    told = {check: (findings[check].verdict, findings[check].advice) for check in missing}
    assert told == {check: ("unknown", f"It takes the permission {action}.") for check, action in missing.items()}


def test_parts_that_are_not_set_up_as_they_should_be_are_found(gateway: Gateway, stack: Stack) -> None:
    bucket = f"plain-{uuid.uuid4()}"
    stack.client("s3").create_bucket(Bucket=bucket)
    gateway.addresses = replace(gateway.addresses, media_bucket=bucket)
    assert verdicts(check_versioning(gateway)) == {"bucket's versions": "warning"}
    gateway.outputs = gateway.outputs | {"SendQueueArn": "arn:aws:sqs:us-east-1:000000000000:another"}
    assert verdicts(check_event_source(gateway)) == {"queue to function": "failed"}
    found = verdicts(examine(replace_queues(gateway)))
    assert found["send queue's redrive"] == "failed"


def replace_queues(gateway: Gateway) -> Gateway:
    """With the two queues mistaken for each other: the dead-letter queue's messages are handed on to nobody."""
    addresses = gateway.addresses
    gateway.addresses = replace(
        addresses, send_queue_url=addresses.dead_letter_queue_url, dead_letter_queue_url=addresses.send_queue_url
    )
    return gateway


def test_what_waits_for_a_person_is_a_warning_with_what_to_do(
    gateway: Gateway, stack: Stack, simulator: SimulatorClient, producer: Producer
) -> None:
    simulator.send_raw("text/plain", f"no callback {uuid.uuid4()}".encode())
    (attention,) = (each for each in check_attention(gateway) if "QUARANTINED" in each.found)
    assert attention.verdict == "warning"
    assert "`mms attention --kind QUARANTINED`" in attention.advice
    word = str(uuid.uuid4())
    stack.client("sqs").send_message(QueueUrl=stack.dead_letter_queue_url, MessageBody=word)
    (letters,) = check_dead_letters(gateway)
    producer.set_aside(word)
    assert (letters.verdict, letters.advice) == ("warning", "See them with `mms dlq list`.")


class Door(BaseHTTPRequestHandler):
    """Answers as it is told to by the path."""

    def do_POST(self) -> None:
        status, _, outcome = self.path.split("/")[1].partition("-")
        self.send_response(int(status))
        if outcome:
            self.send_header("X-Mms-Outcome", outcome)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def door() -> Iterator[HTTPServer]:
    with HTTPServer(("127.0.0.1", 0), Door) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.mark.parametrize(
    ("answer", "addresses", "expected"),
    [
        ("401-unauthorized", "", "fine: turns a caller without a token away"),
        ("403", "203.0.113.0/24", "fine: turns this machine away (403), whose address is not in SourceAddresses, 203"),
        ("403", "", "failed: turns everybody away"),
        ("429", "", "warning: is too busy"),
        ("503-unavailable", "", "failed: answered a caller without a token 503 and unavailable, not 401"),
        ("502", "", "failed: answered a caller without a token 502 without an X-Mms-Outcome"),
        ("200-stored", "", "failed: answered a caller without a token 200 and stored"),
        ("401", "", "failed: answered a caller without a token 401 without an X-Mms-Outcome"),
    ],
)
def test_each_answer_to_a_stranger_is_told_by_what_it_means(
    gateway: Gateway, door: HTTPServer, answer: str, addresses: str, expected: str
) -> None:
    gateway.addresses = replace(gateway.addresses, callback_url=f"http://127.0.0.1:{door.server_port}/{answer}")
    gateway.parameters = gateway.parameters | {"SourceAddresses": addresses}
    (finding,) = check_door(gateway)
    assert f"{finding.verdict}: {finding.found}".startswith(expected)


def test_an_address_that_nobody_answers_at_is_a_failure(gateway: Gateway, door: HTTPServer) -> None:
    port = door.server_port
    door.server_close()
    gateway.addresses = replace(gateway.addresses, callback_url=f"http://127.0.0.1:{port}/mms/callbacks")
    (finding,) = check_door(gateway)
    assert (finding.verdict, "can't be reached" in finding.found) == ("failed", True), finding


def test_a_certificate_is_told_by_the_days_it_holds_and_one_that_nobody_trusts_is_a_failure(
    gateway: Gateway, door: HTTPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = make_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    door.socket = context.wrap_socket(door.socket, server_side=True)
    gateway.addresses = replace(gateway.addresses, callback_url=f"https://127.0.0.1:{door.server_port}/mms/callbacks")
    (stranger,) = check_certificate(gateway)
    assert (stranger.verdict, "is not valid: self" in stranger.found) == ("failed", True), stranger
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    (trusted,) = check_certificate(gateway)
    assert (trusted.verdict, trusted.found) == ("fine", "holds for 29 days")


@pytest.mark.parametrize(
    ("seconds", "verdict"), [(0, "fine"), (59, "fine"), (-59, "fine"), (62, "warning"), (-62, "warning")]
)
def test_a_clock_that_is_a_minute_off_is_a_warning(seconds: int, verdict: str) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    told = f"{now + timedelta(seconds=seconds):%a, %d %b %Y %H:%M:%S} GMT"
    finding = clock_finding(told, now, now)
    assert finding.verdict == verdict, finding
    assert verdict == "fine" or ("behind" if seconds > 0 else "ahead of") in finding.found


def test_a_trial_message_that_is_refused_or_never_reported_is_a_failure(gateway: Gateway) -> None:
    refused = [*Trial(gateway, source="88600", destination="10000874000").run(gateway)]
    assert [finding.verdict for finding in refused] == ["fine", "failed"]
    assert "it is REJECTED: The destination can't receive MMS." in refused[-1].found
    silent = [*Trial(gateway, source="88600", destination="10000873000", patience=2).run(gateway)]
    assert [finding.verdict for finding in silent] == ["fine", "fine", "failed"]
    assert "no delivery report has come" in silent[-1].found


def test_on_a_deployed_stack_a_message_is_sent_only_on_request_and_from_a_number_of_ones_own(
    mms: Mms, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", stack.aws_endpoint_url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", stack.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", stack.secret_access_key)
    monkeypatch.setenv("AWS_DEFAULT_REGION", stack.region)
    said = mms("doctor", "--stack-name", "mms-gateway", "--send-test")
    assert (said.status, "--send-test --from SHORTCODE" in said.err, said.out) == (1, True, "")
    said = mms("doctor", "--stack-name", "mms-gateway", "--from", "88600")
    assert (said.status, "go with --send-test" in said.err) == (1, True)
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")  # nobody is to be asked outside of this machine
    plain = mms("doctor", "--stack-name", "mms-gateway", "--json").json
    assert "trial message" not in {finding["check"] for finding in plain["findings"]}
    assert {"table": "fine", "table's recovery": "warning"}.items() <= {
        finding["check"]: finding["verdict"] for finding in plain["findings"]
    }.items()
