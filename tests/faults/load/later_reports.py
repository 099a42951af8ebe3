"""Delivery reports beside those that the simulator sends by itself: earlier, later, repeated, of nobody's message."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from local.readback import Item
from local.simulator.mt.records import MtRequest
from local.simulator.mt.reports import PLANS
from tests.faults.load.load_run import LoadRun
from tests.faults.tally import Breach
from tests.wire.bodies import report_json

FINAL = {"Retrieved", "Rejected", "Expired", "NotSupported", "Unreachable", "Unrecognized"}  # design.md, "Join"
WORDS = (("Retrieved", 1), ("Deferred", 4), ("Forwarded", 5), ("Rejected", 9), ("Indeterminate", 102), ("Odd", 7))
SHARE = 0.4  # of the accepted messages get reports of ours too


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One report of ours; without a date it has one that nobody can read."""

    mt_id: str
    status: str
    outcome_id: int
    date: datetime | None

    def body(self) -> bytes:
        date = self.date.isoformat() if self.date else "the day before yesterday"
        words: dict[str, Any] = {"status": self.status, "outcomeId": self.outcome_id, "date": date}
        return report_json(mtId=int(self.mt_id), outcomeDescription=f"{self.status}.", **words)

    @property
    def sk(self) -> str:
        """Its sort key, as the contract has it."""
        identity = json.dumps([self.status, str(self.outcome_id), f"{self.status}."], separators=(",", ":"))
        date = self.date.isoformat(timespec="milliseconds").replace("+00:00", "Z") if self.date else "-"
        return f"REPORT#{date}#{hashlib.sha256(identity.encode()).hexdigest()[:16]}"

    def __str__(self) -> str:
        return f"{self.status} of {self.date} for mtId {self.mt_id}"


def plan_reports(run: LoadRun, mt_id: str, number: object, *, share: float = SHARE) -> list[Report]:
    """One to four reports about a message or none, in any order, some of them twice."""
    chance = run.chance("reports", number)
    if chance.random() >= share:
        return []
    now = datetime.now(UTC).replace(microsecond=0)
    reports = []
    for n in range(chance.randint(1, 4)):
        status, outcome_id = chance.choice(WORDS)
        minutes = chance.choice((-1, 1)) * chance.randint(2, 600)  # never the very second of one of the simulator's own
        date = None if chance.random() < 0.1 else now + timedelta(minutes=minutes, seconds=n)
        reports.append(Report(mt_id=mt_id, status=status, outcome_id=outcome_id, date=date))
    reports += chance.sample(reports, chance.randint(0, len(reports)))
    chance.shuffle(reports)
    return reports


def latest(reports: Iterable[Item]) -> Item:
    """The one that is to stand on the message: a final one before all others, then the later date."""
    return max(reports, key=lambda item: (item["status"] in FINAL, item["sk"]))


def unexpected(
    found: Sequence[Item], request: MtRequest | None, ours: Iterable[Report]
) -> Iterator[tuple[Breach, str]]:
    """What there is too little or too much of: reports of ours by key, the simulator's by what its plan says."""
    told = {report.sk: report for report in ours}
    there = {item["sk"] for item in found}
    yield from (("lost", str(report)) for sk, report in told.items() if sk not in there)
    steps = PLANS[request.report_plan].steps if request is not None and request.report_plan else ()
    wanted = Counter({(step.status, step.outcome_id) for step in steps})  # one that is sent twice is kept once
    left = Counter((item["status"], int(item["outcomeId"])) for item in found if item["sk"] not in told)
    yield from (("lost", f"the simulator's {each}") for each in (wanted - left).elements())
    yield from (("doubled", f"one more {each}") for each in (left - wanted).elements())
