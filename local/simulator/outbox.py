"""The deliveries of one run: started, bounded, remembered, stopped."""

import asyncio

from local.simulator.callbacks import Callback, Mo, Report
from local.simulator.delivery import MAX_CONNECTIONS, Policy, Requests, deliver
from local.simulator.dialect import Dialect
from local.simulator.exchange import Target
from local.simulator.identifiers import Identifiers
from local.simulator.records import Delivery, State, format_now

MAX_UNDER_WAY = 500  # each holds its body in memory
MAX_REMEMBERED = 10_000  # records without bodies; the oldest settled one goes first


class NotReady(Exception):
    """Nothing can be sent now; the text says why."""


class Outbox:
    """Starts deliveries and remembers them; lives in one event loop."""

    def __init__(self, target: Target | None) -> None:
        self.target = target
        self.identifiers = Identifiers()
        self._count = 0
        self._deliveries: dict[str, Delivery] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._connections = asyncio.Semaphore(MAX_CONNECTIONS)

    def start(self, callback: Callback, dialect: Dialect, policy: Policy) -> Delivery:
        """Begin to deliver a callback."""
        if self.target is None:
            raise NotReady("the simulator has not been told its callback URL yet")
        if len(self._tasks) >= MAX_UNDER_WAY:
            raise NotReady(f"{MAX_UNDER_WAY} deliveries are under way; wait until some have settled")

        def make_request_id() -> str:
            return self.identifiers.make_request_id(dialect.request_id_form)

        requests = Requests.prepare(callback, dialect, policy, make_request_id)
        self._count += 1
        delivery = Delivery(
            id=str(self._count),
            kind=type(callback).__name__.lower(),
            mo_id=callback.mo_id if isinstance(callback, Mo) else None,
            mt_id=callback.mt_id if isinstance(callback, Report) else None,
            began=format_now(),
        )
        self._remember(delivery)
        task = asyncio.create_task(self._run(delivery, requests, self.target))
        self._tasks[delivery.id] = task
        task.add_done_callback(lambda _: self._tasks.pop(delivery.id))
        return delivery

    def list(self) -> list[Delivery]:
        """Give all deliveries, oldest first."""
        return [*self._deliveries.values()]

    def find(self, delivery_id: str) -> Delivery | None:
        """Give one delivery."""
        return self._deliveries.get(delivery_id)

    async def wait(self, delivery: Delivery) -> None:
        """Return when a delivery has settled; whoever waits may leave, the delivery goes on."""
        if task := self._tasks.get(delivery.id):
            await asyncio.wait({task})

    def stop(self) -> None:
        """Give up everything under way."""
        for task in self._tasks.values():
            task.cancel()

    async def _run(self, delivery: Delivery, requests: Requests, target: Target) -> None:
        state = State.STOPPED
        try:
            state = await deliver(requests, target, connections=self._connections, record=delivery.attempts.append)
        finally:
            delivery.state, delivery.settled = state, format_now()

    def _remember(self, delivery: Delivery) -> None:
        if len(self._deliveries) >= MAX_REMEMBERED:
            oldest = next(each for each in self._deliveries.values() if each.id not in self._tasks)
            del self._deliveries[oldest.id]
        self._deliveries[delivery.id] = delivery
