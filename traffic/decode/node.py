"""A piece of what was sent as it reads after some decodings, and how it came to be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Literal

from traffic.decode.content import is_text
from traffic.decode.structured import Structure, read_structure

if TYPE_CHECKING:
    from traffic.decode.tokens import Reading

__all__ = ["Batch", "Node", "Step", "Where"]

Where = Literal["body", "url", "header"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One decoding: the bytes [offset, offset + length) of what the step before gave, read in this way."""

    code: str
    """A key of traffic.decode.replay.DECODERS: "base64", "gzip", "url", "json-string" ..."""
    offset: int
    length: int
    argument: str = ""
    """What the decoding needed to know: the key of an XOR in hexadecimal, the name of a file in an archive."""


_LARGEST_MESSAGE = 512 << 10


class Node:
    """Made by the tree only. Two nodes are the same when they are the same object."""

    __slots__ = (
        "_is_text",
        "_offset",
        "_source",
        "_structure",
        "argument",
        "code",
        "data",
        "depth",
        "is_rewriting",
        "is_scanned",
        "parent",
        "where",
    )

    def __init__(
        self,
        data: bytes,
        where: Where,
        parent: Node | None = None,
        code: str = "",
        *,
        source: bytes | None = None,
        span: tuple[int, int] | None = None,
        argument: str = "",
        is_rewriting: bool = False,
    ) -> None:
        """`source` are the encoded bytes within the parent where their offset is not known yet; `span` is offset and
        length; with neither, the whole parent was decoded."""
        self.data = data
        self.where: Where = where
        self.parent = parent
        self.code = code
        self.argument = argument
        self.depth: int = parent.depth + 1 if parent is not None else 0
        self.is_rewriting = is_rewriting
        """The parent's whole text with its escapes undone: everything is still there, in the same order."""
        self.is_scanned = False
        self._is_text: bool | None = None
        self._structure: Structure | Literal[False] | None = None
        self._source = source
        self._offset: tuple[int, int] | None = span

    @property
    def is_text(self) -> bool:
        """Whether a person would see text."""
        if self._is_text is None:
            self._is_text = is_text(self.data)
        return self._is_text

    @property
    def structure(self) -> Structure | None:
        """The binary message that it reads as."""
        if self._structure is None:
            small = len(self.data) <= _LARGEST_MESSAGE
            self._structure = (read_structure(self.data) if small else None) or False
        return self._structure or None

    @property
    def span(self) -> tuple[int, int]:
        """Offset and length of the encoded bytes in the parent's data."""
        if self._offset is None:
            parent = self.parent.data if self.parent is not None else self.data
            if self._source is None:
                self._offset = (0, len(parent))
            else:
                self._offset = (max(0, parent.find(self._source)), len(self._source))
        return self._offset

    @property
    def source(self) -> bytes:
        """The encoded bytes in the parent's data."""
        if self._source is not None:
            return self._source
        start, length = self.span
        return self.parent.data[start : start + length] if self.parent is not None else self.data

    def lineage(self) -> tuple[Node, ...]:
        """From the root to this node."""
        nodes = [self]
        while nodes[-1].parent is not None:
            nodes.append(nodes[-1].parent)
        return tuple(reversed(nodes))


class Batch:
    """Many small pieces of one node that are searched in one pass. Most never become nodes."""

    SEPARATOR = b"\n\0\xfd\n"

    __slots__ = ("_nodes", "_readings", "parent", "starts", "text")

    def __init__(self, parent: Node, readings: Sequence[Reading | Node]) -> None:
        self.parent = parent
        self._readings = readings
        self._nodes: dict[int, Node] = {}
        pieces = [reading.data for reading in readings]
        between = len(self.SEPARATOR)
        self.starts = list(accumulate([len(piece) + between for piece in pieces[:-1]], initial=0))
        self.text = self.SEPARATOR.join(pieces)

    def node(self, index: int) -> Node:
        """The same object each time."""
        found = self._nodes.get(index)
        if found is None:
            reading = self._readings[index]
            if isinstance(reading, Node):
                found = reading
            else:
                found = Node(reading.data, self.parent.where, self.parent, reading.code, source=reading.source)
            found.is_scanned = True
            self._nodes[index] = found
        return found

    def piece(self, index: int) -> bytes:
        """Without making a node of it."""
        return self._readings[index].data
