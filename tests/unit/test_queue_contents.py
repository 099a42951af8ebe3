"""The contents of a queue message: text, base64, S3 objects and links, and what must never get onto the wire."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mms_gateway.queue_message import content_bytes, read_queue_message
from tests.unit.queue_messages import (
    BASE,
    CANARY,
    HOSTS,
    LINK,
    assert_one_fault,
    assert_sound,
    reading,
    with_content,
)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param({"text": "x"}, id="a text without a type"),
        pytest.param({"text": "x", "contentType": None, "base64": None, "s3": None, "url": None}, id="nulls"),
        pytest.param({"text": "x", "contentType": "text/plain; charset=utf-8"}, id="a text that says UTF-8"),
        pytest.param(
            {"text": "x", "contentType": 'Text/Plain; charset="UTF-8"'}, id="a text that says UTF-8 in quotes"
        ),
        pytest.param({"text": "<smil/>", "contentType": "application/smil"}, id="SMIL"),
        pytest.param({"text": "x", "contentId": "a.vcf", "contentType": "text/x-vcard"}, id="a vCard"),
        pytest.param(
            {"text": "x", "contentId": "A.VCF", "contentType": "text/vcard; charset=utf-8"}, id="a vCard, loud"
        ),
        pytest.param({"base64": "QQ==", "contentType": "image/gif"}, id="base64 with padding"),
        pytest.param({"base64": "QUJD\r\nREVG\n", "contentType": "image/gif"}, id="base64 with line breaks"),
        pytest.param({"s3": {"bucket": "media", "key": "a"}}, id="an S3 object without a type"),
        pytest.param({"s3": {"bucket": "192.168.5.4a", "key": "a"}}, id="a bucket nearly named as an address"),
        pytest.param({"s3": {"bucket": "x-s3", "key": "a"}}, id="a bucket named as the end of others"),
        pytest.param({"s3": {"bucket": "m.e-d", "key": "ключ/\U0001f99c", "versionId": None}}, id="an odd key"),
        pytest.param({"s3": {"bucket": "m" * 63, "key": "k" * 1024, "versionId": "v" * 1024}}, id="the longest names"),
        pytest.param({"url": LINK, "contentId": "a" * 19}, id="a contentId of 19 characters"),
    ],
)
def test_a_content_that_can_be_sent_has_no_fault(content: dict[str, Any]) -> None:
    assert_sound(with_content(**content))


# --- contents ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content_id",
    [
        "",
        None,
        5,
        ".hidden",
        "-a",
        "_a",
        "a b",
        "<a>",
        "a/b",
        "a" * 20,
        "é",
        "main",
        "a\n",
        "a\r\n",
        "a\rb",
        "a\r\nX-Injected: canary",
        "a\x00",
        "\ud800",
    ],
)
def test_a_content_id_that_the_provider_does_not_take_is_a_fault(content_id: object) -> None:
    assert_one_fault(with_content(contentId=content_id, text="x"), "content[0].contentId")


def test_a_content_id_that_is_missing_is_a_fault() -> None:
    assert_one_fault(reading(content=[{"text": "x"}]), "content[0].contentId")


def test_content_ids_must_be_unique_and_each_of_the_same_is_named() -> None:
    contents = [{"contentId": name, "text": "x"} for name in ("a", "b", "a", "c", "a")]
    assert reading(content=contents).faults == tuple(
        f"content[{index}].contentId: another piece has the same" for index in (0, 2, 4)
    )


@pytest.mark.parametrize(
    ("sources", "got"),
    [
        ({}, "none"),
        ({"text": None, "base64": None}, "none"),
        ({"text": "x", "url": LINK}, "text and url"),
        ({"base64": "QQ==", "contentType": "image/gif", "s3": {"bucket": "abc", "key": "k"}}, "base64 and s3"),
        (
            {
                "contentType": "image/gif",
                "text": "x",
                "base64": "QQ==",
                "s3": {"bucket": "abc", "key": "k"},
                "url": LINK,
            },
            "text and base64 and s3 and url",
        ),
    ],
)
def test_a_content_has_exactly_one_source(sources: dict[str, Any], got: str) -> None:
    message = with_content(**sources)
    assert_one_fault(message, "content[0]")
    assert f"exactly one of text, base64, s3 and url, got {got}" in message.faults[0]


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ({"text": ""}, "text"),
        ({"text": 5}, "text"),
        ({"text": [CANARY]}, "text"),
        ({"text": "half \ud83e"}, "text"),
        ({"text": "x", "contentType": ""}, "contentType"),
        ({"text": "x", "contentType": 5}, "contentType"),
        ({"base64": 5, "contentType": "image/gif"}, "base64"),
        ({"base64": "QQ=="}, "contentType"),
        ({"base64": "QQ==", "contentType": None}, "contentType"),
        ({"base64": "QQ==", "contentType": 5}, "contentType"),
        ({"base64": "QQ==", "contentType": CANARY}, "contentType"),
        ({"s3": "canary"}, "s3"),
        ({"s3": []}, "s3"),
        ({"s3": {"key": "k"}}, "s3.bucket"),
        ({"s3": {"bucket": "abc"}}, "s3.key"),
        ({"s3": {"bucket": "abc", "key": ""}}, "s3.key"),
        ({"s3": {"bucket": "abc", "key": "k" * 1025}}, "s3.key"),
        ({"s3": {"bucket": "abc", "key": "\ud800"}}, "s3.key"),
        ({"s3": {"bucket": "abc", "key": "k", "versionId": ""}}, "s3.versionId"),
        ({"s3": {"bucket": "abc", "key": "k", "versionId": 5}}, "s3.versionId"),
        ({"s3": {"bucket": "A", "key": "k"}}, "s3.bucket"),
        ({"s3": {"bucket": "abc\n", "key": "k"}}, "s3.bucket"),
        ({"s3": {"bucket": "arn:aws:s3:::abc", "key": "k"}}, "s3.bucket"),
        ({"s3": {"bucket": "abc/def", "key": "k"}}, "s3.bucket"),
        ({"s3": {"bucket": "a..b", "key": "k"}}, "s3.bucket"),
        ({"s3": {"bucket": "192.168.5.4", "key": "k"}}, "s3.bucket"),
        ({"s3": {"bucket": "pictures--use1-az4--x-s3", "key": "k"}}, "s3.bucket"),
        ({"s3": {"bucket": "pictures--ol-s3", "key": "k"}}, "s3.bucket"),
        ({"s3": {"bucket": "pictures-s3alias", "key": "k"}}, "s3.bucket"),
        ({"s3": {"bucket": "pictures.mrap", "key": "k"}}, "s3.bucket"),
        ({"url": ""}, "url"),
        ({"url": 5}, "url"),
        ({"url": LINK + "x" * 2000}, "url"),
        ({"url": LINK + "\ud800"}, "url"),
    ],
)
def test_a_fault_of_a_contents_field_is_named_with_its_place(content: dict[str, Any], field: str) -> None:
    assert_one_fault(with_content(**content), f"content[0].{field}")


@pytest.mark.parametrize("given_", [None, "canary", 5, [], True])
def test_a_content_that_is_no_object_is_named(given_: object) -> None:
    assert_one_fault(reading(content=[{"contentId": "a", "text": "x"}, given_]), "content[1]")


# --- media types ------------------------------------------------------------------------------------------------------

SOURCES: list[dict[str, Any]] = [
    {"text": "https://evil.example.org/"},
    {"base64": "aHR0cHM6Ly9ldmlsLmV4YW1wbGUub3JnLw=="},
    {"s3": {"bucket": "abc", "key": "k"}},
]


@pytest.mark.parametrize("source", SOURCES, ids=["text", "base64", "s3"])
@pytest.mark.parametrize(
    "content_type",
    [
        pytest.param("application/vnd.openmarket.remoteContent", id="a link past the allow-list"),
        pytest.param("APPLICATION/VND.OPENMARKET.REMOTECONTENT", id="loud"),
        pytest.param(" application/vnd.openmarket.remotecontent ; x=y", id="with blanks and a parameter"),
        pytest.param("\tapplication/vnd.openmarket.remoteContent", id="behind a tab"),
        pytest.param("image/jpeg\r\nX-Injected: canary", id="CRLF"),
        pytest.param("image/jpeg\n", id="LF at the end"),
        pytest.param("image/jpeg\r", id="CR at the end"),
        pytest.param("image/jpeg; x=\n y", id="folded"),
        pytest.param("image/jpeg\x00", id="NUL"),
        pytest.param("image/jpeg; name=\x7f", id="DEL"),
        pytest.param("image/jpeg;\tname=x", id="a tab, which can't stand in the header that is sent"),
        pytest.param("image/jpeg; name=é", id="not ASCII"),
        pytest.param("image/jpeg\u2028", id="a line separator"),
        pytest.param("image", id="no subtype"),
        pytest.param("/jpeg", id="no type"),
        pytest.param("image/jpeg, text/plain", id="two"),
        pytest.param("image /jpeg", id="a blank within"),
        pytest.param("multipart/mixed; boundary=canary", id="a multipart in the multipart"),
        pytest.param("\ud800/x", id="a lone surrogate"),
    ],
)
def test_a_media_type_that_must_not_get_into_a_header_is_a_fault(source: dict[str, Any], content_type: str) -> None:
    assert_one_fault(with_content(**source, contentType=content_type), "content[0].contentType")


@pytest.mark.parametrize(
    "content_type",
    ["text/plain; charset=iso-8859-1", "text/plain;charset=UTF-16", "application/smil; charset=latin1"],
)
def test_a_text_is_sent_in_utf_8_so_another_charset_is_a_fault(content_type: str) -> None:
    assert_one_fault(with_content(text="für", contentType=content_type), "content[0].contentType")


def test_what_comes_as_bytes_may_be_in_any_charset() -> None:
    latin = base64.b64encode("für".encode("latin-1")).decode()
    assert_sound(with_content(base64=latin, contentType="text/plain; charset=iso-8859-1"))


@pytest.mark.parametrize("content_type", ["text/vcard", "text/x-vcard", "TEXT/VCARD; charset=utf-8"])
@pytest.mark.parametrize("content_id", ["card", "card.txt", "vcf", "card.vcf.txt"])
def test_a_vcard_is_named_vcf_or_iphones_do_not_show_it(content_type: str, content_id: str) -> None:
    message = with_content(text="BEGIN:VCARD", contentType=content_type, contentId=content_id)
    assert len(message.faults) == 1
    assert message.faults[0].startswith("content[0].content")
    assert ".vcf" in message.faults[0]


# --- base64 -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "canary!",
        "-_-_",  # the alphabet for URLs
        "QQ",
        "QQ=",
        "Q",
        "=",
        "====",
        "QQ==QQ==",
        "QQ==x",
        "\r\n",
        " ",
        "QUJD\u2003",
        "QUJD\x00",
        "QUJDé",
        "data:image/gif;base64,QUJD",
        "\ud800",
    ],
)
def test_what_is_no_base64_is_a_fault(text: str) -> None:
    assert_one_fault(with_content(base64=text, contentType="image/gif"), "content[0].base64")


@given(data=st.binary(min_size=1, max_size=300), width=st.integers(1, 80), end=st.sampled_from(["\n", "\r\n"]))
def test_base64_in_lines_of_any_length_comes_out_as_its_bytes(data: bytes, width: int, end: str) -> None:
    word = base64.b64encode(data).decode()
    lines = end.join(word[start : start + width] for start in range(0, len(word), width))
    request = assert_sound(with_content(base64=lines, contentType="image/gif"))
    assert content_bytes(request.content[0]) == data


# --- links ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        LINK,
        "https://www.openmarket.com",
        "https://www.openmarket.com/",
        "https://www.openmarket.com?a=b&c",
        "https://www.openmarket.com:443/a",
        "https://WWW.OpenMarket.COM/A",
        "https://media.example.org/a%20b/(c);d=e,f~g!'*+$@:",
        "https://media.example.org/a?https://evil.example.org/",
    ],
)
def test_a_link_to_an_allowed_host_goes_out_as_it_is(url: str) -> None:
    request = assert_sound(with_content(url=url))
    assert content_bytes(request.content[0]) == url.encode()


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("http://www.openmarket.com/a", id="http"),
        pytest.param("ftp://www.openmarket.com/a", id="ftp"),
        pytest.param("//www.openmarket.com/a", id="no scheme"),
        pytest.param("www.openmarket.com/a", id="a host alone"),
        pytest.param("javascript:alert(1)//https://www.openmarket.com", id="javascript"),
        pytest.param("file:///etc/passwd", id="file"),
        pytest.param("https:", id="nothing behind the scheme"),
        pytest.param("https://", id="no host"),
        pytest.param("https:///", id="an empty host"),
        pytest.param("https:///www.openmarket.com/a", id="three slashes, which browsers forgive"),
        pytest.param("https:www.openmarket.com/a", id="no slashes"),
        pytest.param("https:/www.openmarket.com/a", id="one slash"),
        pytest.param("https://:443/a", id="a port without a host"),
        pytest.param("https://evil.example.org/a", id="another host"),
        pytest.param("https://www.openmarket.com.evil.org/", id="an allowed host's name in front"),
        pytest.param("https://evilwww.openmarket.com/", id="a name that ends like an allowed one"),
        pytest.param("https://sub.media.example.org/", id="below an allowed host"),
        pytest.param("https://example.org/", id="above an allowed host"),
        pytest.param("https://www.openmarket.com./a", id="a dot at the host's end"),
        pytest.param("https://user@www.openmarket.com/", id="a user"),
        pytest.param("https://user:canary@www.openmarket.com/", id="a user and password"),
        pytest.param("https://@www.openmarket.com/", id="an empty user"),
        pytest.param("https://:@www.openmarket.com/", id="an empty user and password"),
        pytest.param("https://www.openmarket.com@evil.example.org/", id="an allowed host as the user"),
        pytest.param("https://www.openmarket.com%40evil.example.org/", id="the at escaped"),
        pytest.param("https://evil.example.org#@www.openmarket.com/", id="the host before a fragment"),
        pytest.param("https://evil.example.org?@www.openmarket.com/", id="the host before a query"),
        pytest.param("https://evil.example.org\\@www.openmarket.com/", id="a backslash before the at"),
        pytest.param("https://www.openmarket.com\\.evil.example.org/", id="a backslash in the host"),
        pytest.param("https:\\\\www.openmarket.com/", id="backslashes for slashes"),
        pytest.param("https://127.0.0.1/", id="IPv4"),
        pytest.param("https://169.254.169.254/latest/meta-data/", id="the metadata address"),
        pytest.param("https://127.1/", id="IPv4 in short"),
        pytest.param("https://2130706433/", id="IPv4 as one number"),
        pytest.param("https://0x7f000001/", id="IPv4 in hexadecimal"),
        pytest.param("https://0X7F.0.0.1/", id="IPv4 partly in hexadecimal"),
        pytest.param("https://0177.0.0.1/", id="IPv4 in octal"),
        pytest.param("https://[::1]/", id="IPv6"),
        pytest.param("https://[::ffff:127.0.0.1]/", id="IPv4 in IPv6"),
        pytest.param("https://[fe80::1%25eth0]/", id="IPv6 with a zone"),
        pytest.param("https://[::1", id="IPv6 half open"),
        pytest.param("https://[www.openmarket.com]/", id="a name in brackets"),
        pytest.param("https://www.openmarket.com[x]/", id="brackets behind the host"),
        pytest.param("https://localhost/", id="localhost"),
        pytest.param("https://www.openmarket.com:80/", id="another port"),
        pytest.param("https://www.openmarket.com:8443/", id="an odd port"),
        pytest.param("https://www.openmarket.com:65536/", id="no port at all"),
        pytest.param("https://www.openmarket.com:-443/", id="a negative port"),
        pytest.param("https://www.openmarket.com:4_4_3/", id="a port as Python writes numbers"),
        pytest.param("https://www.openmarket.com:٤٤٣/", id="a port in Arabic digits"),
        pytest.param("https://www.openmarket.com:443@evil.example.org/", id="a port before the at"),
        pytest.param("https://www%2eopenmarket.com/", id="the host escaped"),
        pytest.param("https://www.openmarket.com%00.evil.org/", id="NUL escaped in the host"),
        pytest.param("https://ｗww.openmarket.com/", id="a fullwidth letter, which resolvers fold"),
        pytest.param("https://www。openmarket.com/", id="an ideographic full stop"),
        pytest.param("https://www.openmarket.com／evil/", id="a fullwidth slash"),
        pytest.param("https://www.openmarket.com/é", id="not ASCII in the path"),
        pytest.param(" https://www.openmarket.com/", id="a blank in front"),
        pytest.param("https://www.openmarket.com/ ", id="a blank behind"),
        pytest.param("https://www.openmarket.com/a b", id="a blank within"),
        pytest.param("https://www.openmarket.com/\n", id="LF at the end, which urlsplit strips"),
        pytest.param("https://www.open\nmarket.com/", id="LF in the host, which urlsplit strips"),
        pytest.param("https://www.open\tmarket.com/", id="a tab in the host, which urlsplit strips"),
        pytest.param("https://www.openmarket.com/\r\n--boundary", id="CRLF"),
        pytest.param("ht\ttps://www.openmarket.com/", id="a tab in the scheme"),
        pytest.param("\x00https://www.openmarket.com/", id="NUL in front"),
        pytest.param("https://www.openmarket.com/\x00", id="NUL"),
        pytest.param("https://www.openmarket.com/\x7f", id="DEL"),
        pytest.param("https://www.openmarket.com/\u202e", id="writing turned round"),
        pytest.param('https://www.openmarket.com/"', id="a quotation mark"),
        pytest.param("https://www.openmarket.com/<a>", id="angle brackets"),
    ],
)
def test_any_other_link_is_a_fault(url: str) -> None:
    assert_one_fault(with_content(url=url), "content[0].url")


def test_an_address_is_refused_even_where_the_parameter_names_it() -> None:
    for host in ("127.0.0.1", "2130706433", "::1"):
        url = f"https://[{host}]/" if ":" in host else f"https://{host}/"
        body = json.dumps({**BASE, "content": [{"contentId": "a", "url": url}]})
        assert_one_fault(read_queue_message(body, link_hosts=frozenset({host})), "content[0].url")


def test_without_allowed_hosts_there_are_no_links() -> None:
    body = json.dumps({**BASE, "content": [{"contentId": "a", "url": LINK}]})
    assert_one_fault(read_queue_message(body, link_hosts=frozenset()), "content[0].url")


@given(url=st.text(st.sampled_from("https:/.@\\#?[]%0x7f1www.openmarket.com evil\t\n"), max_size=60))
def test_no_link_gets_through_whose_host_is_not_allowed_however_it_is_read(url: str) -> None:
    link = f"https://{url}"
    message = with_content(url=link)
    if not message.faults:
        host, *rest = link.removeprefix("https://").replace("?", "/").replace("#", "/").split("/")
        assert host.lower() in {f"{name}{port}" for name in HOSTS for port in ("", ":", ":443")}
        assert not {"\\", " ", "\t", "\n"} & set("".join(rest))
