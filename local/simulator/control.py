"""The control API's JSON read into callbacks, dialects and policies; every complaint names the field."""

import base64
import binascii
import mimetypes
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from local.simulator.callbacks import Callback, Mo, Part, Raw, Report
from local.simulator.delivery import Policy
from local.simulator.dialect import Dialect, MediaEncoding
from local.simulator.fields import FieldError, Fields, read_options, require
from local.simulator.identifiers import Identifiers

MAX_PARTS = 200  # more than the gateway takes, so that its limit can be tried
DATA_URL = re.compile(r"data:([^,]*);base64,(.*)", re.DOTALL)
SOURCES = ("text", "base64", "dataUrl", "file")


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What one request to the control API asks for."""

    callback: Callback
    dialect: Dialect
    policy: Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderReader:
    """Reads orders and fills in what they leave out."""

    identifiers: Identifiers
    dialect: Dialect
    policy: Policy
    media_folder: Path | None = None

    def read_mo(self, given: object, *, now: str) -> Order:
        """Read an order for a message."""
        fields = Fields(given)
        mo_id = fields.id_or_none("moId") or self.identifiers.make_id()
        source = fields.text("source", "447800000001")
        destinations = fields.texts("destinations", ("88600",))
        ccs, bccs = fields.texts("ccs", ()), fields.texts("bccs", ())
        date = fields.text("date", now)
        operator = fields.integer_or_none("mobileOperatorId", 77)
        subject = fields.text_or_none("subject", "")
        user_agent = fields.text_or_none("userAgent", "HTC One")
        more = fields.object("more")
        given_parts = fields.take("parts", [])
        fits = isinstance(given_parts, list) and len(given_parts) <= MAX_PARTS
        require(fits, "parts", f"expected a list of at most {MAX_PARTS}")
        parts = tuple(self._read_part(part, index) for index, part in enumerate(given_parts))
        return self._finish(
            fields,
            lambda: Mo(
                mo_id=mo_id,
                source=source,
                destinations=destinations,
                ccs=ccs,
                bccs=bccs,
                date=date,
                mobile_operator_id=operator,
                subject=subject,
                user_agent=user_agent,
                more=more,
                parts=parts,
            ),
        )

    def read_report(self, given: object, *, now: str) -> Order:
        """Read an order for a delivery report."""
        fields = Fields(given)
        mt_id = fields.id_or_none("mtId") or self.identifiers.make_id()
        date = fields.text("date", now)
        status = fields.text("status", "Retrieved")
        outcome_id = fields.integer_or_none("outcomeId", 1)
        description = fields.text_or_none("outcomeDescription", "Success.")
        user_agent = fields.text_or_none("userAgent", "HTC One")
        more = fields.object("more")
        return self._finish(
            fields,
            lambda: Report(
                mt_id=mt_id,
                date=date,
                status=status,
                outcome_id=outcome_id,
                outcome_description=description,
                user_agent=user_agent,
                more=more,
            ),
        )

    def read_raw(self, given: object) -> Order:
        """Read an order for bytes as they are."""
        fields = Fields(given)
        content_type = fields.text("contentType", "multipart/mixed; boundary=mimeboundary")
        data = _read_base64(fields.text("base64", ""), "base64")
        return self._finish(fields, lambda: Raw(content_type=content_type, data=data))

    def _finish(self, fields: Fields, build: Callable[[], Callback]) -> Order:
        dialect = read_options(self.dialect, fields.take("dialect", {}), "dialect")
        policy = read_options(self.policy, fields.take("delivery", {}), "delivery")
        fields.finish()
        try:
            return Order(callback=build(), dialect=dialect, policy=policy)
        except FieldError as error:
            raise error.within("") from None

    def _read_part(self, given: object, index: int) -> Part:
        place = f"parts[{index}]"
        fields = Fields(given, place)
        content_type, name, data = self._read_content(fields)
        content_type = fields.text("contentType", content_type or "application/octet-stream")
        extension = mimetypes.guess_extension(content_type.partition(";")[0].strip()) or ".bin"
        content_id = fields.text_or_none("contentId", name or f"part-{index + 1}{extension}")
        words = [encoding.value for encoding in MediaEncoding]
        encoding = fields.text_or_none("encoding", None)
        require(encoding in {None, *words}, fields.at("encoding"), f"expected one of {', '.join(map(repr, words))}")
        fields.finish()
        try:
            return Part(
                content_type=content_type,
                content_id=content_id,
                data=data,
                encoding=MediaEncoding(encoding) if encoding else None,
            )
        except FieldError as error:
            raise error.within(place) from None

    def _read_content(self, fields: Fields) -> tuple[str | None, str | None, bytes]:
        """Give a part's type and name where the content tells, and its bytes."""
        given = {name: value for name in SOURCES if (value := fields.text_or_none(name, None)) is not None}
        require(len(given) == 1, fields.at(""), f"expected exactly one of {', '.join(SOURCES)}")
        [(source, value)] = given.items()
        place = fields.at(source)
        match source:
            case "text":
                return "text/plain", None, _write_text(value, place)
            case "base64":
                return None, None, _read_base64(value, place)
            case "dataUrl":
                match = DATA_URL.fullmatch(value)
                if match is None:
                    raise FieldError(place, "expected data:<type>;base64,<data>")
                return match[1] or "text/plain", None, _read_base64(match[2], place)
            case _:
                path = self._find_file(value, place)
                return mimetypes.guess_type(path.name)[0], path.name, path.read_bytes()

    def _find_file(self, name: str, place: str) -> Path:
        if self.media_folder is None:
            raise FieldError(place, "this simulator was started without a media folder; send base64")
        folder = self.media_folder.resolve()
        path = (folder / name).resolve() if "\0" not in name else folder
        require(path.is_relative_to(folder) and path.is_file(), place, "no such file in the media folder")
        return path


def _write_text(value: str, place: str) -> bytes:
    try:
        return value.encode()
    except UnicodeEncodeError:
        raise FieldError(place, "expected text that can be written as UTF-8") from None


def _read_base64(value: str, place: str) -> bytes:
    try:
        return base64.b64decode("".join(value.split()), validate=True)
    except (binascii.Error, ValueError):
        raise FieldError(place, "expected base64") from None
