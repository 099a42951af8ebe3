"""Which host, what goes onto the wire, and what may be sent again: the client against raw peers."""

import random
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from local.simulator.certificate import make_certificate
from mms_gateway import exchange, openmarket_client
from mms_gateway.errors import StorageUnavailable
from mms_gateway.openmarket.endpoint import Endpoint
from mms_gateway.openmarket_client import PASSED_OVER, trusted
from tests.unit.peers import (
    Peer,
    Script,
    Wire,
    black_hole,
    content_length,
    free_port,
    running_peer,
    sending,
    skipping,
    steps,
)
from tests.unit.posts import (
    ANSWER,
    AUTHORIZATION,
    BOUNDARY,
    LARGE,
    MARGIN,
    Request,
    at,
    call,
    client,
    lasting,
    post,
)

IPV6 = socket.has_ipv6 and Path("/proc/net/if_inet6").exists()


def answering(wire: Wire) -> None:
    wire.skip(content_length(wire.read_head()))
    wire.send(ANSWER)


def nowhere() -> Endpoint:
    return Endpoint(host="127.0.0.1", port=free_port(), tls=False)


# --- what goes onto the wire ------------------------------------------------------------------------------------------


def test_the_request_is_what_the_documents_print_byte_for_byte() -> None:
    seen = []

    def script(wire: Wire) -> None:
        seen.append(wire.read_request())
        wire.send(ANSWER)

    with running_peer(script) as peer:
        assert call(peer).answer is not None

    [(head, body)] = seen
    assert head == (
        b"POST /mms/v2/send HTTP/1.1\r\n"
        b"Host: 127.0.0.1:%d\r\n"
        b"Authorization: %b\r\n"
        b"Content-Type: multipart/mixed; boundary=%b\r\n"
        b"Content-Length: %d\r\n"
        b"Connection: close\r\n"
        b"\r\n"
    ) % (peer.port, AUTHORIZATION.encode(), BOUNDARY.encode(), len(body))
    assert body == (
        b"--mimeboundary\r\n"
        b"Content-Type: application/json\r\n"
        b"Content-Id: main\r\n"
        b"\r\n"
        b'{"type":"MT","source":"88600","destination":"447700900750","mtConfig":"config1","subject":"Your parrot"}\r\n'
        b"--mimeboundary\r\n"
        b"Content-Type: image/jpeg\r\n"
        b"Content-Id: parrot.jpg\r\n"
        b"Content-Transfer-Encoding: binary\r\n"
        b"\r\n"
        b"xxxxxxxxxx\r\n"
        b"--mimeboundary--\r\n"
    )


@pytest.mark.parametrize(
    ("endpoint", "host"),
    [
        (Endpoint(host="mms.openmarket.com", port=443, tls=True), b"mms.openmarket.com"),
        (Endpoint(host="mms.openmarket.com", port=8443, tls=True), b"mms.openmarket.com:8443"),
        (Endpoint(host="mms.openmarket.com", port=80, tls=False), b"mms.openmarket.com"),
        (Endpoint(host="mms.openmarket.com", port=443, tls=False), b"mms.openmarket.com:443"),
        (Endpoint(host="::1", port=80, tls=False), b"[::1]"),
        (Endpoint(host="::1", port=8080, tls=False), b"[::1]:8080"),
    ],
    ids=lambda value: value.decode() if isinstance(value, bytes) else "",
)
def test_the_host_header_names_a_port_only_where_it_is_not_the_usual_one(
    endpoint: Endpoint, host: bytes, monkeypatch: pytest.MonkeyPatch, certificate: tuple[Path, Path]
) -> None:
    heads = []

    def script(wire: Wire) -> None:
        heads.append(wire.read_request()[0])
        wire.send(ANSWER)

    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    theirs.load_cert_chain(*certificate)
    ours = trusted()
    ours.load_verify_locations(certificate[0])
    ours.check_hostname = False
    with running_peer(script, tls=theirs if endpoint.tls else None) as peer:
        everywhere_is(peer, monkeypatch)
        assert post(client(endpoint, tls=ours)).answer is not None

    assert heads[0].split(b"\r\n")[1] == b"Host: " + host


