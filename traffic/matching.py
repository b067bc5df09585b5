"""Decides which occurrences of a pattern count: nothing beside them, and beside them what must be there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from traffic.beside import carried_around
from traffic.decode.content import has_controls
from traffic.decode.node import Node
from traffic.spelling import KEY_WORDS, Boundary, Form, Need, Pattern

__all__ = ["Match", "matches"]

# Looked up once: to read a member of an enumeration costs as much as the question asked about it.
_FREE, _DIGITS, _WORD, _PACKED = Boundary.FREE, Boundary.DIGITS, Boundary.WORD, Boundary.PACKED
_PACKAGE_NAME, _IMEI_BODY, _ADDRESS = Boundary.PACKAGE, Boundary.IMEI_BODY, Boundary.ADDRESS
_NUMBER_OPEN, _WORD_OPEN = Boundary.NUMBER_OPEN, Boundary.WORD_OPEN
_PARTNER, _KEY_WORD, _FIELD_TAG = Need.PARTNER, Need.KEY_WORD, Need.FIELD_TAG
_DIGIT = frozenset(b"0123456789")
_ALNUM = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
_PACKAGE = _ALNUM | frozenset(b"_")
_DIGIT_OR_DOT = _DIGIT | frozenset(b".")
_PACKAGE_OR_DOT = _PACKAGE | frozenset(b".")
_NEAR = 200
"""Bytes between the two coordinates of a pair."""
_NEAR_BINARY = 64
_KEY_REACH = 40
_ZEROS_END = re.compile(rb"0*(?![0-9])")


class Match(NamedTuple):
    """An occurrence that counts. A tuple, because there are many."""

    node: Node
    form: Form
    start: int
    end: int


def matches(
    node: Node, found: Iterable[tuple[int, int]], patterns: Sequence[Pattern], kinds: Sequence[str]
) -> list[Match]:
    """Of what the scanner reported for a node: each form of each value once, the longest where one holds another."""
    candidates = _Candidates(node, [(patterns[index], end) for index, end in found])
    kept: dict[tuple[int, str], Match] = {}
    waiting: list[Match] = []
    for pattern, end in candidates.occurrences:
        start = end - len(pattern.literal)
        for form in pattern.forms:
            if (form.value, form.code) in kept:
                continue
            if not form.is_free and not candidates.holds(form, start, end, kinds[form.value]):
                continue
            match = Match(node, form, start, end)
            if form.need is _PARTNER:
                waiting.append(match)
            else:
                kept[form.value, form.code] = match
    for match in _paired(waiting, list(kept.values()), candidates.is_text, kinds) if waiting else ():
        kept.setdefault((match.form.value, match.form.code), match)
    return _longest(list(kept.values()))


class _Candidates:
    """All occurrences in one node, so that each can be judged by the others."""

    def __init__(self, node: Node, occurrences: list[tuple[Pattern, int]]) -> None:
        self.occurrences = occurrences
        self.is_text = node.is_text
        self._node = node
        self._edges: tuple[set[int], set[int]] | None = None

    def holds(self, form: Form, start: int, end: int, kind: str) -> bool:
        data = self._node.data
        if form.need is _KEY_WORD:
            words = KEY_WORDS.get(kind)
            if words is None or not words.search(data, max(0, start - _KEY_REACH), start):
                return False
        if form.boundary is _PACKED:
            # Two digits a byte in hexadecimal are digits as text: nothing may stand beside them.
            return self._node.code != "hex" or (start == 0 and end == len(data))
        if form.need is _FIELD_TAG and not self._is_field(start, end):
            return False
        if form.carrier and form.boundary is not _FREE:
            text, start, end = carried_around(form.carrier, data, start, end)
            beside = text[max(0, start - 2) : start] + text[end : end + 2]
            return _stands_free(form.boundary, text, start, end, strict=not has_controls(beside))
        if form.boundary is _FREE or _stands_free(form.boundary, data, start, end, strict=self.is_text):
            return True
        return form.boundary is _DIGITS and self._joins(start, end)

    def _is_field(self, start: int, end: int) -> bool:
        structure = self._node.structure
        if structure is None or structure.code != "protobuf":
            return False
        return any(field.offset == start and field.length == end - start for field in structure.fields)

    def _joins(self, start: int, end: int) -> bool:
        """Whether the digits beside it are another known number: an IMEI and an IMSI written without a gap."""
        if self._edges is None:
            spans = [(at - len(pattern.literal), at) for pattern, at in self.occurrences if len(pattern.literal) >= 11]
            self._edges = ({first for first, _ in spans}, {last for _, last in spans})
        starts, ends = self._edges
        data = self._node.data
        free_left = start == 0 or data[start - 1] not in _DIGIT or start in ends
        free_right = end >= len(data) or data[end] not in _DIGIT or end in starts
        return free_left and free_right


def _stands_free(boundary: Boundary, data: bytes, start: int, end: int, *, strict: bool) -> bool:
    if boundary is _DIGITS and strict:
        return not ((start and data[start - 1] in _DIGIT) or (end < len(data) and data[end] in _DIGIT))
    left, right = data[max(0, start - 2) : start], data[end : end + 3]
    if boundary is _DIGITS:
        return not (_run(left, _DIGIT, strict, before=True) or _run(right, _DIGIT, strict, before=False))
    if boundary is _IMEI_BODY:
        return not _run(left, _DIGIT, strict, before=True) and not (len(right) == 3 and set(right) <= _DIGIT)
    if boundary is _WORD:
        return not (_run(left, _ALNUM, strict, before=True) or _run(right, _ALNUM, strict, before=False))
    if boundary is _WORD_OPEN:
        return not _run(left, _ALNUM, strict, before=True)
    if boundary is _PACKAGE_NAME:
        if (left and left[-1] in _PACKAGE_OR_DOT) or (right and right[0] in _PACKAGE):
            return False
        return not (right[:1] == b"." and len(right) > 1 and right[1] in _ALNUM)
    if boundary is _ADDRESS:
        dotted = right[:1] == b"." and len(right) > 1 and right[1] in _DIGIT
        return not (left and left[-1] in _DIGIT_OR_DOT) and not (right and right[0] in _DIGIT) and not dotted
    return _number_stands_free(boundary, data, start, end)


def _number_stands_free(boundary: Boundary, data: bytes, start: int, end: int) -> bool:
    left = data[max(0, start - 2) : start]
    if left and left[-1] in _DIGIT_OR_DOT:
        return False
    if left[-1:] == b"-" and data[start : start + 1] != b"-" and (len(left) < 2 or left[0] not in _ALNUM):
        return False
    return boundary is _NUMBER_OPEN or _ZEROS_END.match(data, end) is not None


def _run(beside: bytes, signs: frozenset[int], strict: bool, *, before: bool) -> bool:
    """Whether the run goes on. In a binary message the one byte beside a text may be a length or a tag."""
    near = beside[::-1] if before else beside
    if not near or near[0] not in signs:
        return False
    # The last byte of all is no tag: nothing would follow it.
    return strict or (near[1] in signs if len(near) > 1 else not before)


def _paired(waiting: list[Match], kept: list[Match], text: bool, kinds: Sequence[str]) -> list[Match]:
    """Of the coordinates that count only in pairs, those near the other coordinate in the same notation."""
    near = _NEAR if text else _NEAR_BINARY
    others = waiting + [match for match in kept if match.form.notation]
    return [
        match
        for match in waiting
        if any(
            other.form.notation == match.form.notation
            and kinds[other.form.value] != kinds[match.form.value]
            and other.start - match.end <= near
            and match.start - other.end <= near
            for other in others
        )
    ]


def _longest(found: list[Match]) -> list[Match]:
    """Without those that lie within a longer match of the same value."""
    by_value: dict[int, list[Match]] = {}
    for match in found:
        by_value.setdefault(match.form.value, []).append(match)
    if len(by_value) == len(found):
        return found
    return [
        match
        for match in found
        if len(group := by_value[match.form.value]) == 1 or not any(_holds(other, match) for other in group)
    ]


def _holds(other: Match, match: Match) -> bool:
    if other.start <= match.start and match.end <= other.end and other.end - other.start > match.end - match.start:
        return True
    # UTF-16 of either order reads as the other one byte further on.
    return match.form.code.startswith("utf-16be") and other.form.code == match.form.code.replace("16be", "16le")
