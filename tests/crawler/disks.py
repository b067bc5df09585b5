"""Small file systems for tests: full ones and read-only ones. They need root; the tests are skipped without it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

__all__ = ["Disk", "small_disk"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """A mounted file system of a few kilobytes or megabytes."""

    path: Path

    def make_read_only(self) -> None:
        subprocess.run(["mount", "-o", "remount,ro", str(self.path)], check=True)

    @contextmanager
    def filled(self) -> Iterator[None]:
        """Without a free byte inside the block."""
        filler = self.path / "filler"
        with suppress(OSError), filler.open("wb", buffering=0) as stream:
            while stream.write(b"x" * 1024):
                pass
        try:
            yield
        finally:
            filler.unlink()


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Disk]:
    """A tmpfs of that size ("256k"). Skips the test where none can be mounted."""
    path = folder / "disk"
    path.mkdir()
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(path)], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip(f"no tmpfs can be mounted here: {mounted.stderr.decode(errors='replace').strip()}")
    try:
        yield Disk(path=path)
    finally:
        subprocess.run(["umount", "-l", str(path)], check=True)
