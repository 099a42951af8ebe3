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
from tests.faults.model.world import Rules
from tests.integration.bench import answered, silent


class CarelessStore(Store):
    """Leaves a condition out."""

    def __init__(self, real: Store, left_out: str, instead: str) -> None:
        self.__dict__ = real.__dict__
        self._left_out, self._instead = left_out, instead

    def change(self, change: Change) -> tuple[bool, Item]:
        return super().change(replace(change, condition=change.condition.replace(self._left_out, self._instead)))


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


def _careless(left_out: str, instead: str) -> Callable[[Ground], Ground]:
    def wrong(ground: Ground) -> Ground:
        changed, store = copy(ground), CarelessStore(ground.table._store, left_out, instead)
        changed.table, changed.reports = copy(ground.table), copy(ground.reports)
        changed.table._store = changed.reports._store = store
        return changed

    return wrong


def _rash(taken_for: dict[str, Call]) -> Callable[[Ground], Ground]:
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
    """What is wrong, and where it is looked for."""

    make: Callable[[Ground], Ground]
    machine: type[StepByStep] | type[Interleaved]
    rules: Rules


MISTAKES = {
    "an undocumented 5xx is retried": Mistake(
        _rash({"500": answered(503), "502": answered(503)}), StepByStep, DELIVERIES
    ),
    "a lost answer is retried": Mistake(_rash({"lost": silent(in_doubt=False)}), StepByStep, DELIVERIES),
    "delivery moves backwards too": Mistake(
        _careless("#deliveryOrder < :order", "#deliveryOrder <> :order"), StepByStep, REPORTS
    ),
    "the handler reads before it writes": Mistake(_hasty, Interleaved, REPORTS),
    "finish does not look whose claim it is": Mistake(
        _careless(
            "#status = :sending AND #owner = :me", "#status = :sending AND (#owner = :me OR attribute_exists(#owner))"
        ),
        Interleaved,
        DELIVERIES,
    ),
}
