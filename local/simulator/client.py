"""A typed client of the simulator's control API, for tests and the demo."""

import base64
import dataclasses
import mimetypes
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict, Unpack

import httpx

from local.simulator.callbacks import Part
from local.simulator.delivery import POLICY_BOUNDS, Policy
from local.simulator.dialect import Dialect
from local.simulator.fields import camel, write_options
from local.simulator.mt.behaviours import Behaviour, write_behaviour
from local.simulator.mt.records import MtRequest, read_request
from local.simulator.mt.rules import Rule, read_rule
from local.simulator.records import Delivery, read_record

# The longest that a delivery may take by its policy, and some more.
LONGEST_WAIT = POLICY_BOUNDS["give_up_after"][1] + POLICY_BOUNDS["answer_within"][1] + 30
POLL_SECONDS = 0.02


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


class Forgotten(RuntimeError):
    """The simulator's record of messages isn't whole any more, so that nothing can be proved by it."""


class SimulatorClient:
    """Orders callbacks, each call giving the delivery's record; asks what messages came; orders misbehaviour."""

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

    def mt_requests(self, accepted: bool | None = None, destination: str | None = None) -> list[MtRequest]:
        """Give the requests that came to /mms/v2/send, oldest first; `Forgotten` if the simulator has lost some."""
        wanted = {"accepted": accepted if accepted is None else int(accepted), "destination": destination}
        params = {name: value for name, value in wanted.items() if value is not None}
        answer = _read(self._http.get("/simulator/mt", params=params))
        if answer["forgotten"]:
            raise Forgotten(f"{answer['forgotten']} requests are in the simulator's record no longer")
        return [read_request(record) for record in answer["requests"]]

    def mt_request(self, request: MtRequest | str) -> MtRequest:
        """Give one request as it stands now."""
        return read_request(_read(self._http.get(f"/simulator/mt/{_id(request)}")))

    def mt_part(self, request: MtRequest | str, number: int) -> bytes:
        """Give a content part's bytes, counted from 0; only the latest requests' are kept."""
        response = self._http.get(f"/simulator/mt/{_id(request)}/parts/{number}")
        if response.status_code != 200:
            _read(response)
        return response.content

    def wait_for_request(
        self,
        *,
        count: int = 1,
        accepted: bool | None = None,
        destination: str | None = None,
        until: Callable[[MtRequest], bool] = lambda _: True,
        timeout: float = 10,
    ) -> MtRequest:
        """Give the request that is the given one in number of those that fit, once it is there; or `TimeoutError`."""
        over = time.monotonic() + timeout
        while len(found := [each for each in self.mt_requests(accepted, destination) if until(each)]) < count:
            if time.monotonic() > over:
                raise TimeoutError(f"{len(found)} requests like that came within {timeout:g} s, {count} were expected")
            time.sleep(POLL_SECONDS)
        return found[count - 1]

    def behave(
        self,
        *play: Behaviour,
        destination: str | None = None,
        times: int | None = None,
        share: float = 1.0,
        seed: int = 0,
    ) -> Rule:
        """Add a rule: one of these behaviours each time; times=None is for ever, share a part of the requests."""
        rule = {
            "play": [write_behaviour(each) for each in play],
            "destination": destination,
            "times": times,
            "share": share,
            "seed": seed,
        }
        answer = _read(self._http.post("/simulator/mt/behaviours", json={"rules": [rule]}))
        return _read_rule(answer["rules"][0])

    def list_behaviours(self) -> list[Rule]:
        """Give all rules, with how often each behaviour was played."""
        return [_read_rule(rule) for rule in _read(self._http.get("/simulator/mt/behaviours"))["rules"]]

    def clear_behaviours(self, destination: str | None = None) -> None:
        """Forget all rules, or only those for one destination."""
        params = {} if destination is None else {"destination": destination}
        _read(self._http.delete("/simulator/mt/behaviours", params=params))

    def set_credentials(self, account_id: str, password: str) -> None:
        """Change the account that may send."""
        order = {"accountId": account_id, "password": password}
        _read(self._http.post("/simulator/mt/credentials", json=order))

    def report_by_default(self, plan: str) -> None:
        """Change the reports for destinations that are no test numbers: a name of `mt.reports.PLANS`."""
        _read(self._http.post("/simulator/mt/reports", json={"default": plan}))

    def report_to(self, destination: str, plan: str | None) -> None:
        """Choose one destination's reports, before the default and a test number's own; None forgets the choice."""
        _read(self._http.post("/simulator/mt/reports", json={"destination": destination, "plan": plan}))

    def _order(self, path: str, fields: dict[str, Any]) -> Delivery:
        wait = fields.pop("wait", True)
        if "dialect" in fields:
            fields["dialect"] = write_options(fields["dialect"])
        if "policy" in fields:
            fields["delivery"] = write_options(fields.pop("policy"))
        order = {camel(name): value for name, value in fields.items()}
        return read_record(_read(self._http.post(path, params={"wait": int(wait)}, json=order)))


def _id(request: MtRequest | str) -> str:
    return request if isinstance(request, str) else request.id


def _read_rule(record: dict[str, Any]) -> Rule:
    given = {name: value for name, value in record.items() if name not in {"id", "played"}}
    return dataclasses.replace(read_rule(given, "rule"), id=record["id"], played=record["played"])


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
