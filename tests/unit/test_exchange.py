"""One exchange with a peer that does as it likes: an answer that can be read decides, whatever else is in doubt.

"Retried" stands for a call that may be made again: no byte of an answer came, and the body was not handed over whole.
"""

import gc
import hashlib
import socket
import ssl
import threading
import time
import tracemalloc
from pathlib import Path

import pytest

from local.simulator.certificate import make_certificate
from mms_gateway import exchange
from mms_gateway.errors import StorageUnavailable
from mms_gateway.exchange import MAX_BODY
from mms_gateway.openmarket.endpoint import Endpoint
from mms_gateway.openmarket_client import trusted
from tests.unit.peers import (
    Script,
    Wire,
    black_hole,
    content_length,
    free_port,
    running_peer,
    sending,
    skipping,
    steps,
    waiting,
)
from tests.unit.posts import (
    ANSWER,
    BODY,
    DENIED,
    LARGE,
    MARGIN,
    SMALL,
    Request,
    at,
    call,
    client,
    lasting,
    post,
)

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n%b\r\n%x;x=y\r\n%b\r\n0\r\nTrailer: 1\r\n\r\n"
WHOLE = {
    "with its length": ANSWER,
    "chunked, with a trailer": CHUNKED % (BODY[:5], len(BODY) - 5, BODY[5:]),
    "ended by the connection's end": b"HTTP/1.1 200 OK\r\n\r\n" + BODY,
    "of HTTP/1.0": b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n" + BODY,
    "with its length, told twice": ANSWER.replace(b"X-Request-Id:", b"Content-Length: 25\r\nX-Request-Id:"),
    "without a reason": ANSWER.replace(b" OK", b""),
    "after 100": b"HTTP/1.1 100 Continue\r\n\r\n" + ANSWER,
    "after 103 and 102": b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n" + ANSWER,
    "with more behind it": ANSWER + b"HTTP/1.1 500 Oops\r\n\r\n",
    "of 3,000 bytes of headers": ANSWER.replace(b"X-Request-Id:", b"X-Long: " + b"x" * 3_000 + b"\r\nX-Request-Id:"),
}
EARLY = {"200": ANSWER, "401": DENIED}


def after_the_request(play: Script) -> Script:
    def script(wire: Wire) -> None:
        head = wire.read_head()
        wire.skip(content_length(head))
        play(wire)

    return script


def after_the_head(play: Script) -> Script:
    def script(wire: Wire) -> None:
        wire.read_head()
        play(wire)

    return script


# --- answers that can be read -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", WHOLE.values(), ids=WHOLE)
@pytest.mark.parametrize("pause", [None, 0], ids=["at once", "byte by byte"])
def test_a_whole_answer_decides(answer: bytes, pause: float | None) -> None:
    with running_peer(after_the_request(lambda wire: wire.send(answer, pause=pause))) as peer:
        called = call(peer)

    assert called.answer is not None
    assert (called.answer.status, called.answer.body, called.in_doubt) == (200, BODY, False)


def test_an_answers_status_headers_and_body_come_as_they_are() -> None:
    head = b"HTTP/1.1 418 \xe9\r\nX-Request-ID:  015-\xe9 \r\nSet-Cookie: a\r\nset-cookie: b\r\n"
    raw = head + b"Content-Length: 4\r\n\r\n\0\xff\r\n"
    with running_peer(after_the_request(lambda wire: wire.send(raw))) as peer:
        answer = call(peer).answer

    assert answer is not None
    assert (answer.status, answer.body) == (418, b"\0\xff\r\n")
    expected = (("x-request-id", "015-é"), ("set-cookie", "a"), ("set-cookie", "b"), ("content-length", "4"))
    assert answer.headers == expected


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_that_can_have_no_body_is_whole_after_its_headers(status: int) -> None:
    raw = b"HTTP/1.1 %d Nothing\r\nContent-Length: 10\r\n\r\n" % status
    with running_peer(after_the_request(steps(sending(raw), Wire.wait))) as peer:
        answer = call(peer).answer

    assert answer is not None
    assert (answer.status, answer.body) == (status, b"")


def go_on_reading(wire: Wire) -> None:
    while wire.skip(1_000_000):
        pass


