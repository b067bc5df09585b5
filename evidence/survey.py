"""Everything a record holds, looked at once: files, lanes, blobs, and whatever is wrong among themselves.

The seal and the verification rest on the same survey: the one writes it down, the other compares it with what was
written down.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from evidence.blobs import is_digest
from evidence.canonical import Json
from evidence.crosscheck import SessionSeen, check_session
from evidence.errors import Fault, RecordUnreadable
from evidence.faults import FaultList
from evidence.record import BLOBS, CASE_FILE, RECORD, SESSIONS, read_info
from evidence.tree import FileSeen, TreeReader, Walked

__all__ = ["Survey", "survey"]

_NOTHING: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """A record as it is now. Paths are relative to the record folder."""

    info: Mapping[str, Json]
    files: Mapping[str, FileSeen]
    folders: frozenset[str]
    sessions: tuple[SessionSeen, ...]
    faults: tuple[Fault, ...]
    """What is wrong whether or not the record is sealed."""


def survey(case_dir: Path, *, reader: Walked | None = None, removed: Mapping[str, int] = _NOTHING) -> Survey:
    """Look at a record. `reader`: its folder, if it was walked already. `removed`: documented as removed, blobs by path with
    their sizes; a fact may refer to one as if it were there."""
    record = case_dir / RECORD
    reader = reader or TreeReader(record, place=RECORD)
    lanes = _lanes_by_session(reader.folders, reader.sizes)
    sizes = {**removed, **reader.sizes}
    sessions = tuple(check_session(record, name, lanes[name], sizes) for name in sorted(lanes))
    tree = reader.tree()
    info, info_faults = _info(case_dir)
    return Survey(
        info=info,
        files=tree.files,
        folders=tree.folders,
        sessions=sessions,
        faults=(
            *tree.faults,
            *info_faults,
            *_blob_faults(tree.files),
            *(fault for session in sessions for fault in session.faults),
        ),
    )


def _lanes_by_session(folders: Iterable[str], files: Iterable[str]) -> dict[str, list[str]]:
    """The lanes of every session, also of one that was killed before it wrote any."""
    parts = (folder.split("/") for folder in folders)
    sessions: dict[str, list[str]] = {part[1]: [] for part in parts if len(part) == 2 and part[0] == SESSIONS}
    for path in files:
        match path.split("/"):
            case [top, session, file] if top == SESSIONS and file.endswith(".jsonl"):
                sessions[session].append(file.removesuffix(".jsonl"))
    return sessions


def _info(case_dir: Path) -> tuple[Mapping[str, Json], tuple[Fault, ...]]:
    try:
        return read_info(case_dir), ()
    except RecordUnreadable as error:
        return {}, (Fault(place=f"{RECORD}/{CASE_FILE}", what=error.what, mend=error.mend),)


def _blob_faults(files: Mapping[str, FileSeen]) -> tuple[Fault, ...]:
    """Every file among the blobs stands where its content belongs."""
    faults = FaultList(f"{RECORD}/{BLOBS}")
    for path, seen in files.items():
        if not path.startswith(f"{BLOBS}/"):
            continue
        name = path.rpartition("/")[2]
        if not is_digest(name) or path != f"{BLOBS}/{name[:2]}/{name}":
            faults.add(
                f"{RECORD}/{path}", "not a place where a blob may stand", "Remove it, or put it back in its place."
            )
        elif seen.digest != name:
            what = "the blob's bytes were changed: they no longer have the digest that is its name"
            faults.add(f"{RECORD}/{path}", what, "Fetch an untouched copy of the case.")
    return faults.listed()
