"""Holds the lanes of a session against each other and against the blobs: what no single lane can vouch for."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from evidence.blobs import is_digest
from evidence.canonical import Json
from evidence.errors import Fault
from evidence.faults import FaultList
from evidence.lanes import Entry, LaneReading, first_previous, scan_lane
from evidence.record import BLOBS, RECORD, SESSIONS, Ending, ending_of

__all__ = ["LaneSeen", "SessionSeen", "check_session", "references"]

_MEND = "Fetch an untouched copy of the record."


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneSeen:
    """A lane as it is now."""

    reading: LaneReading
    """Without its entries."""
    last: Entry | None
    """The last entry that could be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSeen:
    """A session as it is now."""

    name: str
    lanes: Mapping[str, LaneSeen]
    ending: Ending
    facts: int
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Anchor:
    """The ui lane says at `place` that another lane had `count` entries, the last with this digest."""

    place: str
    count: int
    digest: str


def check_session(record: Path, name: str, lanes: Iterable[str], sizes: Mapping[str, int]) -> SessionSeen:
    """Read a session's lanes (by name). `sizes` are those of every file of the record, by path."""
    check = _SessionCheck(f"{RECORD}/{SESSIONS}/{name}", sizes)
    # The ui lane first: it carries what the others are held against.
    seen = {
        lane: check.lane(record / SESSIONS / name, lane)
        for lane in sorted(lanes, key=lambda lane: (lane != "ui", lane))
    }
    check.conclude(seen)
    lasts = {lane: at.last for lane, at in seen.items() if at.last is not None}
    return SessionSeen(
        name=name,
        lanes=seen,
        ending=ending_of({lane: at.reading for lane, at in seen.items()}, lasts),
        facts=check.facts,
        faults=(*(fault for at in seen.values() for fault in at.reading.faults), *check.faults.listed()),
    )


def references(data: Json) -> Iterator[tuple[str, Json]]:
    """Every blob reference in a fact's data as it was read: (digest, size as stated)."""
    pending = [data]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            if is_digest(digest := value.get("blob")):
                yield digest, value.get("size")
            value = list(value.values())
        if isinstance(value, list):
            pending.extend(item for item in value if isinstance(item, dict | list))


class _SessionCheck:
    """Takes the entries of lane after lane and keeps only what later ones are held against."""

    def __init__(self, place: str, sizes: Mapping[str, int]):
        self.facts = 0
        self.faults = FaultList(place)
        self._place = place
        self._sizes = sizes
        self._anchors: dict[str, dict[int, list[_Anchor]]] = {}
        self._closing: Entry | None = None
        self._closed_at = place
        self._last: Entry | None = None
        self._here = place

    def lane(self, folder: Path, lane: str) -> LaneSeen:
        self._last = None
        reading = scan_lane(folder / f"{lane}.jsonl", self._take, place=f"{self._place}/{lane}.jsonl")
        return LaneSeen(reading=reading, last=self._last)

    def conclude(self, seen: Mapping[str, LaneSeen]) -> None:
        """What shows only when every lane was read: those that are shorter than others say, or missing."""
        for lane, by_count in self._anchors.items():
            head = seen[lane].reading.head.count if lane in seen else 0
            for anchor in (anchor for count, anchors in by_count.items() if count > head for anchor in anchors):
                self._fault(
                    anchor.place, f"{anchor.count} entries of the {lane} lane were seen here; {_left(lane, seen)}"
                )
        counts = self._closing.data.get("counts") if self._closing else None
        for lane, count in counts.items() if self._closing and isinstance(counts, Mapping) else ():
            head = seen[lane].reading.head.count if lane in seen else 0
            if isinstance(count, int) and head < count:
                self._fault(
                    self._closed_at, f"the session closed with {count} entries in the {lane} lane; {_left(lane, seen)}"
                )

    def _take(self, entry: Entry, line: int) -> None:
        self._here = f"{self._place}/{entry.lane}.jsonl:{line}"
        self.facts += 1
        self._last = entry
        if entry.lane == "ui":
            self._take_ui(entry)
        else:
            for anchor in self._anchors.get(entry.lane, {}).get(entry.seq + 1, ()):
                self._compare(anchor, entry)
        for digest, size in references(entry.data):
            self._refer(digest, size)

    def _take_ui(self, entry: Entry) -> None:
        if self._closing is not None:
            self._fault(self._here, "a fact after the session was closed")
        if entry.kind == "SessionClosed":
            self._closing, self._closed_at = entry, self._here
        elif entry.kind == "LaneHead":
            self._anchor(entry)

    def _anchor(self, entry: Entry) -> None:
        lane, count, digest = (entry.data.get(name) for name in ("lane", "count", "digest"))
        if not isinstance(lane, str) or not isinstance(count, int) or not isinstance(digest, str):
            self._fault(self._here, "the head of another lane stands here and cannot be read")
        elif count > 0:
            anchor = _Anchor(place=self._here, count=count, digest=digest)
            self._anchors.setdefault(lane, {}).setdefault(count, []).append(anchor)
        elif digest not in ("", first_previous(lane)):
            self._fault(self._here, f"the head of the empty {lane} lane is not the one it begins with")

    def _compare(self, anchor: _Anchor, entry: Entry) -> None:
        if anchor.digest != entry.digest:
            what = f"not the entry that the ui lane saw here (ui.jsonl:{anchor.place.rpartition(':')[2]})"
            self._fault(self._here, what)

    def _refer(self, digest: str, size: Json) -> None:
        found = self._sizes.get(f"{BLOBS}/{digest[:2]}/{digest}")
        if found is None:
            self._fault(self._here, f"refers to blob {digest}, which is missing")
        elif found != size:
            self._fault(self._here, f"refers to {size} bytes of blob {digest}, which has {found}")

    def _fault(self, place: str, what: str) -> None:
        self.faults.add(place, what, _MEND)


def _left(lane: str, seen: Mapping[str, LaneSeen]) -> str:
    return f"{seen[lane].reading.head.count} are left: its tail was cut" if lane in seen else "the lane is missing"
