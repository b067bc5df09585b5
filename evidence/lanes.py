"""A lane: the append-only diary of one instrument, one canonical JSON entry a line, each carrying the digest before it.

A lane is readable after any death of its writer: at worst its last line is torn. It cannot guard its own tail, which
is why the ui lane and the seal record its head.
"""

import hashlib
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from io import BufferedReader
from pathlib import Path
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Self

from evidence.canonical import MAX_INTEGER, MIN_INTEGER, Json, from_line, write_line
from evidence.clock import Clock, Instant
from evidence.errors import FactRefused, Fault, LaneEnded, LaneExists, NotCanonical, storage_failure
from evidence.faults import FaultList
from evidence.files import open_regular, write_all

__all__ = [
    "MAX_LINE",
    "Entry",
    "Fault",
    "Head",
    "LaneReading",
    "LaneWriter",
    "first_previous",
    "read_lane",
    "scan_lane",
]

MAX_LINE = 8 * 1024 * 1024
"""Bytes of the longest line, without its line end."""
SYNC_SECONDS = 2.0
"""How much of a lane a power cut may cost. The death of a process costs nothing that was appended."""

_LANE_NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_FIELDS = frozenset({"seq", "prev", "mono", "wall", "kind", "data"})
_MEND = "Compare with an untouched copy of the record; facts after this place are not vouched for."


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One fact as it stands in its lane."""

    lane: str
    seq: int
    prev: str
    """Digest of the entry before."""
    at: Instant
    kind: str
    data: Mapping[str, Json]
    digest: str
    """SHA-256 of the line without its line end: what the next entry carries as `prev`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The end of a lane at one moment: how many entries it has and the digest of the last."""

    lane: str
    count: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneReading:
    """What a lane's file holds, as far as it can be read."""

    entries: tuple[Entry, ...]
    torn_tail: bytes
    """Bytes after the last line end: the writer was killed. No fault, but the session is incomplete."""
    faults: tuple[Fault, ...]
    head: Head


def first_previous(lane: str) -> str:
    """What the first entry of a lane carries as `prev`."""
    return hashlib.sha256(f"appwitness lane v1 {lane}".encode("utf-8", "surrogatepass")).hexdigest()


class LaneWriter:
    """Writes one lane, from any thread. Each append is one write call, so a kill can only tear the last line."""

    def __init__(self, path: Path, lane: str, clock: Clock, *, sync_seconds: float = SYNC_SECONDS):
        if not _LANE_NAME.fullmatch(lane) or path.stem != lane:
            raise ValueError(f"a lane's file is named after it: {path.name!r} for lane {lane!r}")
        self._path = path
        self._clock = clock
        self._lock = Lock()
        self._head = Head(lane=lane, count=0, digest=first_previous(lane))
        self._size = 0
        self._failure: OSError | None = None
        self._handle = _create(path)
        self._ended = Event()
        self._syncer = Thread(target=self._sync_regularly, args=(sync_seconds,), name=f"sync {lane}", daemon=True)
        self._syncer.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @property
    def head(self) -> Head:
        return self._head

    def append(self, kind: str, data: Mapping[str, Json]) -> Entry:
        """Record a fact now. Once this returns, the fact survives the death of this process.

        TypeError or FactRefused for data the record cannot hold, StorageFailed when the disk refuses: the lane
        then stands as it was before, and may be appended to again.
        """
        if not kind:
            raise FactRefused("a fact needs a kind")
        with self._lock:
            if self._ended.is_set():
                raise LaneEnded(f"lane {self._head.lane} is closed")
            if self._failure is not None:
                raise storage_failure(self._path, self._failure) from self._failure
            at = self._clock.now()
            # The entry is made of the copy that was written: reading the line again costs as much as all the rest.
            line, value = self._line(kind, data, at)
            self._write(line + b"\n")
            digest = hashlib.sha256(line).hexdigest()
            entry = _entry(self._head.lane, value, digest)
            self._head = Head(lane=self._head.lane, count=self._head.count + 1, digest=digest)
            return entry

    def close(self) -> None:
        """Make the lane durable and end it. Closing twice is harmless."""
        with self._lock:
            if self._ended.is_set():
                return
            self._ended.set()
        self._syncer.join()
        try:
            os.fsync(self._handle)
        except OSError as error:
            raise storage_failure(self._path, error) from error
        finally:
            os.close(self._handle)

    def _line(self, kind: str, data: Mapping[str, Json], at: Instant) -> tuple[bytes, Json]:
        line, value = write_line(
            {
                "seq": self._head.count,
                "prev": self._head.digest,
                "mono": at.mono_ns,
                "wall": at.wall_ns,
                "kind": kind,
                "data": data,
            }
        )
        if len(line) > MAX_LINE:
            raise FactRefused(f"a fact of {len(line)} bytes; at most {MAX_LINE} fit into a line")
        return line, value

    def _write(self, line: bytes) -> None:
        try:
            write_all(self._handle, line)
        except OSError as error:
            # A full disk may have taken half of the line: take it back, or the next append would join it.
            self._take_back()
            raise storage_failure(self._path, error) from error
        self._size += len(line)

    def _take_back(self) -> None:
        try:
            os.ftruncate(self._handle, self._size)
        except OSError as error:
            self._failure = error

    def _sync_regularly(self, seconds: float) -> None:
        # In a thread of its own: a busy disk must not hold up the app's traffic.
        synced = 0
        while not self._ended.wait(seconds):
            size = self._size
            if size == synced:
                continue
            try:
                os.fsync(self._handle)
            except OSError as error:
                self._failure = error
                return
            synced = size


