"""Mistakes put into the real code while a test runs, to show that it would notice them."""

from collections.abc import Callable
from copy import copy
from dataclasses import replace
from typing import Any, NamedTuple

from mms_gateway.message_table.inbound import InboundTable
from mms_gateway.message_table.store import Change, Item, Store
from mms_gateway.messages import DeliveryReport
from mms_gateway.outbound import Call
from tests.faults.model.ground import Ground, OpenMarket
from tests.faults.model.machines import Interleaved, StepByStep
from tests.faults.model.settings import DELIVERIES, REPORTS
from tests.faults.model.world import Bug, Rules
from tests.integration.bench import answered, silent

Make = Callable[[Ground], Ground]
"""The same ground with a mistake."""


class CarelessStore(Store):
    """Leaves conditions out: any item that stands there will do."""

    def __init__(self, real: Store, *left_out: str) -> None:
        self.__dict__.update(real.__dict__)
        self._left_out = left_out

    def change(self, change: Change) -> tuple[bool, Item]:
        return super().change(replace(change, condition=self._rest(change.condition)))

    def change_and_put(self, change: Change, item: Item, *, unless: str, values: Item) -> Any:
        changed = replace(change, condition=self._rest(change.condition))
        return super().change_and_put(changed, item, unless=self._rest(unless), values=values)

    def _rest(self, condition: str) -> str:
        for each in self._left_out:
            condition = condition.replace(f"({each})", each)  # redundant parentheses are refused
            condition = condition.replace(each, f"({each} OR attribute_exists(pk))")
        return condition


class RashOpenMarket(OpenMarket):
    """Takes what it does not understand, or an answer that does not come, for a request that was not taken."""

    def __init__(self, taken_for: dict[str, Call]) -> None:
        self._taken_for = taken_for

    def post(self, *given: Any, **more: Any) -> Call:
        call = super().post(*given, **more)
        kind = "lost" if call.answer is None and call.in_doubt else str(call.answer.status if call.answer else "")
        return self._taken_for.get(kind, call)


class HastyReports(InboundTable):
    """Looks for the message before it writes the report down."""

    def put_report(self, report: DeliveryReport, **facts: Any) -> bool:
        self._known = self._request_of(report.mt_id)
        return super().put_report(report, **facts)

    def join_report(self, report: DeliveryReport) -> bool:
        return super().join_report(report) if self._known else False


def _careless(*left_out: str) -> Make:
    def wrong(ground: Ground) -> Ground:
        changed, store = copy(ground), CarelessStore(ground.table._store, *left_out)
        changed.table, changed.reports = copy(ground.table), copy(ground.reports)
        changed.table._store = changed.reports._store = store
        return changed

    return wrong


def _rash(taken_for: dict[str, Call]) -> Make:
    def wrong(ground: Ground) -> Ground:
        changed = copy(ground)
        changed.openmarket = RashOpenMarket(taken_for)
        return changed

    return wrong


def _hasty(ground: Ground) -> Ground:
    changed = copy(ground)
    changed.reports = copy(ground.reports)
    changed.reports.__class__ = HastyReports
    return changed


class Mistake(NamedTuple):
    """What is wrong, where it is looked for, and by which difference it shows."""

    make: Make
    machine: type[StepByStep] | type[Interleaved]
    rules: Rules
    shows: str


SERVER_ERRORS = _rash({"500": answered(503), "502": answered(503)})
LOST_ANSWERS = _rash({"lost": silent(in_doubt=False)})
NO_OWNER, NO_ORDER = _careless("#owner = :me"), _careless("#deliveryOrder < :order")

MISTAKES = {
    "an undocumented 5xx is retried": Mistake(SERVER_ERRORS, StepByStep, DELIVERIES, "comes again: .*http_status=503"),
    "a lost answer is retried": Mistake(LOST_ANSWERS, StepByStep, DELIVERIES, "comes again: .*did not answer in time"),
    "delivery moves backwards too": Mistake(
        NO_ORDER, StepByStep, REPORTS, r"stored: .*'shown': 1.*\nmodelled: .*'shown': 2"
    ),
    "the handler reads before it writes": Mistake(
        _hasty, Interleaved, REPORTS, "before “whose”, in the model “report”"
    ),
    "nobody looks whose claim it is": Mistake(
        NO_OWNER, Interleaved, DELIVERIES, r"stored: .*'RETRY'.*\nmodelled: .*'SENDING'"
    ),
}
"""Looked for by drawing."""
ON_THE_WAY: dict[Bug, Make] = {
    Bug.UNDOCUMENTED_5XX_IS_RETRIED: SERVER_ERRORS,
    Bug.LOST_ANSWER_IS_RETRIED: LOST_ANSWERS,
    Bug.CLAIM_WITHOUT_STATUS: _careless("#status = :retry"),
    Bug.CLAIM_WITHOUT_CONTENT: _careless("#requestSha256 = :sha"),
    Bug.CLAIM_WITHOUT_ATTEMPTS: _careless("#attempts = :before"),
    Bug.FINISH_WITHOUT_STATUS: _careless("#status = :sending"),
    Bug.FINISH_WITHOUT_OWNER: NO_OWNER,
    Bug.ACCEPT_WITHOUT_STATUS: _careless("#status IN (:sending, :doubt)"),
    Bug.ACCEPT_WITHOUT_OWNER: NO_OWNER,
    Bug.ABANDON_WITHOUT_STATUS: _careless("#status = :sending"),
    Bug.ABANDON_WITHOUT_OWNER: _careless("#owner = :owner", "#leaseUntil = :lease"),
    Bug.REJECT_WITHOUT_STATUS: _careless("#status = :retry", "#attempts = :before"),
    Bug.REJECT_WITHOUT_ATTEMPTS: _careless("#attempts = :before"),
    Bug.PUT_OFF_WITHOUT_STATUS: _careless("#status = :retry"),
    Bug.SHOW_WITHOUT_ORDER: NO_ORDER,
    Bug.ACCEPT_TAKES_ANOTHERS_REQUEST: _careless("requestId = :request"),
    Bug.HANDLER_READS_BEFORE_IT_WRITES: _hasty,
}
"""The same mistakes as the model's bugs, where the real code can be made to have them."""
