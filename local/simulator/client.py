"""A typed client of the simulator's control API, for tests and the demo."""

import base64
import mimetypes
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict, Unpack

import httpx

from local.simulator.callbacks import Part
from local.simulator.delivery import POLICY_BOUNDS, Policy
from local.simulator.dialect import Dialect
from local.simulator.fields import camel, write_options
from local.simulator.records import Delivery, read_record

# The longest that a delivery may take by its policy, and some more.
LONGEST_WAIT = POLICY_BOUNDS["give_up_after"][1] + POLICY_BOUNDS["answer_within"][1] + 30


class OrderOptions(TypedDict, total=False):
    """How a callback is to be written and delivered; without `wait=False` the call returns once it has settled."""

    dialect: Dialect
    policy: Policy
    wait: bool


class MessageFields(OrderOptions, total=False):
    """An MO's fields; the simulator fills in those not given, and leaves out those given as None."""

    mo_id: str | int
    source: str
    destinations: Sequence[str]
    ccs: Sequence[str]
    bccs: Sequence[str]
    date: str
    mobile_operator_id: int | None
    subject: str | None
    user_agent: str | None
    more: Mapping[str, object]  # added to the JSON, or put in place of its fields


class ReportFields(OrderOptions, total=False):
    """A REPORT's fields; the simulator fills in those not given, and leaves out those given as None."""

    mt_id: str | int
    date: str
    status: str
    outcome_id: int | None
    outcome_description: str | None
    user_agent: str | None
    more: Mapping[str, object]  # added to the JSON, or put in place of its fields


class OrderRefused(ValueError):
    """The simulator didn't take an order; the text names the field."""


def read_part(path: Path, content_type: str | None = None) -> Part:
    """Make a part of a file: its name is the content id, its type is guessed from it."""
    guessed = content_type or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return Part(content_type=guessed, content_id=path.name, data=path.read_bytes())


class SimulatorClient:
    """Orders callbacks; each call gives the delivery's record."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=url, timeout=LONGEST_WAIT, trust_env=False)

    def __enter__(self) -> "SimulatorClient":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def send_message(self, parts: Sequence[Part | Path] = (), **fields: Unpack[MessageFields]) -> Delivery:
        """Send an MO."""
        whole = [part if isinstance(part, Part) else read_part(part) for part in parts]
        return self._order("/simulator/mo", {**fields, "parts": [_write_part(part) for part in whole]})

    def send_report(self, **fields: Unpack[ReportFields]) -> Delivery:
        """Send a REPORT: unless told otherwise, Retrieved, for a message nobody sent."""
        return self._order("/simulator/report", {**fields})

    def send_raw(self, content_type: str, data: bytes, **options: Unpack[OrderOptions]) -> Delivery:
        """Send bytes as they are: a broken callback, or one cut short."""
        content = {"content_type": content_type, "base64": base64.b64encode(data).decode()}
        return self._order("/simulator/raw", {**options, **content})

    def wait(self, delivery: Delivery | str) -> Delivery:
        """Wait until a delivery has settled."""
        delivery_id = delivery if isinstance(delivery, str) else delivery.id
        return read_record(_read(self._http.get(f"/simulator/deliveries/{delivery_id}", params={"wait": 1})))

    def list_deliveries(self) -> list[Delivery]:
        """Give all deliveries, oldest first."""
        return [read_record(record) for record in _read(self._http.get("/simulator/deliveries"))["deliveries"]]

    def _order(self, path: str, fields: dict[str, Any]) -> Delivery:
        wait = fields.pop("wait", True)
        if "dialect" in fields:
            fields["dialect"] = write_options(fields["dialect"])
        if "policy" in fields:
            fields["delivery"] = write_options(fields.pop("policy"))
        order = {camel(name): value for name, value in fields.items()}
        return read_record(_read(self._http.post(path, params={"wait": int(wait)}, json=order)))


def _write_part(part: Part) -> dict[str, object]:
    return {
        "contentType": part.content_type,
        "contentId": part.content_id,
        "base64": base64.b64encode(part.data).decode(),
        "encoding": part.encoding,
    }


def _read(response: httpx.Response) -> dict[str, Any]:
    answer: dict[str, Any] = response.json()
    if error := answer.get("error"):
        raise OrderRefused(f"{error['field']}: {error['message']}" if error["field"] else error["message"])
    return answer
