"""What one request may cost, so that no app can stop its inspection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evidence.clock import Deadline

if TYPE_CHECKING:
    from evidence.clock import Clock

__all__ = ["Budget", "Limits"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Fixed amounts of work decide, so that two runs find the same; time only stops what is far out of proportion."""

    depth: int = 12
    nodes: int = 1024
    """Decoded pieces."""
    bytes: int = 12 << 20
    """All decoded pieces together."""
    inflated: int = 4 << 20
    """One decompressed stream."""
    text: int = 512 << 10
    """Of each piece, looked through for encodings; all of it is searched for values."""
    text_total: int = 1 << 20
    seconds: float = 2.0


class Budget:
    """What is left of the limits, and whether any was reached."""

    __slots__ = ("_bytes", "_deadline", "_nodes", "_text", "limits", "truncated")

    def __init__(self, limits: Limits, clock: Clock) -> None:
        self.limits = limits
        self.truncated = False
        self._nodes = limits.nodes
        self._bytes = limits.bytes
        self._text = limits.text_total
        self._deadline = Deadline(clock, limits.seconds)

    def admits(self, size: int) -> bool:
        """Whether one more piece of that size may be looked at; it counts as looked at then."""
        if self._nodes <= 0 or self._bytes < size or self._deadline.passed():
            self.truncated = True
            return False
        self._nodes -= 1
        self._bytes -= size
        return True

    def readable(self, data: bytes) -> bytes:
        """As much of the piece as may be looked through for encodings."""
        share = min(len(data), self.limits.text, self._text)
        self._text -= share
        if share < len(data):
            self.truncated = True
            return data[:share]
        return data

    @property
    def inflated(self) -> int:
        """Most bytes that a stream may give."""
        return max(0, min(self.limits.inflated, self._bytes))
