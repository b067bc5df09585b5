"""Rewritings of text: each turns escapes into what they stand for and leaves all else in its order."""

from __future__ import annotations

import contextlib
import html
import itertools
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from traffic.decode.content import LEAST_USUAL, is_text, usualness

__all__ = ["REWRITINGS", "Rewriting", "SourceMap", "binary_fields"]

_PERCENT = re.compile(rb"%[0-9A-Fa-f]{2}")
_PERCENT_U = re.compile(rb"%u[0-9A-Fa-f]{4}")
_ANY_PERCENT = re.compile(rb"%(?:u[0-9A-Fa-f]{4}|[0-9A-Fa-f]{2})")
_PLUS_OR_PERCENT = re.compile(rb"\+|%[0-9A-Fa-f]{2}|%u[0-9A-Fa-f]{4}")
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9A-Fa-f]{2}\\u[dD][c-fC-F][0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|[^ux])", re.DOTALL
)
_UNICODE_RUN = re.compile(rb"(?:\\u[0-9A-Fa-f]{4})+")
_HEX_RUN = re.compile(rb"(?:\\x[0-9A-Fa-f]{2})+")
_ENTITY = re.compile(rb"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|quot|amp|lt|gt|apos|nbsp);")
_SOFT = re.compile(rb"=(?:[0-9A-F]{2}|\r?\n)")
_NEEDED = re.compile(rb"=(?:3D|20|09|0[AD]|[89A-F][0-9A-F]|\r?\n)")
"""What quoted-printable has to escape; digits and letters it never does."""
_DIGITS = b"0123456789abcdefABCDEF"
_BYTES = {bytes(pair): bytes.fromhex(bytes(pair).decode()) for pair in itertools.product(_DIGITS, repeat=2)}
_UPPER = {pair: byte for pair, byte in _BYTES.items() if pair == pair.upper()}
_MOST_DISTINCT = 200
_STAND_IN = b"\x00\x1f\x01\x00"
_FIELD_VALUE = re.compile(rb"=([^&=?#\s\"]*%[^&?#\s\"]*)")
_SINGLE = {
    b'\\"': b'"',
    b"\\/": b"/",
    b"\\n": b"\n",
    b"\\r": b"\r",
    b"\\t": b"\t",
    b"\\b": b"\b",
    b"\\f": b"\f",
    b"\\'": b"'",
}


def percent_decode(data: bytes) -> bytes:
    """%XX and JavaScript's %uXXXX."""
    if b"%u" in data:
        data = _PERCENT_U.sub(lambda match: _utf16(match.group()[2:]), data)
    escapes = _PERCENT.findall(data)
    cut = data.rfind(b"%", max(0, len(data) - 2))
    if cut >= 0 and not _PERCENT.match(data, cut):
        # An escape that is cut off at the end; the rest may be in order.
        return percent_decode(data[:cut]) + data[cut:]
    if len(escapes) != data.count(b"%"):
        first, *rest = data.split(b"%")
        return first + b"".join([_BYTES[item[:2]] + item[2:] if item[:2] in _BYTES else b"%" + item for item in rest])
    # Every percent sign begins an escape: one replacement for each distinct one, the percent sign itself last.
    for escape in sorted(set(escapes) - {b"%25"}):
        data = data.replace(escape, bytes.fromhex(escape[1:].decode()))
    return data.replace(b"%25", b"%")


def form_decode(data: bytes) -> bytes:
    """The same with plus signs for spaces."""
    return percent_decode(data.replace(b"+", b" "))


def json_unescape(data: bytes) -> bytes:
    """One level of backslash escapes, those of JSON and JavaScript's \\xXX."""
    if b"\\\\" not in data:
        return _unescape_single(data)
    if _STAND_IN in data:
        return b"\\".join(_unescape_single(part) for part in data.split(b"\\\\"))
    return _unescape_single(data.replace(b"\\\\", _STAND_IN)).replace(_STAND_IN, b"\\")


def _unescape_single(part: bytes) -> bytes:
    """Of text without a doubled backslash, so that every backslash begins an escape."""
    if b"\\" not in part:
        return part
    for escape, meant in _SINGLE.items():
        if escape in part:
            part = part.replace(escape, meant)
    # Last, for they may give a backslash, which begins nothing.
    if b"\\x" in part:
        part = _HEX_RUN.sub(lambda match: bytes.fromhex(match.group().replace(b"\\x", b"").decode()), part)
    return _unescape_unicode(part) if b"\\u" in part else part


def _unescape_unicode(part: bytes) -> bytes:
    if part.isascii() and b"\\U" not in part:
        with contextlib.suppress(UnicodeError):
            return part.decode("raw_unicode_escape").encode()
    # Half a pair, an escape that is cut off, or other text beside the escapes.
    return _UNICODE_RUN.sub(lambda match: _utf16(match.group().replace(b"\\u", b"")), part)


