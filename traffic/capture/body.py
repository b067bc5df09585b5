"""Follows a body as it passes: its true length and digest, and its beginning for the record."""

import hashlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from evidence.blobs import BlobStore
from evidence.canonical import Json
from evidence.errors import storage_failure

__all__ = ["BodyKeeper"]

_IN_MEMORY = 64 * 1024
_PIECE = 64 * 1024


class BodyKeeper:
    """Takes a body piece by piece and keeps at most `limit` bytes of it, the larger part of them on disk.

    However long a body is and however many pass at once, this costs little memory.
    """

    __slots__ = ("_digest", "_directory", "_limit", "_spool", "kept", "length")

    def __init__(self, limit: int, directory: Path):
        self._limit = limit
        self._directory = directory
        self._digest = hashlib.sha256()
        self._spool: tempfile.SpooledTemporaryFile[bytes] | None = None
        self.length = 0
        self.kept = 0

    @property
    def sha256(self) -> str:
        """Of the whole body, whatever was kept."""
        return self._digest.hexdigest()

    def feed(self, data: bytes) -> None:
        """Take the next piece. StorageFailed when it cannot be kept."""
        self.length += len(data)
        self._digest.update(data)
        piece = data[: self._limit - self.kept]
        if not piece:
            return
        try:
            self._file().write(piece)
        except OSError as error:
            raise storage_failure(self._directory, error) from error
        self.kept += len(piece)

    def store(self, blobs: BlobStore) -> Json:
        """Make a blob of what was kept: the reference that stands in a fact, None for an empty body."""
        if not self.kept:
            return None
        spool = self._file()
        spool.seek(0)
        blob = blobs.put(spool.read()) if self.kept <= _IN_MEMORY else blobs.put_stream(_pieces(spool))
        self.discard()
        return {"blob": blob, "size": self.kept}

    def discard(self) -> None:
        if self._spool is not None:
            self._spool.close()
            self._spool = None

    def _file(self) -> "tempfile.SpooledTemporaryFile[bytes]":
        if self._spool is None:
            self._spool = tempfile.SpooledTemporaryFile(_IN_MEMORY, dir=str(self._directory))  # noqa: SIM115
        return self._spool


def _pieces(spool: "tempfile.SpooledTemporaryFile[bytes]") -> Iterator[bytes]:
    while piece := spool.read(_PIECE):
        yield piece
