"""The AWS calls that the functions' code makes, listed as it makes them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Function = Literal["ReceiveCallback", "SendMms"]


@dataclass(frozen=True, slots=True)
class AwsCall:
    """One call, as the SDK was asked to make it; named as in botocore: `dynamodb`, `TransactWriteItems`."""

    function: str
    """A Function of ours; or who else it was."""
    service: str
    operation: str
    parameters: Mapping[str, Any]


def list_calls(function: str, client: Any, into: list[AwsCall]) -> None:
    """From now on note every call of a client in `into`."""
    service = client.meta.service_model.service_name

    def note(params: Mapping[str, Any], model: Any, **_: object) -> None:
        into.append(AwsCall(function, service, model.name, dict(params)))

    client.meta.events.register_first(f"provide-client-params.{service}", note)
