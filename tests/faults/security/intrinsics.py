"""CloudFormation's intrinsic functions, as far as the roles of the template use them, for a stack that stands."""

import re
from collections.abc import Mapping
from typing import Any

from local.deployment import STACK_NAME
from local.stack import Stack

ACCOUNT, REGION = "000000000000", "us-east-1"
THE_STREAM = "the table's stream"  # there is but one
NO_VALUE = {"Ref": "AWS::NoValue"}


class Values:
    """What CloudFormation makes of values of the template."""

    def __init__(self, template: Mapping[str, Any], stack: Stack, parameters: Mapping[str, str]) -> None:
        defaults = {name: str(one.get("Default", "")) for name, one in template["Parameters"].items()}
        self._parameters = {**defaults, **parameters}
        self._conditions = template.get("Conditions", {})
        self._names = _names_of(stack)

    def listed(self, value: Any) -> list[Any]:
        """A value that may be one or a list, those without a value left out."""
        whole = self.of(value)
        entries = whole if isinstance(whole, list) else [whole]
        return [each for each in map(self.of, entries) if each is not None]

    def of(self, value: Any) -> Any:  # noqa: PLR0911 - one for each function
        """A value with its functions worked out; None where CloudFormation leaves it out."""
        match value:
            case {"Ref": "AWS::NoValue"}:
                return None
            case {"Ref": name}:
                return self._named(name)
            case {"Fn::GetAtt": [name, attribute]}:
                return self._named(f"{name}.{attribute}")
            case {"Fn::If": [condition, then, otherwise]}:
                return self.of(then if self._holds({"Condition": condition}) else otherwise)
            case {"Fn::Sub": [text, values]}:
                return self._substituted(text, {name: self.of(one) for name, one in values.items()})
            case {"Fn::Sub": text}:
                return self._substituted(text, {})
            case {"Fn::Split": [delimiter, text]}:
                return self.of(text).split(delimiter)
            case {"Fn::Join": [delimiter, texts]}:
                return delimiter.join(self.of(texts))
        return value

    def _named(self, name: str) -> str:
        return self._parameters[name] if name in self._parameters else self._names[name]

    def _substituted(self, text: str, values: Mapping[str, str]) -> str:
        return re.sub(r"\$\{([^}]+)\}", lambda found: values.get(found[1]) or self._named(found[1]), text)

    def _holds(self, condition: Any) -> bool:
        match condition:
            case {"Condition": name}:
                return self._holds(self._conditions[name])
            case {"Fn::Not": [one]}:
                return not self._holds(one)
            case {"Fn::Equals": [left, right]}:
                return bool(self.of(left) == self.of(right))
        raise NotImplementedError(f"a condition of another kind: {condition}")


def _names_of(stack: Stack) -> dict[str, str]:
    """Of the stack what roles and policies name."""
    of_region = f"{stack.region}:{ACCOUNT}"
    queues = {"SendQueue": stack.send_queue_url, "DeadLetterQueue": stack.dead_letter_queue_url}
    logs = {
        "ReceiveCallbackLogs": "/aws/lambda/mms-gateway-receive-callback",
        "SendMmsLogs": "/aws/lambda/mms-gateway-send-mms",
        "ApiLogs": "/aws/apigateway/mms-gateway",
    }
    functions = {"ReceiveCallback": stack.function_name, "SendMms": stack.send_function_name}
    return {
        "AWS::Region": stack.region,
        "AWS::URLSuffix": "amazonaws.com",
        "AWS::Partition": "aws",
        "AWS::AccountId": ACCOUNT,
        "AWS::StackName": STACK_NAME,
        "Table.StreamArn": THE_STREAM,
        "Table.Arn": f"arn:aws:dynamodb:{of_region}:table/{stack.table_name}",
        "MediaBucket.Arn": f"arn:aws:s3:::{stack.media_bucket}",
        "Secret.Id": stack.secret_arn,
        **{f"{name}.Arn": f"arn:aws:sqs:{of_region}:{url.rpartition('/')[2]}" for name, url in queues.items()},
        **{f"{name}.Arn": f"arn:aws:logs:{of_region}:log-group:{group}:*" for name, group in logs.items()},
        **{f"{name}.Arn": f"arn:aws:lambda:{of_region}:function:{function}" for name, function in functions.items()},
    }
