"""What the checks have found to belong to the run; whatever else has appeared, nobody sent."""

from dataclasses import dataclass, field
from typing import Literal

from tests.faults.load.load import Load
from tests.faults.tally import Tally

Kind = Literal["callbacks", "sends", "reports"]


@dataclass(slots=True, kw_only=True)
class Belongings:
    """Items by their keys, objects by theirs."""

    items: set[tuple[str, str]] = field(default_factory=set)
    objects: set[str] = field(default_factory=set)

    def nothing_else(self, load: Load, kind: Kind, tally: Tally) -> None:
        """Count what has appeared of a kind and does not belong to the run."""
        others = {f"MTID#{mt_id}" for mt_id in load.strangers}
        for pk, sk in load.after.items - load.before.items - self.items:
            if _kind_of_item(pk, sk) == kind and pk not in others:
                tally.breach("wrong", f"an item that nobody sent: {pk} {sk}, {load.run}")
        for key in load.after.objects.keys() - load.before.objects.keys() - self.objects:
            if _kind_of_object(key) == kind:
                tally.breach("wrong", f"an object that nobody sent: {key}, {load.run}")


def _kind_of_item(pk: str, sk: str) -> Kind:
    if pk.startswith(("MO#", "RAW#")):
        return "callbacks"
    return "reports" if sk.startswith("REPORT#") else "sends"


def _kind_of_object(key: str) -> Kind:
    return "callbacks" if key.startswith(("mo/", "raw/", "quarantine/")) else "sends"
