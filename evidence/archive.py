"""A .zip of which every byte is accounted for: files stored as they are, in order of their names, nothing else.

Any program that knows ZIP opens it. It is written in one way only, so that a verifier can demand exactly these bytes: no
compression that depends on a library's version, no dates, no comments, no gaps in which something could stand.
Layout: PKWARE's APPNOTE, sections 4.3.7, 4.3.12 and 4.3.16, without ZIP64.
"""

import contextlib
import hashlib
import os
import struct
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from evidence.errors import EvidenceError
from evidence.files import open_regular
from evidence.tree import FileSeen, Tree

__all__ = [
    "ARCHIVE_MARK",
    "ArchiveDamaged",
    "ArchiveTooLarge",
    "ArchiveWriter",
    "PackedTree",
    "Unpacked",
    "unpack",
]

_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
ARCHIVE_MARK = b"PK\x03\x04"
"""The first bytes of every archive."""
_CENTRAL_MARK, _END_MARK = b"PK\x01\x02", b"PK\x05\x06"
_VERSION, _MADE_ON_UNIX, _UTF8, _STORED, _DATE = 20, 3 << 8 | 20, 0x0800, 0, 0x21
"""The date is 1980-01-01, the first that ZIP knows: when a file was written is said inside, by the record."""
_MODE = 0o100644 << 16
_MAX_FILES = 0xFFFE
_MAX_BYTES = 0xFFFF_FFFE
_LONGEST_NAME = 4096
_PIECE = 1024 * 1024


class ArchiveTooLarge(EvidenceError):
    """More than a plain ZIP holds."""

    exit_code = 65
    default_mend = "Make the bundle as a folder, without --zip."


class ArchiveDamaged(Exception):
    """Not the bytes that an ArchiveWriter writes. The message says where and what."""


@dataclass(frozen=True, slots=True)
class _Entry:
    name: bytes
    checksum: int
    size: int
    offset: int

    def local(self) -> bytes:
        length = len(self.name)
        head = (ARCHIVE_MARK, _VERSION, _UTF8, _STORED, 0, _DATE, self.checksum, self.size, self.size, length, 0)
        return _LOCAL.pack(*head) + self.name

    def central(self) -> bytes:
        head = (_CENTRAL_MARK, _MADE_ON_UNIX, _VERSION, _UTF8, _STORED, 0, _DATE, self.checksum, self.size, self.size)
        return _CENTRAL.pack(*head, len(self.name), 0, 0, 0, 0, _MODE, self.offset) + self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpacked:
    """What was in an archive."""

    files: Mapping[str, FileSeen]
    """Every file by its path, written or not."""
    changed: tuple[str, ...]
    """Files whose bytes do not have the checksum beside them."""


class PackedTree:
    """The files of an archive as a tree that was walked and hashed while it was unpacked."""

    def __init__(self, files: Mapping[str, FileSeen]):
        self._files = files
        self.sizes: Mapping[str, int] = {path: seen.size for path, seen in files.items()}
        parents = (path.split("/")[:-1] for path in files)
        self.folders: Collection[str] = {"/".join(parts[: n + 1]) for parts in parents for n in range(len(parts))}

    def tree(self) -> Tree:
        return Tree(files=self._files, folders=frozenset(self.folders), faults=())


class ArchiveWriter:
    """Writes an archive into a stream that can seek. Files must come in the order of their names' bytes."""

    def __init__(self, stream: BinaryIO):
        self._stream = stream
        self._entries: list[_Entry] = []
        self._at = 0

    def add(self, name: str, chunks: Iterable[bytes]) -> None:
        """Store a file. Raises ArchiveTooLarge beyond 4 GiB or 65,534 files; OSError as the stream does."""
        encoded = name.encode("utf-8")
        if self._entries and self._entries[-1].name >= encoded:
            raise ValueError("files must be added in the order of their names")
        start, size, checksum = self._at, 0, 0
        begun = _Entry(encoded, 0, 0, start)
        self._stream.write(begun.local())
        for chunk in chunks:
            self._stream.write(chunk)
            size += len(chunk)
            checksum = zlib.crc32(chunk, checksum)
        self._at = start + len(begun.local()) + size
        if len(self._entries) >= _MAX_FILES or self._at > _MAX_BYTES:
            raise ArchiveTooLarge("the bundle is larger than a plain ZIP may be")
        entry = _Entry(encoded, checksum, size, start)
        self._stream.seek(start)
        self._stream.write(entry.local())
        self._stream.seek(self._at)
        self._entries.append(entry)

    def close(self) -> None:
        """Write the directory that ends the archive. The stream stays open."""
        self._stream.write(_directory(self._entries, self._at))


