"""`verify`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import typer

from crawler.cli.output import Exit, fail, home_directory, print_json, show
from evidence.bundle import LATER_VERSION, is_archive, is_bundle
from evidence.errors import EvidenceError
from evidence.keyring import REGISTER_FILE, KeyRegister, known_keys, read_register
from evidence.record import RECORD
from evidence.timestamp import load_authorities
from evidence.verify import Trust, Verification, verify_for

__all__ = ["cases_below", "home_trust", "verify_command"]


def verify_command(
    path: Path, keys: tuple[str, ...], as_json: bool, register: Path | None = None, authorities: tuple[Path, ...] = ()
) -> None:
    """Check a case or bundle, or every one below a folder; exit 1 when anything is wrong."""
    cases = cases_below(path)
    if not cases:
        raise fail(
            f"there is no case and no bundle in {path}",
            f"Name the folder that holds '{RECORD}', or a bundle.",
            code=Exit.INPUT,
            as_json=as_json,
        )
    trust = _trust(keys, register, authorities, as_json)
    results = {str(case): verify_for(case, trust) for case in cases}
    if as_json:
        print_json({name: asdict(result) for name, result in results.items()})
    for name, result in () if as_json else results.items():
        _tell(name, result)
    if not all(result.ok for result in results.values()):
        raise typer.Exit(Exit.FAULTS)


def home_trust() -> Trust:
    """This home's own keys, earlier ones too: what they signed about removals counts, what was revoked does not."""
    return Trust(register=known_keys(home_directory() / "keys"))


def cases_below(path: Path) -> list[Path]:
    """The case or bundle at this place (a case's record folder may be named as well), else every one below it."""
    if (path / RECORD).is_dir() or is_archive(path) or is_bundle(path):
        return [path]
    if path.name == RECORD and path.is_dir():
        return [path.parent]
    found = {found.parent for found in path.glob(f"**/{RECORD}") if found.is_dir()}
    return sorted({case.parent if is_bundle(case.parent) else case for case in found})


def _trust(keys: Sequence[str], register: Path | None, authorities: Sequence[Path], as_json: bool) -> Trust:
    """Who was named. A register that was named lists the keys to trust; this machine's own only knows and revokes."""
    try:
        if register is not None:
            known: KeyRegister | None = read_register(register)
            keys = (*keys, *(entry.fingerprint for entry in known.entries)) if known is not None else keys
        else:
            folder = home_directory() / "keys"
            known = known_keys(folder) if (folder / REGISTER_FILE).is_file() else None
        roots = tuple(found for path in authorities for found in load_authorities(path.read_bytes()))
    except EvidenceError:
        raise
    except (OSError, ValueError) as error:
        mend = "Name a register of keys, and certificates in PEM."
        raise fail(f"{error}", mend, code=Exit.INPUT, as_json=as_json) from error
    return Trust(keys=tuple(keys), register=known, authorities=roots)


def _tell(name: str, result: Verification) -> None:
    """Every fault with what to do about it; then what a reader should know without anything being wrong."""
    counted = f"{result.sessions} sessions, {result.facts} facts, {result.blobs} blobs"
    # A bundle that this version cannot read is not said to be damaged: nothing in it was looked at.
    unread = any(fault.what.startswith(LATER_VERSION) for fault in result.faults)
    word, style = ("ok     ", "green") if result.ok else ("UNREAD ", "yellow") if unread else ("DAMAGED", "bold red")
    show(f"{word} {name}  ({counted})", style)
    for fault in result.faults:
        show(f"  {fault}")
        show(f"    → {fault.mend}", "dim")
    for note in result.notes:
        show(f"  note: {note}", "dim")
