"""Holds one case folder against its seals and the documents beside it. `evidence.verify` and a bundle's check rest on it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from evidence.canonical import from_line
from evidence.comparison import compare_files, compare_record
from evidence.crosscheck import SessionSeen
from evidence.custody import Custody, note_removed, read_custody
from evidence.decision_check import check_decisions
from evidence.errors import Fault, NotCanonical
from evidence.faults import FaultList, escaped
from evidence.files import open_regular
from evidence.manifest import Kind, Seal, read_seal, seal_digest, seal_holds
from evidence.record import BLOBS, CLOSING_FILE, CUSTODY, DERIVED_SEAL, RECORD, SEAL_FILE, SESSIONS
from evidence.seal import OUTSIDE_DERIVED, is_hidden
from evidence.survey import Survey, survey
from evidence.tree import Tree, TreeReader, Walked
from evidence.trust import Trust, shown_moment, signer_faults

__all__ = ["MEND_COPY", "CaseChecked", "CaseFolders", "check_case", "load_seal", "walk_case"]

MEND_COPY = "Fetch an untouched copy of the case."
_MEND_DERIVED = "Judge the case again: derived files are made anew from the record."
_MAX_CLOSING = 1024 * 1024
_RECORD_SEAL = f"{RECORD}/{SEAL_FILE}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFolders:
    """The parts of a case, walked and being hashed."""

    record: Walked
    derived: Walked
    custody: Walked


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseChecked:
    """What was seen in a case, and everything that is wrong with it."""

    seen: Survey
    seal: Seal | Fault
    custody: Custody
    faults: tuple[Fault, ...]


def walk_case(case_dir: Path) -> CaseFolders:
    """Walk a case that stands by itself."""
    folder = case_dir / CUSTODY
    if not folder.is_dir() or folder.is_symlink():
        # Something else of this name is no folder of documents, and stands there unsealed.
        derived = TreeReader(case_dir, place="", skip=OUTSIDE_DERIVED - {CUSTODY})
        return CaseFolders(record=TreeReader(case_dir / RECORD, place=RECORD), derived=derived, custody=_Nothing())
    return CaseFolders(
        record=TreeReader(case_dir / RECORD, place=RECORD),
        derived=TreeReader(case_dir, place="", skip=OUTSIDE_DERIVED),
        custody=TreeReader(folder, place=CUSTODY),
    )


class _Nothing:
    """A folder that is not there."""

    folders: tuple[str, ...] = ()

    @property
    def sizes(self) -> dict[str, int]:
        return {}

    def tree(self) -> Tree:
        return Tree(files={}, folders=frozenset(), faults=())


def check_case(case_dir: Path, trust: Trust, notes: FaultList, folders: CaseFolders) -> CaseChecked:
    """Every fault of a case. Never raises on what it holds."""
    seal = load_seal(case_dir, _RECORD_SEAL, "record")
    record = seal if isinstance(seal, Seal) else None
    custody = read_custody(case_dir, folders.custody, record, trust, notes)
    seen = survey(case_dir, reader=folders.record, removed=custody.removed)
    note_removed(custody, seen.files, notes)
    if isinstance(seal, Seal):
        compared: tuple[Fault, ...] = (
            *seal_faults(seal, _RECORD_SEAL, trust, notes, custody.stamped_wall_ns),
            *compare_record(seal.manifest, seen, custody.removed),
        )
    else:
        compared = (seal,)
    derived = _derived_faults(case_dir, record, trust, notes, folders)
    decided = check_decisions(case_dir, seal_digest(record) if record else None, trust, notes)
    _note_closing(case_dir, seen.files, notes)
    _note_endings(seen.sessions, notes)
    faults = (*seen.faults, *compared, *derived, *folders.custody.tree().faults, *custody.faults, *decided)
    return CaseChecked(seen=seen, seal=seal, custody=custody, faults=_without_repeats(faults))


def load_seal(folder: Path, place: str, kind: Kind) -> Seal | Fault:
    """The seal at a place below a folder, or why it cannot be had."""
    try:
        return read_seal(folder / place, kind)
    except FileNotFoundError:
        mends = {"record": "Seal the case, or fetch its seal.", "derived": _MEND_DERIVED, "bundle": MEND_COPY}
        return Fault(place=place, what="there is no seal: nothing vouches for these files", mend=mends[kind])
    except (OSError, NotCanonical) as error:
        reason = escaped(str(getattr(error, "strerror", None) or error))
        return Fault(place=place, what=f"the seal cannot be read: {reason}", mend=MEND_COPY)


def seal_faults(seal: Seal, place: str, trust: Trust, notes: FaultList, stamped_wall_ns: int | None) -> Iterable[Fault]:
    """Whether a seal's signature holds, and whether its key is to be believed."""
    if not seal_holds(seal):
        yield Fault(place=place, what="the signature is bad: the seal was changed after signing", mend=MEND_COPY)
    yield from signer_faults(
        seal.public_key,
        place,
        trust,
        notes,
        signed_wall_ns=seal.manifest.sealed_wall_ns,
        stamped_wall_ns=stamped_wall_ns,
    )


def _derived_faults(
    case_dir: Path, record: Seal | None, trust: Trust, notes: FaultList, folders: CaseFolders
) -> Iterable[Fault]:
    tree = folders.derived.tree()
    files = {path: seen for path, seen in tree.files.items() if not is_hidden(path)}
    for path in tree.files.keys() - files.keys():
        notes.add(path, "a hidden file beside the record; it is no part of the case", "Ignore or remove it.")
    yield from tree.faults
    seal = load_seal(case_dir, DERIVED_SEAL, "derived")
    if isinstance(seal, Fault):
        if files or (case_dir / DERIVED_SEAL).exists():
            yield seal
        for path in files:
            yield Fault(place=path, what="no seal vouches for this file", mend=_MEND_DERIVED)
        return
    same_key = record is not None and seal.public_key == record.public_key
    yield from seal_faults(seal, DERIVED_SEAL, trust, FaultList(".") if same_key else notes, None)
    yield from compare_files(seal.manifest.files, files, place="", mend=_MEND_DERIVED)
    if record is not None:
        if seal.manifest.record_seal != seal_digest(record):
            what = "these files were derived from another record, or from this one before it was changed"
            yield Fault(place=DERIVED_SEAL, what=what, mend=_MEND_DERIVED)
        if not same_key:
            notes.add(DERIVED_SEAL, "signed by another key than the record", "Ask who judged the case.")


def _note_closing(case_dir: Path, files: Collection[str], notes: FaultList) -> None:
    """That the inspection died and somebody sealed what was left of it. What it says is under the record's seal."""
    if CLOSING_FILE not in files:
        return
    try:
        with open_regular(case_dir / RECORD / CLOSING_FILE) as stream:
            said = from_line(stream.read(_MAX_CLOSING).removesuffix(b"\n"))
    except (OSError, NotCanonical):
        said = None
    closing = said if isinstance(said, dict) else {}
    who, at = closing.get("closed_by") or "somebody who is not named", closing.get("closed_wall")
    when = f" on {shown_moment(at)}" if isinstance(at, int) else ""
    what = f"the inspection was cut off; what there was of it was closed and sealed afterwards by {who}{when}"
    notes.add(f"{RECORD}/{CLOSING_FILE}", what, "Inspect the app again if the rest is needed.")


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
