"""What a call of AWS takes to be allowed, as AWS documents it; resources are named as in an ARN of the embedded AWS."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.faults.calls import AwsCall
from tests.faults.security.intrinsics import ACCOUNT, REGION, THE_STREAM

TRANSACTED = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}
OF_ONE_TABLE = {
    *("GetItem", "PutItem", "UpdateItem", "Query", "Scan"),
    *("DescribeTable", "DescribeContinuousBackups"),
}
OF_THE_STREAM = {"DescribeStream", "GetShardIterator", "GetRecords"}
OF_ONE_QUEUE = {"SendMessage", "ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility", "GetQueueAttributes"}
OF_ONE_BUCKET = {
    "HeadBucket": "ListBucket",
    "ListObjectVersions": "ListBucketVersions",
    "GetBucketVersioning": "GetBucketVersioning",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
}
FOR_MOVING = ("StartMessageMoveTask", "ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
NARROWS_NOTHING = {  # know no resource
    ("dynamodb", "ListBackups"): "dynamodb:ListBackups",
    ("lambda", "ListEventSourceMappings"): "lambda:ListEventSourceMappings",
    ("cloudwatch", "GetMetricStatistics"): "cloudwatch:GetMetricStatistics",
}


def needs(call: AwsCall) -> Iterator[tuple[str, str]]:  # noqa: PLR0912 - one for each kind
    """Actions, and the resources that they are on; a call of a kind that is not here is an error."""
    given = call.parameters
    match call.service, call.operation:
        case "dynamodb", "TransactWriteItems":
            for ((kind, item),) in (each.items() for each in given["TransactItems"]):
                yield f"dynamodb:{TRANSACTED[kind]}", _table(item)
        case "dynamodb", ("BatchGetItem" | "BatchWriteItem") as operation:
            for name in given["RequestItems"]:
                yield f"dynamodb:{operation}", _table({"TableName": name})
        case "dynamodb", operation if operation in OF_ONE_TABLE:
            yield f"dynamodb:{operation}", _table(given)
        case "dynamodbstreams", operation if operation in OF_THE_STREAM:
            yield f"dynamodb:{operation}", THE_STREAM
        case "s3", "PutObject":
            yield "s3:PutObject", _object(given)
        case "s3", ("HeadObject" | "GetObject"):
            version = "Version" if "VersionId" in given else ""
            yield f"s3:GetObject{version}", _object(given)
            if call.operation == "HeadObject":  # who may not list hears of a missing object that it is forbidden
                yield "s3:ListBucket", _bucket(given)
        case "s3", "DeleteObjects":
            for named in given["Delete"]["Objects"]:
                yield "s3:DeleteObject", _object({**given, **named})
                if "VersionId" in named:
                    yield "s3:DeleteObjectVersion", _object({**given, **named})
        case "s3", operation if operation in OF_ONE_BUCKET:
            yield f"s3:{OF_ONE_BUCKET[operation]}", _bucket(given)
        case "secretsmanager", "GetSecretValue":
            yield "secretsmanager:GetSecretValue", given["SecretId"]
        case "sqs", operation if operation in OF_ONE_QUEUE:
            yield f"sqs:{operation}", _queue(given["QueueUrl"])
        case "sqs", "ChangeMessageVisibilityBatch":
            yield "sqs:ChangeMessageVisibility", _queue(given["QueueUrl"])
        case "sqs", "ListMessageMoveTasks":
            yield "sqs:ListMessageMoveTasks", given["SourceArn"]
        case "sqs", "StartMessageMoveTask":
            yield from ((f"sqs:{action}", given["SourceArn"]) for action in FOR_MOVING)
            yield "sqs:SendMessage", given["DestinationArn"]
        case "lambda", "GetFunctionConfiguration":
            yield "lambda:GetFunctionConfiguration", _arn("lambda", f"function:{given['FunctionName']}")
        case "logs", "FilterLogEvents":
            yield "logs:FilterLogEvents", f"{_arn('logs', 'log-group:' + given['logGroupName'])}:*"
        case "cloudformation", "DescribeStacks":
            yield "cloudformation:DescribeStacks", _arn("cloudformation", f"stack/{given['StackName']}/*")
        case "sts", "GetCallerIdentity":
            return
        case kind if kind in NARROWS_NOTHING:
            yield NARROWS_NOTHING[kind], "*"
        case other:
            raise NotImplementedError(f"which permissions {other} needs is not written down here")


@dataclass(frozen=True, slots=True)
class OwnKey:
    """The customer's key, and the bucket that is under it; others have keys of their own."""

    arn: str
    bucket: str

    def needs(self, call: AwsCall) -> Iterator[tuple[str, str]]:
        """What the service does with the key on the caller's behalf, and which service that is."""
        match call.service, call.operation:
            case (("dynamodb" | "dynamodbstreams"), operation) if not operation.startswith(("Describe", "List")):
                yield "kms:Decrypt", "dynamodb"  # of the table's own key; it makes and keeps that under a grant
            case "s3", "PutObject" if call.parameters["Bucket"] == self.bucket:
                yield "kms:GenerateDataKey", "s3"
                yield "kms:Decrypt", "s3"  # of the bucket's own key, and of the parts of a large upload
            case "s3", "GetObject" if call.parameters["Bucket"] == self.bucket:
                yield "kms:Decrypt", "s3"
            case "secretsmanager", _:
                yield "kms:Decrypt", "secretsmanager"
            case "sqs", ("SendMessage" | "StartMessageMoveTask"):
                yield "kms:GenerateDataKey", "sqs"
                yield "kms:Decrypt", "sqs"  # SQS tries a new data key before it uses it
            case "sqs", "ReceiveMessage":
                yield "kms:Decrypt", "sqs"


def _table(given: Mapping[str, Any]) -> str:
    index = f"/index/{given['IndexName']}" if "IndexName" in given else ""
    return _arn("dynamodb", f"table/{given['TableName']}{index}")


def _bucket(given: Mapping[str, Any]) -> str:
    return f"arn:aws:s3:::{given['Bucket']}"


def _object(given: Mapping[str, Any]) -> str:
    return f"{_bucket(given)}/{given['Key']}"


def _queue(url: str) -> str:
    return _arn("sqs", url.rpartition("/")[2])


def _arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"
