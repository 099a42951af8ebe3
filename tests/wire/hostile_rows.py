"""Every row of hostile-callbacks.md that concerns the body, each in all its variants, in the order of the rows.

Rows 28 and 29 and the second Content-Type header of row 3 concern the request, not its body: the handler's tests
have them. To post the table over HTTP, send `row.content_type` (in Latin-1) and `row.body`, and compare with
`row.over_http`. The two restored samples of row 34 are two messages with one moId, as the provider printed them:
whichever comes second is a `conflict`.
"""

from tests.wire.hostile import details, framing, parts, repeats
from tests.wire.rows import Row


def _number(row: Row) -> int:
    return int(row.label.removeprefix("row-").partition(" ")[0])


ROWS: list[Row] = sorted([*framing.ROWS, *parts.ROWS, *details.ROWS, *repeats.ROWS], key=_number)
BY_LABEL: dict[str, Row] = {row.label: row for row in ROWS}
