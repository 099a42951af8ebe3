"""How the network may treat a handset's messages: what the simulator is told, and what is then to be seen."""

from dataclasses import dataclass

from local.simulator.mt.behaviours import Behaviour, Error, Silence


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How the network treats a handset's messages."""

    words: str
    effect: str
    """What is to be seen in the thread."""
    plan: str = "retrieved"
    behaviour: Behaviour | None = None
    twice: bool = False


OUTCOMES = {
    "retrieved": Outcome(words="Retrieved", effect="The message arrives, and a report says so."),
    "deferred": Outcome(
        words="Deferred",
        plan="deferred",
        effect="The handset knows of the message and has not fetched it; fetch it there, and see the next report.",
    ),
    "rejected": Outcome(
        words="Rejected by the handset",
        plan="rejected",
        effect="OpenMarket takes the message, and a report says that it was not delivered.",
    ),
    "refused": Outcome(
        words="Refused by OpenMarket",
        behaviour=Error(status=400, code=400, description="The destination can't receive MMS."),
        effect="OpenMarket answers with an error: the message is not sent, and needs attention.",
    ),
    "silence": Outcome(words="Silence", plan="none", effect="The message arrives, and no report ever comes."),
    "doubt": Outcome(
        words="Doubt",
        behaviour=Silence(seconds=1),
        effect="OpenMarket takes the message, and its answer is lost: nobody knows, and a person decides.",
    ),
    "twice": Outcome(
        words="Everything twice",
        plan="twice",
        twice=True,
        effect="Callbacks and reports are delivered twice, at the same time: each is recorded once.",
    ),
}