AFTERWARDS: dict[str, Script] = {
    "resets the connection": Wire.reset,
    "closes it, the body unread": lambda wire: wire.sock.close(),
    "ends its side, and reads no more": steps(Wire.finish, Wire.wait),
    "stops reading": Wire.wait,
    "goes on reading": go_on_reading,
}


@pytest.mark.parametrize("answer", EARLY.values(), ids=EARLY)
@pytest.mark.parametrize("afterwards", AFTERWARDS.values(), ids=AFTERWARDS)
@pytest.mark.parametrize("read", [0, 200_000], ids=["the head was read", "5 % were read"])
def test_an_answer_that_comes_before_the_body_was_sent_decides(answer: bytes, afterwards: Script, read: int) -> None:
    def script(wire: Wire) -> None:
        wire.skip(read)
        wire.send(answer)
        afterwards(wire)

    for _ in range(3):  # what comes first, the answer or the failing of our own sending, is chance
        request = Request(LARGE)
        with running_peer(after_the_head(script), receive_buffer=65536) as peer:
            called = call(peer, request)
        assert called.answer is not None, called
        assert (called.answer.status, called.in_doubt) == (int(answer[9:12]), False)


def test_an_early_answer_ends_the_sending_at_once() -> None:
    request = Request(20_000_000)
    with running_peer(after_the_head(steps(sending(DENIED), Wire.wait))) as peer, lasting(0, MARGIN):
        called = call(peer, request)

    assert called.answer is not None
    assert request.handed_over < request.encoded


def test_an_answer_that_came_while_the_contents_stalled_decides_though_the_time_is_over() -> None:
    request = Request(LARGE, lambda: time.sleep(1.5), at=100_000)
    with (
        running_peer(after_the_head(steps(waiting(0.2), sending(ANSWER), Wire.wait))) as peer,
        lasting(0.2, 0.5 + MARGIN),
    ):
        called = call(peer, request, seconds=0.5)

    assert called.answer is not None, called
    assert called.answer.body == BODY


def test_an_answer_that_comes_soon_after_the_contents_failed_decides() -> None:
    request = Request(LARGE, failing_storage, at=100_000)
    with running_peer(after_the_head(steps(waiting(0.3), sending(ANSWER), Wire.wait))) as peer:
        called = call(peer, request)

    assert called.answer is not None, called


def test_a_reset_that_our_sending_met_first_does_not_make_a_cut_answer_whole() -> None:
    """The kernel tells of a reset once; a read after that looks like an orderly end, which ends such an answer."""
    heard = set()
    for number in range(40):
        with running_peer(
            after_the_head(steps(sending(b'HTTP/1.1 400 No\r\n\r\n{"er'), Wire.reset)),
            receive_buffer=65536,
        ) as peer:
            called = call(peer, Request(LARGE, lambda: time.sleep(0.02), at=50_000 + number))
        heard.add((called.answer, called.in_doubt))

    assert heard == {(None, True)}


# --- answers that can't -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["the body handed over", "the body not handed over"])
@pytest.mark.parametrize("reset", [False, True], ids=["ended", "reset"])
@pytest.mark.parametrize("kind", ["with its length", "chunked, with a trailer"])
def test_an_answer_cut_at_any_byte_is_in_doubt(kind: str, reset: bool, size: int) -> None:
    answer = WHOLE[kind]
    wrong = []
    for kept in range(len(answer)):

        def script(wire: Wire, kept: int = kept) -> None:
            if size == SMALL:
                wire.skip(content_length(wire.read_head()))
            else:
                wire.read_head()
            wire.send(answer[:kept])
            if reset:
                wire.reset()
            else:
                wire.finish()
                wire.wait(0.3)

        request = Request(size)
        with running_peer(script, receive_buffer=65536) as peer:
            called = call(peer, request)
            peer.over.set()
        in_doubt = kept > 0 or request.handed_over == request.encoded
        if (called.answer, called.in_doubt) != (None, in_doubt):
            wrong.append((kept, called))

    assert wrong == []