def _create(path: Path) -> int:
    try:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o666)
    except FileExistsError as error:
        raise LaneExists(f"{path} exists already") from error
    except OSError as error:
        raise storage_failure(path, error) from error


def read_lane(path: Path, *, place: str | None = None) -> LaneReading:
    """Read a lane as far as it goes. Bad content is named in `faults`, never raised.

    `place` is how faults call the file; its own name unless told.
    """
    entries: list[Entry] = []
    reading = scan_lane(path, lambda entry, _: entries.append(entry), place=place)
    return replace(reading, entries=tuple(entries))


def scan_lane(path: Path, each: Callable[[Entry, int], None], *, place: str | None = None) -> LaneReading:
    """As `read_lane`, but hands on each entry with its line number and keeps none: foreign lanes may be endless."""
    chain = _Chain(path.stem, path.name if place is None else place, each)
    try:
        with open_regular(path) as stream:
            for content, whole in _lines(stream):
                chain.take(content, whole)
    except FileNotFoundError:
        chain.fault(None, "the lane is missing", "Fetch a complete copy of the record.")
    except OSError as error:
        chain.fault(None, f"the lane cannot be read: {error.strerror or error}", "Check the file and its permissions.")
    return chain.reading()


def _lines(stream: BufferedReader) -> Iterator[tuple[bytes | None, bool]]:
    """(line without its end, True), lastly (torn tail, False); None for a line nobody should hold in memory."""
    while piece := stream.readline(MAX_LINE + 1):
        if piece.endswith(b"\n"):
            yield piece[:-1], True
        elif len(piece) <= MAX_LINE:
            yield piece, False
        else:
            ended = _skip_line(stream)
            yield (None if ended else piece), ended


def _skip_line(stream: BufferedReader) -> bool:
    while piece := stream.readline(MAX_LINE):
        if piece.endswith(b"\n"):
            return True
    return False


class _Chain:
    """Follows a lane line by line and goes on after each fault, so that every one is named."""

    def __init__(self, lane: str, place: str, each: Callable[[Entry, int], None]):
        self._lane = lane
        self._place = place
        self._each = each
        self._faults = FaultList(place)
        self._torn_tail = b""
        self._line = 0
        self._next_seq = 0
        self._digest: str | None = first_previous(lane)
        """None after a line whose digest nobody took."""
        self._mono_ns = MIN_INTEGER

    def reading(self) -> LaneReading:
        return LaneReading(
            entries=(),
            torn_tail=self._torn_tail,
            faults=self._faults.listed(),
            head=Head(lane=self._lane, count=self._next_seq, digest=self._digest or ""),
        )

    def fault(self, line: int | None, what: str, mend: str = _MEND) -> None:
        self._faults.add(self._place if line is None else f"{self._place}:{line}", what, mend)

    def take(self, content: bytes | None, whole: bool) -> None:
        if not whole:
            self._torn_tail = content or b""
            return
        self._line += 1
        digest = None if content is None else hashlib.sha256(content).hexdigest()
        try:
            if content is None or digest is None:
                raise NotCanonical(f"longer than {MAX_LINE} bytes")
            entry = _entry(self._lane, from_line(content), digest)
        except NotCanonical as error:
            self.fault(self._line, f"not a lane entry: {error}")
            self._next_seq += 1
        else:
            self._follow(entry)
            self._each(entry, self._line)
        self._digest = digest

    def _follow(self, entry: Entry) -> None:
        if entry.seq > self._next_seq:
            self.fault(self._line, f"{_numbers(self._next_seq, entry.seq - 1)} missing before this line")
        elif entry.seq < self._next_seq:
            self.fault(self._line, f"entry {entry.seq} stands where entry {self._next_seq} belongs")
        elif self._digest is not None and entry.prev != self._digest:
            self.fault(self._line, "the chain is broken: this line or the one before it was changed")
        if entry.at.mono_ns < self._mono_ns:
            self.fault(self._line, "time runs backwards in this line")
        self._mono_ns = entry.at.mono_ns
        self._next_seq = entry.seq + 1


def _numbers(first: int, last: int) -> str:
    return f"entry {first} is" if first == last else f"entries {first} to {last} are"


def _entry(lane: str, value: Json, digest: str) -> Entry:
    if not isinstance(value, dict) or value.keys() != _FIELDS:
        raise NotCanonical("the fields are not those of an entry")
    data = value["data"]
    if not isinstance(data, dict):
        raise NotCanonical("`data` is no object")
    return Entry(
        lane=lane,
        seq=_whole_number(value, "seq", 0),
        prev=_words(value, "prev"),
        at=Instant(
            mono_ns=_whole_number(value, "mono", MIN_INTEGER), wall_ns=_whole_number(value, "wall", MIN_INTEGER)
        ),
        kind=_words(value, "kind"),
        data=data,
        digest=digest,
    )


def _whole_number(value: Mapping[str, Json], name: str, least: int) -> int:
    number = value[name]
    if not isinstance(number, int) or isinstance(number, bool) or not least <= number <= MAX_INTEGER:
        raise NotCanonical(f"`{name}` is no fitting integer")
    return number


def _words(value: Mapping[str, Json], name: str) -> str:
    text = value[name]
    if not isinstance(text, str) or not text:
        raise NotCanonical(f"`{name}` is no text")
    return text
