"""The receiving function with stores in memory and a door that knows one token."""

import json
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from logging import StreamHandler
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import receive_callback
from mms_gateway.authentication import read_secret
from mms_gateway.errors import Unauthorized
from mms_gateway.retention import FOR_EVER
from mms_gateway.settings import Settings
from tests.unit.stores import MemoryBucket, MemoryTable

EVENTS = Path(__file__).parents[2] / "events"


class Door:
    """Lets in who has the right token, or is broken."""

    def __init__(self) -> None:
        self.secret = read_secret('{"callbackTokens": ["put-a-token-here"]}')
        self.fault: Exception | None = None

    def authenticate(self, *, token: str, authorization: str | None) -> None:  # noqa: ARG002
        if self.fault is not None:
            raise self.fault
        if token.encode() not in self.secret.tokens:
            raise Unauthorized("the caller's token or password is not one of the secret's")


@dataclass
class Function:
    """The function with everything that it needs."""

    table: MemoryTable
    bucket: MemoryBucket
    door: Door
    capsys: pytest.CaptureFixture[str]
    seconds: float = 8.0

    def invoke(self, name: str = "message", **changes: Any) -> tuple[int, str]:
        event = {**json.loads((EVENTS / f"{name}.json").read_text()), **changes}
        context = SimpleNamespace(
            function_name="receive-callback",
            memory_limit_in_mb=1024,
            invoked_function_arn="arn:aws:lambda:eu-west-1:123456789012:function:receive-callback",
            aws_request_id="c6af9ac6",
            get_remaining_time_in_millis=lambda: self.seconds * 1000,
        )
        handler = receive_callback.logger.registered_handler
        assert isinstance(handler, StreamHandler)
        handler.stream = sys.stdout  # which is another of pytest's by now
        answer = receive_callback.handler(event, context)
        assert answer["body"] == ""
        return answer["statusCode"], answer["headers"]["X-Mms-Outcome"]

    def printed(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The one log line and the metrics of the last invocation."""
        lines = [json.loads(line) for line in self.capsys.readouterr().out.splitlines()]
        (log,) = [line for line in lines if "level" in line]
        (metrics,) = [line for line in lines if "_aws" in line]
        return log, metrics


@contextmanager
def ready(function: Function, monkeypatch: pytest.MonkeyPatch) -> Iterator[Function]:
    """The handler works with this function while the block runs."""
    with ThreadPoolExecutor(4) as pool:
        gateway = receive_callback.Gateway(
            settings=Settings(
                table_name="t",
                media_bucket="b",
                secret_arn="a",
                callback_encoding="auto",
                raw_days=7,
                retention=FOR_EVER,
            ),
            credentials=function.door,  # type: ignore[arg-type]
            table=function.table,  # type: ignore[arg-type]
            bucket=function.bucket,  # type: ignore[arg-type]
            deadline=pool,
        )
        monkeypatch.setattr(receive_callback, "gateway", lru_cache(lambda: gateway))
        yield function
