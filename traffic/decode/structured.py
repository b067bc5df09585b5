"""Reads protobuf, MessagePack and CBOR without a schema: which bytes are which field."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from traffic.decode.content import TEXTUAL, is_text

__all__ = ["MESSAGE_FIRST", "READERS", "Field", "Structure", "may_be_message", "read_structure"]

MOST_FIELDS = 8_000
_DEEPEST = 32
_TAGS = frozenset(b"\x08\x09\x0a\x0d\x10\x11\x12\x15\x18\x1a\x20\x22\x2a\x32")
_LEAST_CUT_OFF = 1024
"""Bytes of which most must be missing their end before a beginning alone is believed."""


class Field(NamedTuple):
    """One value in a binary message. A tuple, because there are many."""

    offset: int
    length: int
    path: str
    is_text: bool
    is_bytes: bool
    """A byte string that is no text: it may be compressed or encoded again."""


@dataclass(frozen=True, slots=True)
class Structure:
    """A message that reads as a whole."""

    code: str
    fields: tuple[Field, ...]
    """In order of their offsets."""
    sure: bool
    """False where so little was in it that it may be chance."""


class Malformed(Exception):
    """The bytes are not of that format."""


class CutOff(Malformed):
    """They might be, but end too early."""


class Cursor:
    """A place in the bytes and the fields found so far."""

    __slots__ = ("at", "data", "fields")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0
        self.fields: list[Field] = []

    def byte(self) -> int:
        if self.at >= len(self.data):
            raise CutOff
        self.at += 1
        return self.data[self.at - 1]

    def integer(self, size: int) -> int:
        start = self.skip(size)
        return int.from_bytes(self.data[start : self.at], "big")

    def skip(self, size: int) -> int:
        """Moves on and says from where."""
        start = self.at
        if start + size > len(self.data):
            raise CutOff
        self.at += size
        return start

    def note(self, start: int, path: str, kind: str = "number") -> None:
        if len(self.fields) >= MOST_FIELDS:
            raise CutOff
        length = self.at - start
        text = kind == "text" or (kind == "bytes" and is_text(self.data[start : self.at]))
        self.fields.append(Field(start, length, path, text, kind == "bytes" and not text))


# --- protobuf


def _varint(cursor: Cursor) -> int:
    number, shift = 0, 0
    while True:
        byte = cursor.byte()
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number
        shift += 7
        if shift > 63:
            raise Malformed


def _protobuf(cursor: Cursor, end: int, path: str, depth: int) -> None:
    while cursor.at < end:
        tag = _varint(cursor)
        number, wire = tag >> 3, tag & 7
        if not 0 < number < 1 << 16:
            raise Malformed
        here = f"{path}.{number}" if path else str(number)
        start = cursor.at
        if wire == 0:
            _varint(cursor)
        elif wire == 1:
            cursor.skip(8)
        elif wire == 5:
            cursor.skip(4)
        elif wire == 2:
            _protobuf_bytes(cursor, end, here, depth)
            continue
        else:
            raise Malformed
        if cursor.at > end:
            raise Malformed
        cursor.note(start, here)


def _protobuf_bytes(cursor: Cursor, end: int, path: str, depth: int) -> None:
    """Text, a message, or bytes: digits can be read as a message by chance, so text comes first."""
    size = _varint(cursor)
    start = cursor.at
    if start + size > end:
        raise CutOff if end == len(cursor.data) else Malformed
    value = cursor.data[start : start + size]
    if size and depth < _DEEPEST and (value[:1] == b"\n" or not is_text(value)):
        inner = Cursor(cursor.data)
        inner.at, inner.fields = start, []
        try:
            _protobuf(inner, start + size, path, depth + 1)
        except Malformed:
            pass
        else:
            cursor.fields += inner.fields
            cursor.at = start + size
            if len(cursor.fields) > MOST_FIELDS:
                raise CutOff
            return
    cursor.skip(size)
    if size:
        cursor.note(start, path, "bytes")


def _read_protobuf(cursor: Cursor) -> None:
    if cursor.data[0] & 7 not in (0, 1, 2, 5):
        raise Malformed
    _protobuf(cursor, len(cursor.data), "", 0)


# --- MessagePack


def _msgpack(cursor: Cursor, path: str, depth: int) -> None:
    kind = cursor.byte()
    start = cursor.at
    if kind < 0x80 or kind >= 0xE0:
        cursor.note(start - 1, path)
    elif kind < 0x90 or kind in (0xDE, 0xDF):
        _msgpack_map(cursor, kind & 15 if kind < 0x90 else cursor.integer(2 << (kind - 0xDE)), path, depth)
    elif kind < 0xA0 or kind in (0xDC, 0xDD):
        _msgpack_array(cursor, kind & 15 if kind < 0xA0 else cursor.integer(2 << (kind - 0xDC)), path, depth)
    elif kind < 0xC0 or 0xD9 <= kind <= 0xDB:
        size = kind & 31 if kind < 0xC0 else cursor.integer(1 << (kind - 0xD9))
        cursor.note(cursor.skip(size), path, "text")
    elif 0xC4 <= kind <= 0xC6:
        size = cursor.integer(1 << (kind - 0xC4))
        cursor.note(cursor.skip(size), path, "bytes")
    elif kind in (0xC0, 0xC2, 0xC3):
        cursor.note(start - 1, path)
    elif 0xC7 <= kind <= 0xC9:
        size = cursor.integer(1 << (kind - 0xC7)) + 1
        cursor.note(cursor.skip(size), path, "bytes")
    elif 0xD4 <= kind <= 0xD8:
        cursor.note(cursor.skip((1 << (kind - 0xD4)) + 1), path, "bytes")
    elif kind == 0xC1:
        raise Malformed
    else:
        size = {0xCA: 4, 0xCB: 8}.get(kind) or 1 << (kind - (0xCC if kind < 0xD0 else 0xD0))
        cursor.note(cursor.skip(size), path)


def _msgpack_map(cursor: Cursor, count: int, path: str, depth: int) -> None:
    _check_count(cursor, count, depth)
    for _ in range(count):
        key = _key(cursor, _msgpack, depth)
        _msgpack(cursor, f"{path}.{key}" if path else key, depth + 1)


def _msgpack_array(cursor: Cursor, count: int, path: str, depth: int) -> None:
    _check_count(cursor, count, depth)
    for index in range(count):
        _msgpack(cursor, f"{path}[{index}]", depth + 1)


def _check_count(cursor: Cursor, count: int, depth: int) -> None:
    if depth >= _DEEPEST:
        raise Malformed
    if count > len(cursor.data) - cursor.at:
        raise CutOff if cursor.fields else Malformed


def _key(cursor: Cursor, read: Callable[[Cursor, str, int], None], depth: int) -> str:
    """A key of a map is a value as well; its text names the path."""
    before = len(cursor.fields)
    read(cursor, "(key)", depth + 1)
    if len(cursor.fields) != before + 1:
        return "(key)"
    field = cursor.fields[before]
    raw = cursor.data[field.offset : field.offset + field.length]
    return raw[:60].decode("utf-8", "replace") if field.is_text else str(int.from_bytes(raw[:8], "big"))


def _read_msgpack(cursor: Cursor) -> None:
    if not (0x80 <= cursor.data[0] <= 0x9F or 0xDC <= cursor.data[0] <= 0xDF):
        raise Malformed
    _msgpack(cursor, "", 0)


# --- CBOR


def _cbor_argument(cursor: Cursor, info: int) -> int:
    if info < 24:
        return info
    if info > 27:
        raise Malformed
    return cursor.integer(1 << (info - 24))


def _cbor(cursor: Cursor, path: str, depth: int) -> None:
    start = cursor.at
    head = cursor.byte()
    major, info = head >> 5, head & 31
    if depth >= _DEEPEST:
        raise Malformed
    if major in (0, 1, 7):
        _cbor_argument(cursor, info)
        cursor.note(min(start + 1, cursor.at - 1), path)
    elif major == 6:
        _cbor_argument(cursor, info)
        _cbor(cursor, path, depth + 1)
    elif info == 31:
        _cbor_endless(cursor, major, path, depth)
    elif major in (2, 3):
        size = _cbor_argument(cursor, info)
        cursor.note(cursor.skip(size), path, "bytes" if major == 2 else "text")
    else:
        count = _cbor_argument(cursor, info)
        _check_count(cursor, count, depth)
        for index in range(count):
            _cbor_item(cursor, major, path, depth, index)


def _cbor_item(cursor: Cursor, major: int, path: str, depth: int, index: int) -> None:
    if major == 4:
        _cbor(cursor, f"{path}[{index}]", depth + 1)
    else:
        key = _key(cursor, _cbor, depth)
        _cbor(cursor, f"{path}.{key}" if path else key, depth + 1)


def _cbor_endless(cursor: Cursor, major: int, path: str, depth: int) -> None:
    """Chunks of text or bytes, items or pairs until a break."""
    index = 0
    while True:
        if cursor.at >= len(cursor.data):
            raise CutOff
        if cursor.data[cursor.at] == 0xFF:
            cursor.at += 1
            return
        if major in (2, 3):
            _cbor(cursor, path, depth + 1)
        else:
            _cbor_item(cursor, major, path, depth, index)
        index += 1


def _read_cbor(cursor: Cursor) -> None:
    if not (0x80 <= cursor.data[0] <= 0xBF or cursor.data[:3] == b"\xd9\xd9\xf7"):
        raise Malformed
    _cbor(cursor, "", 0)


READERS: dict[str, Callable[[Cursor], None]] = {
    "msgpack": _read_msgpack,
    "cbor": _read_cbor,
    "protobuf": _read_protobuf,
}


def _readers(first: int) -> tuple[tuple[str, Callable[[Cursor], None]], ...]:
    """Those formats in which a message may begin with that byte."""
    believable = {
        "msgpack": 0x80 <= first <= 0x9F or 0xDC <= first <= 0xDF,
        "cbor": 0x80 <= first <= 0xBF or first == 0xD9,
        "protobuf": first & 7 in (0, 1, 2, 5) and first >= 8,
    }
    return tuple((code, reader) for code, reader in READERS.items() if believable[code])


_BY_FIRST = [_readers(first) for first in range(256)]
MESSAGE_FIRST = _TAGS | frozenset((*range(0x80, 0xC0), 0xD9, *range(0xDC, 0xE0)))
"""Bytes with which `may_be_message` lets a message begin."""


def may_be_message(data: bytes) -> bool:
    """A look at the first bytes that spares most reading."""
    if len(data) < 12:
        return False
    first, second = data[0], data[1]
    if first in _TAGS:
        wire = first & 7
        if second >= 0x80 and wire in (0, 2):
            return wire == 0 or len(data) > 128
        following = {0: 2, 1: 9, 2: 2 + second, 5: 5}[wire]
        if following >= len(data):
            return following == len(data)
        return data[following] >= 8 and data[following] & 7 in (0, 1, 2, 5)
    if 0x80 <= first <= 0x9F or 0xDC <= first <= 0xDF:
        # A map's first key is text or a small number; an array's first item may be another array or a map.
        if 0x80 < first < 0x90 and 0xA1 <= second <= 0xBF:
            return _is_name(data, second & 31)
        keys = second <= 0x17 or 0x60 <= second <= 0x7B or 0xA1 <= second <= 0xBF or second in (0xD9, 0x00)
        return keys or (first >= 0x90 and second >= 0x80)
    if 0xA0 < first < 0xB8 and 0x60 <= second <= 0x77:
        return _is_name(data, second & 31)
    return (0xA0 <= first <= 0xBF and (second <= 0x17 or 0x60 <= second <= 0x78)) or data[:3] == b"\xd9\xd9\xf7"


def _is_name(data: bytes, size: int) -> bool:
    """Whether the first key of a map holds no control character."""
    return not data[2 : 2 + size].translate(None, TEXTUAL)


def read_structure(data: bytes) -> Structure | None:
    """The first format that explains all bytes, or nearly all where the end was cut off."""
    if len(data) < 4:
        return None
    unsure = None
    for code, reader in _BY_FIRST[data[0]]:
        cursor = Cursor(data)
        whole = True
        try:
            reader(cursor)
        except CutOff:
            whole = False
        except Malformed:
            continue
        if whole and cursor.at < len(data):
            continue
        structure = _judge(code, cursor, whole)
        if structure is not None and structure.sure:
            return structure
        unsure = unsure or structure
    return unsure


def _judge(code: str, cursor: Cursor, whole: bool) -> Structure | None:
    texts = sum(1 for field in cursor.fields if field.is_text and field.length >= 3)
    if not cursor.fields or (not whole and (texts < 8 or len(cursor.data) < _LEAST_CUT_OFF)):
        return None
    keyed = code != "protobuf" and any(field.is_text and field.path.endswith("(key)") for field in cursor.fields)
    return Structure(code, tuple(cursor.fields), texts > 0 or (whole and keyed))
