"""One exchange: the head as printed, only with this machine, and TLS checked."""

import asyncio
import re
import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

from local.simulator import exchange
from local.simulator.callbacks import Report, build_request
from local.simulator.dialect import FLOW_PAGE_AS_PRINTED, Dialect
from local.simulator.exchange import Answer, NoAnswer, RefusedTarget, Target, post
from tests.unit.simulator_target import OK, STORED, scripted_target

REPORT = Report(mt_id="123456789012345", date="2016-05-16T19:20:30+00:00")


def exchange_with(target: Target, dialect: Dialect | None = None) -> Answer:
    request = build_request(REPORT, dialect or Dialect(), request_id="015-X")
    return asyncio.run(post(target, request, answer_within=5))


@pytest.mark.parametrize(
    ("dialect", "blank", "length"),
    [
        (Dialect(), b" ", b"208"),
        (Dialect(blank_after_content_type=False), b"", b"208"),
        (FLOW_PAGE_AS_PRINTED, b"\xc2\xa0", b"221"),
    ],
)
def test_the_head_goes_out_as_printed_trailing_blank_and_all(dialect: Dialect, blank: bytes, length: bytes) -> None:
    with scripted_target(OK) as target:
        answer = exchange_with(Target.parse(target.url), dialect)
        host = target.url.split("/")[2].encode()

    assert answer == Answer(200, None, 0)
    assert target.heads == [
        b"POST /callbacks/token?x=1 HTTP/1.1\r\n"
        b"Host: " + host + b"\r\n"
        b"X-Request-Id: 015-X\r\n"
        b"Content-Type: application/json" + blank + b"\r\n"
        b"Content-Length: " + length + b"\r\n"
    ]


def test_credentials_are_sent_where_given() -> None:
    with scripted_target(OK) as target:
        exchange_with(Target.parse(target.url, basic_auth=("Aladdin", "open sesame")))

    assert b"\r\nAuthorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n" in target.heads[0]


def test_an_interim_answer_is_none() -> None:
    with scripted_target(b"HTTP/1.1 100 Continue\r\n\r\n" + STORED) as target:
        assert exchange_with(Target.parse(target.url)) == Answer(200, "stored", 0)


def test_nobody_listening_is_no_answer() -> None:
    with scripted_target(OK) as target:
        url = target.url

    with pytest.raises(NoAnswer, match=r"^could not connect: "):
        exchange_with(Target.parse(url))


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8000/callbacks/x",
        "http://127.1.2.3/",
        "http://[::1]:80/",
        "http://localhost/x",
        "http://abc.execute-api.localhost:4566/local/callbacks/x",
    ],
)
def test_this_machine_is_a_target(url: str) -> None:
    assert Target.parse(url).loopback_only


def test_names_under_localhost_need_no_resolver() -> None:
    target = Target.parse("http://abc.execute-api.localhost:4566/local")

    assert (target.host, target.port, target.host_header) == ("127.0.0.1", 4566, "abc.execute-api.localhost:4566")


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://example.com/callbacks/x", "Callbacks to example.com are refused: it is not this machine."),
        ("http://127.0.0.1.example.com/", "not this machine"),
        ("http://localhost.example.com/", "not this machine"),
        ("http://0.0.0.0/", "not this machine"),
        ("http://169.254.169.254/", "not this machine"),
        ("http://127.0.0.1@example.com/", "no user name"),
        ("http:///x", "must have a host"),
        ("http://127.0.0.1/a b", "no blanks"),
        ("http://127.0.0.1/\r\nX: y", "no blanks"),
        ("http://127.0.0.1:port/", "must be an http:// or https:// URL"),
        ("ftp://127.0.0.1/", "must be an http:// or https:// URL"),
        ("127.0.0.1:80", "must be an http:// or https:// URL"),
    ],
)
def test_other_targets_are_refused_in_a_sentence(url: str, reason: str) -> None:
    with pytest.raises(RefusedTarget, match=re.escape(reason)):
        Target.parse(url)


def test_another_machine_is_a_target_only_where_allowed() -> None:
    assert Target.parse("https://example.com/callbacks/x", allow_other_hosts=True).host == "example.com"


def test_a_local_name_that_leads_elsewhere_gets_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with scripted_target(OK) as target:
        goal = Target.parse(target.url)
        monkeypatch.setattr(exchange, "_is_loopback", lambda _: False)  # as if the resolver had named another machine
        with pytest.raises(NoAnswer, match="the name of the host led to another machine"):
            exchange_with(goal)

    assert target.seen == []


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl to make a certificate")
def test_tls_is_checked_against_the_bundle(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=simulator -addext subjectAltName=IP:127.0.0.1"
    )
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*command.split(), *files], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    with scripted_target(STORED, tls=context) as target:
        assert exchange_with(Target.parse(target.url, ca_bundle=certificate)) == Answer(200, "stored", 0)
        with pytest.raises(NoAnswer, match="certificate verify failed"):
            exchange_with(Target.parse(target.url))

    assert len(target.seen) == 1
