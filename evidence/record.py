"""Where things stand in a case, and how its sessions are read back.

CASE/record/case.json
CASE/record/sessions/S01-cold-start/{ui,traffic,device}.jsonl
CASE/record/blobs/ab/ab12…
CASE/record/seal.json
CASE/findings.json, report.html, …, derived-seal.json      derived: may be made again at any time
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from evidence.blobs import BlobStore
from evidence.canonical import Json, from_line, to_line
from evidence.errors import NotCanonical, RecordUnreadable, storage_failure
from evidence.files import open_regular, write_whole
from evidence.lanes import Entry, LaneReading, read_lane

__all__ = [
    "BLOBS",
    "CASE_FILE",
    "CLOSING_FILE",
    "CUSTODY",
    "DERIVED_SEAL",
    "FORMAT",
    "RECORD",
    "SEAL_FILE",
    "SESSIONS",
    "CaseRecord",
    "Ending",
    "SessionRecord",
    "blobs_directory",
    "ending_of",
    "read_case",
    "read_info",
    "read_session",
    "session_directory",
    "write_case",
]

FORMAT = 1
RECORD = "record"
CASE_FILE = "case.json"
CLOSING_FILE = "closing.json"
"""Only of a case whose inspection died: who closed it, when, and what was cut off."""
SESSIONS = "sessions"
BLOBS = "blobs"
SEAL_FILE = "seal.json"
DERIVED_SEAL = "derived-seal.json"
CUSTODY = "custody"
"""Folder of signed documents about the record: time stamps, redactions, how long it is kept."""

_MAX_CASE_FILE = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a session ended, by its own lanes."""

    closed: bool
    """The ui lane's last entry is SessionClosed."""
    outcome: str
    """"complete" only if the session says so and nothing in its lanes speaks against it; else "incomplete"."""
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRecord:
    """The facts of one session, as far as they can be read."""

    name: str
    lanes: Mapping[str, LaneReading]
    closed: bool
    outcome: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRecord:
    """A case: what it is about, its sessions in order of their names, and the blobs they share."""

    info: Mapping[str, Json]
    sessions: tuple[SessionRecord, ...]
    blobs: BlobStore


def session_directory(case_dir: Path, session: str) -> Path:
    return case_dir / RECORD / SESSIONS / session


def blobs_directory(case_dir: Path) -> Path:
    return case_dir / RECORD / BLOBS


def write_case(case_dir: Path, info: Mapping[str, Json]) -> Path:
    """Begin a case: its folders and record/case.json. `format` is filled in. Returns the record folder."""
    record = case_dir / RECORD
    try:
        (record / SESSIONS).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise storage_failure(record, error) from error
    write_whole(record / CASE_FILE, [to_line({**info, "format": FORMAT}) + b"\n"])
    return record


def read_info(case_dir: Path) -> Mapping[str, Json]:
    """What record/case.json says. RecordUnreadable if it is not there or not ours."""
    path = case_dir / RECORD / CASE_FILE
    try:
        with open_regular(path) as stream:
            content = stream.read(_MAX_CASE_FILE + 1)
    except OSError as error:
        raise RecordUnreadable(path, f"cannot be read: {error.strerror or error}") from error
    if len(content) > _MAX_CASE_FILE:
        raise RecordUnreadable(path, f"larger than {_MAX_CASE_FILE} bytes")
    try:
        info = from_line(content.removesuffix(b"\n"))
    except NotCanonical as error:
        raise RecordUnreadable(path, f"damaged: {error}") from error
    if not isinstance(info, dict) or info.get("format") is True or info.get("format") != FORMAT:
        raise RecordUnreadable(
            path,
            f"does not say format {FORMAT}",
            mend="Use the version of AppWitness that made this case, or a newer one.",
        )
    return cast("Mapping[str, Json]", info)


def read_case(case_dir: Path) -> CaseRecord:
    """Read a whole case. A session that was cut off is read as far as it goes."""
    info = read_info(case_dir)
    sessions = case_dir / RECORD / SESSIONS
    try:
        folders = sorted(path for path in sessions.iterdir() if path.is_dir() and not path.is_symlink())
    except OSError as error:
        raise RecordUnreadable(sessions, f"cannot be read: {error.strerror or error}") from error
    return CaseRecord(
        info=info,
        sessions=tuple(read_session(folder) for folder in folders),
        blobs=BlobStore(blobs_directory(case_dir)),
    )


def read_session(path: Path) -> SessionRecord:
    """Read every lane of a session's folder. Never raises on what the lanes hold."""
    try:
        files = sorted(file for file in path.iterdir() if file.suffix == ".jsonl")
    except OSError as error:
        raise RecordUnreadable(path, f"cannot be read: {error.strerror or error}") from error
    lanes = {file.stem: read_lane(file) for file in files}
    lasts = {name: lane.entries[-1] for name, lane in lanes.items() if lane.entries}
    ending = ending_of(lanes, lasts)
    return SessionRecord(
        name=path.name, lanes=lanes, closed=ending.closed, outcome=ending.outcome, reason=ending.reason
    )


def ending_of(lanes: Mapping[str, LaneReading], lasts: Mapping[str, Entry]) -> Ending:
    """How a session ended, from its lanes and the last entry of each. Whatever is doubtful makes it incomplete."""
    last = lasts.get("ui")
    if last is None or last.kind != "SessionClosed":
        doubts = ["it was cut off before it was closed", *_torn(lanes)]
        return Ending(closed=False, outcome="incomplete", reason="; ".join(doubts))
    said = str(last.data.get("reason") or "")
    if last.data.get("outcome") != "complete":
        return Ending(closed=True, outcome="incomplete", reason=said or "it was closed as incomplete")
    doubts = [*_torn(lanes), *_open_lanes(lanes, lasts), *_short_counts(lanes, last)]
    return Ending(closed=True, outcome="incomplete" if doubts else "complete", reason="; ".join(doubts) or said)


def _torn(lanes: Mapping[str, LaneReading]) -> Iterable[str]:
    for name, lane in sorted(lanes.items()):
        if lane.torn_tail:
            yield f"the {name} lane ends in a torn line of {len(lane.torn_tail)} bytes"
        if lane.faults:
            yield f"the {name} lane has faults"


def _open_lanes(lanes: Mapping[str, LaneReading], lasts: Mapping[str, Entry]) -> Iterable[str]:
    for name in sorted(lanes):
        if name != "ui" and (name not in lasts or lasts[name].kind != "LaneClosed"):
            yield f"the {name} lane was not closed"


def _short_counts(lanes: Mapping[str, LaneReading], last: Entry) -> Iterable[str]:
    counts = last.data.get("counts")
    for name, count in sorted(counts.items()) if isinstance(counts, dict) else ():
        if not isinstance(count, int) or name not in lanes:
            yield f"the {name} lane is missing"
        elif lanes[name].head.count < count:
            yield f"the {name} lane has {lanes[name].head.count} entries of {count}"
