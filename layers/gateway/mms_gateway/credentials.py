"""The secret, cached in a way that lets it rotate without downtime."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from aws_lambda_powertools.utilities.parameters import SecretsProvider
from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError

from mms_gateway.authentication import CallbackSecret, is_authentic, read_secret
from mms_gateway.errors import StorageUnavailable, Unauthorized

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

MAX_AGE = 60  # seconds: a revoked token is refused a minute later at the latest
MIN_AGE = 2  # seconds: how often a wrong token may make us look for a newer secret


class Credentials:
    """Checks callers against the secret; a caller it does not know makes it look for a newer secret first."""

    def __init__(
        self, client: "SecretsManagerClient", secret_id: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._provider = SecretsProvider(boto3_client=client)
        self._secret_id = secret_id
        self._clock = clock
        self._secret: CallbackSecret | None = None
        self._fetched_at = 0.0

    def authenticate(self, *, token: str, authorization: str | None) -> None:
        """Raise Unauthorized for a stranger, StorageUnavailable where there is no secret to compare with."""
        for oldest in (MAX_AGE, MIN_AGE):
            if is_authentic(self._current(oldest), token=token, authorization=authorization):
                return
        raise Unauthorized("the caller's token or password is not one of the secret's")

    def _current(self, oldest: float) -> CallbackSecret:
        """The secret, at most `oldest` seconds old; an older one where a newer can't be had."""
        now = self._clock()
        if self._secret is not None and now - self._fetched_at < oldest:
            return self._secret
        try:
            self._secret = read_secret(str(self._provider.get(self._secret_id, force_fetch=True)))
        except GetParameterError as error:
            if self._secret is None:
                raise StorageUnavailable(f"the secret could not be fetched: {_cause(error)}") from error
        except ValueError as error:
            raise StorageUnavailable(f"{error}; put a new value, see the README") from None
        self._fetched_at = now
        return self._secret


def _cause(error: Exception) -> str:
    """The SDK's word for what went wrong, without its text, which names the secret."""
    response = getattr(error.__cause__ or error.__context__, "response", None) or {}
    return str(response.get("Error", {}).get("Code", type(error.__cause__ or error.__context__ or error).__name__))
