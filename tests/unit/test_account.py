"""As whom OpenMarket is called: the account in the secret, fetched again as it rotates. Its store is a small class."""

import base64
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from mms_gateway.authentication import read_account
from mms_gateway.credentials import HOW_TO_MEND, MAX_AGE, Account
from mms_gateway.errors import SecretUnavailable, StorageUnavailable

HUNTER = "hunter2 canary"


def secret(password: Any = HUNTER, account_id: Any = "000-000-123-45678", **more: Any) -> str:
    return json.dumps({"accountId": account_id, "password": password, "callbackTokens": ["token"], **more})


def basic(password: str = HUNTER, account_id: str = "000-000-123-45678") -> str:
    return "Basic " + base64.b64encode(f"{account_id}:{password}".encode()).decode()


class SecretStore:
    """Answers as the SDK's client does, and counts."""

    def __init__(self) -> None:
        self.value = secret()
        self.fetched = 0
        self.code: str | None = None

    def get_secret_value(self, **_: object) -> dict[str, str]:
        self.fetched += 1
        if self.code == "silence":
            raise ReadTimeoutError(endpoint_url="https://secretsmanager")
        if self.code is not None:
            raise ClientError({"Error": {"Code": self.code, "Message": "arn:aws:secret canary"}}, "GetSecretValue")
        return {"SecretString": self.value}


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def store() -> SecretStore:
    return SecretStore()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def warnings() -> list[str]:
    return []


@pytest.fixture
def account(store: SecretStore, clock: Clock, warnings: list[str]) -> Account:
    return Account(store, "secret", warn=warnings.append, clock=clock)  # type: ignore[arg-type]


# --- the header -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("password", ["p", "with:colon", "for Elise ", "für Ёлка \U0001f99c", "a\r\nb", "p" * 500])
def test_the_header_is_basic_with_id_and_password_as_they_are(password: str) -> None:
    header = read_account(secret(password, "Account"))
    assert header == basic(password, "Account")
    assert header.isascii()
    assert header.isprintable()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "the secret is not JSON"),
        (HUNTER, "the secret is not JSON"),
        ("{" + HUNTER, "the secret is not JSON"),
        ("[" * 100_000, "the secret is not JSON"),
        (json.dumps([HUNTER]), "the secret is not a JSON object"),
        ("null", "the secret is not a JSON object"),
        ("{}", "the secret's accountId must be text"),
        (secret(account_id=None), "the secret's accountId must be text"),
        (secret(account_id=""), "the secret's accountId must be filled in"),
        (secret("", account_id=""), "the secret's accountId and password must be filled in"),
        (secret(account_id=12345678), "the secret's accountId must be text"),
        (secret(account_id="canary:5"), "the secret's accountId must be text without a colon"),
        (secret(None), "the secret's password must be text"),
        (secret(""), "the secret's password must be filled in"),
        (secret(4711), "the secret's password must be text"),
        (secret([HUNTER]), "the secret's password must be text"),
    ],
)
def test_a_secret_that_cannot_be_used_says_why_without_being_quoted(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint) as error:
        read_account(text)
    assert error.value.__cause__ is None
    assert "canary" not in str(error.value)
    assert "4711" not in str(error.value)


def test_the_callbacks_half_of_the_secret_does_not_matter_here() -> None:
    assert read_account(json.dumps({"accountId": "a", "password": "p", "callbackTokens": 5})) == basic("p", "a")


# --- the cache --------------------------------------------------------------------------------------------------------


def test_the_account_costs_one_fetch_a_minute(account: Account, store: SecretStore, clock: Clock) -> None:
    for clock.now in (1000.0, 1000.0 + MAX_AGE - 1, 1000.0 + MAX_AGE, 1000.0 + 2 * MAX_AGE - 1):
        assert account.authorization() == basic()
    assert store.fetched == 2


def test_a_new_password_is_used_a_minute_later_at_the_latest(
    account: Account, store: SecretStore, clock: Clock
) -> None:
    account.authorization()
    store.value = secret("second")
    assert account.authorization() == basic()
    clock.now += MAX_AGE
    assert account.authorization() == basic("second")


def test_the_newest_is_fetched_at_once_and_used_from_then_on(
    account: Account, store: SecretStore, clock: Clock
) -> None:
    account.authorization()
    store.value = secret("second")
    assert account.authorization(newest=True) == basic("second")
    clock.now += MAX_AGE - 1
    assert account.authorization() == basic("second")
    assert store.fetched == 2


def test_the_first_may_be_the_newest(account: Account, store: SecretStore) -> None:
    assert account.authorization(newest=True) == basic()
    assert account.authorization() == basic()
    assert store.fetched == 1


@pytest.mark.parametrize(
    ("code", "value", "reason"),
    [
        ("InternalServiceError", "", "the secret could not be fetched: InternalServiceError"),
        ("AccessDeniedException", "", "the secret could not be fetched: AccessDeniedException"),
        ("silence", "", "the secret could not be fetched: ReadTimeoutError"),
        (None, HUNTER, f"the secret is not JSON; {HOW_TO_MEND}"),
        (None, secret(""), f"the secret's password must be filled in; {HOW_TO_MEND}"),
    ],
)
def test_the_last_good_one_goes_on_while_no_newer_can_be_had_and_somebody_is_told_once_a_minute(
    account: Account,
    store: SecretStore,
    clock: Clock,
    warnings: list[str],
    *,
    code: str | None,
    value: str,
    reason: str,
) -> None:
    account.authorization()
    good, store.code, store.value, clock.now = store.value, code, value, clock.now + MAX_AGE
    for _ in range(5):
        assert account.authorization() == basic()
    assert warnings == [f"{reason}; OpenMarket is called with the last good one"]
    assert store.fetched == 2
    store.code, store.value, clock.now = None, good.replace(HUNTER, "second"), clock.now + MAX_AGE
    assert account.authorization() == basic("second")
    assert len(warnings) == 1


@pytest.mark.parametrize(
    ("code", "value", "reason"),
    [
        ("InternalServiceError", "", "the secret could not be fetched: InternalServiceError"),
        ("silence", "", "the secret could not be fetched: ReadTimeoutError"),
        (None, HUNTER, f"the secret is not JSON; {HOW_TO_MEND}"),
        (None, "{}", f"the secret's accountId must be text without a colon; {HOW_TO_MEND}"),
    ],
)
@pytest.mark.parametrize("newest", [False, True])
def test_without_any_good_one_it_says_what_is_wrong_and_asks_again_the_next_time(
    account: Account,
    store: SecretStore,
    warnings: list[str],
    *,
    code: str | None,
    value: str,
    reason: str,
    newest: bool,
) -> None:
    store.code, store.value = code, value
    for _ in range(2):
        with pytest.raises(SecretUnavailable) as error:
            account.authorization(newest=newest)
        assert str(error.value) == reason
    assert store.fetched == 2
    assert warnings == []
    store.code, store.value = None, secret()
    assert account.authorization() == basic()


def test_where_the_newest_cannot_be_had_nothing_older_is_given_for_it_but_the_older_one_stays(
    account: Account, store: SecretStore
) -> None:
    account.authorization()
    store.code = "InternalServiceError"
    with pytest.raises(SecretUnavailable):
        account.authorization(newest=True)
    assert account.authorization() == basic()


def test_an_unavailable_secret_is_tried_later_like_any_store() -> None:
    assert issubclass(SecretUnavailable, StorageUnavailable)