def _directory(entries: list[_Entry], at: int) -> bytes:
    central = b"".join(entry.central() for entry in entries)
    count = len(entries)
    return central + _END.pack(_END_MARK, 0, 0, count, count, len(central), at, 0)


def unpack(path: Path, folder: Path, *, leave: str = "") -> Unpacked:
    """Write an archive's files below an empty folder, demanding that every byte is as ArchiveWriter writes it.

    Files whose path begins with `leave` are digested and not written, when it is not empty. Raises ArchiveDamaged at the first
    place where the archive itself is not as it was written; what came before it is in the folder. OSError as the disk does.
    """
    files: dict[str, FileSeen] = {}
    changed = []
    with open_regular(path) as stream:
        length = os.fstat(stream.fileno()).st_size
        entries: list[_Entry] = []
        made: set[Path] = set()
        at = 0
        while (head := stream.read(_LOCAL.size))[:4] == ARCHIVE_MARK:
            entry = _read_local(stream, head, at, length)
            if entries and entries[-1].name >= entry.name:
                raise ArchiveDamaged(f"at byte {at}: a file out of order, or named twice")
            parts = _parts(entry)
            name = "/".join(parts)
            kept = None if leave and name.startswith(leave) else _place(entry, folder.joinpath(*parts), made)
            files[name], checksum = _copied(stream, entry.size, kept)
            if checksum != entry.checksum:
                changed.append(name)
            entries.append(entry)
            at += _LOCAL.size + len(entry.name) + entry.size
        expected = _directory(entries, at)
        found = head + stream.read(len(expected) + 1)
    if found != expected:
        same = next((i for i, (a, b) in enumerate(zip(found, expected, strict=False)) if a != b), len(expected))
        raise ArchiveDamaged(f"at byte {at + same}: the directory at its end is cut off, changed, or more than it was")
    return Unpacked(files=files, changed=tuple(changed))


def _read_local(stream: BinaryIO, head: bytes, at: int, length: int) -> _Entry:
    if len(head) < _LOCAL.size:
        raise ArchiveDamaged(f"at byte {at}: cut off")
    *_, checksum, size, _, name_length, _ = _LOCAL.unpack(head)
    name = stream.read(min(name_length, _LONGEST_NAME))
    entry = _Entry(name, checksum, size, at)
    if entry.local() != head + name:
        raise ArchiveDamaged(
            f"at byte {at}: not a file as bundles store them; it was packed by another program, or changed"
        )
    if at + len(head) + len(name) + size > length:
        raise ArchiveDamaged(f"at byte {at}: cut off in the middle of a file")
    return entry


def _place(entry: _Entry, target: Path, made: set[Path]) -> Path:
    """Where a file goes, its folder made."""
    if target.parent not in made:
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            raise ArchiveDamaged(f"at byte {entry.offset}: a file where a folder stands") from None
        made.add(target.parent)
    return target


def _copied(stream: BinaryIO, size: int, target: Path | None) -> tuple[FileSeen, int]:
    """One file's digest and checksum, its bytes written on the way unless nobody needs them there."""
    digest, checksum = hashlib.sha256(), 0
    with target.open("xb") if target is not None else contextlib.nullcontext() as out:
        for piece in _pieces(stream, size):
            digest.update(piece)
            checksum = zlib.crc32(piece, checksum)
            if out is not None:
                out.write(piece)
    return FileSeen(digest=digest.hexdigest(), size=size), checksum


def _parts(entry: _Entry) -> list[str]:
    """The path of a file as its parts. Names come from strangers: none may lead out of the folder."""
    where = f"at byte {entry.offset}"
    try:
        name = entry.name.decode("utf-8")
    except UnicodeDecodeError:
        raise ArchiveDamaged(f"{where}: a name that is not UTF-8") from None
    parts = name.split("/")
    if not name.isprintable() or "\\" in name or ":" in name or any(part in ("", ".", "..") for part in parts):
        raise ArchiveDamaged(f"{where}: a name that leads out of the bundle")
    if any(len(part.encode()) > 255 for part in parts) or len(parts) > 24:
        raise ArchiveDamaged(f"{where}: a name that is too long")
    return parts


def _pieces(stream: BinaryIO, size: int) -> Iterator[bytes]:
    left = size
    while left:
        piece = stream.read(min(left, _PIECE))
        if not piece:
            raise ArchiveDamaged("cut off in the middle of a file")
        left -= len(piece)
        yield piece
