"""Content-addressed bytes: screenshots, hierarchies, bodies. A blob's name is the SHA-256 of its content.

Blob first, fact second: whoever reads a fact finds the bytes it speaks of.
"""

import contextlib
import hashlib
import os
import re
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import NewType, TypeGuard

from evidence.errors import BlobDamaged, BlobMissing, storage_failure
from evidence.files import open_regular, write_all

__all__ = ["BlobRef", "BlobStore", "is_digest"]

BlobRef = NewType("BlobRef", str)
"""SHA-256 in lower case hex. In a fact it stands as {"blob": ref, "size": bytes}."""

_DIGEST = re.compile(r"[0-9a-f]{64}")
_INCOMING = ".incoming"


def is_digest(text: object) -> TypeGuard[str]:
    return isinstance(text, str) and _DIGEST.fullmatch(text) is not None


class BlobStore:
    """A folder of blobs, shared by the threads and processes of a case without any lock.

    `durable` makes every put wait until the disk holds the blob, which guards against a power cut. Without it a blob
    still survives the death of every process.
    """

    def __init__(self, root: Path, *, durable: bool = True):
        self.root = root
        self._durable = durable

    def put(self, content: bytes) -> BlobRef:
        ref = BlobRef(hashlib.sha256(content).hexdigest())
        if not self._holds(ref, len(content)):
            self._store((content,))
        return ref

    def put_stream(self, chunks: Iterable[bytes]) -> BlobRef:
        """Store content that need not fit into memory."""
        return self._store(chunks)

    def get(self, digest: str) -> bytes:
        """The bytes, checked against their name."""
        path = self.path(digest)
        try:
            with open_regular(path) as stream:
                content = stream.read()
        except FileNotFoundError as error:
            raise BlobMissing(f"blob {digest} is missing") from error
        except OSError as error:
            raise BlobDamaged(f"blob {digest} cannot be read: {error.strerror or error}") from error
        if hashlib.sha256(content).hexdigest() != digest:
            raise BlobDamaged(f"blob {digest} was changed")
        return content

    def has(self, digest: str) -> bool:
        path = self.path(digest)
        return path.is_file() and not path.is_symlink()

    def size(self, digest: str) -> int:
        try:
            return self.path(digest).stat().st_size
        except OSError as error:
            raise BlobMissing(f"blob {digest} is missing") from error

    def path(self, digest: str) -> Path:
        """Where a blob stands (or would). BlobMissing for a text that is no digest, so that no path leaves the root."""
        if not is_digest(digest):
            raise BlobMissing("not a SHA-256 digest in lower case hex")
        return self.root / digest[:2] / digest

    def sweep(self) -> None:
        """Remove what a killed writer left half written. Only when nobody writes any more."""
        incoming = self.root / _INCOMING
        try:
            for path in incoming.iterdir() if incoming.is_dir() else ():
                path.unlink()
            if incoming.is_dir():
                incoming.rmdir()
        except OSError as error:
            raise storage_failure(incoming, error) from error

    def _holds(self, ref: BlobRef, size: int) -> bool:
        try:
            return self.path(ref).stat().st_size == size
        except OSError:
            return False

    def _store(self, chunks: Iterable[bytes]) -> BlobRef:
        temporary = self.root / _INCOMING / secrets.token_hex(16)
        try:
            temporary.parent.mkdir(parents=True, exist_ok=True)
            ref = self._write(temporary, chunks)
            final = self.path(ref)
            final.parent.mkdir(exist_ok=True)
            temporary.replace(final)
        except OSError as error:
            raise storage_failure(self.root, error) from error
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink()
        return ref

    def _write(self, temporary: Path, chunks: Iterable[bytes]) -> BlobRef:
        digest = hashlib.sha256()
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        try:
            for chunk in chunks:
                digest.update(chunk)
                write_all(handle, chunk)
            if self._durable:
                os.fsync(handle)
        finally:
            os.close(handle)
        return BlobRef(digest.hexdigest())
