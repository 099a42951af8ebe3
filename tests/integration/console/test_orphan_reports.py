"""Delivery reports that may be a doubtful message's, on the running stack's table."""

from datetime import UTC, datetime, timedelta

from console.connection import Gateway
from console.orphan_reports import SEGMENTS, orphan_reports
from local.simulator.client import SimulatorClient
from mms_gateway.messages import utc_text
from tests.integration.producer import Producer


def test_only_reports_of_the_time_whose_message_nobody_knows_are_found(
    gateway: Gateway, simulator: SimulatorClient, producer: Producer
) -> None:
    known = producer.message()
    producer.enqueue(known)
    its = producer.wait(known, lambda item: "delivery" in item)["mtId"]
    orphans = [str(simulator.send_report(status="Retrieved").mt_id) for _ in range(3)]
    dated = str(simulator.send_report(status="Expired", date="1997-06-01T12:00:00+00:00").mt_id)
    now = datetime.now(UTC)
    progress: list[tuple[int, int]] = []
    found = orphan_reports(
        gateway,
        utc_text(now - timedelta(minutes=1)),
        utc_text(now + timedelta(minutes=1)),
        lambda read, of: progress.append((read, of)),
    )
    mt_ids = [item["mtId"] for item in found]
    assert [mt_id for mt_id in mt_ids if mt_id in orphans] == orphans, "in the order of their receipt"
    assert its not in mt_ids
    assert dated in mt_ids, "received at that time"
    by_date = orphan_reports(gateway, "1997-06-01T00:00:00.000Z", "1997-06-02T00:00:00.000Z")
    assert dated in [item["mtId"] for item in by_date], "dated at that time"
    assert not set(orphans) & {item["mtId"] for item in by_date}
    assert by_date[0].keys() >= {"mtId", "status", "date", "receivedAt", "final"}
    assert len(progress) >= SEGMENTS
    assert progress == sorted(progress)
    assert 0 < progress[-1][0] <= progress[-1][1]
