"""Many messages, put into the table as the gateway itself would have recorded them."""

from collections.abc import Iterable
from datetime import UTC, datetime

from local.readback import ReadBack
from mms_gateway.message_table.inbound import inbound_item
from mms_gateway.messages import utc_text
from mms_gateway.openmarket.decode import decode_callback
from mms_gateway.receiving import InboundRecord, media_keys


def put_messages(stored: ReadBack, messages: Iterable[tuple[str, str, str, datetime]]) -> None:
    """One message each of: id, handset, service, when; its text is its id."""
    with stored.table.batch_writer() as batch:
        for mo_id, handset, service, at in messages:
            batch.put_item(Item=_item(mo_id, handset, service, at))


def _item(mo_id: str, handset: str, service: str, at: datetime) -> dict[str, object]:
    when = utc_text(at.astimezone(UTC))
    body = (
        '--b\r\nContent-Type: application/json\r\nContent-Id: main\r\n\r\n{"type":"MO","moId":'
        f'{mo_id},"source":"{handset}","destinations":["{service}"],"date":"{when}"}}'
        f"\r\n--b\r\nContent-Type: text/plain\r\nContent-Id: t.txt\r\n\r\nNo. {mo_id}\r\n--b--\r\n"
    )
    message = decode_callback("multipart/mixed; boundary=b", body.encode())
    record = InboundRecord(
        message=message,  # type: ignore[arg-type]
        media_keys=media_keys(message),  # type: ignore[arg-type]
        sent_at=when,
        received_at=when,
        request_id=None,
    )
    return inbound_item(record)
