"""AWS as far as it is needed, and OpenMarket, on 127.0.0.1 over TLS, each answer a fixed time after its request.

    with running_stores(folder, delay=0.020) as stores:
        ...  # clients with endpoint_url=stores.url and the bundle stores.ca_bundle

It keeps nothing and checks nothing; what it is for is waiting, as clients do for AWS. It runs in a process of its own,
so that its work does not count as theirs.
"""

import asyncio
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import certifi
import uvicorn
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from local.places import ROOT
from local.simulator.certificate import make_certificate
from mms_gateway.openmarket.endpoint import PATH as MMS_PATH

TOKEN = "token-of-the-bench"
ETAG = '"etag"'
SECRET = json.dumps({"accountId": "local", "password": "local", "callbackTokens": [TOKEN]})
ANSWERS = {
    b"secretsmanager.GetSecretValue": json.dumps({"Name": "secret", "SecretString": SECRET}).encode(),
    b"DynamoDB_20120810.GetItem": b"{}",
    b"DynamoDB_20120810.PutItem": b"{}",
    b"DynamoDB_20120810.UpdateItem": b'{"Attributes": {}}',
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """Where they are, and whom to trust."""

    url: str
    certificate: Path
    """Their own."""
    ca_bundle: Path
    """The usual authorities, so that clients have the usual work, and their own."""


@contextmanager
def running_stores(folder: Path, *, delay: float) -> Iterator[Stores]:
    """Stores that answer after `delay` seconds, and no process of them afterwards."""
    certificate, key = make_certificate(folder)
    bundle = folder / "bundle.pem"
    bundle.write_text(Path(certifi.where()).read_text() + certificate.read_text())
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.stores", str(listener.fileno()), certificate, key, str(delay)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "layers" / "gateway")])},
            stdin=subprocess.PIPE,
            pass_fds=[listener.fileno()],
        )
    try:
        yield Stores(url=f"https://127.0.0.1:{port}", certificate=certificate, ca_bundle=bundle)
    finally:
        process.communicate()  # it ends with its standard input


def answering(delay: float) -> ASGIApp:
    """An application that takes any request and answers it after `delay` seconds."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        while (await receive()).get("more_body"):
            pass
        await asyncio.sleep(delay)
        body = _body(scope["method"], scope["path"], dict(scope["headers"]).get(b"x-amz-target", b""))
        await Response(body, headers={"ETag": ETAG})(scope, receive, send)

    return answer


def _body(method: str, path: str, target: bytes) -> bytes:
    if method == "GET":  # an object, whose key ends with the number of its bytes
        return bytes(int(path.rpartition("/")[2]))
    return b'{"mtId": 123456789012345}' if path == MMS_PATH else ANSWERS.get(target, b"")


def serve(listener: socket.socket, certificate: str, key: str, delay: float) -> None:
    """Serve until standard input ends."""
    config = uvicorn.Config(
        answering(delay),
        ssl_certfile=certificate,
        ssl_keyfile=key,
        lifespan="off",
        log_level="warning",
        access_log=False,
    )
    server = uvicorn.Server(config)

    def end_with_standard_input() -> None:
        sys.stdin.buffer.read()
        server.should_exit = server.force_exit = True

    threading.Thread(target=end_with_standard_input, daemon=True).start()
    server.run([listener])


if __name__ == "__main__":
    _, descriptor, certificate_file, key_file, seconds = sys.argv
    serve(socket.socket(fileno=int(descriptor)), certificate_file, key_file, float(seconds))
