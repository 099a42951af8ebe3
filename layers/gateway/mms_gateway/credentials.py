"""The secret, cached in a way that lets it rotate without downtime."""

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from mms_gateway.authentication import CallbackSecret, is_authentic, read_account, read_secret
from mms_gateway.errors import SecretUnavailable, Unauthorized

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

MAX_AGE = 60  # seconds: a revoked token is refused a minute later at the latest
MIN_AGE = 2  # seconds: how often a wrong token may make us look for a newer secret
HOW_TO_MEND = "put a whole value with `aws secretsmanager put-secret-value`, as functions/security.md says"


class Credentials:
    """Checks callers against the secret; a caller it does not know makes it look for a newer secret first."""

    def __init__(
        self,
        client: "SecretsManagerClient",
        secret_id: str,
        *,
        warn: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`warn` hears, in a sentence, why a newer secret could not be had while an older one goes on."""
        self._client = client
        self._secret_id = secret_id
        self._warn = warn
        self._clock = clock
        self._lock = threading.Lock()
        self._secret: CallbackSecret | None = None
        self._as_of = 0.0
        self._looked_at = 0.0
        self._doubt: str | None = None

    def authenticate(self, *, token: str, authorization: str | None) -> None:
        """Raise Unauthorized for a stranger; SecretUnavailable where that can't be told for want of a newer secret."""
        for oldest in (MAX_AGE, MIN_AGE):
            if is_authentic(self._current(oldest), token=token, authorization=authorization):
                return
        if self._doubt is not None:
            raise SecretUnavailable(self._doubt)
        if self._secret is not None and not self._secret.tokens:
            raise Unauthorized(f"the secret has no callback token, so nobody is let in; {HOW_TO_MEND}")
        raise Unauthorized("the caller's token or password is not one of the secret's")

    def _current(self, oldest: float) -> CallbackSecret:
        """The secret as it was at most `oldest` seconds ago, or the last good one where a newer can't be had."""
        began = self._clock()
        if self._secret is not None and began - self._looked_at < oldest:
            return self._secret
        try:
            newer = read_secret(_fetch(self._client, self._secret_id))
        except (SecretUnavailable, ValueError) as error:
            self._doubt = _reason(error)
            if self._secret is None:
                raise SecretUnavailable(self._doubt) from None
            self._warn(f"{self._doubt}; callers are compared with the last good one")
            self._looked_at = self._clock()
            return self._secret
        with self._lock:
            # A look that hung while another went by must not bring an older secret back.
            if self._secret is None or began >= self._as_of:
                self._secret, self._as_of, self._looked_at, self._doubt = newer, began, self._clock(), None
            return self._secret


class Account:
    """As whom the gateway calls OpenMarket: an Authorization header, fetched again once it is a minute old."""

    def __init__(
        self,
        client: "SecretsManagerClient",
        secret_id: str,
        *,
        warn: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`warn` hears, in a sentence, why a newer secret could not be had while the older one goes on."""
        self._client = client
        self._secret_id = secret_id
        self._warn = warn
        self._clock = clock
        self._header = ""
        self._looked_at = 0.0

    def authorization(self, *, newest: bool = False) -> str:
        """The header; with `newest` from the secret as it is now. SecretUnavailable where it can't be had."""
        if self._header and not newest and self._clock() - self._looked_at < MAX_AGE:
            return self._header
        try:
            self._header = read_account(_fetch(self._client, self._secret_id))
        except (SecretUnavailable, ValueError) as error:
            if newest and self._header:  # asked for because the one at hand was refused
                self._warn(_reason(error))
            if newest or not self._header:
                raise SecretUnavailable(_reason(error)) from None
            self._warn(f"{_reason(error)}; OpenMarket is called with the last good one")
        self._looked_at = self._clock()
        return self._header


def _fetch(client: "SecretsManagerClient", secret_id: str) -> str:
    """The secret as it is now, one that holds bytes as nothing; SecretUnavailable where it can't be had."""
    try:
        return str(client.get_secret_value(SecretId=secret_id).get("SecretString", ""))
    except Exception as error:  # noqa: BLE001 - whatever it is, the last good one must go on
        # Of the SDK's words only the code, for its text names the secret.
        code = error.response.get("Error", {}).get("Code") if isinstance(error, ClientError) else None
        raise SecretUnavailable(f"the secret could not be fetched: {code or type(error).__name__}") from None


def _reason(error: Exception) -> str:
    return f"{error}; {HOW_TO_MEND}" if isinstance(error, ValueError) else str(error)
