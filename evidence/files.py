"""Touching the disk carefully: whole files or none, regular files only, errors put into words."""

import contextlib
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


class NotRegular(OSError):
    """A symbolic link, folder, pipe, socket or device where a plain file was expected."""


def open_regular(path: Path) -> BufferedReader:
    """Open a plain file for reading. Never follows a link and never waits on a pipe: records come from strangers."""
    if path.is_symlink():
        raise NotRegular("a symbolic link")
    handle = os.open(path, _READ_FLAGS)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise NotRegular("not a plain file")
    return os.fdopen(handle, "rb")


def digest_file(path: Path) -> tuple[str, int]:
    """SHA-256 and size of a plain file, read in pieces."""
    with open_regular(path) as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
        return digest, stream.tell()


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
