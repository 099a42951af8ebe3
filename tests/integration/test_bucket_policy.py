"""What the media bucket's policy lets in under a customer's key; the local stack's own has none, for it speaks no TLS.

The embedded AWS compares no key's id, so that an upload which names the right key is let in only AWS itself can show.
"""

import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local.stack import Stack
from tests.faults.security.intrinsics import Values
from tests.faults.security.policies import Template
from tests.template.conftest import translate

KEY = "arn:aws:kms:us-east-1:000000000000:key/1234abcd-12ab-34cd-56ef-1234567890ab"
translated = translate  # the template's own fixture, under this folder's name


@pytest.fixture(scope="module")
def bucket(stack: Stack, translated: Callable[..., Template]) -> Iterator[str]:
    """A bucket with the policy that the template has for a stack with that key, but for TLS."""
    template, name, s3 = translated(), f"keyed-{uuid.uuid4()}", stack.client("s3")
    values = Values(template, stack, {"KmsKeyArn": KEY})
    document = template["Resources"]["MediaBucketPolicy"]["Properties"]["PolicyDocument"]
    refusals = values.listed(document["Statement"])
    text = json.dumps([each for each in refusals if each["Sid"] != "RefuseWithoutTls"])
    s3.create_bucket(Bucket=name)
    policy = {"Version": "2012-10-17", "Statement": json.loads(text.replace(stack.media_bucket, name))}
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps(policy))
    yield name
    stack.resource("s3").Bucket(name).objects.delete()
    s3.delete_bucket(Bucket=name)


@pytest.fixture(scope="module")
def uploader(stack: Stack, bucket: str) -> Iterator[Any]:
    """S3 as somebody sees it who may put anything there, as far as the bucket lets them."""
    iam, name = stack.client("iam"), f"uploader-{uuid.uuid4().hex[:12]}"
    statement = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    iam.create_user(UserName=name)
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName=name, PolicyName="put", PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    session = boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name=stack.region)
    yield session.client("s3", endpoint_url=stack.aws_endpoint_url)
    iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    iam.delete_user_policy(UserName=name, PolicyName="put")
    iam.delete_user(UserName=name)


def test_who_names_no_encryption_is_let_in_and_gets_the_buckets(uploader: Any, bucket: str) -> None:
    uploader.put_object(Bucket=bucket, Key="outgoing/parrot.jpg", Body=b"parrot")


@pytest.mark.parametrize(
    "asks",
    [
        {"ServerSideEncryption": "AES256"},
        {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": KEY.replace("1234abcd", "abcd1234")},
    ],
    ids=["none of KMS", "another one"],
)
def test_who_asks_for_another_key_is_refused(uploader: Any, bucket: str, asks: dict[str, str]) -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        uploader.put_object(Bucket=bucket, Key="outgoing/parrot.jpg", Body=b"parrot", **asks)
