"""What the functions' roles allow, from the translated template, and what their calls need of it.

`compare` takes any calls that `tests.faults.calls` has listed, of one run or of many.
"""

import fnmatch
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from local.stack import Stack
from tests.faults.calls import AwsCall, Function
from tests.faults.security.intrinsics import ACCOUNT, Values

Template = Mapping[str, Any]

ROLES: Mapping[Function, str] = {"ReceiveCallback": "ReceiveCallbackRole", "SendMms": "SendMmsRole"}

OF_LAMBDA = {  # it does these itself, with the function's role: no code of ours calls them
    "logs:CreateLogStream": "it writes what the function prints",
    "logs:PutLogEvents": "it writes what the function prints",
    "xray:PutTraceSegments": "it tells of each call, as Tracing asks for",
    "xray:PutTelemetryRecords": "it tells of each call, as Tracing asks for",
}
OF_THE_EVENT_SOURCE = {
    "sqs:ReceiveMessage": "it polls the queue",
    "sqs:DeleteMessage": "it deletes what was acknowledged",
    "sqs:GetQueueAttributes": "it looks at the queue that it polls",
}
NOT_OURS: Mapping[Function, Mapping[str, str]] = {
    "ReceiveCallback": OF_LAMBDA,
    "SendMms": {**OF_LAMBDA, **OF_THE_EVENT_SOURCE},
}
"""Actions that AWS's own machinery around a function needs, each on one resource, and why."""

NARROW_ENOUGH = re.compile(
    r"arn:aws:s3:::[a-z0-9.-]+/[a-z]+/\*"  # a folder of the gateway's own bucket
    r"|arn:\*:s3:::[a-z0-9.-]+(/\*)?"  # a bucket of SourceBuckets, in whichever partition the role lives
    r"|arn:aws:logs:[a-z0-9-]+:[0-9]+:log-group:[A-Za-z0-9/_-]+:\*"  # the streams of one group
)
KNOWS_NO_NARROWER = {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}


@dataclass(frozen=True, slots=True, order=True)
class Permission:
    """One action on one resource, for one function; the resource may be a pattern where it is one of a policy."""

    function: str
    action: str
    resource: str

    def covers(self, other: "Permission") -> bool:
        """Whether this one, of a policy, allows the other, of a call."""
        same = (self.function, self.action.lower()) == (other.function, other.action.lower())
        return same and fnmatch.fnmatchcase(other.resource, self.resource)


def allowed(template: Template, stack: Stack, parameters: Mapping[str, str]) -> set[Permission]:
    """Each action on each resource that the roles allow; a statement of another kind is an error."""
    values = Values(template, stack, parameters)
    found = set()
    for function, role in ROLES.items():
        properties = template["Resources"][role]["Properties"]
        assert not properties.get("ManagedPolicyArns"), f"{role} has managed policies, whose text is not here"
        for policy in properties["Policies"]:
            for statement in values.listed(policy["PolicyDocument"]["Statement"]):
                assert set(statement) == {"Sid", "Effect", "Action", "Resource"}, f"{role}: {statement} can't be judged"
                assert statement["Effect"] == "Allow"
                found |= {
                    Permission(function, action, resource)
                    for action in values.listed(statement["Action"])
                    for resource in values.listed(statement["Resource"])
                }
    return found


def needed(call: AwsCall) -> set[Permission]:
    """What a call takes. Resources are named as in an ARN of the embedded AWS; a new kind of call is an error."""
    return {Permission(call.function, action, resource) for action, resource in _needs(call)}


def compare(calls: Iterable[AwsCall], permissions: Iterable[Permission]) -> tuple[list[Permission], list[Permission]]:
    """What calls need and no policy allows; what policies allow and neither a call nor AWS's machinery uses.

    Of the machinery's actions, those on several resources count as unused, and one that is not there as missing.
    """
    given = sorted(permissions)
    wanted = {permission for call in calls for permission in needed(call)}
    missing = [want for want in sorted(wanted) if not any(one.covers(want) for one in given)]
    unused = [one for one in given if not any(one.covers(want) for want in wanted)]
    for function, actions in NOT_OURS.items():
        for action in actions:
            theirs = [one for one in unused if (one.function, one.action) == (function, action)]
            if len(theirs) == 1:
                unused.remove(theirs[0])
            if not theirs:
                missing.append(Permission(function, action, "whatever it works on"))
    return missing, unused


def too_wide(permissions: Iterable[Permission]) -> list[Permission]:
    """Those with a wildcard in the action, or one in the resource where a narrower one would do."""
    return [one for one in permissions if _is_wide(one.action) or (_is_wide(one.resource) and not _is_narrow(one))]


def _is_wide(text: str) -> bool:
    return "*" in text or "?" in text


def _is_narrow(one: Permission) -> bool:
    known = one.resource == "*" and one.action in KNOWS_NO_NARROWER
    return known or NARROW_ENOUGH.fullmatch(one.resource) is not None


# --- what a call needs ------------------------------------------------------------------------------------------------

TRANSACTED = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}


def _needs(call: AwsCall) -> Iterator[tuple[str, str]]:
    given = call.parameters
    match call.service, call.operation:
        case "dynamodb", "TransactWriteItems":
            for ((kind, item),) in (each.items() for each in given["TransactItems"]):
                yield f"dynamodb:{TRANSACTED[kind]}", _table(item)
        case "dynamodb", ("GetItem" | "PutItem" | "UpdateItem" | "Query") as operation:
            yield f"dynamodb:{operation}", _table(given)
        case "s3", "PutObject":
            yield "s3:PutObject", f"arn:aws:s3:::{given['Bucket']}/{given['Key']}"
        case "s3", ("HeadObject" | "GetObject"):
            version = "Version" if "VersionId" in given else ""
            yield f"s3:GetObject{version}", f"arn:aws:s3:::{given['Bucket']}/{given['Key']}"
            if call.operation == "HeadObject":  # who may not list hears of a missing object that it is forbidden
                yield "s3:ListBucket", f"arn:aws:s3:::{given['Bucket']}"
        case "secretsmanager", "GetSecretValue":
            yield "secretsmanager:GetSecretValue", given["SecretId"]
        case "sqs", ("SendMessage" | "ChangeMessageVisibility") as operation:
            yield f"sqs:{operation}", _queue(given["QueueUrl"])
        case other:
            raise NotImplementedError(f"which permissions {other} needs is not written down here")


def _table(given: Mapping[str, Any]) -> str:
    index = f"/index/{given['IndexName']}" if "IndexName" in given else ""
    return f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/{given['TableName']}{index}"


def _queue(url: str) -> str:
    return f"arn:aws:sqs:us-east-1:{ACCOUNT}:{url.rpartition('/')[2]}"
