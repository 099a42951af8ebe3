"""What a person is told when something can't be done: what is wrong, and what to do next."""

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    ProfileNotFound,
    TokenRetrievalError,
)

from mms_gateway.errors import GatewayError

DENIED = {"AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation", "403", "Forbidden"}
EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired"}
UNKNOWN = {"InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId", "SignatureDoesNotMatch"}


class Problem(Exception):
    """What was asked for can't be done; its text is for a person, and says what to do next."""


def in_words(error: Exception) -> str | None:
    """What an error means to the person at the keyboard; None for a mistake of ours."""
    match error:
        case Problem() | GatewayError():
            return str(error)
        case ClientError() | BotoCoreError():
            return explain(error)
        case _:
            return None


def explain(error: ClientError | BotoCoreError) -> str:
    """What AWS's error means to the person at the keyboard."""
    match error:
        case NoCredentialsError():
            return "No AWS credentials were found; log in, or set AWS_PROFILE."
        case NoRegionError():
            return "No AWS region is set; set AWS_REGION to the one that the stack lies in."
        case ProfileNotFound() | TokenRetrievalError():
            return f"{error}. Set AWS_PROFILE to a profile that you have, and log in."
        case EndpointConnectionError():
            return f"{error}. Is the stack running, and does this machine reach it?"
        case ClientError():
            return _explain_answer(error)
        case _:
            return f"AWS could not be asked: {error}"


def _explain_answer(error: ClientError) -> str:
    code = error.response.get("Error", {}).get("Code", "an unknown error")
    said = error.response.get("Error", {}).get("Message", "")
    if code in DENIED:
        return (
            f"AWS does not let you {error.operation_name}: {said or code}. For reading attach the policy of the "
            "stack's output ReaderPolicyArn, for sending that of ProducerPolicyArn, for all else that `mms` does that "
            "of OperatorPolicyArn beside them; the secret is in none."
        )
    if code in EXPIRED:
        return "Your AWS credentials have expired; log in again."
    if code in UNKNOWN:
        return f"AWS does not know your credentials ({code}); log in again, and look at AWS_PROFILE and AWS_REGION."
    return f"AWS answered {error.operation_name} with {code}: {said}"
