"""Undoes compression, with and without a header, and never lets the result grow beyond a bound."""

from __future__ import annotations

import bz2
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cramjam
import lz4.block
import lz4.frame
import zstandard

from traffic.decode.content import is_text, utf16_codec

__all__ = [
    "BY_MAGIC",
    "HEADERLESS",
    "MAGIC_FIRST",
    "Inflated",
    "headerless",
    "inflate",
    "magic_code",
    "strict_headerless",
    "zip_members",
]

_MULTIPART = b"--"
_LZMA_MEMORY = 64 << 20
_ZSTD_WINDOW = 8 << 20


@dataclass(frozen=True, slots=True)
class Inflated:
    """What came out."""

    data: bytes
    used: int
    """Bytes of the input that were read; what follows is something else."""
    whole: bool
    """False where the stream was cut off, damaged, or longer than the bound."""


def _zlib(data: bytes, limit: int, window: int) -> Inflated | None:
    stream = zlib.decompressobj(window)
    try:
        result = stream.decompress(data, limit)
    except zlib.error:
        return _salvage(data, limit, window)
    return Inflated(result, len(data) - len(stream.unused_data), stream.eof)


def _salvage(data: bytes, limit: int, window: int) -> Inflated | None:
    """Everything before the damage, which zlib gives only when fed in small pieces."""
    stream, parts, size = zlib.decompressobj(window), [], 0
    try:
        for start in range(0, min(len(data), 1 << 16), 64):
            part = stream.decompress(data[start : start + 64], max(1, limit - size))
            parts.append(part)
            size += len(part)
            if size >= limit:
                break
    except zlib.error:
        pass
    result = b"".join(parts)
    return Inflated(result, len(data), False) if len(result) >= 16 else None


def _gzip(data: bytes, limit: int) -> Inflated | None:
    """One stream may have several members."""
    first = _zlib(data, limit, 31)
    if first is None or not first.whole:
        return first
    parts, used, size = [first.data], first.used, len(first.data)
    while data[used : used + 2] == b"\x1f\x8b" and size < limit:
        member = _zlib(data[used:], limit - size, 31)
        if member is None:
            break
        parts.append(member.data)
        used, size = used + member.used, size + len(member.data)
    return Inflated(b"".join(parts), used, True)


def _zstd(data: bytes, limit: int) -> Inflated | None:
    """The first frame; all frames where there is more than one."""
    several = data.find(b"\x28\xb5\x2f\xfd", 4) > 0
    found = [_zstd_frames(data, limit, across) for across in ((False, True) if several else (False,))]
    result, whole = max(found, key=lambda one: len(one[0]))
    return Inflated(result, len(data), whole) if result else None


def _zstd_frames(data: bytes, limit: int, across: bool) -> tuple[bytes, bool]:
    parts, size = [], 0
    try:
        decompressor = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
        reader = decompressor.stream_reader(data, read_across_frames=across)
        while size < limit:
            part = reader.read(min(1 << 18, limit - size))
            if not part:
                break
            parts.append(part)
            size += len(part)
    except zstandard.ZstdError:
        return b"".join(parts), False
    return b"".join(parts), size < limit


def _lz4_frame(data: bytes, limit: int) -> Inflated | None:
    stream = lz4.frame.LZ4FrameDecompressor()
    try:
        result = stream.decompress(data, max_length=limit)
    except (RuntimeError, EOFError):
        return None
    unused = len(stream.unused_data or b"")
    return Inflated(result, len(data) - unused if stream.eof else len(data), stream.eof)


def _bz2(data: bytes, limit: int) -> Inflated | None:
    stream = bz2.BZ2Decompressor()
    try:
        result = stream.decompress(data, limit)
    except (OSError, EOFError):
        return None
    return Inflated(result, len(data) - len(stream.unused_data) if stream.eof else len(data), stream.eof)


def _xz(data: bytes, limit: int) -> Inflated | None:
    stream = lzma.LZMADecompressor(memlimit=_LZMA_MEMORY)
    try:
        result = stream.decompress(data, limit)
    except (lzma.LZMAError, EOFError):
        return None
    return Inflated(result, len(data) - len(stream.unused_data) if stream.eof else len(data), stream.eof)


