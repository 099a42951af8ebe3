"""Each function's role allows exactly its calls: none is missing, none is unused, none is wider than it must be."""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from local.simulator.client import SimulatorClient
from local.stack import Stack
from tests.faults.calls import AwsCall
from tests.faults.security.functions import NUMBERS, functions_of
from tests.faults.security.needs import OwnKey
from tests.faults.security.permission_table import PermissionTable, Used, on_the_page
from tests.faults.security.policies import ROLES, Permission, Template, allowed, compare, needed, too_wide
from tests.faults.security.scenarios import SILENT, play, reading, receiving, sending
from tests.faults.tally import Tallies
from tests.integration.producer import Producer
from tests.template.conftest import translate

KIND = "security: roles against calls"
KEY_ARN = "arn:aws:kms:us-east-1:000000000000:key/1234abcd-12ab-34cd-56ef-1234567890ab"

translated = translate  # the template's own fixture, under this folder's name


@pytest.fixture(scope="module")
def template(translated: Callable[..., Template]) -> Template:
    return translated()


def open_to(role: str, bucket: str) -> dict[str, Any]:
    """A bucket's policy that lets a role read and list it."""
    arn, everything = f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"
    read = {"Action": ["s3:GetObject", "s3:GetObjectVersion"], "Resource": everything}
    listed = {"Action": "s3:ListBucket", "Resource": arn}
    who = {"Effect": "Allow", "Principal": {"AWS": role}}
    return {"Version": "2012-10-17", "Statement": [{**who, **read}, {**who, **listed}]}


@pytest.fixture(scope="module")
def source_bucket(stack: Stack) -> Iterator[str]:
    """Another bucket, which SourceBuckets may name; here its own policy lets the function read it."""
    s3, name = stack.client("s3"), f"pictures.{next(NUMBERS)}"
    role = stack.client("lambda").get_function_configuration(FunctionName=stack.send_function_name)["Role"]
    s3.create_bucket(Bucket=name)
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps(open_to(role, name)))
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    yield name
    stack.resource("s3").Bucket(name).object_versions.delete()
    s3.delete_bucket(Bucket=name)


@pytest.fixture(scope="module")
def key(stack: Stack) -> OwnKey:
    """A customer's key; the embedded AWS encrypts nothing with it, and asks nobody for it."""
    return OwnKey(KEY_ARN, stack.media_bucket)


@pytest.fixture(scope="module")
def parameters(source_bucket: str) -> dict[str, str]:
    """Those that give the roles more."""
    return {"SourceBuckets": source_bucket, "KmsKeyArn": KEY_ARN}


@pytest.fixture(scope="module")
def in_order(template: Template, stack: Stack, parameters: dict[str, str]) -> list[Permission]:
    """What the roles allow of a stack that is deployed with all these parameters."""
    return allowed(template, stack, parameters)


@pytest.fixture(scope="module")
def permissions(in_order: list[Permission]) -> set[Permission]:
    return set(in_order)


@pytest.fixture(scope="module")
def without_key(template: Template, stack: Stack, source_bucket: str) -> list[Permission]:
    return allowed(template, stack, {"SourceBuckets": source_bucket})


@pytest.fixture(scope="module")
def played(stack: Stack, producer: Producer, source_bucket: str, own_logs: list[str]) -> list[Used]:
    """The calls of every scenario of both chains, from the functions' start on."""
    s3, functions = stack.client("s3"), functions_of(stack, own_logs)
    reported = producer.message(destination=SILENT)
    producer.send(reported)
    with SimulatorClient(stack.open_market_url) as simulator:
        scenarios = [
            receiving(functions, producer.item(reported)["mtId"]),
            sending(functions, producer, simulator),
            reading(functions, producer, s3, stack.media_bucket, "outgoing/"),
            reading(functions, producer, s3, source_bucket, ""),
        ]
        return [used for each in scenarios for used in play(each, functions.calls)]


@pytest.fixture(scope="module")
def calls(played: list[Used]) -> list[AwsCall]:
    return [call for _, call in played]


def in_words(permissions: Iterable[Permission]) -> str:
    return "; ".join(f"{one.function} {one.action} on {one.resource}" for one in permissions)


def test_every_call_is_allowed_and_everything_that_is_allowed_is_called(
    calls: list[AwsCall], recorded_calls: list[AwsCall], permissions: set[Permission], key: OwnKey, tallies: Tallies
) -> None:
    with tallies.of(KIND) as tally:
        missing, unused = compare([*calls, *recorded_calls], permissions, key)
        tally.cases += len(permissions | set(missing))
        tally.expect(not missing, "wrong", f"no policy allows {in_words(missing)}")
        tally.expect(not unused, "wrong", f"nothing uses {in_words(unused)}")
        tally.note(f"{len(permissions)} permissions, {len(calls) + len(recorded_calls):,} calls")


@pytest.fixture(scope="module")
def tables(stack: Stack, parameters: dict[str, str]) -> PermissionTable:
    return PermissionTable(stack, parameters)


def test_the_page_has_the_table_of_what_each_permission_was_used_by(
    in_order: list[Permission], played: list[Used], key: OwnKey, tables: PermissionTable
) -> None:
    for function, role in ROLES.items():
        of_role = [one for one in in_order if one.function == function]
        table = tables.of(of_role, played, key)
        print(f"{role}\n{table}")
        assert on_the_page(role, table) == table, "make permissions writes it anew"