def _utf16(digits: bytes) -> bytes:
    """Hexadecimal UTF-16 as UTF-8; half a pair stays visible as such."""
    units = bytes.fromhex(digits.decode())
    try:
        return units.decode("utf-16-be").encode()
    except UnicodeDecodeError:
        return units.decode("utf-16-be", "surrogatepass").encode("utf-8", "surrogatepass")


def html_unescape(data: bytes) -> bytes:
    """Numeric entities and the five that XML knows."""
    distinct = set(_ENTITY.findall(data))
    if len(distinct) > _MOST_DISTINCT:
        return _ENTITY.sub(lambda match: _entity(match.group()), data)
    # The ampersand's own entity last: what it gives begins nothing.
    for entity in sorted(distinct, key=lambda entity: (_entity(entity) == b"&", entity)):
        data = data.replace(entity, _entity(entity))
    return data


def _entity(entity: bytes) -> bytes:
    return html.unescape(entity.decode()).encode("utf-8", "surrogatepass")


def quoted_printable(data: bytes) -> bytes:
    """=XX as mail writes it, with its soft line breaks."""
    first, *rest = data.replace(b"=\r\n", b"").replace(b"=\n", b"").split(b"=")
    return first + b"".join([_UPPER[item[:2]] + item[2:] if item[:2] in _UPPER else b"=" + item for item in rest])


@dataclass(frozen=True, slots=True)
class Rewriting:
    """How to see that it applies, how to do it, and what one escape of it is."""

    code: str
    applies: Callable[[bytes], bool]
    apply: Callable[[bytes], bytes]
    escape: re.Pattern[bytes]


def _has_soft(data: bytes) -> bool:
    """In quoted-printable, (nearly) every equals sign begins an escape."""
    if _NEEDED.search(data) is None:
        return False
    sample = data[: 1 << 14]
    count = sample.count(b"=")
    return (count >= 2 and 2 * len(_NEEDED.findall(sample)) >= count) or b"=\n" in data or b"=\r\n" in data


REWRITINGS: dict[str, Rewriting] = {
    rewriting.code: rewriting
    for rewriting in (
        Rewriting(
            "url",
            lambda data: b"%" in data and (b"+" in data or _ANY_PERCENT.search(data, data.find(b"%")) is not None),
            percent_decode,
            _ANY_PERCENT,
        ),
        Rewriting("url-plus", lambda data: b"+" in data and b"%" in data, form_decode, _PLUS_OR_PERCENT),
        Rewriting("json-string", lambda data: b"\\" in data, json_unescape, _ESCAPE),
        Rewriting(
            "html", lambda data: b";" in data and b"&" in data and bool(_ENTITY.search(data)), html_unescape, _ENTITY
        ),
        Rewriting("quoted-printable", lambda data: b"=" in data and _has_soft(data), quoted_printable, _SOFT),
    )
}


def binary_fields(data: bytes) -> Iterator[tuple[str, int, int, bytes]]:
    """(code, offset, length, bytes) of form fields that hold bytes rather than text, each decoded by itself."""
    for match in _FIELD_VALUE.finditer(data):
        value = match.group(1)
        decoded = form_decode(value)
        if len(decoded) < 8 or (is_text(decoded) and usualness(decoded) >= LEAST_USUAL):
            continue
        yield "url-plus", match.start(1), len(value), decoded
        if b"+" in value:
            yield "url", match.start(1), len(value), percent_decode(value)


class SourceMap:
    """Where in a text the bytes stand that a rewriting moved."""

    __slots__ = ("_ends", "_moved")

    def __init__(self, rewriting: Rewriting, data: bytes) -> None:
        self._ends = [0]
        """Offset in the rewritten text behind each escape."""
        self._moved = [0]
        """By how much everything from there on had moved to the left."""
        if rewriting.code == "url" and b"%u" not in data:
            # Three bytes become one, each time.
            ends = [match.end() for match in rewriting.escape.finditer(data)]
            self._moved += range(2, 2 * len(ends) + 1, 2)
            self._ends += [end - moved for end, moved in zip(ends, self._moved[1:], strict=True)]
            return
        moved = 0
        for match in rewriting.escape.finditer(data):
            escape = match.group()
            meant = 1 if len(escape) == 3 and escape[0] == 0x25 else len(rewriting.apply(escape))
            moved += len(escape) - meant
            self._ends.append(match.end() - moved)
            self._moved.append(moved)

    def source_offset(self, offset: int) -> int:
        """Of the byte, or of the escape that gave it."""
        at = bisect_right(self._ends, offset) - 1
        return offset + self._moved[at]
