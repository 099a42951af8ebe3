r"""The requests that lie beside this file as NAME.http.

The head (request line and headers) is in lines that end in LF, up to the first empty line; every byte behind that
is the body. `printed` samples are the provider's pages with nothing but their indentation removed (the page prints
no empty line after the head; HTTP can't do without); `restored` ones have their blanks, CRLF, blank lines and the
lost line break back.
"""

from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
NAMES = tuple(sorted(path.stem for path in HERE.glob("*.http")))


@dataclass(frozen=True, slots=True)
class Sample:
    """One request: its header values as text in Latin-1, as HTTP carries them, names in lower case."""

    headers: dict[str, str]
    body: bytes

    @property
    def content_type(self) -> str:
        """The value that the decoder is given."""
        return self.headers["content-type"]


def sample(name: str) -> Sample:
    """The request in NAME.http."""
    head, _, body = (HERE / f"{name}.http").read_bytes().partition(b"\n\n")
    lines = (line.partition(":") for line in head.decode("latin-1").split("\n")[1:])
    return Sample({key.lower(): value.lstrip(" ") for key, _, value in lines}, body)
