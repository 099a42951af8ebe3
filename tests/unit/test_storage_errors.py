"""What the SDK raises, in our errors: what to try again, and what never to."""

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ParamValidationError,
    ReadTimeoutError,
)

from mms_gateway.aws import storage_errors
from mms_gateway.errors import GatewayError, StorageRefused, StorageUnavailable

URL = "https://table.example"


def answered(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "447800000001"}}, "PutItem")


@pytest.mark.parametrize(
    ("raised", "error", "text"),
    [
        (answered("ValidationException"), StorageRefused, "the table refused it: ValidationException"),
        (answered("KeyTooLongError"), StorageRefused, "the table refused it: KeyTooLongError"),
        (
            ParamValidationError(report="447800000001"),
            StorageRefused,
            "the table can't take it: the request is not valid",
        ),
        (answered("ThrottlingException"), StorageUnavailable, "the table answered ThrottlingException"),
        (answered("AccessDeniedException"), StorageUnavailable, "the table answered AccessDeniedException"),
        (answered("ResourceNotFoundException"), StorageUnavailable, "the table answered ResourceNotFoundException"),
        (
            ReadTimeoutError(endpoint_url=URL),
            StorageUnavailable,
            "the table could not be reached: ReadTimeoutError",
        ),
        (
            ConnectTimeoutError(endpoint_url=URL),
            StorageUnavailable,
            "the table could not be reached: ConnectTimeoutError",
        ),
        (
            EndpointConnectionError(endpoint_url=URL),
            StorageUnavailable,
            "the table could not be reached: EndpointConnectionError",
        ),
    ],
)
def test_an_error_of_the_sdk_says_what_to_do_next_and_quotes_nothing(
    raised: Exception, error: type[GatewayError], text: str
) -> None:
    with pytest.raises(error) as caught, storage_errors("the table"):
        raise raised
    assert str(caught.value) == text
