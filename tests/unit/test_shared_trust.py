"""One TLS context for all of the SDK's connections: loaded once, and as strict as the SDK's own."""

import ssl
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import botocore.httpsession
import certifi
import pytest
from botocore.config import Config
from botocore.exceptions import HTTPClientError, SSLError

from local.simulator.certificate import make_certificate
from mms_gateway import aws
from mms_gateway.aws import client_config, share_trust
from tests.unit.peers import Peer, Wire, running_peer

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

AT_ONCE = 8


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What OpenSSL is made to load, from a fresh start; clients have their own trust again afterwards."""
    counted: list[Any] = []
    load = ssl.SSLContext.load_verify_locations

    def count(self: ssl.SSLContext, *bundle: Any) -> None:
        counted.append(bundle)
        load(self, *bundle)

    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", count)
    monkeypatch.setattr(botocore.httpsession, "SSLContext", ssl.SSLContext)
    aws._one_context.cache_clear()
    return counted


def store(certificate: tuple[Path, Path], host: str = "127.0.0.1") -> AbstractContextManager[Peer]:
    """Takes any request over TLS."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*certificate)

    def script(wire: Wire) -> None:
        while True:
            wire.read_head()
            wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    return running_peer(script, tls=tls, host=host)


def client(peer: Peer, bundle: Path | str) -> "S3Client":
    return boto3.client(
        "s3",
        endpoint_url=f"https://{peer.host}:{peer.port}",
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        verify=str(bundle),
        config=client_config(connections=AT_ONCE).merge(
            Config(s3={"addressing_style": "path"}, proxies={}, retries={"total_max_attempts": 1})
        ),
    )


def test_the_authorities_are_loaded_once_for_all_connections_of_all_clients(
    loads: list[Any], certificate: tuple[Path, Path]
) -> None:
    share_trust()
    with store(certificate) as peer, ThreadPoolExecutor(AT_ONCE) as pool:
        clients = [client(peer, certificate[0]) for _ in range(AT_ONCE)]
        list(pool.map(lambda each: each.head_bucket(Bucket="media"), clients))
        assert len(peer.wires) == AT_ONCE
    assert len(loads) == 1


def test_without_it_each_connection_loads_them(loads: list[Any], certificate: tuple[Path, Path]) -> None:
    with store(certificate) as peer:
        for _ in range(AT_ONCE):
            client(peer, certificate[0]).head_bucket(Bucket="media")
    assert len(loads) == AT_ONCE


def test_a_store_whose_certificate_nobody_vouches_for_is_refused(
    loads: list[Any], certificate: tuple[Path, Path]
) -> None:
    share_trust()
    with store(certificate) as peer, pytest.raises(SSLError, match="certificate verify failed"):
        client(peer, certifi.where()).head_bucket(Bucket="media")
    assert len(loads) == 1


def test_a_store_by_another_name_than_its_certificates_is_refused(
    loads: list[Any], certificate: tuple[Path, Path]
) -> None:
    share_trust()
    with store(certificate, host="127.0.0.2") as peer, pytest.raises(SSLError, match=r"127\.0\.0\.2"):
        client(peer, certificate[0]).head_bucket(Bucket="media")
    assert len(loads) == 1


def test_a_second_bundle_is_refused_and_the_first_stays_all_that_is_trusted(
    loads: list[Any], certificate: tuple[Path, Path]
) -> None:
    share_trust()
    with store(certificate) as peer:
        strict, other = client(peer, certifi.where()), client(peer, certificate[0])
        for each in (strict, other, strict):
            with pytest.raises((SSLError, HTTPClientError)):
                each.head_bucket(Bucket="media")
        assert not [wire for wire in peer.wires if wire.received], "nothing was sent to whom nobody vouches for"
    assert len(loads) == 1


@pytest.mark.usefixtures("loads")
def test_who_would_not_verify_is_refused_and_the_others_still_do(certificate: tuple[Path, Path]) -> None:
    share_trust()
    with store(certificate) as peer, ThreadPoolExecutor(AT_ONCE) as pool:
        loose = boto3.client(
            "s3",
            endpoint_url=f"https://127.0.0.1:{peer.port}",
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            verify=False,
            config=Config(retries={"total_max_attempts": 1}, proxies={}),
        )
        strict = client(peer, certifi.where())

        def refused(each: "S3Client") -> bool:
            with pytest.raises((SSLError, HTTPClientError)):
                each.head_bucket(Bucket="media")
            return True

        assert all(pool.map(refused, [loose, strict] * 50))


@pytest.mark.usefixtures("loads")
def test_the_context_takes_no_certificate_of_a_clients_own(certificate: tuple[Path, Path]) -> None:
    share_trust()
    with pytest.raises(ValueError, match="certificate of their own"):
        botocore.httpsession.create_urllib3_context().load_cert_chain(*certificate)


@pytest.mark.usefixtures("loads")
def test_the_context_is_set_up_as_the_sdks_own() -> None:
    own = botocore.httpsession.create_urllib3_context()
    share_trust()
    shared = botocore.httpsession.create_urllib3_context()
    assert shared is botocore.httpsession.create_urllib3_context()
    for setting in ("options", "verify_mode", "check_hostname", "minimum_version", "protocol"):
        assert getattr(shared, setting) == getattr(own, setting), setting
    assert shared.get_ciphers() == own.get_ciphers()
