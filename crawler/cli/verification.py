"""`verify`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import typer

from crawler.cli.output import Exit, fail, print_json, show
from evidence.record import RECORD
from evidence.verify import Verification, verify

__all__ = ["cases_below", "verify_command"]


def verify_command(path: Path, keys: tuple[str, ...], as_json: bool) -> None:
    """Check a case, or every case below a folder; exit 1 when anything is wrong."""
    cases = cases_below(path)
    if not cases:
        raise fail(
            f"there is no case in {path}", f"Name the folder that holds '{RECORD}'.", code=Exit.INPUT, as_json=as_json
        )
    results = {str(case): verify(case, keys) for case in cases}
    if as_json:
        print_json({name: asdict(result) for name, result in results.items()})
    for name, result in () if as_json else results.items():
        _tell(name, result)
    if not all(result.ok for result in results.values()):
        raise typer.Exit(Exit.FAULTS)


def cases_below(path: Path) -> list[Path]:
    """The case at this place (its record folder may be named as well), else every case below it."""
    if (path / RECORD).is_dir():
        return [path]
    if path.name == RECORD and path.is_dir():
        return [path.parent]
    return sorted(found.parent for found in path.glob(f"**/{RECORD}") if found.is_dir())


def _tell(name: str, result: Verification) -> None:
    """Every fault with what to do about it; then what a reader should know without anything being wrong."""
    counted = f"{result.sessions} sessions, {result.facts} facts, {result.blobs} blobs"
    show(f"{'ok     ' if result.ok else 'DAMAGED'} {name}  ({counted})", "green" if result.ok else "bold red")
    for fault in result.faults:
        show(f"  {fault}")
        show(f"    → {fault.mend}", "dim")
    for note in result.notes:
        show(f"  note: {note}", "dim")