def _brotli(data: bytes, limit: int) -> Inflated | None:
    # Written into a room of our size, because a bomb of a hundred bytes fills gigabytes otherwise.
    room = bytearray(min(limit, 8 * len(data) + 256))
    while True:
        try:
            size = cramjam.brotli.decompress_into(data, room)
        except cramjam.DecompressionError as error:
            if "whole buffer" in str(error) and len(room) < limit:
                room = bytearray(min(limit, 32 * len(room)))
                continue
            # What was written before the end of the room or the cut is there.
            result = bytes(room).rstrip(b"\0")
            return Inflated(result, len(data), False) if len(result) >= 16 else None
        return Inflated(bytes(room[:size]), len(data), True)


def _brotli_head(data: bytes) -> int:
    """The length that the first block of a stream states; zero where it states none."""
    bits = int.from_bytes(data[:5], "little")
    bits >>= 1 if not bits & 1 else 4 if bits & 15 != 1 else 7  # the size of the window
    if bits & 3 == 3:
        return 0  # the last block, and empty
    bits >>= 2 if bits & 1 else 1
    groups, bits = bits & 3, bits >> 2
    return 0 if groups == 3 else (bits & (1 << 4 * (groups + 4)) - 1) + 1


def _room(data: bytes, limit: int) -> int:
    return min(limit, max(1 << 16, 64 * len(data)))


def _snappy(data: bytes, limit: int) -> Inflated | None:
    size, head = _snappy_head(data)
    # The first element of a block is a literal: there is nothing yet to be copied.
    if not head or data[head] & 3 or not max(8, len(data) // 2) <= size <= min(limit, 64 * len(data)):
        return None
    room = bytearray(size)
    try:
        written = cramjam.snappy.decompress_raw_into(data, room)
    except cramjam.DecompressionError:
        return None
    return Inflated(bytes(room), len(data), True) if written == size else None


def _snappy_head(data: bytes) -> tuple[int, int]:
    """The length that a block states, and where its first element stands; zeros where there is none."""
    size = 0
    for at, byte in enumerate(data[:5]):
        size |= (byte & 0x7F) << 7 * at
        if byte < 0x80:
            return (size, at + 1) if at + 1 < len(data) else (0, 0)
    return 0, 0


def _snappy_framed(data: bytes, limit: int) -> Inflated | None:
    room = bytearray(_room(data, limit))
    try:
        size = cramjam.snappy.decompress_into(data, room)
    except cramjam.DecompressionError:
        return None
    return Inflated(bytes(room[:size]), len(data), True)


def _snappy_xerial(data: bytes, limit: int) -> Inflated | None:
    """As snappy-java's SnappyOutputStream writes: a header of 16 bytes, then blocks with their lengths."""
    parts, at, size = [], 16, 0
    while at + 4 <= len(data) and size < limit:
        length = int.from_bytes(data[at : at + 4], "big")
        block = _snappy(data[at + 4 : at + 4 + length], limit - size)
        if block is None:
            break
        parts.append(block.data)
        size += len(block.data)
        at += 4 + length
    return Inflated(b"".join(parts), at, at >= len(data)) if parts else None


def _lz4_block(data: bytes, limit: int) -> Inflated | None:
    try:
        result = lz4.block.decompress(data, uncompressed_size=min(limit, 255 * len(data) + 64))
    except (lz4.block.LZ4BlockError, ValueError, MemoryError):
        return None
    return Inflated(result, len(data), True)


def _lz4_sized(data: bytes, limit: int) -> Inflated | None:
    """A block behind its length in four little-endian bytes."""
    size = int.from_bytes(data[:4], "little")
    if not 8 <= size <= min(limit, 255 * len(data)):
        return None
    inflated = _lz4_block(data[4:], size)
    return Inflated(inflated.data, len(data), True) if inflated and len(inflated.data) == size else None


_Reader = Callable[[bytes, int], Inflated | None]
_READERS: dict[str, _Reader] = {
    "gzip": _gzip,
    "zlib": lambda data, limit: _zlib(data, limit, 15),
    "deflate": lambda data, limit: _zlib(data, limit, -15),
    "zstd": _zstd,
    "lz4": _lz4_frame,
    "bz2": _bz2,
    "lzma": _xz,
    "xz": _xz,
    "brotli": _brotli,
    "snappy": _snappy,
    "snappy-framed": _snappy_framed,
    "snappy-xerial": _snappy_xerial,
    "lz4-block": _lz4_block,
    "lz4-sized": _lz4_sized,
}

BY_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x1f\x8b\x08", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"BZh", "bz2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"\x5d\0\0", "lzma"),
    (b"\xff\x06\0\0sNaPpY", "snappy-framed"),
    (b"\x82SNAPPY\0", "snappy-xerial"),
    (b"\x78\x01", "zlib"),
    (b"\x78\x5e", "zlib"),
    (b"\x78\x9c", "zlib"),
    (b"\x78\xda", "zlib"),
)

