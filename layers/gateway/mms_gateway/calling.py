"""Call OpenMarket for one claimed message, and tell what its answer, or the lack of one, means."""

from dataclasses import dataclass

from mms_gateway.errors import StorageUnavailable
from mms_gateway.function_time import FunctionTime
from mms_gateway.openmarket.reply import Reply, TryLater, Unknown, read_reply
from mms_gateway.outbound import Account, Call, Client, Clock, Trace
from mms_gateway.preparing import Prepared


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Makes one attempt; within it, a second call only where the first one was refused for its password."""

    client: Client
    account: Account
    clock: Clock
    time: FunctionTime

    def call(self, prepared: Prepared, authorization: str) -> tuple[Trace, Reply]:
        """Send the message; where it went, and what came of it."""
        call = self._post(prepared, authorization)
        reply = self._read(call)
        if isinstance(reply, TryLater) and reply.alarm == "credentials" and self.time.has_time_for_a_call():
            call, reply = self._once_more(prepared, call, reply)
        return _trace(call), reply

    def _once_more(self, prepared: Prepared, call: Call, reply: Reply) -> tuple[Call, Reply]:
        """The password may have been changed since we read it."""
        try:
            authorization = self.account.authorization(newest=True)
        except StorageUnavailable:
            return call, reply
        second = self._post(prepared, authorization)
        if second.answer is None and not second.in_doubt:
            return call, reply  # it did not get there: the refusal is what is known
        return second, self._read(second)

    def _post(self, prepared: Prepared, authorization: str) -> Call:
        return self.client.post(prepared.new_body, authorization=authorization, deadline=self.time.call_deadline())

    def _read(self, call: Call) -> Reply:
        """A whole answer decides; without one, what was handed over."""
        if call.answer is not None:
            return read_reply(call.answer, now=self.clock.now())
        if call.in_doubt:
            return Unknown(description=call.problem)
        return TryLater(description=f"OpenMarket did not get it: {call.problem}")


def _trace(call: Call) -> Trace:
    """Where a call went, and OpenMarket's name for it, to ask its support by."""
    value = call.answer.header("x-request-id") if call.answer is not None else None
    request_id = "".join(c for c in value if c.isprintable())[:255] or None if value else None
    return Trace(host=call.host or None, open_market_request_id=request_id)
