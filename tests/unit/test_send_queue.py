"""The queue as the sender uses it, behind the SDK's own client: how long a message stays away, what is set aside."""

import math

import pytest

from mms_gateway.errors import StorageUnavailable
from tests.unit.queues import MAX_MESSAGE, Queues

HOURS_11 = 39_600


@pytest.fixture
def queues() -> Queues:
    return Queues()


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.0, 1),
        (-5.0, 1),
        (0.2, 1),
        (1.0, 1),
        (1.000001, 2),
        (4.4, 5),
        (900.0, 900),
        (HOURS_11 - 0.5, HOURS_11),
        (HOURS_11 + 0.5, HOURS_11),
        (86_400.0, HOURS_11),
        (1e300, HOURS_11),
        (math.inf, HOURS_11),
    ],
)
def test_a_message_stays_away_for_the_seconds_rounded_up_at_least_1_at_most_11_hours(
    queues: Queues, seconds: float, told: int
) -> None:
    queues.queue.put_off("handle", seconds)
    assert queues.put_off == [f"handle {told}"]


def test_what_is_set_aside_comes_as_it_was_with_the_reason(queues: Queues) -> None:
    queues.queue.set_aside('{"Größe": "🦜"}', "the queue message has no usable requestId")
    assert queues.dead == [{"body": '{"Größe": "🦜"}', "reason": "the queue message has no usable requestId"}]


def test_a_long_reason_is_cut(queues: Queues) -> None:
    queues.queue.set_aside("{}", "why " * 1000)
    assert queues.dead[0]["reason"] == ("why " * 1000)[:250]


@pytest.mark.parametrize("letter", ["x", "ß", "🦜"])
@pytest.mark.parametrize("short_of_it", [0, 1, 200, 269, 270, 300])
def test_no_message_that_the_queue_took_is_too_large_to_be_set_aside(
    queues: Queues, letter: str, short_of_it: int
) -> None:
    size = MAX_MESSAGE - short_of_it
    body = letter * (size // len(letter.encode())) + "x" * (size % len(letter.encode()))
    queues.queue.set_aside(body, "because " * 100)
    (dead,) = queues.dead
    assert dead["body"] == body
    assert ("reason" in dead) is (short_of_it >= 270)


@pytest.mark.parametrize(
    ("fault", "words"),
    [("silence", "could not be reached: EndpointConnectionError"), ("AccessDenied", "answered AccessDenied")],
)
def test_a_queue_in_trouble_is_unavailable_and_names_the_cause(queues: Queues, fault: str, words: str) -> None:
    queues.faults = {"ChangeMessageVisibility": fault, "SendMessage": fault}
    with pytest.raises(StorageUnavailable) as error:
        queues.queue.put_off("handle", 5)
    assert str(error.value) == f"the queue {words}"
    with pytest.raises(StorageUnavailable) as error:
        queues.queue.set_aside("{}", "because")
    assert str(error.value) == f"the dead-letter queue {words}"
