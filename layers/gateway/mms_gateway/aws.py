"""AWS clients with bounded time, and their errors in ours."""

from collections.abc import Iterator
from contextlib import contextmanager

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
    )


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
