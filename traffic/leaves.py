"""Reads what was sent as names with values: query, form, JSON, binary messages, through the wrappings SDKs use.

Detection looks for values whatever they are called. This looks at what they are called: an adapter needs the vendor's
field name, and a time inside an event means something only by its name.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from traffic.decode.compressed import inflate, magic_code
from traffic.decode.content import is_media, is_text
from traffic.decode.framing import grpc_frames, multipart_parts
from traffic.decode.structured import Field, Structure, read_structure
from traffic.decode.tokens import decode_base64, is_promising

if TYPE_CHECKING:
    from traffic.decode.node import Where
    from traffic.record import CapturedRequest

__all__ = ["Leaf", "plain_way", "read_leaves"]

_MOST_LEAVES = 6000
_MOST_BYTES = 8 << 20
_LARGEST = 1 << 20
_DEEPEST = 8
_LONGEST_NAME = 60
_LONGEST_VALUE = 2048
_DEEPEST_JSON = 48
_FORM = re.compile(rb"[\w.%\[\]$@~:-]{1,64}=")
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{20,}={0,2}\Z")
_INDEX = re.compile(r"\[\d+\]")
_UNTOLD = frozenset({"html", "json-string", "slice", "url", "url-plus", "utf-16be", "utf-16le"})
"""Steps that undo mere escapes: two descriptions of one way may differ in them."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One value and what it is called."""

    where: Where
    way: tuple[str, ...]
    """The way to the text it stands in: ("body", "form:data_list", "base64", "gzip")."""
    place: str
    """Its place there, as a hit's path ends: "json:[0].properties.$device_id", "form:imei", "protobuf:1.8"."""
    value: str
    """In its own spelling, cut at 2,048 characters. Numbers of binary messages in decimal."""

    @property
    def name(self) -> str:
        """Without the kind of text and without positions in lists: "properties.$device_id"."""
        return _INDEX.sub("", self.place.partition(":")[2] if ":" in self.place else self.place).lstrip(".")

    @property
    def path(self) -> tuple[str, ...]:
        """Way and place, as a hit describes it."""
        return (*self.way, self.place)


def plain_way(path: Sequence[str]) -> tuple[str, ...]:
    """A path without the steps that undo mere escapes, fit to compare with another."""
    return (*path[:1], *(step for step in path[1:] if step not in _UNTOLD))


def read_leaves(request: CapturedRequest) -> tuple[Leaf, ...]:
    """Every named value, in order of appearance. Bounded; never raises because of what an app sent."""
    reader = _Reader()
    if request.channel == "http":
        path, _, query = request.path.partition("?")
        if "&" in path:  # advertisement monitors write their parameters into the path
            last = path.rpartition("/")[2]
            reader.form(last.encode(request.text_encoding, "replace"), "url", ("url",), 0, kind="path")
        reader.form(query.encode(request.text_encoding, "replace"), "url", ("url",), 0, kind="query")
        for name, value in request.headers:
            reader.note("header", ("header",), name[:_LONGEST_NAME], value)
    if request.body:
        reader.piece(request.body, "body", ("body",), 0)
    return tuple(reader.found)


