"""Messages from handsets, made anew from their number wherever their bytes are wanted: all of them are a gigabyte."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from local.simulator.media import png
from tests.faults.load.load_run import LoadRun
from tests.unit.legal_messages import encoded
from tests.wire.bodies import CRLF, WirePart, main, message, mo_json, multipart_type, part

LEAST, MOST = 2_000, 4_000_000  # bytes of a body; Lambda takes about 4.6 MB
LONG_TEXT = 9_000  # bytes; over 8 KB it lies in the bucket
COLUMNS = (76, 64, 1000, 10**9)  # of base64; the last is one line
Encoding = Literal["binary", "base64", "undeclared"]
Fault = Literal["cut short", "hung up", "unread"]
FAULTS: tuple[Fault, ...] = ("cut short", "hung up", "unread")


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A part as its sender has it."""

    content_type: str
    content_id: str
    data: bytes

    @property
    def is_text(self) -> bool:
        return self.content_type == "text/plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound:
    """A message from a handset; another version of it is another content under the same id."""

    run: LoadRun
    number: int
    size: int
    """About so many bytes of body."""
    version: int = 0

    @property
    def mo_id(self) -> str:
        return self.run.mo_id(self.number)

    @property
    def encoding(self) -> Encoding:
        """How all its parts are written."""
        return self.run.chance("encoding", self.number).choice(("binary", "base64", "undeclared"))

    @property
    def details(self) -> bytes:
        """Its JSON."""
        chance = self.run.chance("details", self.number)
        return mo_json(
            moId=int(self.mo_id),
            source=chance.choice(("", "+")) + self.run.handset(self.number),
            subject=f"{self.run.word('subject')} {self.number}.{self.version}",
            userAgent=self.run.word("user agent"),
        )

    def contents(self) -> Iterator[Content]:
        """Its parts: a text, and pictures that fill it up."""
        chance = self.run.chance("contents", self.number, self.version)
        words = f"{self.run.word('text')} {self.number}.{self.version} "
        long = chance.random() < 0.2 and self.size > 3 * LONG_TEXT
        text = (words * (LONG_TEXT // len(words) + 1) if long else words).encode()
        yield Content(content_type="text/plain", content_id="text.txt", data=text)
        pictures = chance.randint(1, 3)
        room = max(self.size - 600 - 200 * pictures, 600)
        media = room if self.encoding == "binary" else int(room * 0.73)  # base64 takes a third more, its lines some
        start = png() + self.run.word("media").encode()
        for n in range(pictures):
            data = start + chance.randbytes(max(media // pictures - len(start), 1))
            yield Content(content_type="image/png", content_id=f"{self.run.word('content id')}-{n}.png", data=data)


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One callback: a message in some writing, and what goes wrong with its first try."""

    inbound: Inbound
    boundary: str
    columns: int = COLUMNS[0]
    fault: Fault | None = None

    @property
    def content_type(self) -> str:
        return multipart_type(self.boundary)

    def body(self) -> bytes:
        """Its bytes."""
        return message(
            main(self.inbound.details),
            *(self._write(content) for content in self.inbound.contents()),
            boundary=self.boundary,
        )

    def cut_body(self) -> bytes:
        """The same, without its end; the two last bytes alone nobody would miss."""
        body = self.body()
        return body[: self.inbound.run.chance("cut", self.inbound.number).randint(1, len(body) - 3)]

    def _write(self, content: Content) -> WirePart:
        declared = None if self.inbound.encoding == "undeclared" else self.inbound.encoding
        way = "binary" if self.inbound.encoding == "binary" else "base64"
        name = self.inbound.run.word("file name")
        return part(
            encoded(content.data, way, self.columns, CRLF),
            f'{content.content_type}; name="{name}"',
            content.content_id,
            encoding=declared,
            extra=[f'Content-Disposition: attachment; filename="{name}"'.encode()],
        )

    def __str__(self) -> str:
        same = self.inbound
        written = f"{same.encoding}, {self.columns} columns, boundary {self.boundary}, {self.fault or 'no fault'}"
        return f"moId {same.mo_id} (message {same.number}.{same.version} of {same.run}; {written})"


def plan_posts(run: LoadRun, count: int, largest: int) -> list[Post]:
    """So many callbacks, a fifth of them repeats, 3 % of another content under an id, 5 % with a fault."""
    chance, repeats, others = run.chance("posts"), count // 5, max(1, count * 3 // 100)
    posts = [_first(run, number, whole=number < largest) for number in range(count - repeats - others)]
    for n in chance.sample(range(len(posts)), max(len(FAULTS), count // 20)):
        posts[n] = replace(posts[n], fault=chance.choice(FAULTS))
    for n, fault in zip(chance.sample(range(len(posts)), len(FAULTS)), FAULTS, strict=True):
        posts[n] = replace(posts[n], fault=fault)  # each of them at least once
    again = [_repeat(run, chance.choice(posts), n) for n in range(repeats)]
    rivals = [_rival(chance.choice(posts)) for _ in range(others)]
    for late in [*again, *rivals]:  # soon after its first, or much later
        first = next(at for at, post in enumerate(posts) if post.inbound.number == late.inbound.number)
        posts.insert(min(first + int(chance.expovariate(1 / 20)), len(posts)), late)
    return posts


def _first(run: LoadRun, number: int, *, whole: bool) -> Post:
    chance = run.chance("first", number)
    size = MOST if whole else int(math.exp(chance.uniform(math.log(LEAST), math.log(MOST))))
    columns = chance.choice(COLUMNS)
    return Post(inbound=Inbound(run=run, number=number, size=size), boundary=f"mimeboundary{number}", columns=columns)


def _repeat(run: LoadRun, post: Post, n: int) -> Post:
    """The same message again: the same bytes, or within another boundary, or with base64 lines of another length."""
    kinds = ("identical", "boundary") if post.inbound.encoding == "binary" else ("identical", "boundary", "lines")
    match run.chance("repeat", n).choice(kinds):
        case "boundary":
            return replace(post, boundary=f"another-{post.boundary}", fault=None)
        case "lines":
            return replace(post, columns=COLUMNS[(COLUMNS.index(post.columns) + 1) % len(COLUMNS)], fault=None)
    return replace(post, fault=None)


def _rival(post: Post) -> Post:
    same = post.inbound
    other = Inbound(run=same.run, number=same.number, size=min(same.size, 20_000), version=1)
    return replace(post, inbound=other, fault=None)
