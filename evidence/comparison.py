"""What was sealed against what is there now: each difference named for what it is (cut, renamed, swapped, added…)."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from evidence.crosscheck import SessionSeen
from evidence.errors import Fault
from evidence.faults import FaultList
from evidence.manifest import Manifest, SealedFile
from evidence.record import RECORD, SEAL_FILE, SESSIONS
from evidence.survey import Survey
from evidence.tree import FileSeen

__all__ = ["compare_files", "compare_folders", "compare_record"]

_NOTHING: Mapping[str, int] = MappingProxyType({})

_MEND_COPY = "Fetch an untouched copy of the case; what was sealed cannot be had from this one."
_MEND_EXTRA = "Remove it, or fetch an untouched copy of the case."


def compare_record(manifest: Manifest, seen: Survey, removed: Mapping[str, int] = _NOTHING) -> tuple[Fault, ...]:
    """Every difference between a record and its manifest. `removed`: blobs by path that may be gone, for it is documented."""
    files = {path: file for path, file in seen.files.items() if path != SEAL_FILE}
    expected = [file for file in manifest.files if file.path in files or removed.get(file.path) != file.size]
    return (
        *compare_files(expected, files, place=RECORD, mend=_MEND_COPY),
        *_compare_lanes(manifest, seen.sessions),
        *compare_folders(manifest, seen.folders, place=RECORD),
    )


def compare_files(
    sealed: Iterable[SealedFile], seen: Mapping[str, FileSeen], *, place: str, mend: str
) -> tuple[Fault, ...]:
    """Every difference between sealed files and those that are there."""
    by_path = {file.path: file for file in sealed}
    sealed_as = {file.digest: path for path, file in by_path.items()}
    extra = {path: file for path, file in seen.items() if path not in by_path}
    moved_to = {file.digest: path for path, file in extra.items()}
    faults = FaultList(place)
    for path, file in by_path.items():
        if (found := seen.get(path)) is None:
            to = moved_to.get(file.digest)
            what = "is missing" if to is None else f"is missing: it was renamed to {to}"
            faults.add(_join(place, path), what, mend)
        elif found.digest != file.digest or found.size != file.size:
            faults.add(_join(place, path), _change(file, found, sealed_as.get(found.digest)), mend)
    for path, found in extra.items():
        original = sealed_as.get(found.digest)
        what = (
            "the seal does not name this file"
            if original is None
            else f"not sealed here: these are the bytes of {original}"
        )
        faults.add(_join(place, path), what, _MEND_EXTRA)
    return faults.listed()


def _change(file: SealedFile, found: FileSeen, other: str | None) -> str:
    if other is not None and found.digest != file.digest:
        return f"was replaced: it holds the bytes of {other}"
    if found.size < file.size:
        return f"was cut or changed: {found.size} of {file.size} bytes are left"
    if found.size > file.size:
        return f"was changed: it grew from {file.size} to {found.size} bytes"
    return f"bytes were changed: SHA-256 is {found.digest}, sealed was {file.digest}"


def _compare_lanes(manifest: Manifest, sessions: Iterable[SessionSeen]) -> tuple[Fault, ...]:
    heads = {(session.name, lane): at.reading.head for session in sessions for lane, at in session.lanes.items()}
    faults = FaultList(RECORD)
    for sealed in manifest.lanes:
        place = f"{RECORD}/{SESSIONS}/{sealed.session}/{sealed.lane}.jsonl"
        head = heads.get((sealed.session, sealed.lane))
        if head is None:
            faults.add(place, f"a lane of {sealed.count} entries is missing", _MEND_COPY)
        elif head.count != sealed.count:
            faults.add(place, f"the lane has {head.count} entries, {sealed.count} were sealed", _MEND_COPY)
        elif head.digest != sealed.digest:
            faults.add(place, f"the lane's last entry ({head.count}) is not the one that was sealed", _MEND_COPY)
    return faults.listed()


def compare_folders(manifest: Manifest, folders: frozenset[str], *, place: str) -> tuple[Fault, ...]:
    """Added folders. A sealed folder that is gone took its files along (named) or was empty (copying loses those)."""
    faults = FaultList(place)
    for folder in sorted(folders.difference(manifest.folders)):
        faults.add(_join(place, folder), "the seal does not name this folder", _MEND_EXTRA)
    return faults.listed()


def _join(place: str, path: str) -> str:
    return f"{place}/{path}" if place else path
