"""The API before a function's environments: a callback over HTTP becomes an event, the function's answer an answer."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import ClassVar

from tests.faults.parts.environments import Environments
from tests.faults.parts.server import Handler, serving
from tests.runtime.events import EventMaker


@contextmanager
def running_door(environments: Environments) -> Iterator[str]:
    """The URL of the API; a token stands behind its last slash."""
    with serving(type("Door", (_Handler,), {"environments": environments})) as url:
        yield f"{url}/callbacks/"


class _Handler(Handler):
    environments: ClassVar[Environments]

    def do_POST(self) -> None:  # noqa: N802 - as the standard library wants it
        body = self.rfile.read(int(self.headers["Content-Length"]))
        event = EventMaker(self.path.rpartition("/")[2])(
            body, self.headers["Content-Type"], request=self.headers.get("X-Request-Id", "none")
        )
        answer = self.environments.invoke(event)
        with suppress(OSError):
            if answer is None:
                self._answer(429, {})
            elif answer.status != 200 or "statusCode" not in answer.result:
                self._answer(502, {})  # the function died, or outlived its time
            else:
                self._answer(answer.result["statusCode"], answer.result["headers"])

    def _answer(self, status: int, headers: dict[str, str]) -> None:
        self.send_response_only(status)
        for name, value in {**headers, "Content-Length": "0"}.items():
            self.send_header(name, value)
        self.end_headers()
