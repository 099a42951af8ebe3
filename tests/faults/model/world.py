"""What the model's world consists of: one requestId's item, queue and reports, who is at work, what is under way."""

from enum import Enum, auto
from typing import NamedTuple, TypeVar

T = TypeVar("T")
SETTLED = frozenset({"ACCEPTED", "REJECTED", "IN_DOUBT", "CLOSED"})
OURS = "ours"
"""To whom an mtId belongs: this message; `another` is one that is not in the model."""


class Bug(Enum):
    """What the protocol could have got wrong; each must be found."""

    UNDOCUMENTED_5XX_IS_RETRIED = auto()
    LOST_ANSWER_IS_RETRIED = auto()
    EXPIRED_CLAIM_IS_SENT_AGAIN = auto()
    DUPLICATE_IS_ACKNOWLEDGED_WHILE_THE_FIRST_IS_SENDING = auto()
    DUPLICATE_OF_ACCEPTED_SKIPS_THE_JOIN = auto()
    CONTENTS_ARE_NOT_COMPARED = auto()
    UNANSWERED_CLAIM_IS_SENT = auto()
    RETRY_IS_ACKNOWLEDGED = auto()
    UNWRITTEN_ANSWER_IS_ACKNOWLEDGED = auto()
    OVERTAKEN_TRY_IS_ACKNOWLEDGED = auto()
    OVERTAKEN_TRY_SKIPS_THE_JOIN = auto()
    OWN_ACCEPTANCE_IS_NOT_RECOGNISED = auto()
    DOUBT_WITHOUT_ATTENTION = auto()
    CLAIM_WITHOUT_STATUS = auto()
    CLAIM_WITHOUT_CONTENT = auto()
    CLAIM_WITHOUT_ATTEMPTS = auto()
    FINISH_WITHOUT_STATUS = auto()
    FINISH_WITHOUT_OWNER = auto()
    ACCEPT_WITHOUT_STATUS = auto()
    ACCEPT_WITHOUT_OWNER = auto()
    ABANDON_WITHOUT_STATUS = auto()
    ABANDON_WITHOUT_OWNER = auto()
    REJECT_WITHOUT_STATUS = auto()
    REJECT_WITHOUT_ATTEMPTS = auto()
    PUT_OFF_WITHOUT_STATUS = auto()
    SHOW_WITHOUT_ORDER = auto()
    ACCEPT_TAKES_ANOTHERS_REQUEST = auto()
    JOIN_TAKES_ANOTHERS_REQUEST = auto()
    JOIN_LEAVES_REQUEST_OUT = auto()
    HANDLER_READS_BEFORE_IT_WRITES = auto()
    SENDER_READS_BEFORE_IT_WRITES = auto()
    REPEATED_REPORT_IS_NOT_JOINED = auto()


class Item(NamedTuple):
    """`MT#<requestId>` / `MESSAGE`."""

    status: str
    content: str
    owner: int = 0
    """Who claimed it last; 0 where nobody has."""
    lease: bool = False
    """Whether the claim's lease is live."""
    attempts: int = 0
    mt: int = 0
    shown: int = 0
    """The order of the report that it shows; 0 for none."""
    attention: str = ""
    resent: bool = False
    """Whether it has been claimed on a person's order."""
    hedged: bool = False
    """Whether its error tells that an earlier try may have arrived."""
    cleared: bool = False
    """Whether its owner has settled a doubt about himself, after somebody else had acknowledged the message."""


class Copy(NamedTuple):
    """A message in the queue."""

    content: str
    """One letter for each content; `faulty` ones can never be sent."""
    left: int
    """How often the queue brings it still."""
    done: bool = False
    """Whether it was acknowledged."""


class Arrival(NamedTuple):
    """A report on its way from OpenMarket."""

    left: int
    """How often OpenMarket sends it still."""
    recorded: bool = False
    done: bool = False
    """Whether one of its callbacks was answered 200."""


class Process(NamedTuple):
    """A function at work on one delivery or one report; stands before its next atomic step."""

    name: int
    """Which delivery it is; plays no part in what happens."""
    source: int
    """The index of its copy, or of its report."""
    at: str
    me: int = 0
    """The owner it claims as; at `abandon` whom it has seen."""
    value: int = 0
    """At `claim` the attempts it has seen, later the mtId."""
    found: int = 0
    """The order of the latest report that it has found."""
    verdict: str = ""
    """What `finish` writes; at `claim` and `reject` what is special about what it has seen."""


class World(NamedTuple):
    """One state of the model."""

    queue: tuple[Copy, ...]
    arrivals: tuple[Arrival, ...] = ()
    requests: tuple[str, ...] = ("", "")
    """By mtId, from 1: whose it is by `MTID#…/REQUEST`; "" where there is no such item."""
    item: Item | None = None
    conflicts: frozenset[str] = frozenset()
    """The contents kept as `CONFLICT#…`."""
    running: tuple[Process, ...] = ()
    strays: tuple[Process, ...] = ()
    """Writes that somebody gave up waiting for and that may arrive yet, as their process stood before them."""
    delayed: int = 0
    """How many writes have been delayed."""
    taken: int = 0
    """How often OpenMarket has taken the message; the last mtId it gave."""
    ordered: int = 0
    """How often a person has ordered to send it again."""
    late: bool = False
    """Whether its window is over."""
    started: int = 0


class Report(NamedTuple):
    """A report that OpenMarket sends once it has taken the message."""

    mt: int
    order: int


class Rules(NamedTuple):
    """What can happen in a search."""

    name: str
    start: World
    reports: tuple[Report, ...] = ()
    delays: int = 0
    """How many writes may be delayed: answered as lost, arriving later or never."""
    window: bool = False
    """Whether the window may end."""
    trouble: bool = False
    """Whether contents or the secret may be out of reach, so that a message is put off without a claim."""
    person: int = 0
    """How often a person may order to send it again; from 1 on he may settle doubts as well."""
    zombies: bool = False
    """Whether a function, or a write of its, may outlive its claim's lease, as the code takes care that none does."""
    strict: bool = True
    """Whether reports must show even where a zombie settled its own doubt and ended before it had read them."""
    bugs: frozenset[Bug] = frozenset()


class Step(NamedTuple):
    """Something that can happen next, and the world after it."""

    what: str
    """The atomic step, or the event."""
    who: int
    """The process's name; of an event, the index of what it is about."""
    choice: str
    world: World
    by: int = 0
    """As which owner something was written."""


def settled(world: World) -> bool:
    """Whether the message has settled."""
    return world.item is not None and world.item.status in SETTLED


def dead(world: World) -> tuple[Copy, ...]:
    """The copies that came as often as they may: in the dead-letter queue."""
    return tuple(copy for copy in world.queue if not copy.done and copy.left == 0)


def replaced(all_: tuple[T, ...], index: int, one: T) -> tuple[T, ...]:
    """A tuple with another member at an index."""
    return (*all_[:index], one, *all_[index + 1 :])
