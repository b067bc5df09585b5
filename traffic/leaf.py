"""Names the place in a text where something stands: a JSON path, a form field, a header, a field of a binary message."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from operator import attrgetter

from traffic.decode.structured import Structure

__all__ = ["form_field", "header_name", "json_paths", "structure_path", "url_part"]

_STRING = rb'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\Z)'
_JSON = re.compile(
    rb"(?P<key>" + _STRING + rb")\s*:\s*(?:(?P<value>" + _STRING + rb'|[^\s"\[{,}\]]+),?)?'
    rb"|(?P<text>" + _STRING + rb")|(?P<open>[\[{])|(?P<close>[\]}])|(?P<comma>,)",
    re.DOTALL,
)
_LONGEST_KEY = 60
_DEEPEST = 64
_NONE = 1 << 62
"""An offset that no text has."""
_FIELD = re.compile(rb"[^=&\s{}\"<>]{1,64}\Z")


def json_paths(data: bytes, offsets: Sequence[int]) -> list[str | None]:
    """For each offset, in ascending order, the path of the value there; None where the text is no JSON."""
    if data.lstrip()[:1] not in (b"{", b"["):
        return [None] * len(offsets)
    found: list[str | None] = []
    stack: list[re.Match[bytes] | int | None] = []  # the current key or index of each open object or array
    pending = iter(offsets)
    wanted = next(pending, _NONE)
    for token in _JSON.finditer(data):
        kind = token.lastgroup
        if kind == "comma":
            if stack and isinstance(stack[-1], int):
                stack[-1] += 1
            continue
        if wanted < token.end():
            while wanted < token.end():
                found.append(_path(stack, token, wanted))
                wanted = next(pending, _NONE)
            if wanted == _NONE:
                break
        if kind == "value" or kind == "key":
            if stack:
                stack[-1] = token
        elif kind == "open":
            stack.append(0 if token.group() == b"[" else None)
            del stack[:-_DEEPEST]
        elif not stack:
            continue
        elif kind == "close":
            stack.pop()
    return found + [None] * (len(offsets) - len(found))


def _path(stack: Sequence[re.Match[bytes] | int | None], token: re.Match[bytes], offset: int) -> str | None:
    parts = [part if isinstance(part, int) else part.group("key") if part else b"" for part in stack]
    key = token.group("key")
    if key is not None:
        inside_value = token.group("value") is not None and offset >= token.start("value")
        parts = [*parts[:-1], key if inside_value else b'"' + key.strip(b'"') + b" (key)"]
    path = ""
    for part in parts:
        if isinstance(part, int):
            path += f"[{part}]"
        else:
            name = part.strip(b'"')[:_LONGEST_KEY].decode("utf-8", "replace")
            path += f".{name}" if path else name
    return path or None


def form_field(data: bytes, offset: int) -> str | None:
    """The name before the equals sign, where the text around is name=value&name=value."""
    start = max(data.rfind(sign, max(0, offset - 4096), offset) for sign in (b"&", b"\n", b"?", b";")) + 1
    name, equals, _ = data[start:offset].partition(b"=")
    if not equals or not _FIELD.match(name.strip()):
        return None
    return name.strip().decode("utf-8", "replace")


def header_name(data: bytes, offset: int) -> str | None:
    """Of a block of lines "name: value"."""
    start = data.rfind(b"\n", 0, offset) + 1
    name, colon, _ = data[start : offset + 1].partition(b":")
    return name.decode("utf-8", "replace") if colon else None


def url_part(data: bytes, offset: int) -> str:
    """ "host", "path" or "query:name"."""
    query = data.find(b"?")
    if 0 <= query < offset:
        return f"query:{form_field(data, offset) or ''}".removesuffix(":")
    host = data.find(b"//") + 2
    return "host" if offset < data.find(b"/", host) else "path"


def structure_path(structure: Structure, offset: int) -> str | None:
    """The field of a binary message at that offset."""
    at = bisect_right(structure.fields, offset, key=attrgetter("offset")) - 1
    if at < 0:
        return None
    field = structure.fields[at]
    return (field.path or None) if offset < field.offset + field.length else None