GARBAGE = {
    "words": b"hello there\r\n\r\n",
    "an empty line": b"\r\n\r\n",
    "NUL bytes": b"\0" * 100,
    "a TLS alert": b"\x15\x03\x01\x00\x02\x02\x46",
    "another protocol": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    "HTTP/2": b"\0\0\x12\4\0\0\0\0\0\0\3\0\0\0\x64",
    "a status of two digits": b"HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n",
    "a status below 100": b"HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n",
    "a header without a colon": b"HTTP/1.1 200 OK\r\nContent-Length 0\r\n\r\n",
    "NUL in a header": b"HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n",
    "lengths that contradict each other": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}\n",
    "lengths that contradict each other in one line": b"HTTP/1.1 200 OK\r\nContent-Length: 2, 3\r\n\r\n{}\n",
    "a negative length": b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
    "a length that is no number": b"HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\n{}",
    "a coding nobody asked for": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n{}",
    "a chunk without a size": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n{}\r\n0\r\n\r\n",
    "a chunk longer than it says": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n",
    "another protocol agreed on": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    "a length of 2 and one byte": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{",
    "more than 64 KB of headers": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 300_000 + b"\r\nContent-Length: 0\r\n\r\n",
    "more than 1 MB of body": b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (MAX_BODY + 1) + b" " * (MAX_BODY + 1),
}


@pytest.mark.parametrize("answer", GARBAGE.values(), ids=GARBAGE)
@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["the body handed over", "the body not handed over"])
def test_an_answer_that_is_no_http_is_in_doubt(answer: bytes, size: int) -> None:
    def script(wire: Wire) -> None:
        if size == SMALL:
            wire.read_request()
        else:
            wire.read_head()
        wire.send(answer)
        wire.finish()
        wire.wait(1)

    with running_peer(script, receive_buffer=65536) as peer, lasting(0, 2):
        called = call(peer, Request(size))
        peer.over.set()

    assert (called.answer, called.in_doubt) == (None, True)


def test_the_longest_answer_that_is_read_is_one_megabyte() -> None:
    raw = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % MAX_BODY + b" " * MAX_BODY
    with running_peer(after_the_request(lambda wire: wire.send(raw))) as peer:
        answer = call(peer).answer

    assert answer is not None
    assert len(answer.body) == MAX_BODY