HEADERLESS = ("deflate", "brotli", "snappy", "lz4-sized", "lz4-block")
"""Formats without a magic number: tried on bytes that are nothing else."""

MAGIC_FIRST = frozenset(magic[0] for magic, _ in BY_MAGIC)


def magic_code(data: bytes) -> str | None:
    """The compression that the first bytes name."""
    if not data or data[0] not in MAGIC_FIRST:
        return None
    return next((code for magic, code in BY_MAGIC if data.startswith(magic)), None)


def inflate(code: str, data: bytes, limit: int) -> Inflated | None:
    """At most `limit` bytes; None where the bytes are not of that format."""
    return _READERS[code](data, limit)


def strict_headerless(data: bytes) -> bool:
    """The same question asked cheaply, of whole and short streams only: for trying out many keys."""
    first = data[0]
    if first >> 1 & 3 in (1, 2):
        stream = zlib.decompressobj(-15)
        try:
            result = stream.decompress(data, 4096)
        except zlib.error:
            result = b""
        if len(result) >= 8 and stream.eof and len(stream.unused_data) < 8 and _is_believable(result):
            return True
    if 8 <= _brotli_head(data) <= 64 * len(data):
        room = bytearray(1024)
        try:
            size = cramjam.brotli.decompress_into(data, room)
        except cramjam.DecompressionError as error:
            size = len(room) if "whole buffer" in str(error) else 0
        if size >= 8 and _is_believable(bytes(room[:size])):
            return True
    inflated = _snappy(data, 1 << 20) or _lz4_sized(data, 1 << 20)
    return inflated is not None and _is_believable(inflated.data)


def _is_believable(data: bytes) -> bool:
    """Whether it looks like anything that is worth compressing."""
    return is_text(data) or magic_code(data) is not None or utf16_codec(data) is not None or data.startswith(_MULTIPART)


def headerless(data: bytes, limit: int) -> Iterator[tuple[str, bytes]]:
    """Each reading without a header that gives something believable."""
    for code in HEADERLESS:
        inflated = inflate(code, data, limit)
        if inflated is None or len(inflated.data) < 8:
            continue
        if inflated.whole and inflated.used < len(data) - 8:
            continue
        exact = inflated.whole and inflated.used == len(data) and len(inflated.data) >= max(24, len(data) - 16)
        sure = code in ("snappy", "lz4-sized") or (exact and code in ("brotli", "deflate"))
        if sure or is_text(inflated.data) or (inflated.whole and magic_code(inflated.data)):
            yield code, inflated.data


def zip_members(data: bytes, limit: int) -> Iterator[tuple[str, bytes]]:
    """Name and content of each file in the archive, together no longer than the bound."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.infolist()[:32]:
                with archive.open(member) as file:
                    content = file.read(limit)
                limit -= len(content)
                yield member.filename, content
                if limit <= 0:
                    return
    except (
        zipfile.BadZipFile,
        NotImplementedError,
        RuntimeError,
        OSError,
        ValueError,
        EOFError,
        zlib.error,
        lzma.LZMAError,
    ):
        # NotImplementedError: an unusual compression; RuntimeError: an encrypted member.
        return
