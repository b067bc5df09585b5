"""`verify`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import typer

from crawler.cli.output import CONSOLE, Exit, fail, print_json, printable
from evidence.verify import verify

__all__ = ["verify_command"]


def verify_command(path: Path, keys: tuple[str, ...], as_json: bool) -> None:
    """Check a case, or every case below a folder; exit 1 when anything is wrong."""
    cases = (
        [path]
        if (path / "record").is_dir()
        else sorted(found.parent for found in path.glob("**/record") if found.is_dir())
    )
    if not cases:
        raise fail(
            f"there is no case in {path}", "Name the folder that holds 'record'.", code=Exit.INPUT, as_json=as_json
        )
    results = {str(case): verify(case, keys) for case in cases}
    if as_json:
        print_json({name: asdict(result) for name, result in results.items()})
    for name, result in results.items():
        if as_json:
            continue
        CONSOLE.print(
            f"{'ok      ' if result.ok else 'DAMAGED '} {name}",
            style="green" if result.ok else "bold red",
            markup=False,
        )
        for fault in result.faults:
            CONSOLE.print(f"  {printable(str(fault))}", markup=False)
    if not all(result.ok for result in results.values()):
        raise typer.Exit(Exit.FAULTS)
