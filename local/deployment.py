"""Puts the bundle onto the embedded AWS, the way it goes to the cloud."""

import json
import os
import re
import secrets
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import boto3

from local.build import built_bundle
from local.embedded_aws import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY, EmbeddedAws
from local.places import ROOT, SAM, local_folder
from local.processes import run_tool
from local.progress import LocalStackError, Say, last_lines
from local.template_values import read_template

STACK_NAME = "mms-gateway"
PARAMETERS = {
    "Timing": "fast",
    "ProtectTable": "false",
    "CallbackRate": "10000",  # the embedded API throttles as well, and a load test here is not to measure that
    "CallbackBurst": "5000",
    "LinkHosts": "www.openmarket.com",
}
ACCOUNT = {"accountId": "local", "password": "local"}
BASE_URL = re.compile(r"https?://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+])(:[0-9]{1,5})?/?")  # as the template has it


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """What the deployed stack says of itself, and the address it answers at here."""

    callback_url: str  # with the token
    table_name: str
    media_bucket: str
    secret_arn: str
    function_name: str
    send_queue_url: str
    dead_letter_queue_url: str
    send_function_name: str


def chosen_endpoints() -> list[str]:
    """Where OPENMARKET_ENDPOINTS in the environment wants messages to be sent, in place of the simulator."""
    told = os.environ.get("OPENMARKET_ENDPOINTS", "")
    endpoints = [each.strip() for each in told.split(",") if told.strip()]
    for endpoint in endpoints:
        if not BASE_URL.fullmatch(endpoint):
            raise LocalStackError(
                f"OPENMARKET_ENDPOINTS has {endpoint!r} in it. Give base URLs without a path, separated by commas, "
                "such as http://127.0.0.1:8080,http://127.0.0.1:8081, or unset it to send to the simulator."
            )
    return endpoints


def chosen_parameters() -> dict[str, str]:
    """The template's parameters for here, with those that MMS_PARAMETERS in the environment names."""
    words = os.environ.get("MMS_PARAMETERS", "").split()
    known = read_template(ROOT / "template.yaml")["Parameters"] if words else {}
    for word in words:
        name, sign, _ = word.partition("=")
        if not sign or name not in known:  # `sam deploy` would pass over a name that is misspelt
            raise LocalStackError(
                f"MMS_PARAMETERS has {word!r} in it. Give parameters of the template, separated by blanks, such as "
                "RetentionDays=30 RawDays=0."
            )
    return {**PARAMETERS, **dict(word.split("=", 1) for word in words)}


def deploy(aws: EmbeddedAws, endpoints: Sequence[str], parameters: Mapping[str, str], say: Say) -> Deployment:
    """Build and deploy the bundle so that it sends to these base URLs, fill in its secret, and see it answer."""
    environment = sam_environment(aws.url, aws.folder)
    parameters = {**parameters, "OpenMarketEndpoints": ",".join(endpoints)}
    with built_bundle(environment, aws.folder / "build.log", say) as template:
        say("Deploying the bundle (sam deploy)")
        run_tool(
            [
                SAM,
                "deploy",
                "--template-file",
                template,
                "--stack-name",
                STACK_NAME,
                "--region",
                REGION,
                "--resolve-s3",
                "--capabilities",
                "CAPABILITY_IAM",
                "--no-confirm-changeset",
                "--no-progressbar",
                "--parameter-overrides",
                *(f"{name}={value}" for name, value in parameters.items()),
            ],
            log=aws.folder / "deploy.log",
            environment=environment,
            advice="Run `make validate` to see whether the template is sound.",
        )
    outputs = _outputs(aws)
    token = secrets.token_urlsafe(24)
    session().client("secretsmanager", endpoint_url=aws.url).put_secret_value(
        SecretId=outputs["SecretArn"], SecretString=json.dumps({**ACCOUNT, "callbackTokens": [token]})
    )
    callbacks = local_address(aws.url, outputs["CallbackUrl"])
    say("Waiting for the first answer")
    _see_it_answer(aws, callbacks)
    return Deployment(
        callback_url=f"{callbacks}/{token}",
        table_name=outputs["TableName"],
        media_bucket=outputs["MediaBucketName"],
        secret_arn=outputs["SecretArn"],
        function_name=outputs["ReceiveCallbackName"],
        send_queue_url=aws.url + urlsplit(outputs["SendQueueUrl"]).path,
        dead_letter_queue_url=aws.url + urlsplit(outputs["DeadLetterQueueUrl"]).path,
        send_function_name=outputs["SendMmsName"],
    )


def session() -> boto3.Session:
    """A session with keys that may do everything; its clients need the endpoint's address."""
    return boto3.Session(aws_access_key_id=ACCESS_KEY_ID, aws_secret_access_key=SECRET_ACCESS_KEY, region_name=REGION)


def sam_environment(url: str, temporary: Path) -> dict[str, str]:
    """The environment in which `sam` works on the embedded AWS at this URL, and leaves its temporary files there."""
    caller = {name: value for name, value in os.environ.items() if not name.startswith(("SAM_", "LAYER_"))}
    return caller | {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "TMPDIR": str(temporary),
        "SAM_CLI_TELEMETRY": "0",
        "SAM_CLI_POLL_DELAY": "0.2",
        "__SAM_CLI_APP_DIR": str(_sam_folder()),
    }


def _sam_folder() -> Path:
    folder = local_folder() / "sam"
    folder.mkdir(parents=True, exist_ok=True)
    # As if it had looked for a newer version of itself just now: no call to the outside.
    (folder / "metadata.json").write_text(json.dumps({"telemetryEnabled": False, "lastVersionCheck": time.time()}))
    return folder


def _outputs(aws: EmbeddedAws) -> dict[str, str]:
    stacks = session().client("cloudformation", endpoint_url=aws.url).describe_stacks(StackName=STACK_NAME)
    return {output["OutputKey"]: output["OutputValue"] for output in stacks["Stacks"][0]["Outputs"]}


def local_address(aws_url: str, url: str) -> str:
    """Where the embedded AWS at the first address has what AWS would have at the second."""
    # https://<api>.execute-api.<region>.amazonaws.com/<stage>/callbacks
    parts = urlsplit(url)
    return f"{aws_url}/_aws/execute-api/{parts.netloc.split('.')[0]}{parts.path}"


def _see_it_answer(aws: EmbeddedAws, callbacks: str) -> None:
    forged = urllib.request.Request(f"{callbacks}/no-token", data=b"{}", method="POST")
    forged.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(forged, timeout=60) as answer:
            status, said = answer.status, b""
    except urllib.error.HTTPError as refusal:
        status, said = refusal.code, refusal.read()
    if status != 401:
        raise LocalStackError(
            f"{last_lines(aws.log)}\n{said.decode(errors='replace')}\n\nThe deployed function answered {status} to a "
            "forged callback instead of 401. The lines above say what it stumbled over; `make test` says more."
        )
