"""What the functions say of the secret as the stack makes it, before anybody has filled it in."""

from types import SimpleNamespace
from typing import Any

import pytest

from mms_gateway.credentials import Account, Credentials
from mms_gateway.errors import SecretUnavailable, Unauthorized

Resources = dict[str, dict[str, Any]]
COMMAND = "`aws secretsmanager put-secret-value`"


@pytest.fixture
def as_made(resources: Resources) -> Any:
    """A client of a Secrets Manager that holds it."""
    return SimpleNamespace(get_secret_value=lambda **_: {"SecretString": resources["Secret"]["SecretString"]})


def test_callers_are_turned_away_and_the_log_says_what_to_fill_in(as_made: Any) -> None:
    with pytest.raises(Unauthorized, match="has no callback token, so nobody is let in") as refusal:
        Credentials(as_made, "arn", warn=print).authenticate(token="", authorization=None)
    assert COMMAND in str(refusal.value)


def test_messages_wait_and_say_what_to_fill_in(as_made: Any) -> None:
    with pytest.raises(SecretUnavailable, match="accountId and password must be filled in") as refusal:
        Account(as_made, "arn", warn=print).authorization()
    assert COMMAND in str(refusal.value)


def test_its_description_names_every_field(resources: Resources) -> None:
    for field in ("accountId", "password", "callbackTokens", "callbackUser", "callbackPasswords"):
        assert field in resources["Secret"]["Description"]
