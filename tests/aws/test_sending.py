"""One message to OpenMarket's test number, for real: allowed by --source and --test-mt-config."""

import json
import time
import uuid

import pytest

from local.readback import Item, ReadBack
from tests.aws.deployed import DeployedStack

DESTINATION = "10000871000"  # OpenMarket's: it reports Retrieved, and reaches no handset
PATIENCE = 600.0  # seconds; how soon a report comes is OpenMarket's business


@pytest.fixture
def message(request: pytest.FixtureRequest, stack: DeployedStack) -> dict[str, object]:
    source, mt_config = (request.config.getoption(name) for name in ("--source", "--test-mt-config"))
    if not (source and mt_config):
        pytest.skip("it sends a message for real, which may cost: allow it with --source and --test-mt-config")
    request_id = f"smoke-{uuid.uuid4()}"
    stack.writings.partitions.add(f"MT#{request_id}")
    return {
        "requestId": request_id,
        "source": source,
        "destination": DESTINATION,
        "mtConfig": mt_config,
        "subject": "A test of the gateway",
        "content": [{"contentId": "text.txt", "contentType": "text/plain", "text": "Is it dead?"}],
    }


def test_a_message_to_the_providers_test_number_is_reported_retrieved(
    message: dict[str, object], stack: DeployedStack, stored: ReadBack
) -> None:
    stack.client("sqs").send_message(QueueUrl=stack.send_queue_url, MessageBody=json.dumps(message))
    end, item = time.monotonic() + PATIENCE, Item()
    while "delivery" not in item:
        assert item.get("status") not in {"REJECTED", "IN_DOUBT", "CLOSED"}, item
        assert time.monotonic() < end, f"after {PATIENCE:.0f} s it stands like this: {item}"
        time.sleep(0.5)
        item = stored.item(f"MT#{message['requestId']}")
        stack.writings.partitions |= {f"MTID#{item['mtId']}"} if "mtId" in item else set()
    assert (item["status"], item["delivery"]["status"], item["delivery"]["final"]) == ("ACCEPTED", "Retrieved", True)
    assert len([each for each in stored.items(f"MTID#{item['mtId']}") if each["sk"] == "REQUEST"]) == 1
