"""AWS clients with bounded time and trust that is loaded once, and their errors in ours."""

import ssl
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, NoReturn

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


def client_config(*, connections: int, sign_uploads: bool = True) -> Config:
    """A client's time and size: one quick second try, for OpenMarket itself comes again.

    Without `sign_uploads` the SDK does not hash them to sign them: for a client of which every upload names its SHA-256
    in a header, for that is signed, and S3 compares it.
    """
    return Config(
        connect_timeout=1,
        read_timeout=2,
        retries={"mode": "standard", "total_max_attempts": 2},
        max_pool_connections=connections,
        tcp_keepalive=True,
        s3={"payload_signing_enabled": sign_uploads},
    )


class _SharedContext(ssl.SSLContext):
    """One bundle of authorities, loaded once, and everybody verified; refuses what would change that for the others.

    urllib3 sets all of it anew for every connection, which other threads may be making at that moment.
    """

    def __init__(self, *_: object) -> None:
        self._lock = threading.Lock()
        self._bundle: tuple[object, ...] = ()
        self._alpn: tuple[str, ...] = ()

    def load_verify_locations(self, cafile: Any = None, capath: Any = None, cadata: Any = None) -> None:
        """Trust the authorities of the bundle; ValueError for another one than the first."""
        bundle = cafile, capath, cadata
        with self._lock:
            if self._bundle not in {(), bundle}:
                raise ValueError("clients that share trust must have the same bundle of authorities")
            if not self._bundle:
                super().load_verify_locations(*bundle)
                self._bundle = bundle

    def set_alpn_protocols(self, alpn_protocols: Iterable[str]) -> None:
        """Offer these protocols."""
        protocols = tuple(alpn_protocols)
        with self._lock:
            if self._alpn != protocols:
                super().set_alpn_protocols(protocols)
                self._alpn = protocols

    def load_cert_chain(self, *_: object, **__: object) -> NoReturn:
        """A client with a certificate of its own can't share."""
        raise ValueError("clients that share trust can't have a certificate of their own")

    @property  # type: ignore[override]
    def verify_mode(self) -> ssl.VerifyMode:
        """Always CERT_REQUIRED; ValueError for anything else."""
        return super().verify_mode

    @verify_mode.setter
    def verify_mode(self, mode: ssl.VerifyMode) -> None:
        if mode != ssl.CERT_REQUIRED:
            raise ValueError("clients that share trust must verify whom they speak to")


_one_context = cache(_SharedContext)


def share_trust() -> None:
    """Have clients made from now on share one TLS context, set up by the SDK as always.

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
