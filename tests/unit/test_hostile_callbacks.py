"""hostile-callbacks.md, row by row, at the decoder."""

from collections.abc import Mapping, Sequence

import pytest

from mms_gateway.errors import TruncatedCallback
from mms_gateway.messages import DeliveryReport, InboundMms
from tests.unit.invariants import read
from tests.wire.hostile_rows import BY_LABEL, ROWS
from tests.wire.rows import Q, Refused, Reported, Row, Stored


@pytest.mark.parametrize("row", [pytest.param(row, id=row.label) for row in ROWS])
def test_a_hostile_callback_becomes_what_its_row_says(row: Row) -> None:
    result = read(row.content_type, row.body)
    match row.expected:
        case Stored() as expected:
            assert isinstance(result, InboundMms), f"refused: {result}"
            assert_stored(result, expected)
        case Reported(fields):
            assert isinstance(result, DeliveryReport), f"refused: {result}"
            assert_fields(result, fields)
        case Refused() as expected:
            assert isinstance(result, Exception), f"taken: {result!r:.300}"
            assert isinstance(result, TruncatedCallback) is (expected is not Q), str(result)


@pytest.mark.parametrize("row", [pytest.param(row, id=row.label) for row in ROWS if row.repeats])
def test_a_repeated_callback_has_the_content_hash_of_the_first(row: Row) -> None:
    assert row.repeats is not None
    first = BY_LABEL[row.repeats]
    again, before = read(row.content_type, row.body), read(first.content_type, first.body)
    if isinstance(before, InboundMms):
        assert isinstance(again, InboundMms)
        assert again.content_sha256 == before.content_sha256
        assert again.mo_id == before.mo_id
    else:
        assert isinstance(before, DeliveryReport)
        assert isinstance(again, DeliveryReport)
        assert again.mt_id == before.mt_id


def test_every_row_that_concerns_the_body_is_in_the_table() -> None:
    numbers = {int(row.label.removeprefix("row-").split(" ")[0]) for row in ROWS}
    assert numbers == set(range(1, 36)) - {28, 29}


def test_no_two_rows_have_one_label() -> None:
    assert len(BY_LABEL) == len(ROWS)


def assert_stored(message: InboundMms, expected: Stored) -> None:
    assert [bytes(part.data) for part in message.parts] == [part.data for part in expected.parts]
    assert [set(part.flags) for part in message.parts] == [part.flags for part in expected.parts]
    assert expected.flags is None or set(message.flags) == expected.flags
    assert_fields(message, expected.fields)
    for part, wanted in zip(message.parts, expected.parts, strict=True):
        assert_fields(part, wanted.fields)


def assert_fields(result: object, wanted: Mapping[str, object]) -> None:
    for name, value in wanted.items():
        found = getattr(result, name)
        if value is None:
            assert not found, name
        elif isinstance(value, list):
            assert isinstance(found, Sequence), name
            assert list(found) == value, name
        else:
            assert found == value, name
