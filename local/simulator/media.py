"""Small real pictures, painted by hand so that neither the tests nor the demo need an imaging library."""

import struct
import zlib
from collections.abc import Sequence

Colour = tuple[int, int, int]
Mosaic = Sequence[Sequence[Colour]]

_PALETTE: dict[str, Colour] = {
    ".": (190, 225, 245),  # sky
    "b": (20, 90, 200),  # Norwegian Blue
    "y": (245, 205, 60),  # breast
    "k": (25, 25, 30),  # beak and eye
    "g": (120, 90, 60),  # perch
}
_PARROT = (
    "..bbb...",
    ".bbkbb..",
    "kkbbbb..",
    "k.yybbb.",
    "..yyybbb",
    "..yyybbb",
    "ggggggbb",
    "......bb",
)
PARROT: Mosaic = [[_PALETTE[letter] for letter in line] for line in _PARROT]


def enlarge(mosaic: Mosaic, times: int) -> Mosaic:
    """The same picture with so many times as many tiles each way."""
    return [[tile for tile in row for _ in range(times)] for row in mosaic for _ in range(times)]


def png(mosaic: Mosaic = PARROT) -> bytes:
    """A PNG with one pixel for each tile."""
    rows = b"".join(b"\0" + b"".join(bytes(colour) for colour in row) for row in mosaic)
    header = struct.pack(">IIBBBBB", len(mosaic[0]), len(mosaic), 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_png_chunk(kind, data) for kind, data in chunks)


def _png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def gif(mosaic: Mosaic = PARROT) -> bytes:
    """A GIF with one pixel for each tile, at most 16 colours, its LZW codes never growing."""
    colours = sorted({colour for row in mosaic for colour in row})
    palette = b"".join(bytes(colour) for colour in colours).ljust(16 * 3, b"\0")
    indexes = [colours.index(colour) for row in mosaic for colour in row]
    clear, end = 16, 17
    codes = [code for at, index in enumerate(indexes) for code in ((clear, index) if at % 8 == 0 else (index,))]
    packed = _bits([(code, 5) for code in (*codes, end)], most_significant_first=False)
    blocks = b"".join(bytes([len(packed[at : at + 255])]) + packed[at : at + 255] for at in range(0, len(packed), 255))
    size = struct.pack("<HH", len(mosaic[0]), len(mosaic))
    return b"GIF89a" + size + b"\xb3\0\0" + palette + b",\0\0\0\0" + size + b"\0\x04" + blocks + b"\0;"


def jpeg(mosaic: Mosaic = PARROT) -> bytes:
    """A baseline JPEG with one 8 x 8 block for each tile."""
    height, width = 8 * len(mosaic), 8 * len(mosaic[0])
    components = b"".join(bytes([number, 0x11, 0]) for number in (1, 2, 3))
    segments = [
        (0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0"),
        (0xDB, b"\0" + b"\x08" * 64),
        (0xC0, struct.pack(">BHHB", 8, height, width, 3) + components),
        (0xC4, b"\x00" + bytes([0, 0, 0, 12] + [0] * 12) + bytes(range(12))),  # DC: size as a 4-bit code
        (0xC4, b"\x10" + bytes([1] + [0] * 15) + b"\0"),  # AC: one bit, "nothing more in this block"
        (0xDA, b"\3" + b"".join(bytes([number, 0]) for number in (1, 2, 3)) + b"\0\x3f\0"),
    ]
    head = b"".join(struct.pack(">BBH", 0xFF, kind, len(data) + 2) + data for kind, data in segments)
    return b"\xff\xd8" + head + _jpeg_scan(mosaic).replace(b"\xff", b"\xff\0") + b"\xff\xd9"


def _jpeg_scan(mosaic: Mosaic) -> bytes:
    fields: list[tuple[int, int]] = []
    last = [0, 0, 0]
    for tile in (_luma_and_chroma(colour) for row in mosaic for colour in row):
        for channel, level in enumerate(tile):
            step, last[channel] = level - last[channel], level
            size = abs(step).bit_length()
            fields += [(size, 4), (step if step >= 0 else step + (1 << size) - 1, size), (0, 1)]
    return _bits(fields, most_significant_first=True)


def _luma_and_chroma(colour: Colour) -> tuple[int, int, int]:
    red, green, blue = colour
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    return round(luma) - 128, round((blue - luma) / 1.772), round((red - luma) / 1.402)


def _bits(fields: Sequence[tuple[int, int]], *, most_significant_first: bool) -> bytes:
    """The values, each in its number of bits, packed; the last byte is filled up with ones (JPEG) or zeros (GIF)."""
    if most_significant_first:
        bits = "".join(f"{value:0{size}b}" for value, size in fields if size)
        bits += "1" * (-len(bits) % 8)
        return int(bits, 2).to_bytes(len(bits) // 8, "big")
    number, length = 0, 0
    for value, size in fields:
        number |= value << length
        length += size
    return number.to_bytes((length + 7) // 8, "little")


def smil(*content_ids: str) -> bytes:
    """A presentation that shows the named parts one after the other."""
    tag = {"txt": "text", "mp3": "audio", "amr": "audio", "mp4": "video", "3gp": "video"}
    slides = "".join(
        f'<par dur="5s"><{tag.get(name.rpartition(".")[2], "img")} src="{name}"/></par>' for name in content_ids
    )
    return f"<smil><head><layout/></head><body>{slides}</body></smil>".encode()


def heads() -> dict[str, bytes]:
    """For every magic number the gateway knows: 200 bytes that begin as such a file does (not more than begin)."""
    starts = {
        "JPEG": jpeg(),
        "PNG": png(),
        "GIF": gif(),
        "GIF of 1987": b"GIF87a" + gif()[6:],
        "WebP": b"RIFF" + struct.pack("<I", 192) + b"WEBPVP8 " + struct.pack("<I", 180),
        "BMP": b"BM" + struct.pack("<IHHIIiiHHIIiiII", 200, 0, 0, 54, 40, 6, 6, 1, 24, 0, 146, 2835, 2835, 0, 0),
        "TIFF, little-endian": b"II*\0" + struct.pack("<I", 8),
        "TIFF, big-endian": b"MM\0*" + struct.pack(">I", 8),
        "HEIC": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
        "MP4": b"\0\0\0\x18ftypmp42\0\0\0\0isommp42",
        "MP4 of the base brand": b"\0\0\0\x18ftypisom\0\0\2\0isommp41",
        "3GP": b"\0\0\0\x18ftyp3gp4\0\0\0\0isom3gp4",
        "MOV": b"\0\0\0\x14ftypqt  \0\0\2\0qt  ",
        "MP3 with a tag": b"ID3\3\0\0\0\0\0\x40TIT2",
        "MP3": b"\xff\xfb\x90\x64\0",
        "AAC": b"\xff\xf1\x50\x80\x18\xff\xfc",
        "AMR": b"#!AMR\n\x3c",
        "AMR, wide band": b"#!AMR-WB\n\x44",
        "OGG": b"OggS\0\2" + b"\0" * 8,
        "WAV": b"RIFF" + struct.pack("<I", 192) + b"WAVEfmt \x10\0\0\0\1\0\1\0",
        "PDF": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
    }
    return {name: start.ljust(200, b"\0")[:200] for name, start in starts.items()}
