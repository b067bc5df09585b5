"""Touching the disk carefully: whole files or none, regular files only, errors put into words."""

import contextlib
import errno
import hashlib
import os
import secrets
import stat
from collections.abc import Iterable
from io import BufferedReader
from pathlib import Path

from evidence.errors import storage_failure

__all__ = ["NotRegular", "digest_file", "open_regular", "sweep_parts", "write_all", "write_whole"]

_READ_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_SMALL = 1024 * 1024
"""Bytes below which a file is read at once."""


class NotRegular(OSError):
    """A symbolic link, folder, pipe, socket or device where a plain file was expected."""


def open_regular(path: Path) -> BufferedReader:
    """Open a plain file for reading. Never follows a link and never waits on a pipe: records come from strangers."""
    return os.fdopen(_open(path)[0], "rb")


def digest_file(path: Path | str) -> tuple[str, int]:
    """SHA-256 and size of a plain file, read in pieces."""
    handle, size = _open(path)
    with os.fdopen(handle, "rb", buffering=0) as stream:
        if size > _SMALL:
            return hashlib.file_digest(stream, "sha256").hexdigest(), os.lseek(handle, 0, os.SEEK_CUR)
        content = stream.readall()
    return hashlib.sha256(content).hexdigest(), len(content)


def _open(path: Path | str) -> tuple[int, int]:
    """A handle for reading a plain file, and the file's size."""
    try:
        handle = os.open(path, _READ_FLAGS)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):
            raise NotRegular("a symbolic link or a socket, where a plain file belongs") from error
        raise
    status = os.fstat(handle)
    if not stat.S_ISREG(status.st_mode):
        os.close(handle)
        raise NotRegular("not a plain file")
    return handle, status.st_size


def write_all(handle: int, data: bytes) -> None:
    """Write every byte, however many calls the system needs for it (one, unless the disk is filling up)."""
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]


def sweep_parts(folder: Path) -> None:
    """Remove what a killed `write_whole` left half written in a folder."""
    try:
        for path in folder.glob(".*.part"):
            path.unlink()
    except OSError as error:
        raise storage_failure(folder, error) from error


def write_whole(path: Path, chunks: Iterable[bytes], *, mode: int = 0o666) -> None:
    """Write a file so that its final name only ever shows the whole of it, safe on the disk."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        try:
            for chunk in chunks:
                write_all(handle, chunk)
            os.fsync(handle)
        finally:
            os.close(handle)
        temporary.replace(path)
    except OSError as error:
        raise storage_failure(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()
