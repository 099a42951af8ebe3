"""Where each seeded bug is looked for, and which promise it breaks."""

from functools import cache

from tests.faults.model.search import Found, search
from tests.faults.model.settings import TWO_REPORTS
from tests.faults.model.world import Arrival, Bug, Copy, Report, Rules, World

ONCE = "accepted at most once, but on a person's order"
ACKNOWLEDGED = "acknowledged only when settled or kept as a conflict"
STAYS = "what has settled stays"
LIVE = "a live claim is its owner's"
JOINED = "the latest report is shown"
FIRSTS = "an mtId stays the first's"

TWO = Rules("two deliveries", World((Copy("a", 2),)))
COPIES = Rules("two copies, zombies", World((Copy("a", 1), Copy("a", 2))), zombies=True, strict=False)
DELAY = Rules("a delayed write", World((Copy("a", 2),)), delays=1)
DELAY_AND_REPORT = Rules("a delayed write, a report", World((Copy("a", 2),), (Arrival(1),)), (Report(1, 2),), delays=1)
WINDOW = Rules("the window ends", World((Copy("a", 3),)), window=True, trouble=True)
CONTENTS = Rules("contents", World((Copy("a", 1), Copy("b", 1), Copy("faulty", 1))))
IN_TROUBLE = Rules("contents, stores in trouble", World((Copy("a", 1), Copy("b", 1))), trouble=True)
REPORTS = Rules("reports", World((Copy("a", 2),), (Arrival(2), Arrival(1))), TWO_REPORTS)
SHARED = Rules("an mtId given twice", World((Copy("a", 2),), (Arrival(1),), ("another", "")), (Report(1, 2),))
PERSON = Rules("a person", World((Copy("a", 2),), (Arrival(1),)), (Report(1, 2),), person=1, zombies=True, strict=False)
NOTED = PERSON._replace(start=World((Copy("a", 1),), (Arrival(1),)), zombies=False)
ORDERED_LATE = Rules("a person, the window ends", World((Copy("a", 3),)), person=1, window=True)

BROKEN_BY = {
    Bug.UNDOCUMENTED_5XX_IS_RETRIED: (TWO, ONCE),
    Bug.LOST_ANSWER_IS_RETRIED: (TWO, ONCE),
    Bug.EXPIRED_CLAIM_IS_SENT_AGAIN: (TWO, ONCE),
    Bug.DUPLICATE_IS_ACKNOWLEDGED_WHILE_THE_FIRST_IS_SENDING: (TWO, ACKNOWLEDGED),
    Bug.DUPLICATE_OF_ACCEPTED_SKIPS_THE_JOIN: (REPORTS, JOINED),
    Bug.CONTENTS_ARE_NOT_COMPARED: (CONTENTS, ACKNOWLEDGED),
    Bug.UNANSWERED_CLAIM_IS_SENT: (TWO, ONCE),
    Bug.RETRY_IS_ACKNOWLEDGED: (TWO, ACKNOWLEDGED),
    Bug.UNWRITTEN_ANSWER_IS_ACKNOWLEDGED: (TWO, ACKNOWLEDGED),
    Bug.OVERTAKEN_TRY_IS_ACKNOWLEDGED: (DELAY, ACKNOWLEDGED),
    Bug.OVERTAKEN_TRY_SKIPS_THE_JOIN: (DELAY_AND_REPORT, JOINED),
    Bug.OWN_ACCEPTANCE_IS_NOT_RECOGNISED: (DELAY_AND_REPORT, JOINED),
    Bug.DOUBT_WITHOUT_ATTENTION: (TWO, "IN_DOUBT and REJECTED are shown to a person"),
    Bug.CLAIM_WITHOUT_STATUS: (WINDOW, STAYS),
    Bug.CLAIM_WITHOUT_CONTENT: (IN_TROUBLE, "attempts only grow, and the content stays"),
    Bug.CLAIM_WITHOUT_ATTEMPTS: (DELAY, "attempts only grow, and the content stays"),
    Bug.FINISH_WITHOUT_STATUS: (COPIES, STAYS),
    Bug.FINISH_WITHOUT_OWNER: (COPIES, LIVE),
    Bug.ACCEPT_WITHOUT_STATUS: (PERSON, STAYS),
    Bug.ACCEPT_WITHOUT_OWNER: (PERSON, LIVE),
    Bug.ABANDON_WITHOUT_STATUS: (COPIES, STAYS),
    Bug.ABANDON_WITHOUT_OWNER: (COPIES, LIVE),
    Bug.REJECT_WITHOUT_STATUS: (WINDOW, LIVE),
    Bug.REJECT_WITHOUT_ATTEMPTS: (ORDERED_LATE, "an acceptance is never denied"),
    Bug.PUT_OFF_WITHOUT_STATUS: (WINDOW, ONCE),
    Bug.SHOW_WITHOUT_ORDER: (REPORTS, "delivery moves only forward"),
    Bug.ACCEPT_TAKES_ANOTHERS_REQUEST: (SHARED, FIRSTS),
    Bug.JOIN_TAKES_ANOTHERS_REQUEST: (SHARED, FIRSTS),
    Bug.JOIN_LEAVES_REQUEST_OUT: (NOTED, JOINED),
    Bug.HANDLER_READS_BEFORE_IT_WRITES: (REPORTS, JOINED),
    Bug.SENDER_READS_BEFORE_IT_WRITES: (REPORTS, JOINED),
    Bug.REPEATED_REPORT_IS_NOT_JOINED: (REPORTS, JOINED),
}


@cache
def shortest_way(bug: Bug) -> Found:
    """What the search finds in a protocol that has this bug."""
    rules, promise = BROKEN_BY[bug]
    return search(rules._replace(bugs=frozenset({bug})), {promise})
