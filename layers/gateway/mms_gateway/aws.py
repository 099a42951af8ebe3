"""AWS clients with bounded time and trust that is loaded once, and their errors in ours."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import botocore.httpsession
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from mms_gateway.errors import StorageRefused, StorageUnavailable

_NEVER = {  # codes that say: this will not be taken however often it comes
    "ValidationException",
    "SerializationException",
    "InvalidArgument",
    "KeyTooLongError",
    "MetadataTooLarge",
    "EntityTooLarge",
}


def client_config(*, connections: int) -> Config:
    """A client's time and size: one quick second try, for OpenMarket itself comes again."""
    return Config(
        connect_timeout=1,
        read_timeout=2,
        retries={"mode": "standard", "total_max_attempts": 2},
        max_pool_connections=connections,
        tcp_keepalive=True,
        # Every upload names its SHA-256 in a signed header, and S3 compares; the SDK would hash it again to sign it.
        s3={"payload_signing_enabled": False},
    )


class _TrustLoadedOnce(ssl.SSLContext):
    """Loads a bundle of authorities the first time only: urllib3 asks for it again for every connection."""

    def __init__(self, *_: object) -> None:
        self._loading = threading.Lock()
        self._loaded: set[tuple[Any, ...]] = set()

    def load_verify_locations(self, cafile: Any = None, capath: Any = None, cadata: Any = None) -> None:
        """Trust the authorities of a bundle, from now on."""
        bundle = cafile, capath, cadata
        with self._loading:
            if bundle not in self._loaded:
                super().load_verify_locations(*bundle)
                self._loaded.add(bundle)


_one_context = cache(_TrustLoadedOnce)


def share_trust() -> None:
    """Have clients made from now on share one TLS context, which the SDK sets up and checks as it always does.

    It would make one for each client and load the authorities into it for each connection: 14 ms of the processor, of
    which a callback with eight pictures needs ten.
    """
    botocore.httpsession.SSLContext = _one_context  # type: ignore[attr-defined]  # the stubs leave it out


@contextmanager
def storage_errors(store: str) -> Iterator[None]:
    """Turn what the SDK raises into StorageRefused or StorageUnavailable; names the `store`, quotes nothing."""
    try:
        yield
    except ParamValidationError as error:
        raise StorageRefused(f"{store} can't take it: the request is not valid") from error
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "an unknown error")
        if code in _NEVER:
            raise StorageRefused(f"{store} refused it: {code}") from error
        raise StorageUnavailable(f"{store} answered {code}") from error
    except BotoCoreError as error:
        raise StorageUnavailable(f"{store} could not be reached: {type(error).__name__}") from error
