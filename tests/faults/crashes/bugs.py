"""Mistakes to put into the functions for one delivery, to see that the cases would find them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from mms_gateway import calling, receiving, sending
from mms_gateway.message_table import outbound


def acknowledge_a_repeat_before_its_media() -> None:
    """The item first, and the media only if it was news."""

    def record(callback: Any, message: Any, table: Any, bucket: Any, *, keep_raw: bool) -> Any:
        later: list[Any] = []
        outcome = whole(callback, message, table, _Deferring(later), keep_raw=keep_raw)
        if outcome.name != "duplicate":
            bucket.put_all(later)
        return outcome

    whole = vars(receiving)["_record_message"]
    vars(receiving)["_record_message"] = record


def leave_a_repeated_report_alone() -> None:
    """Only a new report is joined."""

    def record(_: Any, report: Any, table: Any) -> Any:
        is_new = table.put_report(report, received_at="2026-11-22T08:31:00.000Z", request_id=None)
        joined = table.join_report(report) if is_new else False
        return receiving.Outcome(name="report" if is_new else "duplicate", message=report, joined=joined)

    vars(receiving)["_record_report"] = record


def try_a_lost_answer_again() -> None:
    """Silence after the whole request counts as if it had not arrived."""
    whole = calling.Caller._read
    _put(calling.Caller, "_read", lambda self, call: whole(self, replace(call, in_doubt=False)))


def send_an_expired_claim_again() -> None:
    """Whose lease is over has not sent it."""
    vars(outbound)["NOT_TAKEN"] = "attribute_not_exists(nothing) OR (#status = :retry AND #requestSha256 = :sha)"
    _put(sending._Sending, "_wait_or_abandon", lambda self, standing: self._try(standing))


def join_only_once() -> None:
    """A repeat of an accepted message is done with."""
    whole = sending._Sending.go_on

    def go_on(self: Any, standing: Any) -> Any:
        return (
            self.outcome("repeat") if standing is not None and standing.status == "ACCEPTED" else whole(self, standing)
        )

    _put(sending._Sending, "go_on", go_on)


BUGS: dict[str, Callable[[], None]] = {
    each.__name__: each
    for each in (
        acknowledge_a_repeat_before_its_media,
        leave_a_repeated_report_alone,
        try_a_lost_answer_again,
        send_an_expired_claim_again,
        join_only_once,
    )
}


class _Deferring:
    """A bucket that only notes what it is to write."""

    def __init__(self, later: list[Any]) -> None:
        self.put_all = later.extend


def _put(owner: type, name: str, method: Callable[..., Any]) -> None:
    setattr(owner, name, method)
