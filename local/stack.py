"""The running local stack, as code and as .local/stack.json."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import boto3

from console.connection import local_gateway
from console.web.server import listen, running_console, url_of
from local.deployment import chosen_endpoints, chosen_parameters, deploy
from local.embedded_aws import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY, running_embedded_aws
from local.leftovers import clean_up_after_the_dead
from local.progress import Say, elapsed_time_printer
from local.simulator.server import running_simulator
from local.surroundings import settle_surroundings


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """Where everything of a running local stack is, and the keys to it."""

    callback_url: str  # with its token
    aws_endpoint_url: str
    region: str
    access_key_id: str
    secret_access_key: str
    table_name: str
    media_bucket: str
    secret_arn: str
    function_name: str
    send_queue_url: str
    dead_letter_queue_url: str
    send_function_name: str
    open_market_url: str
    console_url: str

    @classmethod
    def read(cls, file: Path) -> "Stack":
        """The stack that a stack.json tells of."""
        told = json.loads(file.read_text())
        return cls(**{name: told[_camel_case(name)] for name in cls.__dataclass_fields__})

    def as_json(self) -> str:
        """The text of stack.json."""
        return json.dumps({_camel_case(name): value for name, value in asdict(self).items()}, indent=2) + "\n"

    def client(self, service: str) -> Any:
        """A client of one of its AWS services, with keys that may do everything."""
        return self._session().client(service, endpoint_url=self.aws_endpoint_url)  # type: ignore[call-overload]

    def resource(self, service: str) -> Any:
        """A boto3 resource, likewise."""
        return self._session().resource(service, endpoint_url=self.aws_endpoint_url)  # type: ignore[call-overload]

    def _session(self) -> boto3.Session:
        return boto3.Session(self.access_key_id, self.secret_access_key, region_name=self.region)


def _camel_case(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


@contextmanager
def running_stack(say: Say | None = None) -> Iterator[Stack]:
    """Build, start and deploy everything; stop and remove everything at the end."""
    say = say or elapsed_time_printer()
    settle_surroundings()
    elsewhere, parameters = chosen_endpoints(), chosen_parameters()
    if cleaned := clean_up_after_the_dead():
        say(f"Cleaned up after {cleaned} stack{'s' if cleaned > 1 else ''} that had been killed")
    say("Starting the embedded AWS (ministack)")
    # The simulator first: the template wants to know where messages are sent. It ends last, for the same reason.
    with running_simulator() as simulator, running_embedded_aws() as aws, listen() as listener:
        deployment = deploy(aws, elsewhere or [simulator.url], parameters, say)
        simulator.call_back_to(deployment.callback_url)
        stack = Stack(
            callback_url=deployment.callback_url,
            aws_endpoint_url=aws.url,
            region=REGION,
            access_key_id=ACCESS_KEY_ID,
            secret_access_key=SECRET_ACCESS_KEY,
            table_name=deployment.table_name,
            media_bucket=deployment.media_bucket,
            secret_arn=deployment.secret_arn,
            function_name=deployment.function_name,
            send_queue_url=deployment.send_queue_url,
            dead_letter_queue_url=deployment.dead_letter_queue_url,
            send_function_name=deployment.send_function_name,
            open_market_url=simulator.url,
            console_url=url_of(listener),
        )
        with running_console(local_gateway(json.loads(stack.as_json())), listener):
            say(f"Ready; messages go to {', '.join(elsewhere)}, not to the simulator" if elsewhere else "Ready")
            yield stack
