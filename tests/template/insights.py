"""CloudWatch Logs Insights, as far as the saved queries use it: which fields a query names, and which lines it finds.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

COMMANDS = {"parse", "fields", "filter", "stats", "sort", "limit"}
FUNCTIONS = {"avg", "count", "datefloor", "ispresent", "latest", "max", "min", "pct"}
WORDS = {"and", "or", "not", "in", "like", "as", "by", "asc", "desc"}
TOKEN = re.compile(
    r'"(?P<text>[^"]*)"|/(?P<pattern>(?:[^/\\]|\\.)+)/|(?P<number>\d+[smh]?\b)|(?P<name>@?[A-Za-z_]\w*)'
    r"|(?P<sign>!=|[=()\[\],*/])|(?P<other>\S)"
)

Line = Mapping[str, str]
"""A log line: its fields, and what CloudWatch finds out itself under names with an @."""


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a query, with its kind: text, pattern, number, name, sign."""

    kind: str
    word: str


def commands(query: str) -> list[tuple[str, list[Token]]]:
    """A query's commands in order, each with what follows its name."""
    without_comments = "\n".join(line for line in query.splitlines() if not line.lstrip().startswith("#"))
    found: list[list[Token]] = [[]]
    for token in _tokens(without_comments):
        if token == Token("other", "|"):
            found.append([])
        else:
            found[-1].append(token)
    for tokens in found:
        assert tokens, "a command is empty"
        assert tokens[0].word in COMMANDS, f"no command: {tokens[0].word}"
        assert not [one for one in tokens if one.kind == "other"], f"no sign of a query's: {tokens}"
    return [(tokens[0].word, tokens[1:]) for tokens in found]


def _tokens(text: str) -> Iterator[Token]:
    for found in TOKEN.finditer(text):
        assert found.lastgroup
        yield Token(found.lastgroup, found[found.lastgroup])


def fields(query: str) -> set[str]:
    """The fields of log lines that a query names; what it names itself with `as` is none."""
    named: set[str] = set()
    own: set[str] = set()
    for _, tokens in commands(query):
        own |= {name for token in tokens if token.kind == "pattern" for name in re.findall(r"\(\?<(\w+)>", token.word)}
        for before, token, after in zip([None, *tokens], tokens, [*tokens[1:], None], strict=False):
            if token.kind != "name" or token.word in WORDS:
                continue
            if before == Token("name", "as"):
                own.add(token.word)
            elif after == Token("sign", "("):
                assert token.word in FUNCTIONS, f"no function: {token.word}"
            elif token.word not in own:
                named.add(token.word)
    return named


def found(query: str, lines: list[Line]) -> list[Line]:
    """The lines that all filters of a query let through, with what it parses."""
    for command, tokens in commands(query):
        if command == "parse":
            lines = [_parsed(tokens, line) for line in lines]
        if command == "filter":
            lines = [line for line in lines if _Condition(tokens, line).holds()]
    return lines


def _parsed(tokens: list[Token], line: Line) -> Line:
    """A line with what a pattern finds in one of its fields; one without a match is left as it is."""
    field, pattern = (token.word for token in tokens)
    match = re.search(pattern.replace("(?<", "(?P<"), line[field])
    return {**line, **match.groupdict()} if match else line


class _Condition:
    """A filter's condition, worked out for one line: or over and over single comparisons."""

    def __init__(self, tokens: list[Token], line: Line) -> None:
        self._tokens, self._at, self._line = tokens, 0, line

    def holds(self) -> bool:
        told = self._either()
        assert self._at == len(self._tokens), f"what is left of a filter: {self._tokens[self._at :]}"
        return told

    def _either(self) -> bool:
        told = self._both()
        while self._comes("or"):
            other = self._both()
            told = told or other
        return told

    def _both(self) -> bool:
        told = self._one()
        while self._comes("and"):
            other = self._one()
            told = told and other
        return told

    def _one(self) -> bool:
        name = self._next()
        if name == "ispresent":
            _, field, _ = self._next(), self._next(), self._next()
            return field in self._line
        value = self._line.get(name)
        match self._next():
            case "=":
                return self._next() == value
            case "!=":
                return self._next() != value
            case "like":
                return re.search(self._next(), value or "") is not None
            case "in":
                return value in self._listed()
        raise AssertionError(f"no comparison of a filter's after {name}")

    def _listed(self) -> list[str]:
        assert self._next() == "["
        listed = [self._next()]
        while self._comes(","):
            listed.append(self._next())
        assert self._next() == "]"
        return listed

    def _comes(self, word: str) -> bool:
        comes = self._at < len(self._tokens) and self._tokens[self._at].word == word
        self._at += comes
        return comes

    def _next(self) -> str:
        self._at += 1
        return self._tokens[self._at - 1].word
