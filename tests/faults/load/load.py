"""The load: callbacks, sends and reports at the same time, each with what came of it, until nothing is under way."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from local.readback import ReadBack
from local.simulator.client import SimulatorClient
from local.simulator.mt.records import MtRequest
from local.simulator.mt.reports import PLANS
from local.stack import Stack
from tests.faults.load.inbound import Post
from tests.faults.load.later_reports import Report, plan_reports
from tests.faults.load.load_run import LoadRun
from tests.faults.load.outbound import Planner, Send
from tests.faults.load.poster import AT_ONCE, Attempt, Delivered, Poster
from tests.integration.producer import SETTLED, Producer

REPORTERS = 4  # of the posts at once
PATIENCE = 290.0  # seconds; under the stack's fast timing any message settles within 300
LOOK_AGAIN = 0.5  # seconds
MOST_DELETED = 1000  # objects at once, as many as S3 takes
LATER = 20  # callbacks that a further copy of a message comes later, on average


@dataclass(slots=True, kw_only=True)
class Snapshot:
    """What stands in the table and the bucket."""

    items: set[tuple[str, str]]
    objects: dict[str, str]
    """Each with its ETag, which is the MD5 of its bytes."""

    @classmethod
    def take(cls, stored: ReadBack) -> "Snapshot":
        objects = {each.key: each.e_tag.strip('"') for each in stored.bucket.objects.all()}
        return cls(items={(item["pk"], item["sk"]) for item in stored.all_items()}, objects=objects)


@dataclass(slots=True, kw_only=True)
class Load:
    """What was sent and posted, and what came of it."""

    run: LoadRun
    posts: list[Post]
    sends: list[Send]
    planner: Planner
    before: Snapshot
    strangers: set[str]
    """Ids that OpenMarket gave to messages of others; theirs may be reported on still."""
    delivered: dict[int, Delivered] = field(default_factory=dict)
    """By the post's place in the list."""
    cut: dict[int, Delivered] = field(default_factory=dict)
    """Likewise, of bodies cut short."""
    reported: list[tuple[Report, Delivered]] = field(default_factory=list)
    rules: dict[int, Send] = field(default_factory=dict)
    """Whose a misbehaviour is, by the rule's id."""
    played: list[bool] = field(default_factory=list)
    accepted: list[MtRequest] = field(default_factory=list)
    after: Snapshot = field(default_factory=lambda: Snapshot(items=set(), objects={}))
    callback_seconds: float = 0.0
    send_seconds: float = 0.0


