"""What goes into a bundle, in the order in which it is written: every file by its path, and where its bytes come from."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from evidence.bundle import CASE
from evidence.decisions import DECISIONS_FILE
from evidence.files import open_regular
from evidence.manifest import SealedFile
from evidence.record import CUSTODY, RECORD

__all__ = ["Item", "case_items", "counted", "folders_of", "verifier_items"]

VERIFIER = "verifier"
_PIECE = 1024 * 1024


@dataclass(slots=True)
class Item:
    """One file of a bundle. Its digest and size are known once it was read through."""

    path: str
    """Below the bundle, with slashes."""
    source: Path | bytes
    digest: str = ""
    size: int = 0

    def chunks(self) -> Iterator[bytes]:
        """The bytes, digested as they pass: what is sealed is what was written, whatever the source becomes later."""
        digest, size = hashlib.sha256(), 0
        for piece in self._pieces():
            digest.update(piece)
            size += len(piece)
            yield piece
        self.digest, self.size = digest.hexdigest(), size

    def sealed(self) -> SealedFile:
        return SealedFile(path=self.path, digest=self.digest, size=self.size)

    def _pieces(self) -> Iterator[bytes]:
        if isinstance(self.source, bytes):
            yield self.source
            return
        with open_regular(self.source) as stream:
            while piece := stream.read(_PIECE):
                yield piece


def case_items(case_dir: Path) -> list[Item]:
    """Every plain file of a case. Hidden files beside the record are no part of a case and stay behind."""
    items = []
    for folder, folders, files in os.walk(case_dir):
        relative = Path(folder).relative_to(case_dir)
        if relative.parts[:1] != (RECORD,):
            folders[:] = [name for name in folders if not name.startswith(".")]
            files = [name for name in files if not name.startswith(".")]
        items += [Item(f"{CASE}/{(relative / name).as_posix()}", Path(folder) / name) for name in files]
    return items


def verifier_items() -> list[Item]:
    """The program that checks a bundle, as it stood when the bundle was made."""
    root = Path(str(resources.files("evidence")))
    return [Item(f"{VERIFIER}/evidence/{path.name}", path) for path in root.glob("*.py")]


def counted(items: Iterable[Item]) -> dict[str, int]:
    """How many files of each part of the case are among these."""
    counts = dict.fromkeys((RECORD, "readings", CUSTODY, "decisions", "derived"), 0)
    for item in items:
        top = item.path.split("/")[1]
        part = "decisions" if top == DECISIONS_FILE else top if top in counts else "derived"
        counts[part] += 1
    return counts


def folders_of(items: Iterable[Item]) -> tuple[str, ...]:
    """Every folder that these files stand in, by path."""
    found: set[str] = set()
    for item in items:
        parts = item.path.split("/")[:-1]
        found.update("/".join(parts[: depth + 1]) for depth in range(len(parts)))
    return tuple(sorted(found))
