"""A number in bytes: as it is, or somewhere in base64; found in a stream whose pieces may cut it in two."""

import base64
import re
from collections.abc import Iterable, Iterator

SKIPPED = (0, 2, 3)
"""By where in a group of three bytes a text begins: the characters of base64 before the first that is its alone."""

AFTER = 2  # bytes behind it that tell whether it ends there
MARGIN = 8  # characters of base64 in which its neighbours stand


OF_A_NUMBER = rb"(?<![0-9])", rb"(?![0-9])"
OF_AN_ADDRESS = rb"(?:(?<![0-9A-Za-z._%+-])|(?<=\\[nrt]))", rb"(?![0-9A-Za-z_-]|\.[0-9A-Za-z])"
"""What stands around one and is no part of a longer one; a line's end may be written as JSON has it."""


class Needle:
    """Finds a handset's number, or its address, where it stands for itself and is no part of a longer one."""

    def __init__(self, handset: str) -> None:
        text = handset.encode()
        before, after = OF_A_NUMBER if handset.isdigit() else OF_AN_ADDRESS
        self._plain = re.compile(before + re.escape(text) + after, re.IGNORECASE)
        encoded = []
        for offset, skipped in enumerate(SKIPPED):
            whole = base64.b64encode(bytes(offset) + text)
            encoded.append(b"(%b)" % re.escape(whole[skipped : (offset + len(text)) * 8 // 6]))
        self._encoded = re.compile(b"|".join(encoded))
        self._groups = (
            len(text) // 3 + 3
        )  # groups of four characters from the one before its first to that after its last
        self._overlap = 4 * (self._groups + 6)

    def is_in(self, pieces: Iterable[bytes]) -> bool:
        """Whether it stands somewhere in a stream; holds a piece and a little of the one before."""
        plain, folded = b"", b""
        plain_is_cut = folded_is_cut = False
        for piece, is_last in _with_end(pieces):
            plain += piece
            folded += piece.translate(None, b"\r\n")  # base64 comes in lines
            if self._is_in_plain(plain, not plain_is_cut, is_last):
                return True
            if self._is_in_base64(folded, not folded_is_cut, is_last):
                return True
            plain_is_cut |= len(plain) > self._overlap
            folded_is_cut |= len(folded) > self._overlap
            plain, folded = plain[-self._overlap :], folded[-self._overlap :]
        return False

    # What stands at a cut has its neighbours in the piece before, or in the one to come, and is looked at with them.

    def _is_in_plain(self, data: bytes, is_first: bool, is_last: bool) -> bool:
        return any(
            (is_first or found.start() > 0) and (is_last or found.end() + AFTER <= len(data))
            for found in self._plain.finditer(data)
        )

    def _is_in_base64(self, data: bytes, is_first: bool, is_last: bool) -> bool:
        return any(
            self._plain.search(self._around(data, found))
            for found in self._encoded.finditer(data)
            if (is_first or found.start() > MARGIN) and (is_last or found.end() + MARGIN <= len(data))
        )

    def _around(self, data: bytes, found: re.Match[bytes]) -> bytes:
        """The bytes around what looks like it, decoded, as far as they are base64."""
        group = found.start() - SKIPPED[int(found.lastindex or 1) - 1]
        before = data[max(group - 4, 0) : max(group, 0)]
        if re.fullmatch(rb"[A-Za-z0-9+/]{4}", before) is None:
            before = b""
        rest = re.match(rb"[A-Za-z0-9+/]*", data[max(group, 0) : group + 4 * self._groups])
        text = before + (rest[0] if rest else b"")
        if len(text) % 4 == 1:
            text = text[:-1]
        return base64.b64decode(text + b"=" * (-len(text) % 4))


def _with_end(pieces: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Each piece, and whether it is the last; there is always one."""
    before = b""
    for piece in pieces:
        if before:
            yield before, False
        before = piece
    yield before, True
