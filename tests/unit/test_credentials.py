"""The secret's cache: old enough to be cheap, young enough to rotate. Secrets Manager stands in as a small class."""

import json

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from mms_gateway.credentials import HOW_TO_MEND, MAX_AGE, MIN_AGE, Credentials
from mms_gateway.errors import StorageUnavailable, Unauthorized


class SecretStore:
    """Answers as the SDK's client does, and counts."""

    def __init__(self, *tokens: str) -> None:
        self.value = json.dumps({"callbackTokens": tokens})
        self.fetched = 0
        self.code: str | None = None

    def get_secret_value(self, **_: object) -> dict[str, str]:
        self.fetched += 1
        if self.code == "silence":
            raise ReadTimeoutError(endpoint_url="https://secretsmanager")
        if self.code is not None:
            raise ClientError({"Error": {"Code": self.code, "Message": "arn:aws:secret"}}, "GetSecretValue")
        return {"SecretString": self.value}


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def store() -> SecretStore:
    return SecretStore("first")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def warnings() -> list[str]:
    return []


@pytest.fixture
def credentials(store: SecretStore, clock: Clock, warnings: list[str]) -> Credentials:
    return Credentials(store, "secret", warn=warnings.append, clock=clock)  # type: ignore[arg-type]


def enter(credentials: Credentials, token: str) -> None:
    credentials.authenticate(token=token, authorization=None)


def test_a_known_caller_costs_one_fetch_a_minute(credentials: Credentials, store: SecretStore, clock: Clock) -> None:
    for clock.now in (1000.0, 1000.0 + MAX_AGE - 1, 1000.0 + MAX_AGE + 1):
        enter(credentials, "first")
    assert store.fetched == 2


def test_a_new_token_works_at_once(credentials: Credentials, store: SecretStore, clock: Clock) -> None:
    enter(credentials, "first")
    store.value = json.dumps({"callbackTokens": ["first", "second"]})
    clock.now += MIN_AGE
    enter(credentials, "second")


def test_a_revoked_token_is_refused_after_a_minute(credentials: Credentials, store: SecretStore, clock: Clock) -> None:
    enter(credentials, "first")
    store.value = json.dumps({"callbackTokens": ["second"]})
    clock.now += MAX_AGE
    with pytest.raises(Unauthorized):
        enter(credentials, "first")


def test_strangers_cannot_make_us_fetch_the_secret_again_and_again(
    credentials: Credentials, store: SecretStore
) -> None:
    for _ in range(50):
        with pytest.raises(Unauthorized):
            enter(credentials, "guess")
    assert store.fetched == 1


def test_known_callers_come_in_while_the_secret_cannot_be_fetched_and_somebody_is_told(
    credentials: Credentials, store: SecretStore, clock: Clock, warnings: list[str]
) -> None:
    enter(credentials, "first")
    store.code, clock.now = "InternalServiceError", clock.now + 10 * MAX_AGE
    enter(credentials, "first")
    assert warnings == [
        "the secret could not be fetched: InternalServiceError; callers are compared with the last good one"
    ]


def test_known_callers_come_in_while_the_secret_is_of_the_wrong_form_and_somebody_is_told(
    credentials: Credentials, store: SecretStore, clock: Clock, warnings: list[str]
) -> None:
    enter(credentials, "first")
    store.value, clock.now = "hunter2", clock.now + 10 * MAX_AGE
    enter(credentials, "first")
    assert warnings == [f"the secret is not JSON; {HOW_TO_MEND}; callers are compared with the last good one"]


def test_whom_only_a_newer_secret_could_know_is_asked_to_come_again_and_waits_for_one_fetch(
    credentials: Credentials, store: SecretStore, clock: Clock
) -> None:
    enter(credentials, "first")
    store.code, clock.now = "InternalServiceError", clock.now + 10 * MAX_AGE
    with pytest.raises(StorageUnavailable, match="the secret could not be fetched: InternalServiceError"):
        enter(credentials, "second")
    assert store.fetched == 2
    store.code, store.value, clock.now = None, json.dumps({"callbackTokens": ["second"]}), clock.now + MIN_AGE
    enter(credentials, "second")
    with pytest.raises(Unauthorized):
        enter(credentials, "first")


def test_a_look_that_hung_does_not_bring_an_older_secret_back(
    credentials: Credentials, store: SecretStore, clock: Clock
) -> None:
    enter(credentials, "first")
    older = store.value

    def hang_while_another_looks(**_: object) -> dict[str, str]:
        store.get_secret_value = answer  # type: ignore[method-assign]
        store.value, clock.now = json.dumps({"callbackTokens": ["second"]}), clock.now + MIN_AGE
        enter(credentials, "second")
        return {"SecretString": older}

    answer, store.get_secret_value = store.get_secret_value, hang_while_another_looks  # type: ignore[method-assign]
    clock.now += MAX_AGE
    with pytest.raises(Unauthorized):
        enter(credentials, "first")
    enter(credentials, "second")


@pytest.mark.parametrize(
    ("code", "cause"), [("AccessDeniedException", "AccessDeniedException"), ("silence", "ReadTimeoutError")]
)
def test_without_any_secret_the_answer_is_unavailable_and_names_the_cause(
    credentials: Credentials, store: SecretStore, code: str, cause: str
) -> None:
    store.code = code
    with pytest.raises(StorageUnavailable) as error:
        enter(credentials, "first")
    assert str(error.value) == f"the secret could not be fetched: {cause}"


def test_a_secret_of_the_wrong_form_says_what_to_do(credentials: Credentials, store: SecretStore) -> None:
    store.value = "hunter2"
    with pytest.raises(StorageUnavailable) as error:
        enter(credentials, "first")
    assert str(error.value) == f"the secret is not JSON; {HOW_TO_MEND}"
