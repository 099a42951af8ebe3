"""What CloudFormation makes of the template's roles and policies, for a stack that stands."""

from collections.abc import Mapping
from typing import Any

from local.deployment import STACK_NAME
from local.stack import Stack
from local.template_values import TemplateValues

ACCOUNT, REGION = "000000000000", "us-east-1"
THE_STREAM = "the table's stream"  # there is but one


class Values(TemplateValues):
    """What CloudFormation makes of values of the template."""

    def __init__(self, template: Mapping[str, Any], stack: Stack, parameters: Mapping[str, str]) -> None:
        super().__init__(template, _names_of(stack), **parameters)

    def listed(self, value: Any) -> list[Any]:
        """A value that may be one or a list, those without a value left out."""
        whole = self.of(value)
        return whole if isinstance(whole, list) else [whole]


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
