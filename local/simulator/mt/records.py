"""What became of an MT request: one record each, accepted or not, and the same as JSON."""

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from local.simulator.fields import camel

MAX_VIOLATIONS = 20  # in one record; who gets 20 wrong learns nothing from the 21st


@dataclass(frozen=True, slots=True, kw_only=True)
class MtPart:
    """A content part; size and hash are of the bytes with their transfer encoding undone."""

    content_type: str
    content_id: str | None
    encoding: str | None  # as declared
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MtAnswer:
    """The answer to a request; fewer bytes sent than it has: it was cut, or the client had left."""

    status: int
    body: str  # as much of it as a record holds
    size: int  # bytes, head and body
    sent: int  # of these


@dataclass(slots=True, kw_only=True)
class MtRequest:
    """One request: `accepted` is set once, at the moment the simulator takes the message on, whatever comes after."""

    id: str
    request_id: str  # X-Request-Id of the answer
    began: str  # UTC
    ended: str | None = None
    accepted: bool = False
    mt_id: str | None = None  # if accepted
    source: str | None = None
    destination: str | None = None
    details: dict[str, Any] | None = None  # the JSON part
    parts: list[MtPart] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    body_size: int = 0  # bytes of the body that came
    tls_version: str | None = None
    answer: MtAnswer | None = None  # None: nothing was said
    behaviour: dict[str, Any] | None = None  # what was played on it, by a rule or by the destination's number
    rule: int | None = None  # the rule's id
    report_plan: str | None = None  # which reports were due
    reports: list[str] = field(default_factory=list)  # ids of deliveries
    report_problem: str | None = None  # why a report was not sent

    def object_to(self, *violations: str) -> None:
        """Add violations, as many as a record holds."""
        self.violations = [*self.violations, *violations][:MAX_VIOLATIONS]


def write_request(request: MtRequest) -> dict[str, Any]:
    """Give a request as JSON, names in camel case; the message's own JSON stays as it is."""
    record = {camel(item.name): getattr(request, item.name) for item in dataclasses.fields(request)}
    record["parts"] = [_write(part) for part in request.parts]
    record["answer"] = request.answer and _write(request.answer)
    return record


def read_request(record: dict[str, Any]) -> MtRequest:
    """Read what `write_request` wrote."""
    request = MtRequest(**{item.name: record[camel(item.name)] for item in dataclasses.fields(MtRequest)})
    request.parts = [
        MtPart(**{item.name: part[camel(item.name)] for item in dataclasses.fields(MtPart)}) for part in record["parts"]
    ]
    request.answer = MtAnswer(**record["answer"]) if record["answer"] else None
    return request


def _write(item: MtPart | MtAnswer) -> dict[str, Any]:
    return {camel(name): value for name, value in dataclasses.asdict(item).items()}
