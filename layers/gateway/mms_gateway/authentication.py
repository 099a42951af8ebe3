"""Who may call, by a token in the path and HTTP Basic where the secret asks for it; and as whom the gateway calls."""

import base64
import binascii
import hmac
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CallbackSecret:
    """What a caller must know; several tokens and passwords are valid at once, so that they rotate."""

    tokens: tuple[bytes, ...]
    basic: tuple[bytes, ...] | None
    """`user:password` as Basic sends it, one for each password; None where the secret asks for none."""


def read_secret(text: str) -> CallbackSecret:
    """The callback's half of the secret; ValueError says what is wrong, without quoting it."""
    values = _read_object(text)
    tokens = _texts(values, "callbackTokens")
    if not values.get("callbackUser") and not values.get("callbackPasswords"):
        return CallbackSecret(tokens=tokens, basic=None)
    user = values.get("callbackUser")
    if not isinstance(user, str) or not user or ":" in user:
        raise ValueError("the secret's callbackUser must be text without a colon, beside callbackPasswords")
    passwords = _texts(values, "callbackPasswords")
    return CallbackSecret(
        tokens=tokens, basic=tuple(user.encode("utf-8", "surrogatepass") + b":" + word for word in passwords)
    )


def read_account(text: str) -> str:
    """The sender's half of the secret, as an Authorization header; ValueError says what is wrong, without quoting."""
    values = _read_object(text)
    account_id, password = values.get("accountId"), values.get("password")
    if empty := [name for name in ("accountId", "password") if isinstance(values.get(name), str) and not values[name]]:
        raise ValueError(f"the secret's {' and '.join(empty)} must be filled in")
    if not isinstance(account_id, str) or not account_id or ":" in account_id:
        raise ValueError("the secret's accountId must be text without a colon")
    if not isinstance(password, str) or not password:
        raise ValueError("the secret's password must be text")
    word = f"{account_id}:{password}".encode("utf-8", "surrogatepass")
    return f"Basic {base64.b64encode(word).decode('ascii')}"


def is_authentic(secret: CallbackSecret, *, token: str, authorization: str | None) -> bool:
    """Whether the caller knows the secret; takes as long for a wrong answer as for a right one.

    `token` stands in a path: API Gateway hands it over as it came, other servers with its escapes undone.
    """
    as_it_came = _matches(token.encode("utf-8", "surrogatepass"), secret.tokens)
    unescaped = _matches(unquote_to_bytes(token.encode("utf-8", "surrogatepass")), secret.tokens)
    knows_token = as_it_came or unescaped
    if secret.basic is None:
        return knows_token
    return _matches(_basic(authorization or ""), secret.basic) and knows_token


def _matches(given: bytes, valid: Iterable[bytes]) -> bool:
    # Every one is compared, so that the time does not tell which of them came close.
    matches = [hmac.compare_digest(given, one) for one in valid]
    return any(matches)


def _basic(authorization: str) -> bytes:
    scheme, _, word = authorization.partition(" ")
    if scheme.lower() != "basic":
        return b""
    try:
        return base64.b64decode(word.strip(), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _read_object(text: str) -> dict[str, Any]:
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("the secret is not JSON") from None
    if not isinstance(values, dict):
        raise ValueError("the secret is not a JSON object")  # noqa: TRY004 - a wrong value, not a wrong argument
    return values


def _texts(values: dict[str, Any], name: str) -> tuple[bytes, ...]:
    """A list of texts as bytes; empty ones are left out: nothing must never match."""
    texts = values.get(name)
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise ValueError(f"the secret's {name} must be a list of texts")
    return tuple(text.encode("utf-8", "surrogatepass") for text in texts if text)
