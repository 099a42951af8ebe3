"""Whoever is no caller of ours is refused, and all are refused alike."""

from tests.faults.security.door import OF_THE_API, Answer, Door, Knock, distinct
from tests.faults.tally import Tally

HEADERS = {"x-mms-outcome", "content-length", "content-type"} | OF_THE_API


class Watch:
    """Knocks, and counts every answer that is not what a stranger gets."""

    def __init__(self, door: Door, tally: Tally) -> None:
        self._door, self._tally = door, tally
        self.refusals: list[Answer] = []

    def refused(self, knock: Knock, body: bytes, content_type: str, what: str) -> None:
        """By the function: 401, an empty body, and no word about which part was wrong."""
        self._tally.cases += 1
        answer = self._door.knock(knock, body, content_type)
        holds = (answer.status, answer.outcome, answer.body) == (401, "unauthorized", b"")
        self._tally.expect(holds, "wrong", f"{what}: answered {answer}")
        self._tally.expect(answer.headers.keys() <= HEADERS, "wrong", f"{what}: a header more: {answer.headers}")
        self.refusals.append(answer)

    def turned_away(self, knock: Knock, body: bytes, content_type: str, what: str) -> None:
        """By the function or by the API in front of it."""
        self._tally.cases += 1
        answer = self._door.knock(knock, body, content_type)
        holds = answer.status in {400, 401, 403, 404, 405} and answer.outcome in {"", "unauthorized"}
        self._tally.expect(holds, "wrong", f"{what}: answered {answer}")

    def end(self) -> None:
        """Nobody can tell one refusal from another."""
        different = distinct(self.refusals)
        self._tally.expect(len(different) <= 1, "wrong", f"refusals that can be told apart: {different}")