class Generator:
    """Makes the load on a running stack."""

    def __init__(self, stack: Stack, stored: ReadBack, load: Load) -> None:
        self._stored, self._load = stored, load
        self._producer = Producer(stack, stored)
        self._simulator = SimulatorClient(stack.open_market_url)
        self._poster = Poster(stack.callback_url)
        self._noting = threading.Lock()
        self._told: set[str] = set()
        self._reporting: list[Future[None]] = []

    def run(self) -> None:
        """Do all of it, and wait until it has come to rest."""
        load = self._load
        try:
            for send in load.sends:
                if send.behaviour is not None:
                    load.rules[self._simulator.behave(send.behaviour, destination=send.destination, times=1).id] = send
            with ThreadPoolExecutor(REPORTERS) as reporters, ThreadPoolExecutor(AT_ONCE - REPORTERS) as posters:
                self._post_and_send(posters, reporters)
                self._settle(reporters)
            raise_first(self._reporting)
            load.played = [rule.played == [1] for rule in self._simulator.list_behaviours() if rule.id in load.rules]
        finally:
            self._simulator.clear_behaviours()
            self._simulator.close()
            self._poster.close()
        load.after = Snapshot.take(self._stored)

    def _post_and_send(self, posters: ThreadPoolExecutor, reporters: ThreadPoolExecutor) -> None:
        """Callbacks in their order, the sends strewn among them, and reports as soon as there are messages for them."""
        load, began = self._load, time.monotonic()
        jobs: list[tuple[float, Callable[[], None]]] = [
            (at, partial(self._post, post, at)) for at, post in enumerate(load.posts)
        ]
        spacing = len(load.posts) / len(load.sends)
        for n, send in enumerate(load.sends):
            chance = load.run.chance("enqueue", send.number)
            copies = [body for body in send.bodies for _ in range(send.times)]
            for copy, body in enumerate(chance.sample(copies, len(copies))):  # the others soon after it, or much later
                later = chance.expovariate(1 / LATER) if copy else 0.0
                jobs.append((n * spacing + later, partial(self._producer.enqueue, body)))
        doing = [posters.submit(job) for _, job in sorted(jobs, key=lambda job: job[0])]
        orphans = [self._load.run.orphan_mt_id(n) for n in range(max(3, len(load.sends) // 20))]
        for n, mt_id in enumerate(orphans):
            self._report_on(reporters, mt_id, f"orphan {n}", share=1)
        while not all(future.done() for future in doing):
            self._report_on_accepted(reporters)
            time.sleep(LOOK_AGAIN)
        raise_first(doing)
        load.callback_seconds = time.monotonic() - began

    def _settle(self, reporters: ThreadPoolExecutor) -> None:
        """Every send settled, no copy left in the queue, every report delivered."""
        load, began = self._load, time.monotonic()
        waiting = [send.request_id for send in load.sends if send.kind != "dead letter"]
        while waiting and time.monotonic() < began + PATIENCE:
            self._report_on_accepted(reporters)
            waiting = [one for one in waiting if self._stored.item(f"MT#{one}").get("status") not in SETTLED]
            time.sleep(LOOK_AGAIN)
        load.send_seconds = load.callback_seconds + time.monotonic() - began
        self._producer.empties_the_queue(patience=PATIENCE)
        self._report_on_accepted(reporters)
        load.accepted = [self._reports_delivered(request) for request in self._accepted()]

    def _post(self, post: Post, at: int) -> None:
        body = post.body()
        match post.fault:
            case "cut short":
                self._load.cut[at] = self._poster.deliver(post.content_type, post.cut_body(), done=was_read)
            case "hung up" | "unread":
                patience = post.inbound.run.chance("patience", at).uniform(0, 0.3)
                self._poster.abandon(post.content_type, body, post.fault, patience=patience)
        self._load.delivered[at] = self._poster.deliver(post.content_type, body)

    def _accepted(self) -> list[MtRequest]:
        """What OpenMarket has taken on in this run."""
        return [each for each in self._simulator.mt_requests(accepted=True) if each.mt_id not in self._load.strangers]

    def _report_on_accepted(self, reporters: ThreadPoolExecutor) -> None:
        for request in self._accepted():
            if request.mt_id and request.mt_id not in self._told and request.details is not None:
                self._told.add(request.mt_id)
                number = str(request.details["subject"]).rpartition(" ")[2]
                self._report_on(reporters, request.mt_id, number)

    def _report_on(self, reporters: ThreadPoolExecutor, mt_id: str, number: str, **how: float) -> None:
        for report in plan_reports(self._load.run, mt_id, number, **how):
            self._reporting.append(reporters.submit(self._report, report))

    def _report(self, report: Report) -> None:
        delivered = self._poster.deliver("application/json", report.body())
        with self._noting:
            self._load.reported.append((report, delivered))

    def _reports_delivered(self, request: MtRequest) -> MtRequest:
        """The request, once the simulator has delivered all the reports that its plan has for it."""
        end = time.monotonic() + PATIENCE
        while request.report_plan is None or len(request.reports) < len(PLANS[request.report_plan].steps):
            if request.report_problem or time.monotonic() > end:
                break  # its reports are missing then, and that is counted
            time.sleep(0.1)
            request = self._simulator.mt_request(request)
        for delivery in request.reports:
            self._simulator.wait(delivery)
        return request


def was_read(attempt: Attempt) -> bool:
    """Whether the function has said something about the callback."""
    return attempt.outcome not in {None, "unavailable"}


def raise_first(futures: list[Future[None]]) -> None:
    """The test's own mistake, where one was made."""
    for future in futures:
        future.result()


@contextmanager
def cleaned_up(stored: ReadBack, load: Load) -> Iterator[None]:
    """Afterwards the stack holds what it held before: the objects are gigabytes."""
    try:
        yield
    finally:
        now = Snapshot.take(stored)
        mine = now.items - load.before.items
        with stored.table.batch_writer() as batch:
            for pk, sk in mine:
                batch.delete_item(Key={"pk": pk, "sk": sk})
        keys = now.objects.keys() - load.before.objects.keys()
        versions = [each for each in stored.bucket.object_versions.all() if each.object_key in keys]
        for start in range(0, len(versions), MOST_DELETED):
            batch_of = versions[start : start + MOST_DELETED]
            stored.bucket.delete_objects(
                Delete={"Objects": [{"Key": each.object_key, "VersionId": each.id} for each in batch_of]}
            )
