"""Requests of callers who know no token, or not all that the secret asks for: none may leave a trace."""

import base64
import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar
from urllib.parse import quote, quote_plus

from tests.faults.security.door import Knock
from tests.faults.tally import Scale

STRANGER = "kT0mQzV9f3yJx1bLrW8nUe5sHd2gAoPc"  # looks like a token, and is none
USER, PASSWORD = "openmarket", "pa:ss wörd"  # of callers, where the secret asks for them

Forgery = TypeVar("Forgery")
Body = TypeVar("Body")


def pairs(forgeries: Iterable[Forgery], bodies: Sequence[Body], scale: Scale) -> Iterator[tuple[Forgery, Body]]:
    """Each forgery with each body; in the short run with one of them, in turn."""
    return itertools.product(forgeries, bodies) if scale.long else zip(forgeries, itertools.cycle(bodies), strict=False)


def wrong_tokens(token: str) -> dict[str, str]:
    """Path segments that reach the function and are not the token, however their escapes are read."""
    middle = len(token) // 2
    other = "A" if token[0] != "A" else "B"
    changed = {
        "a stranger's token": STRANGER,
        "one character": token[0],
        "all but the first character": token[1:],
        "all but the last character": token[:-1],
        "a character more in front": f"x{token}",
        "a character more behind": f"{token}x",
        "its first character another": other + token[1:],
        "its last character another": token[:-1] + ("A" if token[-1] != "A" else "B"),
        "twice": token + token,
        "backwards": token[::-1],
        "upper and lower case swapped": token.swapcase(),
        "two neighbours swapped": token[: middle - 1] + token[middle] + token[middle - 1] + token[middle + 1 :],
        "three characters": "abc",
        "a wildcard": "*",
        "the template's name": "{token}",
        "the template's name escaped": "%7Btoken%7D",
        "JSON": quote('{"$ne": null}', safe=""),
        "a list": quote(f'["{token}"]', safe=""),
        "8,000 characters": "x" * 8000,
        "the token within 8,000 characters": f"{'x' * 4000}{token}{'x' * 4000}",
        "null": "null",
        "undefined": "undefined",
    }
    escaped = {
        "a NUL behind": f"{token}%00",
        "a NUL in front": f"%00{token}",
        "a NUL and more behind": f"{token}%00x",
        "a blank behind": f"{token}%20",
        "a plus behind": f"{token}+",
        "a line feed behind": f"{token}%0A",
        "CRLF and a header behind": f"{token}%0d%0aX-Mms-Outcome:%20stored",
        "nothing but NUL": "%00",
        "a percent sign alone behind": f"{token}%",
        "half an escape behind": f"{token}%4",
        "escapes that are none": f"%zz{token}",
        "a byte that is not UTF-8": f"%ff{token}",
        "an overlong escape": "%c1%81" + token[1:],
        "its escapes escaped twice more": quote(quote("".join(f"%{ord(c):02x}" for c in token), safe=""), safe=""),
        "a combining accent behind": f"{token}%CC%81",
        "a fullwidth first letter": quote(chr(0xFF21) + token[1:], safe=""),
        "a zero-width space within": quote(f"{token[:middle]}\u200b{token[middle:]}", safe=""),
        "a soft hyphen behind": quote(f"{token}\u00ad", safe=""),
        "quotes around": quote(f'"{token}"', safe=""),
        "form escapes": quote_plus(f" {token}"),
        "a matrix parameter": f"{token};v=1",
        "a matrix parameter in front": f"x;{token}",
        "a comma and more": f"{token},{STRANGER}",
        "a stranger's, then the token": f"{STRANGER},{token}",
        "a colon": f"token:{token}",
        "an at sign": f"{STRANGER}@{token}",
    }
    return changed | escaped