def test_without_a_key_of_the_customers_nobody_may_use_one(
    calls: list[AwsCall], permissions: set[Permission], without_key: list[Permission], key: OwnKey, tallies: Tallies
) -> None:
    with tallies.of(KIND) as tally:
        fewer = set(without_key)
        tally.cases += len(fewer)
        of_a_key = [one for one in fewer if one.action.startswith("kms:")]
        tally.expect(not of_a_key, "wrong", f"may still be used: {in_words(of_a_key)}")
        with_key = {one for one in permissions if one.action.startswith("kms:")}
        tally.expect(fewer == permissions - with_key, "wrong", "the key takes something else with it")
        tally.expect(compare(calls, fewer) == ([], []), "wrong", f"without a key: {compare(calls, fewer)}")
        missing, _ = compare(calls, fewer, key)
        tally.expect(all(one.action.startswith("kms:") for one in missing), "wrong", f"misses {in_words(missing)}")


def test_no_permission_is_wider_than_it_must_be(permissions: set[Permission], tallies: Tallies) -> None:
    with tallies.of(KIND) as tally:
        wide = too_wide(permissions)
        tally.expect(not wide, "wrong", f"too wide: {in_words(wide)}")


def test_without_source_buckets_no_other_bucket_may_be_read(
    calls: list[AwsCall], template: Template, stack: Stack, source_bucket: str, tallies: Tallies
) -> None:
    with tallies.of(KIND) as tally:
        fewer = allowed(template, stack, {})
        of_others = [call for call in calls if call.parameters.get("Bucket") == source_bucket]
        own = [call for call in calls if call not in of_others]
        tally.expect(compare(own, fewer) == ([], []), "wrong", f"without others: {compare(own, fewer)}")
        missing, _ = compare(of_others, fewer)
        tally.cases += len(missing)
        wanted = {permission for call in of_others for permission in needed(call)}
        tally.expect(set(missing) == wanted, "wrong", f"may still be read: {in_words(wanted - set(missing))}")


def test_a_permission_taken_away_would_be_missed(
    calls: list[AwsCall], permissions: set[Permission], key: OwnKey, tallies: Tallies
) -> None:
    with tallies.of(KIND) as tally:
        for one in permissions:
            tally.cases += 1
            missing, _ = compare(calls, permissions - {one}, key)
            tally.expect(missing, "wrong", f"nobody misses {in_words([one])}")


def test_a_permission_added_or_widened_would_be_noticed(
    calls: list[AwsCall], permissions: set[Permission], key: OwnKey, stack: Stack, tallies: Tallies
) -> None:
    bucket = f"arn:aws:s3:::{stack.media_bucket}"
    table = next(one.resource for one in permissions if ":table/" in one.resource)
    queues = sorted({one.resource for one in permissions if ":sqs:" in one.resource})
    added = [
        *(("dynamodb:" + name, table) for name in ("DeleteItem", "Scan", "BatchWriteItem", "ConditionCheckItem")),
        *(("s3:" + name, f"{bucket}/mo/*") for name in ("DeleteObject", "GetObjectAcl", "PutObjectAcl")),
        *(("s3:GetObject", f"{bucket}/{folder}/*") for folder in ("mo", "raw", "quarantine")),
        *(("s3:PutObject", f"{bucket}/{folder}/*") for folder in ("outgoing", "other")),
        *(("sqs:PurgeQueue", queue) for queue in queues),
        ("dynamodb:Query", f"{table}/index/*"),
        ("secretsmanager:PutSecretValue", stack.secret_arn),
        ("lambda:InvokeFunction", "*"),
        ("kms:Decrypt", "*"),
        ("kms:Decrypt", KEY_ARN),  # and not by way of a service
        ("kms:Encrypt", KEY_ARN),
    ]
    widened = [
        *(("dynamodb:PutItem", resource) for resource in ("*", "arn:aws:dynamodb:*:*:table/*", f"{table}*")),
        *(("s3:PutObject", resource) for resource in ("*", f"{bucket}/*", "arn:aws:s3:::*", "arn:aws:s3:::*/mo/*")),
        *((action, bucket) for action in ("s3:*", "s3:Get*", "*")),
        ("secretsmanager:GetSecretValue", "*"),
        ("sqs:SendMessage", "*"),
    ]
    with tallies.of(KIND) as tally:
        for function in ROLES:
            for action, resource in added:
                seed = Permission(function, action, resource)
                tally.cases += 1
                tally.expect(compare(calls, permissions | {seed}, key)[1] == [seed], "wrong", f"unnoticed: {seed}")
            for action, resource in widened:
                seed = Permission(function, action, resource)
                tally.cases += 1
                tally.expect(too_wide(permissions | {seed}) == [seed], "wrong", f"unnoticed: {seed}")


def test_a_call_of_another_kind_must_be_judged_first() -> None:
    with pytest.raises(NotImplementedError, match="DeleteItem"):
        needed(AwsCall("SendMms", "dynamodb", "DeleteItem", {"TableName": "x"}))
