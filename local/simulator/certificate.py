"""A self-signed certificate for this machine, made without any library, so that TLS can be tried everywhere.

ECDSA with P-256 (FIPS 186-4, D.1.2.3), in arithmetic that takes no care of what its timing tells: for tests only.
"""

import base64
import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path

DAYS = 30  # valid; a test's run is shorter, a developer's stack may not be
PRIME = 2**256 - 2**224 + 2**192 + 2**96 - 1
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
GENERATOR = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
INTEGER, BIT_STRING, OCTET_STRING, OBJECT, UTF8, UTC_TIME, SEQUENCE, SET = 2, 3, 4, 6, 12, 23, 0x30, 0x31
ECDSA_SHA256 = bytes.fromhex("2a8648ce3d040302")
EC_KEY, P256 = bytes.fromhex("2a8648ce3d0201"), bytes.fromhex("2a8648ce3d030107")
COMMON_NAME, BASIC_CONSTRAINTS, ALTERNATIVE_NAMES = b"\x55\x04\x03", b"\x55\x1d\x13", b"\x55\x1d\x11"

Point = tuple[int, int] | None  # None is the point at infinity


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """Write a new certificate for 127.0.0.1 and localhost, and its key; give both files, in PEM."""
    key = secrets.randbelow(ORDER - 1) + 1
    public = _write_point(_multiply(key, GENERATOR))
    certificate, key_file = folder / "certificate.pem", folder / "key.pem"
    certificate.write_text(_pem("CERTIFICATE", _certify(key, public)))
    key_file.touch(mode=0o600)
    # RFC 5915: version 1, the key, the curve, the public key.
    curve = _der(0xA0, _der(OBJECT, P256))
    private = _integer(1) + _der(OCTET_STRING, key.to_bytes(32, "big")) + curve + _der(0xA1, _bits(public))
    key_file.write_text(_pem("EC PRIVATE KEY", _der(SEQUENCE, private)))
    return certificate, key_file


def _certify(key: int, public: bytes) -> bytes:
    """RFC 5280, 4.1: what is said, by which algorithm it is signed, and the signature."""
    now = datetime.now(UTC)
    algorithm = _der(SEQUENCE, _der(OBJECT, ECDSA_SHA256))
    name = _der(SEQUENCE, _der(SET, _der(SEQUENCE, _der(OBJECT, COMMON_NAME) + _der(UTF8, b"OpenMarket simulator"))))
    dates = (now - timedelta(days=1), now + timedelta(days=DAYS))
    validity = _der(SEQUENCE, b"".join(_der(UTC_TIME, f"{date:%y%m%d%H%M%SZ}".encode()) for date in dates))
    key_info = _der(SEQUENCE, _der(SEQUENCE, _der(OBJECT, EC_KEY) + _der(OBJECT, P256)) + _bits(public))
    # `True` in basic constraints: it is its own authority. 0x87 is an address, 0x82 a name.
    names = _der(0x87, bytes([127, 0, 0, 1])) + _der(0x82, b"localhost")
    extensions = _extension(BASIC_CONSTRAINTS, b"\x01\x01\xff") + _extension(ALTERNATIVE_NAMES, names)
    said = _der(
        SEQUENCE,
        _der(0xA0, _integer(2))  # version 3
        + _integer(secrets.randbits(63))  # serial number
        + (algorithm + name + validity + name + key_info)
        + _der(0xA3, _der(SEQUENCE, extensions)),
    )
    return _der(SEQUENCE, said + algorithm + _bits(_sign(key, said)))


def _extension(kind: bytes, value: bytes) -> bytes:
    return _der(SEQUENCE, _der(OBJECT, kind) + _der(OCTET_STRING, _der(SEQUENCE, value)))


def _sign(key: int, data: bytes) -> bytes:
    digest = int.from_bytes(hashlib.sha256(data).digest(), "big")
    while True:
        nonce = secrets.randbelow(ORDER - 1) + 1
        point = _multiply(nonce, GENERATOR)
        first = point[0] % ORDER if point else 0
        second = pow(nonce, -1, ORDER) * (digest + first * key) % ORDER
        if first and second:
            return _der(SEQUENCE, _integer(first) + _integer(second))


def _multiply(factor: int, point: Point) -> Point:
    result: Point = None
    while factor:
        if factor & 1:
            result = _add(result, point)
        point = _add(point, point)
        factor >>= 1
    return result


def _add(one: Point, other: Point) -> Point:
    if one is None or other is None:
        return one or other
    if one[0] == other[0] and one[1] != other[1]:
        return None
    if one == other:
        slope = (3 * one[0] ** 2 - 3) * pow(2 * one[1], -1, PRIME) % PRIME
    else:
        slope = (other[1] - one[1]) * pow(other[0] - one[0], -1, PRIME) % PRIME
    across = (slope**2 - one[0] - other[0]) % PRIME
    return across, (slope * (one[0] - across) - one[1]) % PRIME


def _write_point(point: Point) -> bytes:
    across, up = point or (0, 0)
    return b"\x04" + across.to_bytes(32, "big") + up.to_bytes(32, "big")


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    length = size.to_bytes((size.bit_length() + 7) // 8 or 1, "big")
    return bytes([tag]) + (length if size < 128 else bytes([0x80 + len(length)]) + length) + content


def _integer(value: int) -> bytes:
    return _der(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _bits(content: bytes) -> bytes:
    return _der(BIT_STRING, b"\0" + content)


def _pem(kind: str, content: bytes) -> str:
    text = base64.b64encode(content).decode()
    lines = [text[start : start + 64] for start in range(0, len(text), 64)]
    return "\n".join([f"-----BEGIN {kind}-----", *lines, f"-----END {kind}-----", ""])