class _Reader:
    """Collects leaves while it unwraps."""

    def __init__(self) -> None:
        self.found: list[Leaf] = []
        self._bytes_left = _MOST_BYTES

    def note(self, where: Where, way: tuple[str, ...], place: str, value: str) -> None:
        if len(self.found) < _MOST_LEAVES:
            self.found.append(Leaf(where, way, place, value[:_LONGEST_VALUE]))

    def piece(self, data: bytes, where: Where, way: tuple[str, ...], depth: int) -> None:
        """Whatever the bytes are by their look; what is nothing known has no names."""
        self._bytes_left -= len(data)
        if depth > _DEEPEST or self._bytes_left < 0 or len(self.found) >= _MOST_LEAVES or is_media(data):
            return
        code = magic_code(data)
        inflated = inflate(code, data, _LARGEST) if code else None
        if code and inflated is not None and inflated.data:
            self.piece(inflated.data, where, (*way, code), depth + 1)
            return
        framed = False
        for frame in (*multipart_parts(data), *grpc_frames(data)):
            framed = True
            self._part(frame.data, where, (*way, f"{frame.code}:{frame.argument}".rstrip(":")), frame.argument, depth)
        if not framed:
            self._unframed(data[:_LARGEST], where, way, depth)

    def _part(self, data: bytes, where: Where, way: tuple[str, ...], name: str, depth: int) -> None:
        if name and is_text(data):
            self.note(where, way[:-1], way[-1], data.decode("utf-8", "replace"))
        self.piece(data, where, way, depth + 1)

    def _unframed(self, data: bytes, where: Where, way: tuple[str, ...], depth: int) -> None:
        bare = data.strip()
        if not is_text(data):
            structure = read_structure(data)
            if structure is not None and structure.sure:
                self._message(data, structure, where, way, depth)
        elif bare[:1] in (b"{", b"["):
            self._json(bare, where, way, depth)
        elif bare[:3].lower() in (b"%7b", b"%5b"):
            self.piece(unquote_to_bytes(bare), where, way, depth + 1)
        elif _FORM.match(bare):
            self.form(bare, where, way, depth, kind="form")
        elif _BASE64.match(bare) or (len(bare) > 70 and _BASE64.match(b"".join(bare.split()))):
            decoded = decode_base64(bare)
            if is_promising(decoded):
                self.piece(decoded, where, (*way, "base64"), depth + 1)

    # --- forms

    def form(self, data: bytes, where: Where, way: tuple[str, ...], depth: int, *, kind: str) -> None:
        """name=value&name=value; one form a line, as batches of beacons are sent."""
        for pair in re.split(rb"[&\n]", data[:_LARGEST]):
            name, equals, value = pair.strip().partition(b"=")
            if equals and 0 < len(name) <= 200:
                shown = unquote_to_bytes(name).decode("utf-8", "replace")[:_LONGEST_NAME]
                self._value(unquote_to_bytes(value.replace(b"+", b"%20")), value, where, way, f"{kind}:{shown}", depth)

    def _value(self, data: bytes, raw: bytes, where: Where, way: tuple[str, ...], place: str, depth: int) -> None:
        """A value, and what is wrapped in it. A plus sign means a space in a form, and itself in base64."""
        self.note(where, way, place, data.decode("utf-8", "replace"))
        inner = unquote_to_bytes(raw) if _BASE64.match(unquote_to_bytes(raw)) else data
        if len(inner) >= 8:
            self.piece(inner, where, (*way, place), depth + 1)

    # --- JSON

    def _json(self, text: bytes, where: Where, way: tuple[str, ...], depth: int) -> None:
        for value in _json_values(text):
            for name, leaf in _walk(value):
                place = f"json:{name}" if name else "json"
                self.note(where, way, place, leaf)
                if len(leaf) >= 12 and _may_wrap(leaf):
                    self.piece(leaf.encode("utf-8", "surrogatepass"), where, (*way, place), depth + 1)
                if len(self.found) >= _MOST_LEAVES:
                    return

    # --- binary messages

    def _message(self, data: bytes, structure: Structure, where: Where, way: tuple[str, ...], depth: int) -> None:
        for field in structure.fields:
            raw = data[field.offset : field.offset + field.length]
            place = f"{structure.code}:{field.path}"
            if field.is_text:
                self.note(where, way, place, raw.decode("utf-8", "replace"))
            elif not field.is_bytes:
                self.note(where, way, place, _number(data, field, structure.code))
            if (field.is_text or field.is_bytes) and field.length >= 12:
                self.piece(raw, where, (*way, place), depth + 1)


def _may_wrap(text: str) -> bool:
    """Whether a string may hold something to read: JSON, a form, base64."""
    start = text.lstrip()[:1]
    return start in ("{", "[", "%") or "=" in text[:65] or (len(text) >= 20 and " " not in text[:64])


def _json_values(text: bytes) -> Iterator[object]:
    """The value, or the values one after another, as event streams and envelopes are written."""
    try:
        shown = text.decode("utf-8", "surrogateescape")
        yield _load(shown)
        return
    except (ValueError, RecursionError):
        pass
    for line in shown.splitlines():
        if line.strip()[:1] in ("{", "["):
            try:
                yield _load(line)
            except (ValueError, RecursionError):
                continue


def _load(text: str) -> object:
    return json.loads(text, parse_int=str, parse_float=str, parse_constant=str, strict=False)


def _walk(value: object, name: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """(path, value) of every string and number."""
    if isinstance(value, str):
        yield name, value
    elif depth >= _DEEPEST_JSON:
        return
    elif isinstance(value, dict):
        for key, inner in value.items():
            shown = str(key)[:_LONGEST_NAME]
            yield from _walk(inner, f"{name}.{shown}" if name else shown, depth + 1)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _walk(inner, f"{name}[{index}]", depth + 1)


def _number(data: bytes, field: Field, code: str) -> str:
    """In decimal. Without a schema eight bytes of protobuf are a varint when they are written as one."""
    raw = data[field.offset : field.offset + field.length]
    if code == "protobuf":
        if raw and raw[-1] < 0x80 and all(byte >= 0x80 for byte in raw[:-1]):
            return str(sum((byte & 0x7F) << (7 * at) for at, byte in enumerate(raw)))
        return str(int.from_bytes(raw, "little"))
    head = data[field.offset - 1] if field.offset else 0
    if len(raw) == 8 and head == (0xCB if code == "msgpack" else 0xFB):
        number = struct.unpack(">d", raw)[0]
        return repr(number)
    return str(int.from_bytes(raw, "big"))
