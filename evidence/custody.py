"""The documents that stand beside a record and speak about it: time stamps, removals, how long it is kept.

Each is signed on its own, by an authority or by a key, so none needs the seal of derived files; each is checked here.
"""

import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from evidence.errors import Fault, NotCanonical
from evidence.faults import FaultList, escaped
from evidence.files import open_regular
from evidence.manifest import Seal, seal_bytes, seal_digest
from evidence.record import BLOBS, CUSTODY
from evidence.redaction import (
    RETENTION_FILE,
    Redaction,
    Retention,
    read_redaction,
    read_retention,
    redaction_number,
)
from evidence.timestamp import check_stamp
from evidence.tree import Walked
from evidence.trust import Trust, shown_moment

__all__ = ["PENDING_FILE", "Custody", "note_removed", "read_custody", "stamp_number"]

PENDING_FILE = "stamp-pending.json"
_STAMP = re.compile(r"stamp-(\d{2,6})\.tsr")
_MAX_STAMP = 4 * 1024 * 1024
_MEND_COPY = "Fetch an untouched copy of the case."


@dataclass(slots=True)
class Custody:
    """What the documents say, as far as they may be believed."""

    removed: dict[str, int] = field(default_factory=dict)
    """Blobs that are documented as removed: path below the record folder, and size."""
    redactions: list[Redaction] = field(default_factory=list)
    stamped_wall_ns: int | None = None
    """The earliest moment at which an authority saw the record's seal. Only a trusted one's, when any was named."""
    stamps: int = 0
    pending: bool = False
    retention: Retention | None = None
    faults: list[Fault] = field(default_factory=list)


def stamp_number(name: str) -> int | None:
    """Which time stamp a file of the custody folder holds; None for other files."""
    found = _STAMP.fullmatch(name)
    return int(found[1]) if found else None


def read_custody(case_dir: Path, files: Walked, record: Seal | None, trust: Trust, notes: FaultList) -> Custody:
    """Read every document of the custody folder. `files`: that folder, walked. Never raises on what they hold."""
    custody = Custody()
    for name in sorted(files.sizes):
        place = f"{CUSTODY}/{name}"
        if stamp_number(name) is not None:
            _take_stamp(custody, case_dir / CUSTODY / name, place, record, trust, notes)
        elif redaction_number(name) is not None:
            _take_redaction(custody, case_dir / CUSTODY / name, place, record, trust)
        elif name == RETENTION_FILE:
            _take_retention(custody, case_dir / CUSTODY / name, place, record, trust)
        elif name == PENDING_FILE:
            custody.pending = True
            notes.add(place, "a time stamp was asked for and has not been had", "Run `appwitness timestamp --retry`.")
        else:
            _fault(custody, place, "not a document that belongs here", "Remove it, or put it where it belongs.")
    for folder in sorted(files.folders):
        _fault(custody, f"{CUSTODY}/{folder}", "a folder, where only documents belong", "Remove it.")
    return custody


def note_removed(custody: Custody, present: Mapping[str, object], notes: FaultList) -> None:
    """Tell of every removal; and of blobs that are still there although they are said to be gone."""
    for redaction in custody.redactions:
        place = f"{CUSTODY}/redaction-{redaction.number:04d}.json"
        word = "purged" if redaction.kind == "purge" else "redacted"
        what = (
            f"{len(redaction.blobs)} blobs {word}, documented: by {redaction.by} on {shown_moment(redaction.wall_ns)}"
        )
        notes.add(
            place, f"{what}: {redaction.reason}", "Nothing to do: their digests stay in the chain and in the seal."
        )
    for path in sorted(custody.removed.keys() & present.keys()):
        notes.add(f"record/{path}", "documented as removed, and still there", "Redact it again to remove it.")


def _take_stamp(custody: Custody, path: Path, place: str, record: Seal | None, trust: Trust, notes: FaultList) -> None:
    content = _content(path)
    if content is None or record is None:
        _fault(custody, place, "the time stamp cannot be held against a seal", _MEND_COPY)
        return
    checked = check_stamp(content, seal_bytes(record), trust.authorities)
    for what in checked.faults:
        _fault(custody, place, f"time stamp: {what}", "Ask the authority again for a stamp of the seal, or remove it.")
    if checked.wall_ns is None:
        return
    custody.stamps += 1
    if not checked.trusted:
        what = f"time stamp of {shown_moment(checked.wall_ns)} by an authority that nobody vouched for here"
        mend = "Name the authority's certificate as trusted if you know it from elsewhere."
        notes.add(place, f"{what}: {checked.authority}", mend)
    else:
        earlier = custody.stamped_wall_ns
        custody.stamped_wall_ns = checked.wall_ns if earlier is None else min(earlier, checked.wall_ns)
        what = f"an outside authority saw the seal on {shown_moment(checked.wall_ns)}: {checked.authority}"
        notes.add(
            place,
            what,
            "Nothing to do. Whether it revoked its certificate since needs a network, and was not looked at.",
        )


def _take_redaction(custody: Custody, path: Path, place: str, record: Seal | None, trust: Trust) -> None:
    try:
        redaction = read_redaction(path)
    except (OSError, NotCanonical) as error:
        _fault(custody, place, f"the redaction cannot be read: {_reason(error)}", _MEND_COPY)
        return
    trouble = _trouble(redaction, record, trust)
    if redaction.number != redaction_number(path.name):
        trouble = "its number is not that of its name"
    if trouble:
        _fault(custody, place, f"the redaction explains nothing: {trouble}", _MEND_COPY)
        return
    custody.redactions.append(redaction)
    custody.removed.update({f"{BLOBS}/{file.name[:2]}/{file.name}": file.size for file in redaction.blobs})


def _take_retention(custody: Custody, path: Path, place: str, record: Seal | None, trust: Trust) -> None:
    try:
        retention = read_retention(path)
    except (OSError, NotCanonical) as error:
        _fault(custody, place, f"how long the case is kept cannot be read: {_reason(error)}", _MEND_COPY)
        return
    if trouble := _trouble(retention, record, trust):
        _fault(custody, place, f"how long the case is kept is not said by its owner: {trouble}", _MEND_COPY)
    else:
        custody.retention = retention


def _trouble(document: Redaction | Retention, record: Seal | None, trust: Trust) -> str:
    """Why a document cannot be believed. Only the record's own key, or one that the verifier knows, may remove from it."""
    if not document.holds:
        return "its signature is bad: it was changed after signing"
    if record is None or document.record_seal != seal_digest(record):
        return "it was made for another record"
    if document.signer != record.public_key and not trust.knows(document.signer):
        return "it is signed by another key than the record, which you did not name as trusted"
    return ""


def _content(path: Path) -> bytes | None:
    with contextlib.suppress(OSError), open_regular(path) as stream:
        content = stream.read(_MAX_STAMP + 1)
        return content if len(content) <= _MAX_STAMP else None
    return None


def _reason(error: OSError | NotCanonical) -> str:
    return escaped(str(getattr(error, "strerror", None) or error))


def _fault(custody: Custody, place: str, what: str, mend: str) -> None:
    custody.faults.append(Fault(place=escaped(place), what=escaped(what), mend=mend))
