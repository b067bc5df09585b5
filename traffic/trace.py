"""Turns the place of a match in the decode tree into the way from the stored bytes to it, as narrow as it can be told.

The tree rewrites whole texts, because that is quick. A person wants to know which JSON string or form field to decode:
so here each rewriting is cut down to the string or field that holds the match.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from traffic.decode.node import Node, Step
from traffic.decode.text import REWRITINGS, Rewriting, SourceMap

__all__ = ["Stage", "Tracer", "is_escaped_around"]

_ENDS = b"&?#\"'<> \n\r\t{},;"
_URL_END = re.compile(rb"[%s]" % re.escape(_ENDS))
_MARKED = bytes(byte in _ENDS for byte in range(256))
_TO_QUOTE = re.compile(rb'[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_QUOTE_BACKWARDS = re.compile(rb'"(?=(?:\\\\)*[^\\])')
_QUOTE_BACKWARDS_AT_EDGE = re.compile(rb'"(?=(?:\\\\)*(?:[^\\]|\Z))')
"""A quote that no backslash takes away; backwards, a piece that is cut in a run of backslashes decides nothing."""
_REACH = 1 << 16


class Stage(NamedTuple):
    """The bytes after one step, and where in them the next thing lies."""

    node: Node
    data: bytes
    """The node's own, or the part of them that a narrowed rewriting gives. Equal parts are the same object."""
    offset: int
    length: int
    step: Step | None
    """How the bytes came out of those of the stage before; None for the first."""


class Tracer:
    """Traces the matches of one request; equal parts are decoded once."""

    def __init__(self) -> None:
        self._parts: dict[tuple[int, int, int], bytes] = {}
        self._maps: dict[int, SourceMap] = {}
        self._ways: dict[tuple[int, int, int], tuple[Stage, ...]] = {}

    def trace(self, node: Node, offset: int, length: int) -> tuple[Stage, ...]:
        """From the stored bytes to the match."""
        parent = node.parent
        if parent is None:
            return (Stage(node, node.data, offset, length, None),)
        data, span = node.data, node.span
        if node.is_rewriting:
            narrowed = self._narrow(node, parent.data, offset, length)
            if narrowed is not None:
                data, span, offset = narrowed
                if span[1] == len(data) and parent.data[span[0] : span[0] + span[1]] == data:
                    # Nothing is escaped in this part: there is no step to be told.
                    return self.trace(parent, span[0] + offset, length)
        key = (id(node), *span)
        before = self._ways.get(key)
        if before is None:
            before = self._ways[key] = self.trace(parent, *span)
        inside = before[-1]
        step = Step(code=node.code, offset=inside.offset, length=inside.length, argument=node.argument)
        return (*before, Stage(node, data, offset, length, step))

    def _narrow(self, node: Node, source: bytes, offset: int, length: int) -> tuple[bytes, tuple[int, int], int] | None:
        """(bytes of the part, its span in the source, offset in the part); None where it cannot be told apart."""
        rewriting = REWRITINGS[node.code]
        wanted = node.data[offset : offset + length]
        start = source.find(wanted)
        if start < 0:
            source_map = self._maps.get(id(node))
            if source_map is None:
                source_map = self._maps[id(node)] = SourceMap(rewriting, source)
            start, end = source_map.source_offset(offset), source_map.source_offset(offset + length)
        else:
            end = start + length
        span = _json_string(source, start, end) if node.code == "json-string" else _segment(source, start, end)
        key = (id(node), *span)
        part = self._parts.get(key)
        if part is None:
            part = self._parts[key] = rewriting.apply(source[span[0] : span[0] + span[1]])
        moved = _position(rewriting, source, span, start, part, wanted)
        return None if moved is None else (part, span, moved)


def is_escaped_around(node: Node, start: int, end: int) -> bool:
    """Whether the part of the parent's text that holds these bytes needs the node's rewriting to be read."""
    if node.parent is None:
        return False
    source = node.parent.data
    offset, length = _json_string(source, start, end) if node.code == "json-string" else _segment(source, start, end)
    return length < len(source) and REWRITINGS[node.code].applies(source[offset : offset + length])


def _position(
    rewriting: Rewriting, source: bytes, span: tuple[int, int], start: int, part: bytes, wanted: bytes
) -> int | None:
    only = part.find(wanted)
    if only >= 0 and part.find(wanted, only + 1) < 0:
        return only
    at = len(rewriting.apply(source[span[0] : start]))
    if part[at : at + len(wanted)] == wanted:
        return at
    return only if only >= 0 else None


def _json_string(source: bytes, start: int, end: int) -> tuple[int, int]:
    """What stands between the quotes around, which no backslash precedes; all of it where there are none."""
    left = _quote_before(source, start)
    right = _quote_after(source, end)
    if left is None or right is None:
        return 0, len(source)
    return left, right - left


def _quote_before(source: bytes, at: int) -> int | None:
    lowest, reach = max(0, at - _REACH), 64
    while True:
        first = max(lowest, at - reach)
        found = (_QUOTE_BACKWARDS_AT_EDGE if first == lowest else _QUOTE_BACKWARDS).search(source[first:at][::-1])
        if found is not None:
            return at - found.start()
        if first == lowest:
            return None
        reach *= 8


def _quote_after(source: bytes, at: int) -> int | None:
    limit = min(len(source), at + _REACH)
    while at and source[at - 1] == 0x5C:
        at -= 1  # whether a backslash counts depends on all those before it
    found = _TO_QUOTE.match(source, at, limit)
    return None if found is None else found.end() - 1


def _segment(source: bytes, start: int, end: int) -> tuple[int, int]:
    """What stands between the signs that end a form field or a word."""
    left = _after_last_end(source, max(0, start - _REACH), start)
    equals = source.find(b"=", left, start)
    if equals >= 0:
        left = equals + 1
    limit = min(len(source), end + _REACH)
    found = _URL_END.search(source, end, limit)
    right = found.start() if found else limit
    return left, right - left


def _after_last_end(source: bytes, lowest: int, start: int) -> int:
    """Looked for in longer and longer pieces, because it mostly stands near."""
    reach = 64
    while True:
        first = max(lowest, start - reach)
        found = source[first:start].translate(_MARKED).rfind(1)
        if found >= 0:
            return first + found + 1
        if first == lowest:
            return lowest
        reach *= 8
