"""Every report, looked up by its key, and the latest one on its message."""

from collections import defaultdict

from local.readback import ReadBack
from tests.faults.load.belongings import Belongings
from tests.faults.load.later_reports import Report, latest, unexpected
from tests.faults.load.load import Load
from tests.faults.tally import Tally

SHOWN = ("status", "outcomeId", "outcomeDescription", "date", "final")


def check_reports(load: Load, stored: ReadBack, tally: Tally) -> None:
    """Count what is not as it should be, and what is there beside it."""
    ours: dict[str, list[Report]] = defaultdict(list)
    for report, delivered in load.reported:
        ours[report.mt_id].append(report)
        known = delivered.outcome in {"report", "duplicate"}
        tally.expect(known, "stuck", f"{report} was answered {delivered.attempts[-1]}, {load.run}")
    requests = {str(request.mt_id): request for request in load.accepted}
    belongings = Belongings()
    for mt_id in ours.keys() | requests.keys():
        items = stored.items(f"MTID#{mt_id}")
        found = [item for item in items if item["sk"].startswith("REPORT#")]
        request = requests.get(mt_id)
        tally.cases += len(ours[mt_id]) + (len(request.reports) if request is not None else 0)
        belongings.items |= {(item["pk"], item["sk"]) for item in found}
        for what, complaint in unexpected(found, request, ours[mt_id]):
            tally.breach(what, f"report of mtId {mt_id}: {complaint}, {load.run}")
        owner = next((item["requestId"] for item in items if item["sk"] == "REQUEST"), None)
        if owner is not None and found:
            last, shown = latest(found), stored.item(f"MT#{owner}").get("delivery", {})
            fits = shown == {name: last[name] for name in SHOWN if name in last}
            tally.expect(fits, "wrong", f"{owner} shows {shown}, the latest report is {last['sk']}, {load.run}")
        elif owner is not None:
            tally.expect("delivery" not in stored.item(f"MT#{owner}"), "wrong", f"{owner} has a delivery, {load.run}")
    again = sum(delivered.outcome == "duplicate" for _, delivered in load.reported)
    nobodys = len(ours.keys() - requests.keys())
    tally.note(f"{len(load.reported)} of ours, {again} of them again, of {nobodys} messages that nobody sent")
    belongings.nothing_else(load, "reports", tally)
