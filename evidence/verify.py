"""Does a case or a bundle still say what it said when it was sealed? Every fault is listed, never only the first.

Works offline, with nothing but the standard library and `cryptography`: `python -m evidence.verify CASE`.
"""

import argparse
import json
import sys
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from io import TextIOWrapper
from pathlib import Path

from evidence.bundle import check_bundle, is_archive, is_bundle, unpacked
from evidence.casecheck import CaseChecked, check_case, walk_case
from evidence.errors import EvidenceError, Fault
from evidence.faults import FaultList, escaped
from evidence.keyring import KeyRegister, read_register
from evidence.keys import fingerprint
from evidence.manifest import Seal
from evidence.record import BLOBS, CASE_FILE, RECORD, SEAL_FILE
from evidence.timestamp import load_authorities
from evidence.tree import Walked
from evidence.trust import Trust, shown_moment

__all__ = ["Fault", "Trust", "Verification", "main", "verify", "verify_for"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """The answer, and how much was looked at."""

    ok: bool
    """No faults. Notes do not count against a record."""
    faults: tuple[Fault, ...]
    notes: tuple[Fault, ...] = ()
    """What a reader should know without anything being wrong: a session that was cut off, a key nobody vouched for."""
    sessions: int = 0
    facts: int = 0
    files: int = 0
    blobs: int = 0
    bytes: int = 0
    sealed_wall_ns: int | None = None
    key: str | None = None
    """Fingerprint of the key that signed the record."""
    bundle: bool = False
    """A bundle was looked at, folder or archive; else a case by itself."""
    stamps: int = 0
    """Time stamps of the record's seal against which nothing speaks."""
    removed: int = 0
    """Blobs that are documented as redacted or purged."""


def verify(path: Path | str, trusted_keys: Collection[str] = ()) -> Verification:
    """Hold a case or a bundle against its seals. Never raises on what it holds.

    `trusted_keys` are fingerprints or public keys in hex. With none given an unknown key is a note; with some given, a
    key that is not among them is a fault.
    """
    return verify_for(path, Trust(keys=trusted_keys))


def verify_for(path: Path | str, trust: Trust) -> Verification:
    """The same for a verifier who was told more: a register with revocations, authorities that stamp the time."""
    path = Path(path)
    if _is_file(path):
        with unpacked(path) as (folder, tree, faults):
            if tree is None:
                return Verification(ok=False, faults=faults, bundle=True)
            answer = _verify_folder(folder, trust, tree)
        found = tuple(dict.fromkeys((*faults, *answer.faults)))
        return replace(answer, faults=found, ok=not found)
    return _verify_folder(path, trust)


def _verify_folder(path: Path, trust: Trust, tree: Walked | None = None) -> Verification:
    notes = FaultList(".")
    case_dir = _case_directory(path)
    if case_dir is not None:
        checked = check_case(case_dir, trust, notes, walk_case(case_dir))
        return _answer(checked, checked.faults, notes)
    if _is_bundle(path):
        bundle = check_bundle(path, trust, notes, tree)
        if bundle.case is None:
            return Verification(ok=False, faults=bundle.faults, bundle=True)
        answer = _answer(bundle.case, tuple(dict.fromkeys(bundle.faults)), notes)
        return replace(answer, bundle=True, files=bundle.files, bytes=bundle.bytes)
    mend = f"Name a bundle, or the case folder, the one that contains {RECORD}/{CASE_FILE}."
    return Verification(ok=False, faults=(Fault(place=".", what="this is no case folder and no bundle", mend=mend),))


def _is_file(path: Path) -> bool:
    try:
        return is_archive(path)
    except (OSError, ValueError):
        return False


def _is_bundle(path: Path) -> bool:
    try:
        return is_bundle(path)
    except (OSError, ValueError):
        return False


def _case_directory(path: Path) -> Path | None:
    """The case folder, also when its record folder was named. Never through a link inside the case."""
    try:
        if (path / RECORD).is_dir() and not (path / RECORD).is_symlink():
            return path
        inside = path.resolve()
        if inside.name == RECORD and ((inside / CASE_FILE).is_file() or (inside / SEAL_FILE).is_file()):
            return inside.parent
    except (OSError, ValueError):
        return None
    return None


def _answer(checked: CaseChecked, faults: tuple[Fault, ...], notes: FaultList) -> Verification:
    seen = checked.seen
    signed = checked.seal if isinstance(checked.seal, Seal) else None
    return Verification(
        ok=not faults,
        faults=faults,
        notes=notes.listed(),
        sessions=len(seen.sessions),
        facts=sum(session.facts for session in seen.sessions),
        files=len(seen.files),
        blobs=sum(path.startswith(f"{BLOBS}/") for path in seen.files),
        bytes=sum(file.size for file in seen.files.values()),
        sealed_wall_ns=signed.manifest.sealed_wall_ns if signed else None,
        key=fingerprint(signed.public_key) if signed else None,
        stamps=checked.custody.stamps,
        removed=len(checked.custody.removed),
    )


# ---------------------------------------------------------------------------------------------------- command


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0: as sealed. 1: faults. 2: wrong arguments."""
    parser = argparse.ArgumentParser(
        prog="python -m evidence.verify", description="Hold cases and bundles against their seals."
    )
    parser.add_argument("case", nargs="+", type=Path, help="a case folder, a bundle's folder, or a bundle's .zip")
    parser.add_argument("--trust", action="append", default=[], metavar="KEY", help="fingerprint of a key you trust")
    parser.add_argument("--register", type=Path, metavar="FILE", help="register of keys you trust, with revocations")
    parser.add_argument(
        "--authority", action="append", default=[], type=Path, metavar="FILE", help="certificates (PEM) of time stamps"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object per case")
    options = parser.parse_args(arguments)
    try:
        trust = _trust(options.trust, options.register, options.authority)
    except (OSError, ValueError, EvidenceError) as error:
        parser.error(f"{error}")
    answers = [(case, verify_for(case, trust)) for case in options.case]
    if isinstance(sys.stdout, TextIOWrapper):
        # A file name in Chinese must not end the command on a terminal that only knows ASCII.
        sys.stdout.reconfigure(errors="backslashreplace")
    for case, answer in answers:
        sys.stdout.write(_as_json(case, answer) if options.json else _as_text(case, answer))
    return 0 if all(answer.ok for _, answer in answers) else 1


def _trust(keys: Sequence[str], register: Path | None, authorities: Sequence[Path]) -> Trust:
    """Who was named. The keys of a register that was named are trusted as if each were."""
    read: KeyRegister | None = read_register(register) if register is not None else None
    named = (*keys, *(entry.fingerprint for entry in read.entries)) if read is not None else tuple(keys)
    certificates = tuple(found for path in authorities for found in load_authorities(path.read_bytes()))
    return Trust(keys=named, register=read, authorities=certificates)


def _as_json(case: Path, answer: Verification) -> str:
    return json.dumps({"case": str(case), **asdict(answer)}) + "\n"


def _as_text(case: Path, answer: Verification) -> str:
    lines = [f"{escaped(str(case))}: {'as sealed' if answer.ok else f'{len(answer.faults)} faults'}"]
    lines.append(
        f"  {answer.sessions} sessions, {answer.facts} facts, {answer.blobs} blobs, "
        f"{answer.files} files, {answer.bytes} bytes"
    )
    if answer.sealed_wall_ns is not None:
        lines.append(f"  sealed {shown_moment(answer.sealed_wall_ns)} by key {answer.key}")
    for word, found in (("FAULT", answer.faults), ("note", answer.notes)):
        for fault in found:
            lines += [f"  {word}  {fault.place}: {fault.what}", f"         {fault.mend}"]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
