"""Both deployed functions as real processes, on the stack's table and bucket, with all else of their own.

simulator --callbacks--> door --> environments --+
queue --> poller --> environments --+            +--> proxy --> the stack's AWS
simulator <--------- messages ------+------------+
"""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.simulator.delivery import Policy
from local.simulator.records import State
from local.simulator.server import RunningSimulator, running_simulator
from local.stack import Stack
from tests.faults.parts.door import running_door
from tests.faults.parts.environments import Environments, running_environments
from tests.faults.parts.poller import Queue
from tests.faults.parts.proxy import CALLER, Proxy, running_proxy
from tests.runtime.emulator import Artifact

RECEIVERS, SENDERS = 2, 3
RECEIVER, SENDER = "receiver", "sender"
# OpenMarket comes again sooner here than it does, and goes on for as long as any fault lasts.
AGAIN = Policy(attempts=100, first_pause=0.2, longest_pause=2.0, give_up_after=300, answer_within=20)
SHORT_TIMES = {  # a lease, and with it the end of a doubt, comes within 10 seconds; a call has 3 on a busy machine too
    "AWS_LAMBDA_FUNCTION_TIMEOUT": "8",
    "CALL_SECONDS": "3",
    "CONNECT_SECONDS": "1",
    "BACKOFF_SECONDS": "1",
}
ACCOUNT = {"accountId": "local", "password": "local"}


@dataclass
class Secret:
    """A secret of the rig's own, and what stands in it."""

    client: Any
    arn: str = ""
    values: dict[str, Any] = field(default_factory=lambda: {**ACCOUNT, "callbackTokens": ["first-token"]})

    def __post_init__(self) -> None:
        self.arn = self.client.create_secret(Name=f"faults-{time.time_ns()}", SecretString=self._text())["ARN"]

    def put(self, **changes: Any) -> None:
        """Put a new value."""
        self.values = {**self.values, **changes}
        self.client.put_secret_value(SecretId=self.arn, SecretString=self._text())

    @contextmanager
    def missing(self) -> Iterator[None]:
        """Delete it while the block runs, as one does who is mistaken and finds out in time."""
        self.client.delete_secret(SecretId=self.arn, RecoveryWindowInDays=7)
        try:
            yield
        finally:
            self.client.restore_secret(SecretId=self.arn)

    @contextmanager
    def spoilt(self, value: str) -> Iterator[None]:
        """Another value stands in it while the block runs."""
        self.client.put_secret_value(SecretId=self.arn, SecretString=value)
        try:
            yield
        finally:
            self.put()

    def delete(self) -> None:
        """Delete it for good."""
        self.client.delete_secret(SecretId=self.arn, ForceDeleteWithoutRecovery=True)

    def _text(self) -> str:
        return json.dumps(self.values)


@dataclass(frozen=True, kw_only=True)
class Rig:
    """All the parts."""

    stack: Stack
    proxy: Proxy
    simulator: RunningSimulator
    queue: Queue
    secret: Secret
    receivers: Environments
    senders: Environments
    door: str

    def call_with(self, token: str) -> None:
        """Have OpenMarket's callbacks come with another token, but for those that are on their way."""
        self.simulator.call_back_to(self.door + token)

    def wait_for_callbacks(self) -> None:
        """Return when all callbacks that are on their way now have come."""
        for delivery in self.simulator.client.list_deliveries():
            if delivery.state is State.UNDER_WAY:
                self.simulator.client.wait(delivery)


@contextmanager
def running_rig(stack: Stack, receiver: Artifact, sender: Artifact, folder: Path) -> Iterator[Rig]:
    """A rig whose queue nobody polls yet, and nothing of it afterwards."""
    with ExitStack() as running:
        enter = running.enter_context
        proxy = enter(running_proxy(stack.aws_endpoint_url))
        simulator = enter(running_simulator(policy=AGAIN))
        secret = Secret(stack.client("secretsmanager"))
        running.callback(secret.delete)
        queue = Queue(stack)
        running.callback(queue.close)
        environment = {"AWS_ENDPOINT_URL": proxy.url, "SECRET_ARN": secret.arn}
        receiving = {CALLER: RECEIVER}
        receivers = enter(
            running_environments(receiver.with_environment(**environment, **receiving), RECEIVERS, folder / "receive")
        )
        sending = {
            **SHORT_TIMES,
            CALLER: SENDER,
            "OPENMARKET_ENDPOINTS": simulator.url,
            "SEND_QUEUE_URL": queue.url,
            "DEAD_LETTER_QUEUE_URL": queue.dead_letter_url,
        }
        senders = enter(
            running_environments(sender.with_environment(**environment, **sending), SENDERS, folder / "send")
        )
        rig = Rig(
            stack=stack,
            proxy=proxy,
            simulator=simulator,
            queue=queue,
            secret=secret,
            receivers=receivers,
            senders=senders,
            door=enter(running_door(receivers)),
        )
        rig.call_with(secret.values["callbackTokens"][0])
        yield rig
