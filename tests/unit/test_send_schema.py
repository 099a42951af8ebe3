"""The JSON Schema that ships is that of the types, and says of a message what the reader says of it."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from local.places import ROOT
from mms_gateway.errors import Undeliverable
from mms_gateway.queue_message import read_queue_message
from mms_gateway.send_request import json_schema
from tests.unit.queue_messages import BASE, HOSTS, LINK, SAMPLE

SHIPPED = ROOT / "events" / "send-request.schema.json"


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    return Draft202012Validator(json.loads(SHIPPED.read_text(encoding="utf-8")))


def faults_of(message: object) -> tuple[str, ...]:
    """What the reader has against a message."""
    try:
        return read_queue_message(json.dumps(message), link_hosts=HOSTS).faults
    except Undeliverable as error:
        return (str(error),)


def test_the_shipped_schema_is_that_of_the_types() -> None:
    made = json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"
    assert SHIPPED.read_text(encoding="utf-8") == made, "write it again: make schema"


def test_the_schema_is_a_json_schema_of_2020_12() -> None:
    assert json_schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(json_schema())
    with pytest.raises(SchemaError):
        Draft202012Validator.check_schema({**json_schema(), "$defs": {"Odd": {"type": "strong"}}})


def test_every_type_and_every_field_is_described_where_editors_look_for_it() -> None:
    kinds = json_schema()["$defs"]
    assert set(kinds) == {"SendRequest", "Content", "S3Object"}
    for kind in kinds.values():
        assert kind["description"].endswith(".")
        for name, field in kind["properties"].items():
            assert field.get("description", "").endswith("."), name


def test_the_schema_has_the_fields_of_the_contract() -> None:
    kinds = json_schema()["$defs"]
    assert set(kinds["SendRequest"]["properties"]) == set(SAMPLE)
    assert set(kinds["SendRequest"]["required"]) == {"requestId", "source", "destination", "content"}
    assert set(kinds["Content"]["properties"]) == {name for content in SAMPLE["content"] for name in content}
    assert kinds["Content"]["required"] == ["contentId"]
    assert set(kinds["S3Object"]["properties"]) == {"bucket", "key", "versionId"}
    assert set(kinds["S3Object"]["required"]) == {"bucket", "key"}


CONTENT: dict[str, Any] = {"contentId": "a", "text": "x"}


def but(**changes: Any) -> dict[str, Any]:
    return {**BASE, **changes}


def containing(**changes: Any) -> dict[str, Any]:
    return but(content=[{"contentId": "a", **changes}])


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(SAMPLE, id="the sample of the design"),
        pytest.param(BASE, id="the least there is"),
        pytest.param(but(subject=None, mtConfig=None, mobileOperatorId=None, notAfter=None), id="nulls for optionals"),
        pytest.param(containing(text="x", base64=None, s3=None, url=None, contentType=None), id="nulls in a content"),
        pytest.param(containing(url=LINK, text=None), id="a link beside a null"),
        pytest.param(containing(s3={"bucket": "abc", "key": "k", "versionId": None}), id="a null version"),
        pytest.param(but(content=[{**CONTENT, "contentId": f"{n}"} for n in range(32)]), id="32 contents"),
    ],
)
def test_the_schema_accepts_what_can_be_sent(message: dict[str, Any], validator: Draft202012Validator) -> None:
    assert faults_of(message) == ()
    assert validator.is_valid(message)


@pytest.mark.parametrize(
    "message",
    [
        *[
            pytest.param({key: value for key, value in BASE.items() if key != name}, id=f"no {name}")
            for name in ("requestId", "source", "destination", "content")
        ],
        *[pytest.param(but(**{name: None}), id=f"a null {name}") for name in BASE],
        pytest.param([], id="a list"),
        pytest.param("x", id="a text"),
        pytest.param(but(colour="red"), id="an unknown field"),
        pytest.param(but(requestId="a b"), id="a requestId with a blank"),
        pytest.param(but(requestId="x" * 129), id="a requestId of 129 characters"),
        pytest.param(but(requestId=5), id="a requestId that is a number"),
        pytest.param(but(source="+88600"), id="a source with a plus"),
        pytest.param(but(source=88600), id="a source that is a number"),
        pytest.param(but(destination=""), id="an empty destination"),
        pytest.param(but(destination="٤٤٧٧٠٠٩٠٠٧٥٠"), id="a destination in Arabic digits"),
        pytest.param(but(subject="x" * 256), id="a subject of 256 characters"),
        pytest.param(but(mtConfig=""), id="an empty mtConfig"),
        pytest.param(but(mobileOperatorId="77"), id="an operator as text"),
        pytest.param(but(mobileOperatorId=-1), id="operator -1"),
        pytest.param(but(mobileOperatorId=77.5), id="operator 77.5"),
        pytest.param(but(mobileOperatorId=True), id="operator true"),
        pytest.param(but(content=[]), id="no content"),
        pytest.param(but(content={}), id="an object for the contents"),
        pytest.param(but(content=[CONTENT] * 33), id="33 contents"),
        pytest.param(but(content=["x"]), id="a text for a content"),
        pytest.param(containing(), id="no source"),
        pytest.param(containing(text=None), id="a null source"),
        pytest.param(containing(text="x", url=LINK), id="two sources"),
        pytest.param(containing(text=""), id="an empty text"),
        pytest.param(containing(text="x", colour="red"), id="an unknown field of a content"),
        pytest.param(but(content=[{"text": "x"}]), id="no contentId"),
        pytest.param(containing(contentId="<a>", text="x"), id="angle brackets"),
        pytest.param(containing(contentId="a" * 20, text="x"), id="a contentId of 20 characters"),
        pytest.param(containing(s3="s3://bucket/key"), id="an S3 address as text"),
        pytest.param(containing(s3={"bucket": "abc"}), id="an S3 object without a key"),
        pytest.param(containing(s3={"bucket": "ABC", "key": "k"}), id="a bucket in capitals"),
        pytest.param(containing(s3={"bucket": "192.168.5.4", "key": "k"}), id="a bucket named as an address"),
        pytest.param(containing(s3={"bucket": "a--use1-az4--x-s3", "key": "k"}), id="a directory bucket"),
        pytest.param(containing(s3={"bucket": "abc", "key": "k", "etag": "e"}), id="an unknown field of an S3 object"),
        pytest.param(containing(url="https://" + "x" * 2000), id="a link too long"),
    ],
)
def test_the_schema_refuses_what_is_malformed_and_so_does_the_reader(
    message: object, validator: Draft202012Validator
) -> None:
    assert faults_of(message)
    assert not validator.is_valid(message)


BEYOND_A_SCHEMA = (  # what only the reader can tell; each sentence as it begins behind the field's name
    ("notAfter", "expected a time with its offset"),
    ("contentId", "main is the name"),
    ("contentId", "another piece has the same"),
    ("contentType", ""),  # once it is text: media types, links past the allow-list, charsets, vCards, base64 without
    ("base64", "expected base64 of at least one byte"),
    ("url", ""),  # once it is text: schemes, hosts, users, ports
    ("mobileOperatorId", "expected a whole number"),  # 77.0 is an integer to a schema, and no text that comes back
)


def is_beyond_a_schema(fault: str) -> bool:
    place, _, words = fault.partition(": ")
    return any(place.rpartition(".")[2] == name and words.startswith(start) for name, start in BEYOND_A_SCHEMA)


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n"), max_size=5)  # Python's $ is lenient
ODD_ONES: list[Any] = [None, True, 0, -1, 77.0, 0.5, [], {}, "", "x" * 300, "x" * 3000, "main", "a b", "88600"]
ODD = st.sampled_from(ODD_ONES) | TEXTS
S3S = st.fixed_dictionaries(
    {},
    optional={"bucket": st.just("abc") | ODD, "key": st.just("k") | ODD, "versionId": st.just("v") | ODD, "odd": ODD},
)
CONTENTS = st.fixed_dictionaries(
    {"contentId": st.sampled_from(["a.vcf", "b", "c", "main"]) | ODD},
    optional={
        "contentType": st.sampled_from(["text/plain", "image/gif", "text/vcard"]) | ODD,
        "text": st.just("Here it is") | ODD,
        "base64": st.just("QQ==") | ODD,
        "s3": S3S | ODD,
        "url": st.just(LINK) | ODD,
        "odd": ODD,
    },
)
MESSAGES = st.fixed_dictionaries(
    {
        "requestId": st.just("order-4711") | ODD,
        "source": st.just("88600") | ODD,
        "destination": st.just("447700900750") | ODD,
        "content": st.lists(CONTENTS, max_size=3) | ODD,
    },
    optional={
        "subject": ODD,
        "mtConfig": ODD,
        "mobileOperatorId": st.integers() | ODD,
        "notAfter": st.just("2026-12-01T18:00:00Z") | ODD,
        "odd": ODD,
    },
)
RARELY_WRONG = st.builds(
    lambda content, changes: {**SAMPLE, "content": content, **changes},
    st.lists(
        st.sampled_from(SAMPLE["content"]) | CONTENTS,
        min_size=1,
        max_size=3,
    ),
    st.dictionaries(
        st.sampled_from(["requestId", "subject", "mtConfig", "mobileOperatorId", "notAfter"]), ODD, max_size=1
    ),
)


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(message=MESSAGES | RARELY_WRONG)
def test_schema_and_reader_agree_but_for_what_only_the_reader_can_tell(
    message: dict[str, Any], validator: Draft202012Validator
) -> None:
    faults = faults_of(message)
    if validator.is_valid(message):
        assert [fault for fault in faults if not is_beyond_a_schema(fault)] == []
    else:
        assert faults
