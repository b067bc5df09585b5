"""Finds messages inside messages: parts, frames, archives, and compressed streams behind a header of any kind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from traffic.decode.compressed import inflate, zip_members
from traffic.decode.content import is_text

__all__ = ["Frame", "embedded_streams", "grpc_frames", "multipart_parts", "zip_frames"]

_EMBEDDED = (
    (b"\x1f\x8b\x08", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"1AY&SY", "bz2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"\x78\x9c", "zlib"),
    (b"\x78\xda", "zlib"),
    (b"\x78\x01", "zlib"),
    (b"\x78\x5e", "zlib"),
)
_BZ2_HEAD = 4
_BOUNDARY = re.compile(rb"\A\s{0,4}(--[!-~]{1,74})\r?\n")
_NAME = re.compile(rb'\bname="?([^";\r\n]{1,80})')
_MOST_TRIES = 12
_MOST_PARTS = 64


@dataclass(frozen=True, slots=True)
class Frame:
    """A piece of the bytes, read in the way that `code` says."""

    code: str
    offset: int
    length: int
    data: bytes
    argument: str = ""


def embedded_streams(data: bytes, limit: int) -> Iterator[Frame]:
    """Compressed streams that do not start at the beginning."""
    behind = 0
    for start, code in sorted(_magics(data))[:_MOST_TRIES]:
        if start < behind or limit <= 0:
            continue
        rest = data[start:]
        # Two bytes name zlib by chance: only a whole stream, or readable text, counts.
        inflated = inflate(code, rest, limit)
        if inflated is not None and len(inflated.data) >= 8 and (inflated.whole or is_text(inflated.data)):
            used = max(4, inflated.used)
            behind, limit = start + used, limit - len(inflated.data)
            yield Frame(code, start, min(used, len(rest)), inflated.data)


def _magics(data: bytes) -> Iterator[tuple[int, str]]:
    for magic, code in _EMBEDDED:
        at = 0
        for _ in range(_MOST_TRIES):
            at = data.find(magic, at + 1)
            if at < 0:
                break
            start = at - _BZ2_HEAD if code == "bz2" else at
            if start > 0:
                yield start, code


def multipart_parts(data: bytes) -> Iterator[Frame]:
    """The boundary is the first line; no header is asked."""
    found = _BOUNDARY.match(data)
    if found is None:
        return
    boundary = found.group(1)
    at = found.end()
    for _ in range(_MOST_PARTS):
        end = data.find(boundary, at)
        part = data[at : end if end >= 0 else len(data)]
        head, separator, _ = part.partition(b"\r\n\r\n" if b"\r\n\r\n" in part else b"\n\n")
        if separator:
            start = at + len(head) + len(separator)
            length = max(0, len(part) - len(head) - len(separator) - (2 if part.endswith(b"\r\n") else 0))
            name = _NAME.search(head)
            argument = name.group(1).decode("utf-8", "replace") if name else ""
            yield Frame("multipart", start, length, data[start : start + length], argument)
        if end < 0:
            return
        at = end + len(boundary)


def grpc_frames(data: bytes) -> Iterator[Frame]:
    """Length-prefixed messages that fill the bytes exactly, as gRPC sends them."""
    frames: list[Frame] = []
    at = 0
    while at + 5 <= len(data) and data[at] in (0, 1) and len(frames) < _MOST_PARTS:
        length = int.from_bytes(data[at + 1 : at + 5], "big")
        if not length or at + 5 + length > len(data):
            break
        frames.append(Frame("grpc", at + 5, length, data[at + 5 : at + 5 + length]))
        at += 5 + length
    if at == len(data):
        yield from frames


def zip_frames(data: bytes, limit: int) -> Iterator[Frame]:
    """The files of an archive."""
    if data[:4] == b"PK\x03\x04":
        for name, content in zip_members(data, limit):
            yield Frame("zip", 0, len(data), content, name)
