"""Takes a request apart: every piece that can be decoded is, by what it looks like and never by what it says it is."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from traffic.decode.compressed import headerless, inflate, magic_code
from traffic.decode.content import has_controls, is_media, is_text, reads_as_usual, usualness, utf16_codec
from traffic.decode.framing import Frame, embedded_streams, grpc_frames, multipart_parts, zip_frames
from traffic.decode.lzstring import lz_string_utf16
from traffic.decode.node import Batch, Node
from traffic.decode.structured import READERS
from traffic.decode.text import REWRITINGS, binary_fields
from traffic.decode.tokens import (
    LEAST_RANDOM,
    MOST_TOKENS,
    Reading,
    decode_base64,
    is_promising,
    looks_random,
    readings,
    unwrap,
)
from traffic.decode.xor import xor_readings

if TYPE_CHECKING:
    from traffic.decode.budget import Budget

__all__ = ["DecodeTree"]

_LEAST = 6
_KEEPS_TOKENS = frozenset({"url", "json-string", "html"})
"""Rewritings that leave every base64 token as it is or make it whole: it is read once, in the rewritten text."""
_FORM = re.compile(rb"\s{0,4}[\w.%\[\]$-]{1,64}[=:]")
_ENCLOSING = {b"<": b">", b'"': b'"'}
_JSON = re.compile(rb'\s{0,4}(?:\{\s{0,99}["}]|\[\s{0,99}[\[\]{"\w-])')
_LEAST_BINARY = 12
_LEAST_FIELD = 24
"""Shorter fields of a message are numbers and identifiers, which are searched as they are."""
_MOST_RANDOM_TOKENS = 8
_MOST_ALIKE = 2
"""Many of one length are digests, signatures or names, one beside each event; what is compressed differs in length."""
_MOST_THOROUGH = 1
_MOST_XOR = 8
_SMALL_FORM = 16 << 10
_LEAST_USUAL_FORM = 22.5
_FRAME_FIRST = frozenset(b"-P\0\1 \t\r\n\v\f")
"""What a multipart text (its boundary or space), a gRPC frame or an archive begins with."""
_SMALL = 64 << 10
"""Bytes that are nothing readable and longer than this are searched as they are, and not taken apart any further."""


class DecodeTree:
    """Iterating gives what is to be searched: nodes, and batches of small ones. Pieces may be added meanwhile."""

    def __init__(self, roots: Sequence[Node], budget: Budget) -> None:
        self.opaque: list[Node] = []
        """What nothing made sense of, so far."""
        self.suspects: list[Node] = []
        """What may be XORed with a key that only a known value can reveal."""
        self._budget = budget
        self._queue: deque[Node] = deque()
        self._seen: set[bytes] = set()
        self._tokens_seen: set[bytes] = set()
        self._random_left = _MOST_RANDOM_TOKENS
        self._of_many: set[bytes] = set()
        self._thorough_left = _MOST_THOROUGH
        self._xor_left = _MOST_XOR
        for root in roots:
            self.add(root)

    def add(self, node: Node) -> bool:
        """False where the same bytes were looked at already, or no more may be."""
        if len(node.data) < _LEAST or node.data in self._seen or not self._budget.admits(len(node.data)):
            return False
        self._seen.add(node.data)
        self._queue.append(node)
        return True

    def __iter__(self) -> Iterator[Node | Batch]:
        while self._queue:
            node = self._queue.popleft()
            if not node.is_scanned:
                node.is_scanned = True
                yield node
            if node.depth < self._budget.limits.depth:
                yield from self._expand(node)
            elif magic_code(node.data) is not None:
                self._budget.truncated = True

    def _expand(self, node: Node) -> Iterator[Batch]:
        data = node.data
        if self._inflate(node) or is_media(data):
            return
        codec = utf16_codec(data)
        if codec is not None and not (node.structure is not None and node.structure.sure):
            self.add(Node(data.decode(codec, "replace").encode(), node.where, node, codec))
        elif node.parent is None and node.where != "body":
            yield from self._text(node)
        elif self._frames(node):
            return
        elif node.is_text:
            yield from self._text(node)
        else:
            yield from self._binary(node)

    def _inflate(self, node: Node) -> bool:
        code = magic_code(node.data)
        inflated = inflate(code, node.data, self._budget.inflated) if code else None
        if code is None or inflated is None or not inflated.data:
            return False
        if not inflated.whole:
            if code == "zlib" and not is_text(inflated.data):
                return False
            self._budget.truncated = True
        self.add(Node(inflated.data, node.where, node, code, span=(0, inflated.used)))
        if inflated.used + _LEAST < len(node.data):
            rest = node.data[inflated.used :]
            self.add(Node(rest, node.where, node, "slice", span=(inflated.used, len(rest))))
        return True

    def _frames(self, node: Node) -> bool:
        """Frames that explain the whole."""
        if node.data[0] not in _FRAME_FIRST:
            return False
        frames = (
            list(multipart_parts(node.data))
            or list(grpc_frames(node.data))
            or list(zip_frames(node.data, self._budget.inflated))
        )
        for frame in frames:
            self._add_frame(node, frame)
        if frames and frames[0].code == "zip" and sum(len(frame.data) for frame in frames) >= self._budget.inflated:
            self._budget.truncated = True
        return bool(frames)

    def _add_frame(self, node: Node, frame: Frame) -> None:
        span = (frame.offset, frame.length)
        self.add(Node(frame.data, node.where, node, frame.code, span=span, argument=frame.argument))

    # --- text

    def _text(self, node: Node) -> Iterator[Batch]:
        data = self._budget.readable(node.data)
        rewritten = self._rewrite(node, data)
        if b"\x1f" in data and b"\x1f\x8b\x08" in data:
            for frame in embedded_streams(data, self._budget.inflated):
                self._add_frame(node, frame)
        waiting = len(self._queue)
        if not rewritten:
            yield from self._tokens(node, data)
        if _is_unusual(node) or (len(self._queue) == waiting and _is_odd(node)):
            self._xor(node)

    def _rewrite(self, node: Node, data: bytes) -> bool:
        """Whether a rewriting holds every token as well, so that they need not be read twice."""
        rewritten = False
        for code, rewriting in REWRITINGS.items():
            # Plus signs for spaces matter for a value with a space in it, which is looked for with plus signs as well.
            if (code == "url-plus" and len(data) > _SMALL_FORM) or (
                code == "quoted-printable" and node.where != "body"
            ):
                continue
            if not rewriting.applies(data):
                continue
            child = Node(rewriting.apply(data), node.where, node, code, span=(0, len(data)), is_rewriting=True)
            added = self.add(child)
            rewritten = rewritten or (added and code in _KEEPS_TOKENS)
            if code == "url" and (has_controls(child.data) or usualness(child.data) < _LEAST_USUAL_FORM):
                for field_code, at, size, value in binary_fields(data):
                    self.add(Node(value, node.where, node, field_code, span=(at, size)))
        return rewritten

    def _tokens(self, node: Node, data: bytes) -> Iterator[Batch]:
        found = list(_all_readings(data, self._tokens_seen, may_wrap=node.where == "body"))
        if len(self._tokens_seen) >= MOST_TOKENS:
            self._budget.truncated = True
        if not found:
            return
        batch = Batch(node, found)
        random = self._random(found)
        promising = [index for index, reading in enumerate(found) if reading.promising or index in random]
        yield batch
        for index in promising:
            self.add(batch.node(index))

    def _random(self, found: Sequence[Reading]) -> set[int]:
        """Some of the unreadable ones are looked into as well: they may be compressed without a header."""
        if not self._random_left:
            return set()
        by_length: dict[int, list[int]] = {}
        for index, reading in enumerate(found):
            if not reading.promising and len(reading.source) >= LEAST_RANDOM and looks_random(reading):
                by_length.setdefault(len(reading.source), []).append(index)
        for alike in by_length.values():
            if len(alike) > _MOST_ALIKE:
                del alike[_MOST_ALIKE:]
                self._of_many.update(found[index].data for index in alike)
        chosen = sorted(index for alike in by_length.values() for index in alike)[: self._random_left]
        self._random_left -= len(chosen)
        return set(chosen)

    # --- bytes

    def _binary(self, node: Node) -> Iterator[Batch]:
        data = node.data
        structure = node.structure
        if structure is not None:
            leaves = [
                Node(data[at : at + size], node.where, node, structure.code, span=(at, size), argument=path)
                for field in structure.fields
                if (field.is_text or field.is_bytes) and field.length >= _LEAST
                for at, size, path in [(field.offset, field.length, field.path)]
            ]
            if leaves:
                batch = Batch(node, leaves)
                yield batch
                for index in range(len(leaves)):
                    self.add(batch.node(index))
            if structure.sure:
                return
        if len(data) < (_LEAST_FIELD if node.code in READERS else _LEAST_BINARY):
            return
        streams = list(embedded_streams(data, self._budget.inflated))
        for frame in streams:
            self._add_frame(node, frame)
        if streams or self._without_header(node):
            return
        if len(data) <= _SMALL:
            yield from self._tokens(node, data)
        if not self._xor(node) and structure is None:
            self.opaque.append(node)

    def _without_header(self, node: Node) -> bool:
        if len(node.data) > self._budget.limits.text:
            return False
        found = False
        for code, data in headerless(node.data, self._budget.inflated):
            self._budget.truncated |= len(data) >= self._budget.limits.inflated
            found = self.add(Node(data, node.where, node, code)) or found
        if not found and node.code == "base64":
            found = self._backwards(node)
        if not found and len(node.data) <= _SMALL and node.data[0] >= 0xC2:
            text = lz_string_utf16(node.data, 1 << 16)
            if text is not None and len(text) >= 8 and is_text(text):
                found = self.add(Node(text, node.where, node, "lz-string-utf16"))
        return found

    def _backwards(self, node: Node) -> bool:
        """The same token read from its end, where that is compressed."""
        token = node.source
        turned = decode_base64(token[::-1])
        if not turned:
            return False
        limit = self._budget.inflated
        if not is_promising(turned) and not any(True for _ in headerless(turned, limit)):
            if self._xor_left <= 0 or node.data in self._of_many:
                return False
            self._xor_left -= 1
            if not any(True for _ in xor_readings(turned, limit, thorough=False)):
                return False
        return self.add(Node(turned, node.where, node.parent, "reversed-base64", source=token))

    def _xor(self, node: Node) -> bool:
        """Adds the plain bytes where the key shows itself. A known value may reveal it better (`suspects`)."""
        if self._xor_left <= 0:
            return False
        self._xor_left -= 1
        self.suspects.append(node)
        thorough = self._thorough_left > 0 and not node.is_text and node.data not in self._of_many
        self._thorough_left -= thorough
        readings = xor_readings(node.data, self._budget.inflated, thorough=thorough)
        plain = next(readings, None)
        return plain is not None and self.add(Node(plain[1], node.where, node, "xor", argument=plain[0].hex()))


def _all_readings(data: bytes, seen: set[bytes], *, may_wrap: bool) -> Iterator[Reading]:
    if may_wrap and b"\n" in data:
        wrapped, data = unwrap(data)
        yield from wrapped
    yield from readings(data, seen)


def _is_unusual(node: Node) -> bool:
    """Printable, but of signs that programs hardly write."""
    return node.where == "body" and len(node.data) >= 32 and not reads_as_usual(node.data)


def _is_odd(node: Node) -> bool:
    """Printable, but not as a program would begin it."""
    data = node.data
    if node.where != "body" or node.is_rewriting or len(data) < 12 or node.code in READERS:
        return False
    return not (_JSON.match(data) or _FORM.match(data) or _is_enclosed(data))


def _is_enclosed(data: bytes) -> bool:
    """XML or a string at a glance: what opens it stands there as often as what closes it."""
    closing = _ENCLOSING.get(data[:1])
    return closing is not None and abs(data.count(data[:1]) - data.count(closing)) <= 1
