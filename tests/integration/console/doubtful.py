"""Messages of which nobody knows whether OpenMarket took them."""

from typing import Any

from local.simulator.client import SimulatorClient
from local.simulator.mt.behaviours import Silence
from tests.integration.producer import Producer


def in_doubt(producer: Producer, simulator: SimulatorClient, **fields: Any) -> dict[str, Any]:
    """Send a message that OpenMarket takes and does not answer: it hangs up."""
    message = producer.message(**fields)
    simulator.behave(Silence(seconds=0), destination=message["destination"], times=1)
    assert producer.send(message)["status"] == "IN_DOUBT"
    return message
