"""Links that lead elsewhere than to an allowed host, however they are read; and where redirects may point."""

from collections.abc import Iterator

from tests.unit import test_queue_contents as contents

ALLOWED = "www.openmarket.com"
LONG = 1900  # characters of path: with the host just under what a link may have


def parameters_of(test: object, names: int = 1) -> Iterator[tuple[object, ...]]:
    """The rows of a parametrised unit test: its last mark stands nearest to it."""
    for row in test.pytestmark[0].args[1]:  # type: ignore[attr-defined]
        values = getattr(row, "values", None) or (row if names > 1 else (row,))
        yield tuple(values)


def bad_links(port: int) -> Iterator[str]:
    """The unit tests' links, and such as lead to somebody who listens on this machine's `port`."""
    for (link,) in parameters_of(contents.test_any_other_link_is_a_fault):
        yield str(link)
    for host in ("127.0.0.1", "localhost", "[::1]", "0.0.0.0", "127.1", "0x7f.1", "2130706433", "[::ffff:7f00:1]"):  # noqa: S104
        for scheme in ("http", "https", "HTTP", "ftp", "gopher"):
            yield f"{scheme}://{host}:{port}/canary"
        yield f"https://{ALLOWED}@{host}:{port}/"
        yield f"https://{ALLOWED}:443@{host}:{port}/"
        yield f"https://{host}:{port}#@{ALLOWED}/"
        yield f"https://{host}:{port}?@{ALLOWED}/"
        yield f"https://{host}:{port}\\@{ALLOWED}/"
        yield f"//{host}:{port}/canary"
    yield f"https://{ALLOWED}:{port}/"
    yield f"https://{ALLOWED}%3a{port}/"
    yield f"https://{ALLOWED}.127.0.0.1.nip.io:{port}/"
    yield f"https://{ALLOWED}%252eevil.example/"
    yield f"https://{ALLOWED}%23.evil.example/"
    yield f"https://{ALLOWED}%5c.evil.example/"
    yield f"https://{ALLOWED}%09/"
    yield "https://%77%77%77.openmarket.com/"
    yield "https://www.openmarket.com%E3%80%82evil.example/"
    yield "https://www.оpenmarket.com/"  # a Cyrillic letter
    yield "https://xn--www-openmarket.com/"
    yield "https://www.xn--penmarket-0fg.com/"
    yield "https://www.openmarket.com\u200b/"
    yield "https://www.openmarket.com\u00ad/"
    yield "https://www.open\u00admarket.com/"
    yield "https://www.openmarket.com\u2024evil.example/"
    yield "https://www.openmarket.com\uff0eevil.example/"
    yield "https://ʷʷʷ.openmarket.com/"
    yield "https://www.openmarket.com\x0b/"
    yield "https://www.openmarket.com\x85/"
    yield "view-source:https://www.openmarket.com/"
    yield "data:text/html;base64,PGI+"
    yield "blob:https://www.openmarket.com/x"
    yield "jar:https://www.openmarket.com/x!/y"
    yield "s3://www.openmarket.com/x"
    yield "https://https://www.openmarket.com/"
    yield "https://www.openmarket.com" + "." * 200 + "/"
    yield "https://" + "a." * 800 + "www.openmarket.com/"
    yield f"https://{ALLOWED}/{'x' * 2000}"
    yield "https://evil.example/" + f"https://{ALLOWED}/" * 50


def good_links() -> Iterator[str]:
    """Links to the allowed host; what stands in path and query is not ours to judge."""
    yield f"https://{ALLOWED}/docs/demo.mp4"
    yield f"https://{ALLOWED.upper()}:443/demo.mp4?next=http://127.0.0.1/"
    yield f"https://{ALLOWED}/../../etc/passwd"
    yield f"https://{ALLOWED}/%0d%0aX-Injected:%20canary"
    yield f"https://{ALLOWED}/{'x' * LONG}"
    yield f"https://{ALLOWED}/#https://evil.example/"


def redirects(port: int) -> Iterator[tuple[int, str]]:
    """Statuses and Locations, all of which would lead to the listener or within the same host."""
    for status in (300, 301, 302, 303, 305, 307, 308):
        yield status, f"http://127.0.0.1:{port}/mms/v2/send"
    for location in (
        f"//127.0.0.1:{port}/",
        f"https://127.0.0.1:{port}/",
        f"http://localhost:{port}/",
        f"http://{ALLOWED}@127.0.0.1:{port}/",
        "/mms/v2/send",
        "",
        f"http://127.0.0.1:{port}/ http://{ALLOWED}/",
    ):
        yield 307, location
