"""What roles and policies allow, from the translated template, and what calls need of it.

`compare` takes any calls that `tests.faults.calls` has listed, of one run or of many.
"""

import fnmatch
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from local.stack import Stack
from tests.faults.calls import AwsCall, Function
from tests.faults.security.intrinsics import Values
from tests.faults.security.needs import OwnKey, needs

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
    """One action on one resource, for one function or person; in a policy the resource may be a pattern."""

    function: str
    action: str
    resource: str
    via: str = ""
    """The service that must ask on their behalf, where a key may not be used otherwise."""
    policy: str = field(default="", compare=False)
    statement: str = field(default="", compare=False)

    def covers(self, other: "Permission") -> bool:
        """Whether this one, of a policy, allows the other, of a call."""
        same = (self.function, self.action.lower(), self.via) == (other.function, other.action.lower(), other.via)
        return same and fnmatch.fnmatchcase(other.resource, self.resource)


def allowed(template: Template, stack: Stack, parameters: Mapping[str, str]) -> list[Permission]:
    """Each action on each resource that the roles allow, in the template's order."""
    found: list[Permission] = []
    for function, role in ROLES.items():
        properties = template["Resources"][role]["Properties"]
        assert not properties.get("ManagedPolicyArns"), f"{role} has managed policies, whose text is not here"
        for policy in properties["Policies"]:
            found += permitted(function, role, policy["PolicyDocument"], Values(template, stack, parameters))
    return found


def permitted(who: str, policy: str, document: Mapping[str, Any], values: Values) -> Iterator[Permission]:
    """Each action on each resource that a policy's document allows; a statement of another kind is an error."""
    for statement in values.listed(document["Statement"]):
        assert set(statement) - {"Condition"} == {"Sid", "Effect", "Action", "Resource"}, f"{policy}: {statement}"
        assert statement["Effect"] == "Allow"
        for action in values.listed(statement["Action"]):
            for resource in values.listed(statement["Resource"]):
                for via in _services(statement.get("Condition"), values):
                    yield Permission(who, action, resource, via, policy, statement["Sid"])


def _services(condition: Any, values: Values) -> list[str]:
    """The services by way of which alone a statement holds; [""] where it always does."""
    match condition:
        case None:
            return [""]
        case {"StringEquals": {"kms:ViaService": services}} if len(condition) == 1:
            return [name.partition(".")[0] for name in values.listed(services)]
    raise NotImplementedError(f"a condition of another kind: {condition}")


def needed(call: AwsCall, key: OwnKey | None = None) -> set[Permission]:
    """What a call takes. Resources are named as in an ARN of the embedded AWS; a new kind of call is an error."""
    plain = {Permission(call.function, action, resource) for action, resource in needs(call)}
    if key is None:
        return plain
    return plain | {Permission(call.function, action, key.arn, via) for action, via in key.needs(call)}


def compare(
    calls: Iterable[AwsCall], permissions: Iterable[Permission], key: OwnKey | None = None
) -> tuple[list[Permission], list[Permission]]:
    """What calls need and no policy allows; what policies allow and neither a call nor AWS's machinery uses.

    Of the machinery's actions, those on several resources count as unused, and one that is not there as missing.
    """
    given = sorted(permissions)
    wanted = {permission for call in calls for permission in needed(call, key)}
    missing = [want for want in sorted(wanted) if not any(one.covers(want) for one in given)]
    unused = [one for one in given if not any(one.covers(want) for want in wanted)]
    whose = {one.function for one in given}
    for function, actions in NOT_OURS.items():
        for action in actions if function in whose else ():
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