def elsewhere(token: str) -> Iterator[tuple[str, Knock]]:
    """The right token, but not where it belongs."""
    path = f"/{STRANGER}"
    yield "in the query", Knock(path=f"{path}?token={token}")
    yield "as the query", Knock(path=f"{path}?{token}")
    yield "behind a number sign", Knock(path=f"{path}%23{token}")
    for name in ("Authorization", "X-Api-Key", "X-Token", "Token", "Cookie", "X-Amz-Security-Token"):
        yield f"in the header {name}", Knock(path=path, headers={name: token})
    yield "as a bearer", Knock(path=path, headers={"Authorization": f"Bearer {token}"})
    yield "as Basic's user", Knock(path=path, headers={"Authorization": basic(token, "")})
    yield "as Basic's password", Knock(path=path, headers={"Authorization": basic("", token)})
    yield "in X-Original-URL", Knock(path=path, headers={"X-Original-URL": f"/callbacks/{token}"})
    yield "in X-Rewrite-URL", Knock(path=path, headers={"X-Rewrite-URL": f"/callbacks/{token}"})
    yield "in X-Forwarded-Path", Knock(path=path, headers={"X-Forwarded-Path": f"/callbacks/{token}"})


def beside_the_path(token: str) -> Iterator[tuple[str, Knock]]:
    """Requests that the API itself must turn away, or that reach the function with a stranger's token."""
    yield "no token", Knock(path="")
    yield "an empty token", Knock(path="/")
    yield "empty tokens", Knock(path="//")
    yield "a dot", Knock(path="/.")
    yield "a folder up", Knock(path="/..")
    yield "a folder up and down again", Knock(path=f"/../callbacks/{STRANGER}")
    yield "a folder up, escaped", Knock(path=f"/%2e%2e%2fcallbacks%2f{STRANGER}")
    yield "a stranger's, up and the token", Knock(path=f"/{STRANGER}/../{token}x")
    yield "more behind the token", Knock(path=f"/{token}/more")
    yield "an escaped slash behind the token", Knock(path=f"/{token}%2f{STRANGER}")
    yield "a folder in front of the token", Knock(path=f"/more/{token}")
    yield "a stranger's with two slashes", Knock(path=f"//{STRANGER}")
    yield "a stranger's with a slash behind", Knock(path=f"/{STRANGER}/")
    yield "a backslash", Knock(path=f"/{STRANGER}\\{token}")
    for method in ("GET", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE", "PROPFIND", "POSTX"):
        yield f"the method {method}", Knock(path=f"/{token}", method=method)
    for name in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
        yield f"GET with {name}", Knock(path=f"/{token}", method="GET", headers={name: "POST"})


def wrong_basics(user: str, password: str) -> dict[str, str | None]:
    """Authorization headers that are not Basic with the right user and password; None is no header."""
    word = basic(user, password).removeprefix("Basic ")
    return {
        "none": None,
        "empty": "",
        "Basic alone": "Basic",
        "Basic and a blank": "Basic ",
        "a wrong password": basic(user, f"{password}x"),
        "a password cut": basic(user, password[:-1]),
        "an empty password": basic(user, ""),
        "a wrong user": basic(f"{user}x", password),
        "an empty user": basic("", password),
        "the user in capitals": basic(user.upper(), password),
        "user and password exchanged": basic(password, user),
        "no colon": f"Basic {base64.b64encode(f'{user}{password}'.encode()).decode()}",
        "a colon more": basic(user, f":{password}"),
        "a line feed behind": basic(user, f"{password}\n"),
        "NUL behind": basic(user, f"{password}\0"),
        "Bearer": f"Bearer {word}",
        "Digest": f"Digest {word}",
        "the word alone": word,
        "not in base64": f"Basic {user}:{password}",
        "base64 with foreign characters": f"Basic {word[:4]}!{word[4:]}",
        "base64 without its padding": f"Basic {word.rstrip('=')[:-1]}",
        "base64 twice": f"Basic {base64.b64encode(word.encode()).decode()}",
        "two words": f"Basic {word} {word}",
        "two schemes": f"Basic Basic {word}",
        "8,000 characters": "Basic " + "QUJD" * 2000,
        "not ASCII": f"Basic {word}\xe9",
    }


def basic(user: str, password: str) -> str:
    """An Authorization header."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
