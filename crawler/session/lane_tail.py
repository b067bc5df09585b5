"""Follows a lane that another process writes, to anchor its head in our own lane."""

from __future__ import annotations

import hashlib
from pathlib import Path

__all__ = ["LaneTail"]

_CHUNK = 1 << 20


class LaneTail:
    """Counts the whole lines of a growing file and remembers the digest of the last one.

    An unfinished line is read again each time rather than remembered: on a full disk its writer takes it back, and what
    stands there later is another line. A whole line is never taken back; a file cut below one is left to the verifier,
    who finds fewer lines than were anchored.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        """Where the last whole line ends."""
        self.count = 0
        self.digest = ""

    def follow(self) -> tuple[int, str]:
        """Read what was added and return (count, digest of the last whole line; "" when there is none)."""
        rest = b""
        try:
            with self._path.open("rb") as stream:
                stream.seek(self._offset)
                while chunk := stream.read(_CHUNK):
                    rest = self._take(rest + chunk)
        except FileNotFoundError:
            pass  # the capture has not begun its lane yet
        return self.count, self.digest

    def _take(self, content: bytes) -> bytes:
        """Count the whole lines and return what follows them."""
        *lines, rest = content.split(b"\n")
        if lines:
            self.count += len(lines)
            self.digest = hashlib.sha256(lines[-1]).hexdigest()
            self._offset += len(content) - len(rest)
        return rest
