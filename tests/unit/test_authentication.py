"""Who may call."""

import base64
import hmac
import json

import pytest

from mms_gateway.authentication import is_authentic, read_secret


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


PLAIN = read_secret(json.dumps({"accountId": "a", "password": "p", "callbackTokens": ["new", "old", ""]}))
WITH_BASIC = read_secret(
    json.dumps({"callbackTokens": ["new"], "callbackUser": "openmarket", "callbackPasswords": ["one", "zwölf"]})
)


@pytest.mark.parametrize(
    ("token", "authentic"),
    [("new", True), ("old", True), ("", False), ("ne", False), ("newer", False), ("NEW", False), ("n\ud83d", False)],
)
def test_any_token_of_the_secret_opens_and_nothing_else(token: str, authentic: bool) -> None:
    assert is_authentic(PLAIN, token=token, authorization=None) is authentic


@pytest.mark.parametrize("token", ["t ok/é%41", "t%20ok%2F%C3%A9%2541"])
def test_a_token_opens_as_it_is_and_as_a_path_escapes_it(token: str) -> None:
    secret = read_secret(json.dumps({"callbackTokens": ["t ok/é%41"]}))
    assert is_authentic(secret, token=token, authorization=None)
    assert not is_authentic(secret, token=token + "%", authorization=None)


@pytest.mark.parametrize("secret", [{"callbackUser": "", "callbackPasswords": []}, {"callbackPasswords": []}, {}])
def test_basic_is_asked_for_only_where_the_secret_has_it(secret: dict[str, object]) -> None:
    assert read_secret(json.dumps({"callbackTokens": ["new"], **secret})).basic is None


@pytest.mark.parametrize(
    ("token", "authorization", "authentic"),
    [
        ("new", basic("openmarket", "one"), True),
        ("new", basic("openmarket", "zwölf"), True),
        ("new", basic("openmarket", "one").replace("Basic", "bASIC"), True),
        ("wrong", basic("openmarket", "one"), False),
        ("new", basic("openmarket", "two"), False),
        ("new", basic("stranger", "one"), False),
        ("new", "Bearer one", False),
        ("new", "Basic %%%", False),
        ("new", None, False),
    ],
)
def test_where_the_secret_has_basic_both_are_needed(token: str, authorization: str | None, authentic: bool) -> None:
    assert is_authentic(WITH_BASIC, token=token, authorization=authorization) is authentic


@pytest.mark.parametrize("secret", [{"callbackTokens": []}, {"callbackTokens": [""]}])
def test_a_secret_without_a_token_lets_nobody_in(secret: dict[str, object]) -> None:
    assert not is_authentic(read_secret(json.dumps(secret)), token="", authorization=None)


@pytest.mark.parametrize(
    ("secret", "complaint"),
    [
        ("top secret", "the secret is not JSON"),
        ("[]", "the secret is not a JSON object"),
        ("{}", "the secret's callbackTokens must be a list of texts"),
        ('{"callbackTokens": "abc"}', "the secret's callbackTokens must be a list of texts"),
        ('{"callbackTokens": [1]}', "the secret's callbackTokens must be a list of texts"),
        ('{"callbackTokens": ["abc"], "callbackPasswords": ["abc"]}', "the secret's callbackUser must be text"),
        (
            '{"callbackTokens": ["abc"], "callbackUser": "abc"}',
            "the secret's callbackPasswords must be a list of texts",
        ),
    ],
)
def test_a_secret_that_cannot_be_used_says_why_without_being_quoted(secret: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint) as error:
        read_secret(secret)
    assert "abc" not in str(error.value)


def test_every_token_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[bytes] = []
    real = hmac.compare_digest

    def counting(given: bytes, valid: bytes) -> bool:
        compared.append(valid)
        return real(given, valid)

    monkeypatch.setattr("mms_gateway.authentication.hmac.compare_digest", counting)
    assert is_authentic(PLAIN, token="new", authorization=None)
    assert compared == [b"new", b"old"] * 2, "each in both forms, whichever matched"
