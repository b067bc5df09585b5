"""Follows a body as it passes: its true length and digest, and its beginning for the record."""

import hashlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from evidence.blobs import BlobStore
from evidence.canonical import Json
from evidence.errors import storage_failure

__all__ = ["BodyKeeper"]

_IN_MEMORY = 64 * 1024
_PIECE = 64 * 1024
_EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()


class BodyKeeper:
    """Takes a body piece by piece and keeps at most `limit` bytes of it, in memory or from 64 KiB on in a file.

    However long a body is and however many pass at once, this costs little memory.
    """

    __slots__ = ("_digest", "_directory", "_file", "_limit", "_pieces", "kept", "length")

    def __init__(self, limit: int, directory: Path):
        self._limit = limit
        self._directory = directory
        self._digest = hashlib.sha256()
        self._pieces: list[bytes] = []
        self._file: IO[bytes] | None = None
        self.length = 0
        self.kept = 0

    @property
    def sha256(self) -> str:
        """Of the whole body, whatever was kept."""
        return self._digest.hexdigest() if self.length else _EMPTY_SHA256

    def feed(self, data: bytes) -> None:
        """Take the next piece. StorageFailed when it cannot be kept."""
        self.length += len(data)
        self._digest.update(data)
        room = self._limit - self.kept
        if room <= 0 or not data:
            return
        piece = data[:room]
        self.kept += len(piece)
        if self._file is None and self.kept <= _IN_MEMORY:
            self._pieces.append(piece)
        else:
            self._write(piece)

    def store(self, blobs: BlobStore) -> Json:
        """Make a blob of what was kept: the reference that stands in a fact, None for an empty body."""
        if not self.kept:
            return None
        blob = blobs.put(b"".join(self._pieces)) if self._file is None else blobs.put_stream(_read(self._file))
        self.discard()
        return {"blob": blob, "size": self.kept}

    def discard(self) -> None:
        self._pieces.clear()
        if self._file is not None:
            self._file.close()
            self._file = None

    def _write(self, piece: bytes) -> None:
        try:
            if self._file is None:
                # Without a name: nothing is left of it when this process is killed.
                self._file = tempfile.TemporaryFile(dir=self._directory)  # noqa: SIM115  closed by `discard`
                self._file.writelines(self._pieces)
                self._pieces.clear()
            self._file.write(piece)
        except OSError as error:
            raise storage_failure(self._directory, error) from error


def _read(file: IO[bytes]) -> Iterator[bytes]:
    file.seek(0)
    while piece := file.read(_PIECE):
        yield piece
