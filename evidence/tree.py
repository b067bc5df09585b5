"""Plain files below a folder with their digests. Follows no link, trusts no name, reads in pieces."""

import os
import stat
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from evidence.errors import Fault
from evidence.faults import FaultList
from evidence.files import digest_file

__all__ = ["FileSeen", "Tree", "TreeReader", "TreeView", "Walked"]

_MAX_DEPTH = 16
_HASHERS = min(4, os.cpu_count() or 1)
_BATCH_WEIGHT = 4 * 1024 * 1024
_FILE_WEIGHT = 64 * 1024
"""Bytes of hashing that opening one file costs as much as."""
_MEND_NAME = "Remove it, or fetch an untouched copy of the case."


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSeen:
    """A plain file as it is now."""

    digest: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """What stands below a folder, each by its path with slashes."""

    files: Mapping[str, FileSeen]
    folders: frozenset[str]
    faults: tuple[Fault, ...]


class Walked(Protocol):
    """A folder that was walked and is being hashed."""

    @property
    def folders(self) -> Collection[str]: ...

    @property
    def sizes(self) -> Mapping[str, int]: ...

    def tree(self) -> Tree: ...


class TreeReader:
    """Walks a folder at once and hashes its files in the background, until `tree` is asked for.

    `place` is how faults call the folder; `skip` names entries directly below it that are left out.
    """

    def __init__(self, root: Path, *, place: str, skip: frozenset[str] = frozenset()):
        self._root = root
        self._place = place
        self._faults = FaultList(place)
        self.folders: set[str] = set()
        self._tree: Tree | None = None
        self.sizes: Mapping[str, int] = dict(sorted(self._walk(skip)))
        self._pool = ThreadPoolExecutor(_HASHERS)
        self._hashing = [(batch, self._pool.submit(_digest_all, root, batch)) for batch in _batches(self.sizes)]

    def tree(self) -> Tree:
        """Everything, once all is hashed."""
        if self._tree is None:
            with self._pool:
                files = dict(self._collect())
            self._tree = Tree(files=files, folders=frozenset(self.folders), faults=self._faults.listed())
        return self._tree

    def _walk(self, skip: frozenset[str]) -> Iterator[tuple[str, int]]:
        pending = [("", 0)]
        while pending:
            folder, depth = pending.pop()
            for name, kind, size in self._list(folder):
                path = folder + name
                if path in skip:
                    continue
                if (trouble := _trouble_with(name, kind, depth)) is not None:
                    self._faults.add(self._where(path), trouble, _MEND_NAME)
                elif stat.S_ISREG(kind):
                    yield path, size
                else:
                    self.folders.add(path)
                    pending.append((f"{path}/", depth + 1))

    def _list(self, folder: str) -> Iterable[tuple[str, int, int]]:
        """(name, kind, size) of everything in a folder, links not followed."""
        found: list[tuple[str, int, int]] = []
        try:
            with os.scandir(self._root / folder) as scan:
                for item in scan:
                    status = item.stat(follow_symlinks=False)
                    found.append((item.name, status.st_mode, status.st_size))
        except OSError as error:
            self._faults.add(
                self._where(folder.rstrip("/")),
                f"the folder cannot be read: {error.strerror or error}",
                "Check that the folder is there and that you may read it.",
            )
        return found

    def _collect(self) -> Iterator[tuple[str, FileSeen]]:
        for batch, hashing in self._hashing:
            for path, seen in zip(batch, hashing.result(), strict=True):
                if isinstance(seen, FileSeen):
                    yield path, seen
                else:
                    what = f"the file cannot be read: {seen.strerror or seen}"
                    self._faults.add(self._where(path), what, "Check that you may read the file.")

    def _where(self, path: str) -> str:
        return "/".join(part for part in (self._place, path) if part)


class TreeView:
    """The part of a tree below one of its folders, with paths that begin there, without walking or hashing it again.

    Faults stay with the whole, where they are told once.
    """

    def __init__(self, whole: Walked, folder: str, skip: frozenset[str] = frozenset()):
        self._whole = whole
        self._prefix = f"{folder}/"
        self._skip = skip
        self.folders: Collection[str] = {path for given in whole.folders if (path := self._inside(given)) is not None}
        self.sizes: Mapping[str, int] = {
            path: size for given, size in whole.sizes.items() if (path := self._inside(given)) is not None
        }

    def tree(self) -> Tree:
        """Everything below the folder, once all of the whole is hashed."""
        files = self._whole.tree().files
        return Tree(
            files={path: seen for given, seen in files.items() if (path := self._inside(given)) is not None},
            folders=frozenset(self.folders),
            faults=(),
        )

    def _inside(self, path: str) -> str | None:
        if not path.startswith(self._prefix):
            return None
        inner = path[len(self._prefix) :]
        return None if inner.partition("/")[0] in self._skip else inner


def _batches(sizes: Mapping[str, int]) -> Iterator[list[str]]:
    """Paths in portions that are worth the trip to another thread."""
    batch: list[str] = []
    weight = 0
    for path, size in sizes.items():
        batch.append(path)
        weight += size + _FILE_WEIGHT
        if weight >= _BATCH_WEIGHT:
            yield batch
            batch, weight = [], 0
    if batch:
        yield batch


def _digest_all(root: Path, paths: Sequence[str]) -> list[FileSeen | OSError]:
    return [_digest(f"{root}/{path}") for path in paths]


def _digest(path: str) -> FileSeen | OSError:
    try:
        digest, size = digest_file(path)
    except OSError as error:
        return error
    return FileSeen(digest=digest, size=size)


def _trouble_with(name: str, kind: int, depth: int) -> str | None:
    if not name.isprintable() or "\\" in name:
        return "a name with characters that no case uses"
    if stat.S_ISLNK(kind):
        return "a symbolic link, where only plain files belong"
    if not stat.S_ISREG(kind) and not stat.S_ISDIR(kind):
        return "a pipe, socket or device, where only plain files belong"
    if stat.S_ISDIR(kind) and depth >= _MAX_DEPTH:
        return "folders nested deeper than in any case"
    return None
