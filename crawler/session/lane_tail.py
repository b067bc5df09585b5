"""Follows a lane that another process writes, to anchor its head in our own lane."""

from __future__ import annotations

import hashlib
from pathlib import Path

__all__ = ["LaneTail"]

_CHUNK = 1 << 20


class LaneTail:
    """Counts the whole lines of a growing file and remembers the digest of the last one. Reads each byte once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self._rest = b""
        self.count = 0
        self.digest = ""

    def follow(self) -> tuple[int, str]:
        """Read what was added and return (count, digest of the last whole line; "" when there is none)."""
        try:
            with self._path.open("rb") as stream:
                stream.seek(self._offset)
                while chunk := stream.read(_CHUNK):
                    self._offset += len(chunk)
                    self._take(chunk)
        except FileNotFoundError:
            return 0, ""
        return self.count, self.digest

    def _take(self, chunk: bytes) -> None:
        lines = (self._rest + chunk).split(b"\n")
        self._rest = lines.pop()
        if lines:
            self.count += len(lines)
            self.digest = hashlib.sha256(lines[-1]).hexdigest()
