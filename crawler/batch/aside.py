"""What stands where a new case belongs is kept under another name. Apart from the rest, for the parent of all workers uses it."""

from __future__ import annotations

from pathlib import Path

from evidence.errors import storage_failure

__all__ = ["put_aside"]


def put_aside(directory: Path, why: str) -> Path | None:
    """Give what is there a name of its own, and return it; None when nothing is there. Raises StorageFailed."""
    if not directory.exists():
        return None
    number = 1
    while (aside := directory.with_name(f"{directory.name}.{why}-{number}")).exists():
        number += 1
    try:
        directory.rename(aside)
    except OSError as error:
        raise storage_failure(directory, error) from error
    return aside
