"""With a certificate the simulator demands TLS 1.2 or newer for messages, as OpenMarket does."""

import socket
import ssl
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from local.simulator.certificate import make_certificate
from local.simulator.mt.behaviours import CutAnswer, ResetAnswer, ResetRequest, Silence
from local.simulator.server import RunningSimulator, running_simulator
from tests.unit.test_simulator_mt_requests import SAMPLE, Reply, build_request, connect, exchange, read_to_end


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def simulator(certificate: tuple[Path, Path]) -> Iterator[RunningSimulator]:
    with running_simulator(certificate=certificate) as running:
        yield running


@pytest.fixture
def trusting(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=certificate[0])


def exchange_over_tls(simulator: RunningSimulator, context: ssl.SSLContext, request: bytes) -> Reply:
    # Unless told otherwise, `ssl` takes a reset for an orderly end.
    wrap = partial(context.wrap_socket, server_hostname="127.0.0.1", suppress_ragged_eofs=False)
    with connect(simulator) as plain, wrap(plain) as connection:
        connection.sendall(request)
        return read_to_end(connection)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_message_over_tls_is_accepted_and_its_version_recorded(
    simulator: RunningSimulator, trusting: ssl.SSLContext, version: ssl.TLSVersion
) -> None:
    trusting.maximum_version = version

    assert exchange_over_tls(simulator, trusting, build_request(SAMPLE)).status == 200
    [request] = simulator.client.mt_requests()
    assert (request.accepted, request.tls_version) == (True, version.name.replace("_", "."))


def test_an_http_client_trusts_the_certificate_by_both_names(
    simulator: RunningSimulator, trusting: ssl.SSLContext
) -> None:
    for url in (simulator.send_url, simulator.send_url.replace("127.0.0.1", "localhost")):
        answer = httpx.post(
            f"{url}/mms/v2/send",
            content=SAMPLE * 1000,
            headers={"Content-Type": "multipart/mixed; boundary=mimeboundary"},
            auth=("local", "local"),
            verify=trusting,
            trust_env=False,
        )
        assert answer.status_code == 400
    assert urlsplit(simulator.send_url).scheme == "https"
    assert [request.body_size for request in simulator.client.mt_requests()] == [len(SAMPLE) * 1000] * 2


def test_a_message_without_tls_is_refused_and_says_so(simulator: RunningSimulator) -> None:
    reply = exchange(simulator, build_request(SAMPLE))

    assert (reply.status, reply.description) == (400, "TLS: expected TLS 1.2 or newer, got none")
    assert [request.accepted for request in simulator.client.mt_requests()] == [False]


def write_hello(version: bytes) -> bytes:
    """Write a ClientHello of the given version and without extensions: a client of 2008."""
    hello = version + bytes(32) + b"\0" + b"\0\2\0\x2f" + b"\1\0"
    return b"\x16\3\1" + (len(hello) + 4).to_bytes(2, "big") + b"\1" + len(hello).to_bytes(3, "big") + hello


def test_an_older_tls_is_refused_and_recorded(simulator: RunningSimulator) -> None:
    reply = exchange(simulator, write_hello(b"\3\2"))

    assert reply.data[:1] == b"\x15"  # an alert
    assert reply.data[5:7] == b"\2\x46"  # fatal: protocol_version (RFC 8446, 6.2)
    [request] = simulator.client.mt_requests()
    assert request.violations == ["TLS: the handshake failed (UNSUPPORTED_PROTOCOL); expected TLS 1.2 or newer"]
    assert (request.accepted, request.answer) == (False, None)


def test_a_client_that_does_not_trust_the_certificate_is_recorded(simulator: RunningSimulator) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        exchange_over_tls(simulator, ssl.create_default_context(), build_request(SAMPLE))

    request = simulator.client.wait_for_request()
    assert request.violations == ["TLS: the handshake failed (TLSV1_ALERT_UNKNOWN_CA); expected TLS 1.2 or newer"]


def test_a_handshake_cut_short_is_recorded(simulator: RunningSimulator) -> None:
    exchange(simulator, write_hello(b"\3\3")[:20], half_close=True)

    assert simulator.client.wait_for_request().violations[0].startswith("TLS: the handshake failed (")


def test_tls_to_a_simulator_without_a_certificate_is_refused_at_once(trusting: ssl.SSLContext) -> None:
    with running_simulator() as simulator:
        with pytest.raises(OSError, match=r"EOF|closed|reset|aborted"):
            exchange_over_tls(simulator, trusting, build_request(SAMPLE))
        request = simulator.client.wait_for_request()
        assert "this simulator was started without a certificate" in request.violations[0]


def test_the_control_api_stays_plain(simulator: RunningSimulator) -> None:
    assert urlsplit(simulator.url).scheme == "http"
    assert simulator.client.list_behaviours() == []


def test_misbehaviour_is_the_same_under_tls(simulator: RunningSimulator, trusting: ssl.SSLContext) -> None:
    played = []
    for behaviour in (ResetRequest(after=10), ResetRequest(accepts=True), ResetAnswer(after=40), CutAnswer(after=40)):
        simulator.client.behave(behaviour, times=1)
        reply = exchange_over_tls(simulator, trusting, build_request(SAMPLE))
        played.append((len(reply.data), reply.was_reset, simulator.client.mt_requests()[-1].accepted))

    assert played == [(0, True, False), (0, True, True), (40, True, True), (40, False, True)]


def test_silence_under_tls_ends_with_a_close(simulator: RunningSimulator, trusting: ssl.SSLContext) -> None:
    simulator.client.behave(Silence(seconds=0.2))

    assert exchange_over_tls(simulator, trusting, build_request(SAMPLE)) == Reply(b"")


def test_a_reset_in_the_handshake_ends_it(simulator: RunningSimulator) -> None:
    with connect(simulator) as connection:
        connection.sendall(write_hello(b"\3\3")[:20])
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    assert simulator.client.wait_for_request().accepted is False