# --- the request is cut -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", [Wire.reset, lambda wire: wire.sock.close()], ids=["reset", "closed"])
@pytest.mark.parametrize("quarters", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("size", [LARGE, 4 * LARGE])
def test_a_request_cut_on_its_way_is_retried_only_where_it_was_not_handed_over_whole(
    quarters: int, size: int, end: Script
) -> None:
    request = Request(size)

    def script(wire: Wire) -> None:
        wire.skip(content_length(wire.read_head()) * quarters // 4)
        end(wire)

    with running_peer(script, receive_buffer=65536) as peer, lasting(0, 2):
        called = call(peer, request)

    assert called.answer is None
    assert called.in_doubt == (request.handed_over == request.encoded)
    if quarters == 4:
        assert called.in_doubt
    if quarters <= 2 and size > LARGE:  # the kernel buffers a few megabytes at most
        assert not called.in_doubt


@pytest.mark.parametrize("end", [Wire.reset, Wire.finish], ids=["reset", "ended"])
def test_a_small_request_whose_connection_ends_is_in_doubt_whatever_was_read_of_it(end: Script) -> None:
    for read in (0, 1, 100, 300):
        with running_peer(steps(skipping(read), end)) as peer:
            request = Request()
            called = call(peer, request)
        assert (called.answer, called.in_doubt) == (None, request.handed_over == request.encoded)


def test_a_peer_that_ends_its_side_while_we_send_can_answer_no_more() -> None:
    with running_peer(after_the_head(steps(Wire.finish, go_on_reading))) as peer, lasting(0, 1):
        called = call(peer, Request(40_000_000))

    assert (called.answer, called.in_doubt) == (None, False)
    assert called.problem == "the connection was closed without an answer"


def failing_storage() -> None:
    raise StorageUnavailable("the bucket could not be reached: ReadTimeoutError")


def test_contents_that_fail_in_mid_body_are_a_retry_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "GRACE", 0.2)
    request = Request(LARGE, failing_storage, at=LARGE // 2)
    with running_peer(go_on_reading) as peer, lasting(0.2, 0.2 + MARGIN):
        called = call(peer, request)

    assert (called.answer, called.in_doubt) == (None, False)
    assert called.problem == "the bucket could not be reached: ReadTimeoutError"
    assert peer.wires[0].received < request.encoded


def test_a_mistake_in_the_contents_ends_the_connection() -> None:
    with running_peer(go_on_reading) as peer:

        def mistake() -> None:
            while not peer.wires:  # the kernel takes what comes by then before the peer has looked
                time.sleep(0.01)
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            call(peer, Request(LARGE, mistake, at=100_000))
        peer.join()

    assert peer.wires[0].received < LARGE


def test_nothing_is_sent_any_more_after_the_call_has_ended() -> None:
    """What lies in the kernel would go out later: OpenMarket might take a message that a person has given up."""
    returned = threading.Event()

    def script(wire: Wire) -> None:
        wire.read(10)
        returned.wait(10)
        time.sleep(0.1)
        with pytest.raises(ConnectionResetError):
            go_on_reading(wire)

    request = Request(300_000)
    with running_peer(script, receive_buffer=16384) as peer:
        called = call(peer, request, seconds=0.4)
        returned.set()
        peer.join()
        assert (called.answer, called.in_doubt) == (None, True)
        assert peer.wires[0].received < 150_000


# --- deadlines --------------------------------------------------------------------------------------------------------

SECONDS = 0.15


def for_ever(data: bytes, pause: float) -> Script:
    def script(wire: Wire) -> None:
        while not wire.over.wait(pause):
            wire.send(data)

    return script


def flood(data: bytes) -> Script:
    def script(wire: Wire) -> None:
        while not wire.over.is_set():
            wire.send(data)

    return script


def beginning(begin: bytes, script: Script) -> Script:
    return steps(sending(begin), script)


OK_HEAD = b"HTTP/1.1 200 OK\r\n"
INTERIM = b"HTTP/1.1 102 Wait\r\n\r\n"
CHUNKS = OK_HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
SLOW: dict[str, tuple[Script, int, bool]] = {
    "silent from the start": (Wire.wait, SMALL, True),
    "silent from the start, before a large body": (Wire.wait, 4 * LARGE, False),
    "silent in mid-body": (after_the_head(steps(skipping(LARGE), Wire.wait)), 4 * LARGE, False),
    "silent after the body": (after_the_request(Wire.wait), LARGE, True),
    "reading slowly": (after_the_head(skipping(LARGE, pause=0.02)), 4 * LARGE, False),
    "silent after a status line": (after_the_request(beginning(OK_HEAD, Wire.wait)), SMALL, True),
    "silent after the headers": (after_the_request(beginning(ANSWER[:-25], Wire.wait)), SMALL, True),
    "silent after half an answer": (after_the_request(beginning(ANSWER[:-9], Wire.wait)), SMALL, True),
    "silent after 100": (after_the_request(beginning(INTERIM, Wire.wait)), SMALL, True),
    "silent after an answer without an end": (
        after_the_request(beginning(WHOLE["of HTTP/1.0"], Wire.wait)),
        SMALL,
        True,
    ),
    "a byte at a time": (after_the_request(beginning(OK_HEAD, for_ever(b"x", 0.02))), SMALL, True),
    "a header at a time": (after_the_request(beginning(OK_HEAD, for_ever(b"X: x\r\n", 0.02))), SMALL, True),
    "102 again and again": (after_the_request(for_ever(INTERIM, 0.02)), SMALL, True),
    "102 as fast as it can": (after_the_request(flood(INTERIM * 1000)), SMALL, True),
    "102 as fast as it can, reading nothing": (after_the_head(flood(INTERIM * 1000)), 4 * LARGE, True),
    "a chunk at a time": (after_the_request(beginning(CHUNKS, for_ever(b"1\r\n \r\n", 0.02))), SMALL, True),
    "chunks as fast as it can": (after_the_request(beginning(CHUNKS, flood(b"1\r\n \r\n" * 5000))), SMALL, True),
    "trailers as fast as it can": (
        after_the_request(beginning(CHUNKS + b"0\r\n", flood(b"X: x\r\n" * 5000))),
        SMALL,
        True,
    ),
}


@pytest.mark.parametrize(("script", "size", "in_doubt"), SLOW.values(), ids=SLOW)
def test_a_call_ends_by_its_deadline(script: Script, size: int, in_doubt: bool) -> None:
    with running_peer(script, receive_buffer=65536) as peer, lasting(0, SECONDS + MARGIN):
        called = call(peer, Request(size), seconds=SECONDS)
        peer.over.set()

    assert (called.answer, called.in_doubt) == (None, in_doubt)


def test_contents_that_stall_keep_to_the_deadline_and_say_so() -> None:
    request = Request(LARGE, lambda: time.sleep(1.5), at=LARGE // 2)
    with running_peer(go_on_reading) as peer, lasting(SECONDS, SECONDS + MARGIN):
        called = call(peer, request, seconds=SECONDS)

    assert (called.answer, called.in_doubt) == (None, False)
    assert called.problem == "the contents did not come in time"


@pytest.mark.parametrize(("size", "seconds"), [(SMALL, 2.0), (4 * LARGE, 0.5)], ids=["after the body", "in mid-body"])
def test_waiting_takes_no_processor_time(size: int, seconds: float) -> None:
    script = after_the_head(Wire.wait if size > SMALL else go_on_reading)
    with running_peer(script, receive_buffer=65536) as peer:
        before = time.process_time()
        call(peer, Request(size), seconds=seconds)
        assert time.process_time() - before < seconds / 10


def test_the_second_that_an_answer_is_waited_for_takes_no_processor_time_after_the_contents_failed() -> None:
    with running_peer(Wire.wait) as peer:
        before = time.process_time()
        call(peer, Request(LARGE, failing_storage, at=0))
        assert time.process_time() - before < 0.1


# --- large bodies -----------------------------------------------------------------------------------------------------


def test_a_large_body_arrives_whole_at_a_slow_reader() -> None:
    with running_peer(slowly_taking) as peer:
        called = call(peer, Request(20_000_000))

    assert called.answer is not None
    assert peer.wires[0].digest.digest() == digest_of(Request(20_000_000))


def digest_of(request: Request) -> bytes:
    return hashlib.sha256(request.new_body().read()).digest()


def slowly_taking(wire: Wire) -> None:
    wire.skip(content_length(wire.read_head()), pause=0.001)
    wire.send(ANSWER)


def test_memory_does_not_grow_with_the_body() -> None:
    peaks = []
    for size in (1_000_000, 20_000_000):
        with running_peer(slowly_taking, receive_buffer=65536) as peer:
            sender, request = client(at(peer)), Request(size)
            gc.collect()
            tracemalloc.start()
            assert post(sender, request).answer is not None
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()

    assert max(peaks) < 1_000_000
    assert peaks[1] < peaks[0] + 300_000


# --- nothing is left behind -------------------------------------------------------------------------------------------


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def none_more_than(files: int) -> bool:
    """Whether no more files are open, once the peer has closed its ends."""
    until = time.monotonic() + 1
    while open_files() > files and time.monotonic() < until:
        time.sleep(0.02)
    return open_files() <= files


def test_two_hundred_failing_calls_leave_no_file_and_no_thread_behind() -> None:
    scripts: list[Script] = [
        Wire.reset,
        after_the_request(Wire.reset),
        after_the_request(beginning(ANSWER[:40], Wire.reset)),
        after_the_head(beginning(DENIED, Wire.reset)),
        lambda wire: wire.sock.close(),
    ]
    with running_peer(*scripts * 32) as peer:
        sender = client(at(peer), Endpoint(host="127.0.0.1", port=free_port(), tls=False))
        post(sender)
        peer.join()
        gc.collect()
        gc.disable()
        try:
            files, threads = open_files(), threading.active_count()
            for number in range(200):
                post(sender, Request(LARGE if number % 2 else SMALL))
                peer.join()
            assert none_more_than(files)
            assert threading.active_count() <= threads + 4  # which look up names
        finally:
            gc.enable()


def test_a_body_thread_ends_with_its_call() -> None:
    with running_peer(after_the_request(lambda wire: wire.send(ANSWER))) as peer:
        sender = client(at(peer))
        post(sender)
        before = threading.active_count()
        for _ in range(10):
            assert post(sender, Request(1_000_000)).answer is not None
        peer.join()
        time.sleep(0.05)

    assert threading.active_count() <= before + 4


# --- TLS --------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def theirs(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context


@pytest.fixture
def ours(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    context = trusted()
    context.load_verify_locations(certificate[0])
    return context


@pytest.fixture(params=[ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["TLS 1.2", "TLS 1.3"])
def version(request: pytest.FixtureRequest, theirs: ssl.SSLContext) -> str:
    theirs.maximum_version = request.param
    return str(request.param.name).replace("_", ".")


def test_a_large_body_over_tls_arrives_whole(ours: ssl.SSLContext, theirs: ssl.SSLContext, version: str) -> None:
    spoken = []

    def script(wire: Wire) -> None:
        assert isinstance(wire.sock, ssl.SSLSocket)
        spoken.append(wire.sock.version())
        slowly_taking(wire)

    with running_peer(script, tls=theirs, receive_buffer=65536) as peer:
        request = Request(LARGE)
        called = post(client(at(peer, tls=True), tls=ours), request)

    assert called.answer is not None
    assert peer.wires[0].digest.digest() == digest_of(Request(LARGE))
    assert spoken == [version]


@pytest.mark.usefixtures("version")
@pytest.mark.parametrize("answer", EARLY.values(), ids=EARLY)
@pytest.mark.parametrize("afterwards", AFTERWARDS.values(), ids=AFTERWARDS)
def test_an_early_answer_over_tls_decides(
    ours: ssl.SSLContext, theirs: ssl.SSLContext, answer: bytes, afterwards: Script
) -> None:
    def script(wire: Wire) -> None:
        wire.skip(200_000)
        wire.send(answer)
        afterwards(wire)

    for _ in range(3):
        with running_peer(after_the_head(script), tls=theirs, receive_buffer=65536) as peer:
            called = post(client(at(peer, tls=True), tls=ours), Request(LARGE))
        assert called.answer is not None, called
        assert called.answer.status == int(answer[9:12])


@pytest.mark.usefixtures("version")
@pytest.mark.parametrize("reset", [False, True], ids=["ended", "reset"])
@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["the body handed over", "the body not handed over"])
def test_an_answer_cut_over_tls_is_in_doubt(
    ours: ssl.SSLContext, theirs: ssl.SSLContext, size: int, reset: bool
) -> None:
    for kept in (1, 17, 60, len(ANSWER) - 1):

        def script(wire: Wire, kept: int = kept) -> None:
            head = wire.read_head()
            if size == SMALL:
                wire.skip(content_length(head))
            wire.send(ANSWER[:kept])
            if reset:
                wire.reset()
            else:
                wire.finish()
                wire.wait(0.3)

        with running_peer(script, tls=theirs, receive_buffer=65536) as peer:
            called = post(client(at(peer, tls=True), tls=ours), Request(size))
            peer.over.set()
        assert (called.answer, called.in_doubt) == (None, True)


@pytest.mark.usefixtures("version")
@pytest.mark.parametrize(("goodbye", "whole"), [(True, True), (False, False)])
def test_an_answer_ended_by_the_connections_end_is_whole_only_where_tls_was_ended_too(
    ours: ssl.SSLContext, theirs: ssl.SSLContext, goodbye: bool, whole: bool
) -> None:
    def script(wire: Wire) -> None:
        wire.send(WHOLE["ended by the connection's end"])
        if goodbye:
            wire.say_goodbye()
        else:
            wire.finish()

    with running_peer(after_the_request(script), tls=theirs) as peer:
        called = post(client(at(peer, tls=True), tls=ours))

    assert (called.answer is not None, called.in_doubt) == (whole, not whole)


@pytest.mark.usefixtures("version")
@pytest.mark.parametrize("size", [SMALL, 4 * LARGE])
def test_silence_over_tls_keeps_to_the_deadline_and_takes_no_processor_time(
    ours: ssl.SSLContext, theirs: ssl.SSLContext, size: int
) -> None:
    with running_peer(Wire.wait, tls=theirs, receive_buffer=65536) as peer:
        sender = client(at(peer, tls=True), tls=ours, seconds=0.3)
        before = time.process_time()
        with lasting(0.3, 0.3 + MARGIN):
            called = post(sender, Request(size))
        assert time.process_time() - before < 0.1

    assert (called.answer, called.in_doubt) == (None, size == SMALL)


def test_a_stalled_handshake_is_a_retry_within_its_time(ours: ssl.SSLContext) -> None:
    for script in (Wire.wait, steps(skipping(50), Wire.wait), for_ever(b"\x16\3\3\0\1\2", 0.05)):
        request = Request()
        with running_peer(script) as peer, lasting(0, SECONDS + MARGIN):
            called = post(client(at(peer, tls=True), tls=ours, seconds=SECONDS), request)
            peer.over.set()
        assert (called.answer, called.in_doubt, request.handed_over) == (None, False, 0)


def test_a_connection_that_is_never_agreed_on_is_a_retry_within_its_time() -> None:
    request = Request()
    with black_hole() as port, lasting(SECONDS, SECONDS + MARGIN):
        called = post(client(Endpoint(host="127.0.0.1", port=port, tls=False), seconds=SECONDS), request)

    assert (called.answer, called.in_doubt, request.handed_over) == (None, False, 0)
    assert called.problem == "no connection: it did not answer in time"


def test_the_password_is_never_sent_without_a_proven_name(theirs: ssl.SSLContext) -> None:
    with running_peer(slowly_taking, tls=theirs) as peer:
        called = post(client(at(peer, tls=True)))

    assert called.problem == "no connection: its certificate is not trusted: self-signed certificate"
    assert [wire.received for wire in peer.wires] == [0]


def test_a_certificate_of_another_host_is_not_trusted(
    ours: ssl.SSLContext, theirs: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_peer(slowly_taking, tls=theirs) as peer:
        place = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", peer.port))
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: [place])
        right = post(client(at(peer, host="localhost", tls=True), tls=ours))
        wrong = post(client(at(peer, host="elsewhere.example", tls=True), tls=ours))

    assert right.answer is not None
    assert (wrong.answer, wrong.in_doubt) == (None, False)
    assert "Hostname mismatch" in wrong.problem
    assert peer.wires[1].received == 0


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_tls_older_than_1_2_is_not_spoken(ours: ssl.SSLContext, theirs: ssl.SSLContext) -> None:
    easy = "ALL:@SECLEVEL=0"  # OpenSSL 3 speaks TLS 1.1 at level 0 only
    theirs.set_ciphers(easy)
    theirs.minimum_version, theirs.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    ours.set_ciphers(easy)
    with running_peer(slowly_taking, tls=theirs) as peer:
        refused = post(client(at(peer, tls=True), tls=ours))
        ours.minimum_version = ssl.TLSVersion.TLSv1
        spoken = post(client(at(peer, tls=True), tls=ours))  # it could have been

    assert (refused.answer, refused.in_doubt) == (None, False)
    assert refused.problem.startswith("no connection: TLS failed:")
    assert spoken.answer is not None


def test_plain_http_at_a_tls_port_and_the_other_way_round_send_nothing(ours: ssl.SSLContext) -> None:
    with running_peer(beginning(b"HTTP/1.1 400 Bad Request\r\n\r\n", Wire.finish)) as peer:
        called = post(client(at(peer, tls=True), tls=ours))

    assert (called.answer, called.in_doubt) == (None, False)


def test_failing_handshakes_leave_no_file_behind(ours: ssl.SSLContext) -> None:
    scripts: list[Script] = [Wire.reset, lambda wire: wire.sock.close(), lambda wire: wire.send(b"no TLS")]
    with running_peer(*scripts * 20) as peer:
        post(client(at(peer, tls=True), tls=ours))
        peer.join()
        gc.collect()
        gc.disable()
        try:
            files = open_files()
            for _ in range(50):
                post(client(at(peer, tls=True), tls=ours))
                peer.join()
            assert none_more_than(files)
        finally:
            gc.enable()
