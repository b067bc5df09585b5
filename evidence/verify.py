"""Does a case still say what it said when it was sealed? Every fault is listed, never only the first.

Works offline, with nothing but the standard library and `cryptography`: `python -m evidence.verify CASE`.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path

from evidence.comparison import compare_files, compare_record
from evidence.crosscheck import SessionSeen
from evidence.decision_check import check_decisions
from evidence.errors import Fault, NotCanonical
from evidence.faults import FaultList, escaped
from evidence.keys import fingerprint
from evidence.manifest import Kind, Seal, read_seal, seal_bytes, seal_holds
from evidence.record import BLOBS, CASE_FILE, DERIVED_SEAL, RECORD, SEAL_FILE, SESSIONS
from evidence.seal import OUTSIDE_DERIVED, is_hidden
from evidence.survey import Survey, survey
from evidence.tree import TreeReader

__all__ = ["Fault", "Verification", "main", "verify"]

_MEND_COPY = "Fetch an untouched copy of the case."
_MEND_DERIVED = "Judge the case again: derived files are made anew from the record."
_RECORD_SEAL = f"{RECORD}/{SEAL_FILE}"


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


def verify(path: Path | str, trusted_keys: Collection[str] = ()) -> Verification:
    """Hold a case against its seals. Never raises on what the case holds.

    `trusted_keys` are fingerprints or public keys in hex. With none given an unknown key is a note; with some given, a
    key that is not among them is a fault.
    """
    case_dir = _case_directory(Path(path))
    if case_dir is None:
        mend = f"Name the case folder, the one that contains {RECORD}/{CASE_FILE}."
        return Verification(ok=False, faults=(Fault(place=".", what="this is no case folder", mend=mend),))
    seen = survey(case_dir)
    notes = FaultList(".")
    seal = _read_seal(case_dir, _RECORD_SEAL, "record")
    if isinstance(seal, Seal):
        compared = (
            *_signature_faults(seal, _RECORD_SEAL, trusted_keys, notes),
            *compare_record(seal.manifest, seen),
        )
    else:
        compared = (seal,)
    derived = _derived_faults(case_dir, seal, trusted_keys, notes)
    decided = check_decisions(case_dir, _seal_digest(seal), trusted_keys, notes)
    _note_endings(seen.sessions, notes)
    return _answer(seen, seal, _without_repeats((*seen.faults, *compared, *derived, *decided)), notes.listed())


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


# ---------------------------------------------------------------------------------------------------- seals


def _read_seal(case_dir: Path, place: str, kind: Kind) -> Seal | Fault:
    try:
        return read_seal(case_dir / place, kind)
    except FileNotFoundError:
        mend = "Seal the case, or fetch its seal." if kind == "record" else _MEND_DERIVED
        return Fault(place=place, what="there is no seal: nothing vouches for these files", mend=mend)
    except (OSError, NotCanonical) as error:
        reason = escaped(str(getattr(error, "strerror", None) or error))
        return Fault(place=place, what=f"the seal cannot be read: {reason}", mend=_MEND_COPY)


def _seal_digest(seal: Seal | Fault) -> str | None:
    return hashlib.sha256(seal_bytes(seal)).hexdigest() if isinstance(seal, Seal) else None


def _signature_faults(seal: Seal, place: str, trusted_keys: Collection[str], notes: FaultList) -> Iterable[Fault]:
    signer = fingerprint(seal.public_key)
    trusted = {key.strip().lower() for key in trusted_keys}
    if not seal_holds(seal):
        yield Fault(place=place, what="the signature is bad: the seal was changed after signing", mend=_MEND_COPY)
    if trusted and trusted.isdisjoint({signer, seal.public_key}):
        mend = "Ask whoever made the case for their key's fingerprint, and trust it only if it is this one."
        yield Fault(place=place, what=f"signed by a key that you do not trust: {signer}", mend=mend)
    if not trusted:
        mend = "Compare the fingerprint with the one its owner tells you, then name it as trusted."
        notes.add(place, f"signed by a key that nobody vouched for here: {signer}", mend)


def _derived_faults(
    case_dir: Path, record: Seal | Fault, trusted_keys: Collection[str], notes: FaultList
) -> Iterable[Fault]:
    tree = TreeReader(case_dir, place="", skip=OUTSIDE_DERIVED).tree()
    files = {path: seen for path, seen in tree.files.items() if not is_hidden(path)}
    for path in tree.files.keys() - files.keys():
        notes.add(path, "a hidden file beside the record; it is no part of the case", "Ignore or remove it.")
    yield from tree.faults
    seal = _read_seal(case_dir, DERIVED_SEAL, "derived")
    if isinstance(seal, Fault):
        if files or (case_dir / DERIVED_SEAL).exists():
            yield seal
        for path in files:
            yield Fault(place=path, what="no seal vouches for this file", mend=_MEND_DERIVED)
        return
    same_key = isinstance(record, Seal) and seal.public_key == record.public_key
    yield from _signature_faults(seal, DERIVED_SEAL, trusted_keys, FaultList(".") if same_key else notes)
    yield from compare_files(seal.manifest.files, files, place="", mend=_MEND_DERIVED)
    if isinstance(record, Seal):
        if seal.manifest.record_seal != hashlib.sha256(seal_bytes(record)).hexdigest():
            what = "these files were derived from another record, or from this one before it was changed"
            yield Fault(place=DERIVED_SEAL, what=what, mend=_MEND_DERIVED)
        if not same_key:
            notes.add(DERIVED_SEAL, "signed by another key than the record", "Ask who judged the case.")


# ---------------------------------------------------------------------------------------------------- answer


def _note_endings(sessions: Iterable[SessionSeen], notes: FaultList) -> None:
    for session in sessions:
        place = f"{RECORD}/{SESSIONS}/{session.name}"
        if session.ending.outcome != "complete":
            notes.add(place, f"incomplete: {session.ending.reason}", "Inspect the app again if the rest is needed.")
        for lane, at in sorted(session.lanes.items()):
            if at.reading.torn_tail:
                what = f"ends in a torn line of {len(at.reading.torn_tail)} bytes: its writer was killed"
                notes.add(f"{place}/{lane}.jsonl", what, "Nothing to do: the torn line is kept, and is no fact.")


def _without_repeats(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """A damaged blob is found by its name and again by the seal, which says more: once is enough."""
    found = tuple(dict.fromkeys(faults))
    last_at = {fault.place: fault for fault in found}
    return tuple(
        fault for fault in found if not fault.place.startswith(f"{RECORD}/{BLOBS}/") or last_at[fault.place] is fault
    )


def _answer(seen: Survey, seal: Seal | Fault, faults: tuple[Fault, ...], notes: tuple[Fault, ...]) -> Verification:
    signed = seal if isinstance(seal, Seal) else None
    return Verification(
        ok=not faults,
        faults=faults,
        notes=notes,
        sessions=len(seen.sessions),
        facts=sum(session.facts for session in seen.sessions),
        files=len(seen.files),
        blobs=sum(path.startswith(f"{BLOBS}/") for path in seen.files),
        bytes=sum(file.size for file in seen.files.values()),
        sealed_wall_ns=signed.manifest.sealed_wall_ns if signed else None,
        key=fingerprint(signed.public_key) if signed else None,
    )


# ---------------------------------------------------------------------------------------------------- command


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0: as sealed. 1: faults. 2: wrong arguments."""
    parser = argparse.ArgumentParser(prog="python -m evidence.verify", description="Hold cases against their seals.")
    parser.add_argument("case", nargs="+", type=Path, help="a case folder")
    parser.add_argument("--trust", action="append", default=[], metavar="KEY", help="fingerprint of a key you trust")
    parser.add_argument("--json", action="store_true", help="one JSON object per case")
    options = parser.parse_args(arguments)
    answers = [(case, verify(case, options.trust)) for case in options.case]
    if isinstance(sys.stdout, TextIOWrapper):
        # A file name in Chinese must not end the command on a terminal that only knows ASCII.
        sys.stdout.reconfigure(errors="backslashreplace")
    for case, answer in answers:
        sys.stdout.write(_as_json(case, answer) if options.json else _as_text(case, answer))
    return 0 if all(answer.ok for _, answer in answers) else 1


def _as_json(case: Path, answer: Verification) -> str:
    return json.dumps({"case": str(case), **asdict(answer)}) + "\n"


def _as_text(case: Path, answer: Verification) -> str:
    lines = [f"{escaped(str(case))}: {'as sealed' if answer.ok else f'{len(answer.faults)} faults'}"]
    lines.append(
        f"  {answer.sessions} sessions, {answer.facts} facts, {answer.blobs} blobs, "
        f"{answer.files} files, {answer.bytes} bytes"
    )
    if answer.sealed_wall_ns is not None:
        moment = datetime.fromtimestamp(answer.sealed_wall_ns // 10**9, UTC)
        lines.append(f"  sealed {moment:%Y-%m-%d %H:%M:%S} UTC by key {answer.key}")
    for word, found in (("FAULT", answer.faults), ("note", answer.notes)):
        for fault in found:
            lines += [f"  {word}  {fault.place}: {fault.what}", f"         {fault.mend}"]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