def everywhere_is(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_to(monkeypatch, ("127.0.0.1", peer.port))


def resolve_to(monkeypatch: pytest.MonkeyPatch, *places: tuple[str, int]) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", place) for place in places]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_arguments, **_options: found)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


def test_each_request_has_a_connection_of_its_own() -> None:
    keeping = ANSWER.replace(b"X-Request-Id", b"Connection: keep-alive\r\nX-Request-Id")
    ends = []

    def script(wire: Wire) -> None:
        wire.read_request()
        wire.send(keeping)
        ends.append(wire.read(1))

    with running_peer(script) as peer:
        sender = client(at(peer))
        assert all(post(sender).answer for _ in range(3))
        peer.join()

    assert ends == [b"", b"", b""]


def test_all_connections_share_one_tls_context_and_a_name_is_looked_up_for_each(
    certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    theirs.load_cert_chain(*certificate)
    ours = trusted()
    ours.load_verify_locations(certificate[0])
    looked_up = []
    with running_peer(answering, tls=theirs) as peer:
        place = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", peer.port))

        def look_up(host: str, *_arguments: object, **_options: object) -> object:
            looked_up.append(host)
            return [place]

        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        sender = client(at(peer, host="localhost", tls=True), tls=ours)
        monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", None)  # nobody reads the authorities again
        assert all(post(sender).answer for _ in range(3))

    assert looked_up == ["localhost"] * 3


def test_the_usual_context_trusts_the_authorities_and_checks_names_from_tls_1_2_on() -> None:
    context = trusted()

    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert len(context.get_ca_certs()) > 50


# --- which host -------------------------------------------------------------------------------------------------------


def test_the_start_is_spread_over_the_hosts() -> None:
    with ExitStack() as stack:
        peers = [stack.enter_context(running_peer(answering)) for _ in range(4)]
        sender = client(*map(at, peers))
        for _ in range(200):
            assert post(sender).answer is not None
        counts = [len(peer.wires) for peer in peers]

    assert sum(counts) == 200
    assert min(counts) > 20  # 50 expected, deviation 6: less than one run in a million fails
    assert max(counts) < 85


def test_the_load_of_a_host_that_is_passed_over_is_shared_by_all_others() -> None:
    with ExitStack() as stack:
        peers = [stack.enter_context(running_peer(answering)) for _ in range(3)]
        sender = client(nowhere(), *map(at, peers))
        random.seed(4711)
        for _ in range(300):
            assert post(sender).answer is not None
        counts = [len(peer.wires) for peer in peers]

    assert sum(counts) == 300
    assert max(counts) < 125  # 100 expected, deviation 8; a neighbour that took all of it would have 150


def test_a_host_that_can_not_be_reached_is_followed_by_the_next_with_a_new_body() -> None:
    for _ in range(8):  # whichever comes first
        request = Request()
        with running_peer(answering) as peer:
            called = post(client(nowhere(), at(peer)), request)
        assert called.answer is not None
        assert (called.host, request.handed_over) == ("127.0.0.1", request.encoded)


NOTHING_HANDED_OVER: dict[str, Script] = {
    "closed in the handshake": lambda wire: wire.sock.close(),
    "reset in the handshake": Wire.reset,
    "no TLS": lambda wire: wire.send(b"HTTP/1.1 200 OK\r\n\r\n"),
}


@pytest.mark.parametrize("failing", NOTHING_HANDED_OVER.values(), ids=NOTHING_HANDED_OVER)
def test_a_host_that_fails_in_the_handshake_is_followed_by_the_next(
    failing: Script, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    theirs.load_cert_chain(*certificate)
    ours = trusted()
    ours.load_verify_locations(certificate[0])
    in_this_order(monkeypatch)
    with running_peer(failing) as bad, running_peer(answering, tls=theirs) as good:
        called = post(client(at(bad, tls=True), at(good, tls=True), tls=ours))

    assert called.answer is not None
    assert len(bad.wires) == 1


def in_this_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random, "sample", lambda hosts, _count: list(hosts))


HANDED_OVER: dict[str, tuple[Script, int, bool]] = {
    "reset after a part of the body": (steps(skipping(100_000), Wire.reset), 4 * LARGE, False),
    "closed after a part of the body": (steps(skipping(100_000), Wire.finish), 4 * LARGE, False),
    "closed after the body": (steps(Wire.read_request, Wire.finish), 10, True),
    "reset after the body": (steps(Wire.read_request, Wire.reset), 10, True),
    "an answer cut at its first byte": (steps(Wire.read_request, sending(b"H")), 10, True),
    "an answer cut in mid-body": (steps(Wire.read_head, sending(ANSWER[:30])), 4 * LARGE, True),
    "no HTTP": (steps(Wire.read_request, sending(b"no\r\n\r\n")), 10, True),
    "100 and a reset": (
        steps(sending(b"HTTP/1.1 100 Continue\r\n\r\n"), skipping(9), Wire.reset),
        LARGE * 4,
        True,
    ),
    "503": (steps(Wire.read_request, sending(ANSWER.replace(b"200", b"503"))), 10, False),
    "401 before the body": (
        steps(Wire.read_head, sending(ANSWER.replace(b"200", b"401"))),
        LARGE * 4,
        False,
    ),
}


@pytest.mark.parametrize(("failing", "size", "in_doubt"), HANDED_OVER.values(), ids=HANDED_OVER)
def test_once_anything_was_handed_over_no_other_host_is_tried(
    failing: Script, size: int, in_doubt: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_this_order(monkeypatch)
    request = Request(size)
    with running_peer(failing, receive_buffer=65536) as bad, running_peer(answering) as good:
        called = post(client(at(bad), at(good)), request)

    assert called.in_doubt == in_doubt
    assert (len(bad.wires), len(good.wires), request.bodies) == (1, 0, 1)


def test_contents_that_fail_before_their_first_byte_are_handed_to_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "GRACE", 0.1)

    def trouble() -> None:
        raise StorageUnavailable("the bucket answered AccessDenied")

    request = Request(trouble=trouble)
    with running_peer(Wire.wait) as peer:
        called = post(client(at(peer)), request)
        peer.over.set()

    assert (called.answer, called.in_doubt, request.handed_over) == (None, False, 0)
    assert called.problem == "the bucket answered AccessDenied"


class Time:
    """A clock that can be put forward."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead


def test_a_host_that_failed_is_passed_over_for_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Time()
    monkeypatch.setattr(openmarket_client, "time", clock)
    tried = attempts(monkeypatch)
    in_this_order(monkeypatch)
    bad = nowhere()
    with running_peer(answering) as good:
        sender = client(bad, at(good))
        for expected in ([bad, at(good)], [at(good)]):
            post(sender)
            assert taken(tried) == expected
        clock.ahead = PASSED_OVER - 1
        post(sender)
        assert taken(tried) == [at(good)]
        clock.ahead = PASSED_OVER + 1
        post(sender, within=60 + clock.ahead)
        assert taken(tried) == [bad, at(good)]


def attempts(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """The hosts and ports that are connected to, in order."""
    tried: list[tuple[str, int]] = []
    connect = exchange.connect

    def noted(host: str, port: int, *arguments: ssl.SSLContext | None, **options: float) -> socket.socket:
        tried.append((host, port))
        return connect(host, port, *arguments, **{**options, "deadline": time.monotonic() + 1})  # type: ignore[arg-type]

    monkeypatch.setattr(openmarket_client, "connect", noted)
    return tried


def taken(tried: list[tuple[str, int]]) -> list[Endpoint]:
    found = [Endpoint(host=host, port=port, tls=False) for host, port in tried]
    tried.clear()
    return found


def test_where_all_hosts_failed_all_are_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = attempts(monkeypatch)
    hosts = [nowhere() for _ in range(3)]
    sender = client(*hosts)
    for _ in range(3):
        called = post(sender)
        assert (called.answer, called.in_doubt) == (None, False)
        assert called.problem == "no connection: connection refused"
        assert Counter(taken(tried)) == Counter(hosts)


def test_a_host_that_is_reached_again_is_no_longer_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = attempts(monkeypatch)
    in_this_order(monkeypatch)
    dead, back = nowhere(), nowhere()
    sender = client(dead, back)
    post(sender)  # both fail
    with running_peer(answering) as peer, socket.create_server((back.host, back.port)) as gate:
        threading.Thread(target=pass_on, args=(gate, peer.port), daemon=True).start()
        taken(tried)
        assert post(sender).answer is not None
        assert taken(tried) == [dead, back]
        post(sender)
        assert taken(tried) == [back]


def pass_on(gate: socket.socket, port: int) -> None:
    for _ in range(2):
        near, _place = gate.accept()
        with near, socket.create_connection(("127.0.0.1", port)) as far:
            wire = Wire(near, threading.Event())
            head, body = wire.read_request()
            far.sendall(head + body)
            while piece := far.recv(1000):
                near.sendall(piece)


@pytest.mark.skipif(not IPV6, reason="this machine has no IPv6")
def test_a_host_may_be_an_ipv6_address() -> None:
    heads = []

    def script(wire: Wire) -> None:
        heads.append(wire.read_request()[0])
        wire.send(ANSWER)

    with running_peer(script, host="::1") as peer:
        assert call(peer).answer is not None

    assert b"\r\nHost: [::1]:%d\r\n" % peer.port in heads[0]


# --- names ------------------------------------------------------------------------------------------------------------


def raising(error: Exception) -> Callable[..., object]:
    def fail(*_arguments: object, **_options: object) -> object:
        raise error

    return fail


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "name or service not known"),
        (
            socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"),
            "temporary failure in name resolution",
        ),
        (UnicodeError("label empty or too long"), "it is no name of a host"),
    ],
)
def test_a_name_that_is_not_found_is_a_retry(error: Exception, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", raising(error))
    called = post(client(Endpoint(host="mms.example", port=443, tls=True)))

    assert (called.answer, called.in_doubt, called.problem) == (None, False, f"no connection: {words}")


def test_a_name_without_an_address_is_a_retry(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_to(monkeypatch)
    called = post(client(Endpoint(host="mms.example", port=443, tls=True)))

    assert called.problem == "no connection: the name has no address"


def test_a_resolver_that_hangs_keeps_nobody_beyond_the_deadline_however_often(monkeypatch: pytest.MonkeyPatch) -> None:
    hanging = threading.Event()
    asked = []
    found = socket.getaddrinfo

    def look_up(host: str, *arguments: int, **options: int) -> object:
        asked.append(host)
        if host != "127.0.0.1":
            hanging.wait(10)
        return found(host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    sender = client(Endpoint(host="mms.example", port=443, tls=True), seconds=0.1)
    try:
        for _ in range(6):
            with lasting(0.1, 0.1 + MARGIN):
                called = post(sender)
            assert (called.answer, called.in_doubt) == (None, False)
            assert called.problem == "no connection: it did not answer in time"
    finally:
        hanging.set()
    time.sleep(0.1)
    assert len(asked) == 4  # those that had to wait behind them were given up


def test_the_next_address_of_a_name_is_tried_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    with black_hole() as hole, running_peer(Wire.reset, Wire.reset) as _bad, running_peer(answering) as good:
        resolve_to(monkeypatch, ("127.0.0.1", hole), ("127.0.0.1", free_port()), ("127.0.0.1", good.port))
        with lasting(0, 1.2):
            called = post(client(Endpoint(host="mms.example", port=80, tls=False), seconds=1.2))

    assert called.answer is not None


def test_an_address_of_a_family_that_this_machine_has_not_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    with running_peer(answering) as peer:
        unknown = (socket.AF_APPLETALK, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 1))
        place = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", peer.port))
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_arguments, **_options: [unknown, place])
        called = post(client(Endpoint(host="mms.example", port=80, tls=False)))

    assert called.answer is not None


# --- time -------------------------------------------------------------------------------------------------------------


def test_the_deadline_is_for_all_hosts_together() -> None:
    with black_hole() as one, black_hole() as other, lasting(0.6, 0.6 + MARGIN):
        holes = [Endpoint(host="127.0.0.1", port=port, tls=False) for port in (one, other, one, other)]
        called = post(client(*holes, seconds=0.6, connect_seconds=0.25))

    assert (called.answer, called.in_doubt) == (None, False)


def test_the_earlier_of_both_deadlines_counts() -> None:
    with running_peer(Wire.wait) as peer, lasting(0.3, 0.3 + MARGIN):
        post(client(at(peer), seconds=10), within=0.3)


def test_without_any_time_nothing_is_tried() -> None:
    request = Request()
    with running_peer(answering) as peer:
        called = post(client(at(peer)), request, within=-1)

    assert (called.answer, called.in_doubt, called.problem) == (None, False, "no time was left")
    assert (request.bodies, peer.wires) == (0, [])


def test_a_silent_host_leaves_time_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    in_this_order(monkeypatch)
    with black_hole() as hole, running_peer(answering) as peer, lasting(0.2, 0.2 + MARGIN):
        silent = Endpoint(host="127.0.0.1", port=hole, tls=False)
        called = post(client(silent, at(peer), connect_seconds=0.2))

    assert called.answer is not None
