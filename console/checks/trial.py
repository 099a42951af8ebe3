"""A message sent for a trial, and followed until its delivery report has come."""

import json
import time
import uuid
from collections.abc import Iterator
from typing import Any

from console.checks.findings import Finding, failed, fine
from console.connection import Gateway
from console.reading import Reader
from mms_gateway.message_table.store import Item

DESTINATION = "10000871000"  # OpenMarket's: reports Retrieved, and reaches no handset
PATIENCE = 120.0  # seconds
POLL_SECONDS = 0.2
CHECK = "trial message"


class Trial:
    """Sends one message through everything that a message goes through."""

    def __init__(
        self,
        gateway: Gateway,
        *,
        source: str,
        mt_config: str | None = None,
        destination: str = DESTINATION,
        patience: float = PATIENCE,
    ) -> None:
        self._gateway = gateway
        self._reader = Reader(gateway)
        self._source, self._mt_config, self._destination = source, mt_config, destination
        self._patience = patience
        self.request_id = f"doctor-{uuid.uuid4()}"

    def run(self, _: Gateway) -> Iterator[Finding]:
        """Each step when it has been made."""
        began = time.monotonic()
        self._enqueue()
        yield fine(CHECK, f"{self.request_id} to {self._destination} is in the queue")
        item: Item | None = None
        while time.monotonic() < began + self._patience:
            before, item = item or {}, self._reader.item(f"MT#{self.request_id}")
            after = f"after {time.monotonic() - began:.1f} s"
            status = (item or {}).get("status")
            if item and status == "ACCEPTED" and before.get("status") != "ACCEPTED":
                yield fine(CHECK, f"{after} OpenMarket has it, as {item['mtId']}")
            if item and status in {"REJECTED", "IN_DOUBT", "CLOSED"}:
                yield failed(
                    CHECK, f"{after} it is {status}: {_error(item)}", self._gateway.command("show", self.request_id)
                )
                return
            if item and item.get("delivery", {}).get("status") == "Retrieved":
                yield fine(CHECK, f"{after} its delivery report came: Retrieved")
                return
            time.sleep(POLL_SECONDS)
        yield self._late(item)

    def _late(self, item: Item | None) -> Finding:
        late = f"after {self._patience:.0f} s"
        if item is None:
            return failed(CHECK, f"{late} nobody has taken it up", "Look at the log of the sending function.")
        if item.get("status") != "ACCEPTED":
            error = _error(item)
            return failed(
                CHECK, f"{late} it is {item.get('status')}: {error}", "Mend that; it is tried again by itself."
            )
        if "delivery" in item:
            return failed(
                CHECK,
                f"{late} its last report is {item['delivery']['status']}",
                self._gateway.command("show", self.request_id),
            )
        return failed(
            CHECK,
            f"{late} no delivery report has come",
            "Ask OpenMarket whether it posts reports to your callback address, with a token of the secret.",
        )

    def _enqueue(self) -> None:
        message: dict[str, Any] = {
            "requestId": self.request_id,
            "source": self._source,
            "destination": self._destination,
            "subject": "Trial",
            "content": [{"contentId": "trial.txt", "contentType": "text/plain", "text": "Sent by mms doctor."}],
        }
        if self._mt_config is not None:
            message["mtConfig"] = self._mt_config
        self._gateway.sqs.send_message(QueueUrl=self._gateway.addresses.send_queue_url, MessageBody=json.dumps(message))


def _error(item: Item) -> str:
    return str(item.get("error", {}).get("description", "it does not say why"))
