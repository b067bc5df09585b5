"""Readings of one session: what its facts show, derived again from the record each time.

Needs nothing but the record: the same code runs during the night's crawl and years later on somebody else's machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from crawler.judge.bypass import DirectConnection, read_direct
from crawler.judge.clocks import DeviceClock, read_clock
from crawler.judge.model import Citation
from crawler.judge.phases import Phase, PhaseSpan, fold_phases, phase_at
from crawler.judge.sockets import Owner, SocketLife, owner_of, socket_lives
from evidence.blobs import BlobStore
from evidence.errors import EvidenceError
from evidence.lanes import Entry
from evidence.record import SessionRecord
from evidence.timeline import merge
from screenshots.reading import ScreenReading, read_screen
from screenshots.tricks import Trick, countdown_between, observe_tricks
from traffic.adapters import NamedField, name_fields
from traffic.attribution import Recipient, attribute, first_party_domains
from traffic.detect import Detection, Detector
from traffic.eventtimes import EventTime, find_event_times
from traffic.known import DATA_TYPES, KnownValue
from traffic.leaves import read_leaves
from traffic.recipients import Destination, locate
from traffic.record import CapturedRequest, read_requests, read_tls_refusals

__all__ = ["OpAccess", "ScreenAt", "SessionReadings", "Transmission", "known_values", "read_readings"]

_TRAVEL_NS = 250_000_000
"""The longest that adb may take to carry a new connection from the device to the host. Generous: too long only makes
owners ambiguous, never wrong."""
_MAX_REQUESTS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenAt:
    """A screen as it was seen at an instant."""

    screen: int
    mono_ns: int
    wall_ns: int
    reading: ScreenReading
    package: str
    """Of the foreground; "" when it is not known."""
    task_package: str
    running: bool | None
    phase: Phase
    entry: Entry
    tricks: tuple[Trick, ...] = ()
    """What was looked for on a prompt for consent and measured there: observations, no verdict."""

    def cite(self, session: str, what: str) -> Citation:
        """This screen as evidence."""
        return _cite(session, self.entry, what)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transmission:
    """A request that left the device, whose it was, to whom it went, and what known values were in it."""

    request: CapturedRequest
    detection: Detection
    recipient: Recipient
    owner: Owner
    phase: Phase
    fields: tuple[NamedField, ...] = ()
    """What the vendor's own names say is in it. Leads only."""
    event_times: tuple[EventTime, ...] = ()
    """Times of events in it that lie within the session, by the device's clock."""
    destination: Destination | None = None
    """The country of the address it went to, or why that is uncertain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpAccess:
    """The app used a guarded operation, by the system's own count of when."""

    op: str
    earliest_ns: int
    latest_ns: int
    """Host monotonic; the true instant lies between."""
    phase: Phase
    """INDETERMINATE when the stretch crosses phases."""
    entry: Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionReadings:
    """Everything the rules look at, for one session."""

    session: str
    scenario: str
    package: str
    label: str
    uid: int | None
    complete: bool
    why_incomplete: str
    fresh: bool
    """The app had been reset before, so that nobody could have consented earlier."""
    tls_observable: bool
    screens: tuple[ScreenAt, ...]
    spans: tuple[PhaseSpan, ...]
    transmissions: tuple[Transmission, ...]
    accesses: tuple[OpAccess, ...]
    refusals: tuple[str, ...]
    """Hosts whose traffic could not be read because the app refused the certificate."""
    known_kinds: tuple[str, ...]
    """Kinds of data whose values were known, so that sending them could be seen."""
    facts: tuple[Entry, ...]
    clock: DeviceClock | None = None
    """How the device's clock stands to ours; None where it was not asked."""
    direct: tuple[DirectConnection, ...] = ()
    """Connections of the app around the proxy: what they carried was not seen."""
    own_domains: tuple[str, ...] = ()
    """Domains that count as the app's own because its links name them."""

    def facts_of(self, kind: str) -> tuple[Entry, ...]:
        """The facts of one kind, in order of time."""
        return tuple(entry for entry in self.facts if entry.kind == kind)

    def cite(self, entry: Entry, what: str) -> Citation:
        """A fact of this session as evidence."""
        return _cite(self.session, entry, what)


def _cite(session: str, entry: Entry, what: str) -> Citation:
    return Citation(session=session, lane=entry.lane, seq=entry.seq, digest=entry.digest, what=what)


def read_readings(
    record: SessionRecord,
    blobs: BlobStore,
    *,
    read: Callable[..., ScreenReading] = read_screen,
    links: Sequence[str] = (),
) -> SessionReadings:
    """Derive the readings of a session. A damaged or missing blob makes its screen unreadable, its body empty; never more.

    `links`: hosts or URLs that the app's manifest, policy or developer name as the app's own.
    """
    facts = merge(record.lanes)
    opened = _first(facts, "SessionOpened")
    package = str(opened.get("package", ""))
    app = opened.get("app")
    found = app.get("uid") if isinstance(app, dict) else None
    uid = found if isinstance(found, int) and not isinstance(found, bool) else None
    own = first_party_domains((*links, *(_texts(app.get("links")) if isinstance(app, dict) else ())))
    screens = _screens(facts, blobs, package, read)
    kinds = {at.screen: at.reading.kinds if at.reading.readable else None for at in screens}
    spans = fold_phases(facts, kinds)
    known = tuple(known_values(facts, package))
    clock = read_clock(_lane(facts, "device"))
    return SessionReadings(
        session=record.name,
        scenario=str(opened.get("scenario", "")),
        package=package,
        label=str(opened.get("label", "")),
        uid=uid,
        complete=record.closed and record.outcome == "complete",
        why_incomplete="" if record.outcome == "complete" else (record.reason or "the session was cut off"),
        fresh=any(entry.kind == "AppReset" and entry.data.get("ok") is True for entry in facts),
        tls_observable=any(entry.kind == "TrustChecked" and entry.data.get("ok") is True for entry in facts),
        screens=tuple(replace(at, phase=phase_at(spans, at.mono_ns)) for at in screens),
        spans=spans,
        transmissions=_transmissions(facts, blobs, known, _App(package, uid, own), spans, clock),
        accesses=tuple(_accesses(facts, package, spans)),
        refusals=tuple(sorted({refusal.host for refusal in read_tls_refusals(_lane(facts, "traffic"))})),
        known_kinds=tuple(sorted({value.kind for value in known})),
        facts=facts,
        clock=clock,
        direct=read_direct(_lane(facts, "device"), uid, spans),
        own_domains=own,
    )


def _texts(value: object) -> tuple[str, ...]:
    """The strings of a list in a fact; a record may come from a stranger."""
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, (list, tuple)) else ()


@dataclass(frozen=True, slots=True)
class _App:
    """Whose traffic is looked at."""

    package: str
    uid: int | None
    own_domains: tuple[str, ...]


def _first(facts: Iterable[Entry], kind: str) -> Mapping[str, object]:
    return next((entry.data for entry in facts if entry.kind == kind), {})


def _lane(facts: Iterable[Entry], lane: str) -> tuple[Entry, ...]:
    return tuple(entry for entry in facts if entry.lane == lane)


def _screens(
    facts: Iterable[Entry], blobs: BlobStore, package: str, read: Callable[..., ScreenReading]
) -> list[ScreenAt]:
    """Every ScreenSeen with its reading; equal pairs of picture and hierarchy are read once."""
    cache: dict[tuple[str, str], tuple[ScreenReading, tuple[Trick, ...]]] = {}
    found: list[ScreenAt] = []
    for entry in facts:
        if entry.kind != "ScreenSeen":
            continue
        shot, hierarchy = _reference(entry.data.get("shot")), _reference(entry.data.get("hierarchy"))
        if (shot, hierarchy) not in cache:
            picture, tree = _blob(blobs, shot), _blob(blobs, hierarchy)
            text = tree.decode("utf-8", "surrogatepass") if tree else None
            reading = read(picture, text, package=package)
            cache[(shot, hierarchy)] = (reading, observe_tricks(reading, picture, text))
        foreground = entry.data.get("foreground")
        front: Mapping[str, object] = foreground if isinstance(foreground, dict) else {}
        number, running = entry.data.get("screen"), entry.data.get("app_running")
        found.append(
            ScreenAt(
                screen=number if isinstance(number, int) else -1,
                mono_ns=entry.at.mono_ns,
                wall_ns=entry.at.wall_ns,
                reading=cache[(shot, hierarchy)][0],
                package=str(front.get("package") or ""),
                task_package=str(front.get("task_package") or ""),
                running=running if isinstance(running, bool) else None,
                phase=Phase.NOT_STARTED,
                entry=entry,
                tricks=_seen_falling(found, cache[(shot, hierarchy)]),
            )
        )
    return found


def _seen_falling(earlier: Sequence[ScreenAt], now: tuple[ScreenReading, tuple[Trick, ...]]) -> tuple[Trick, ...]:
    """The tricks of a screen; a number that fell since the screen before is a countdown beyond doubt."""
    reading, tricks = now
    fell = countdown_between(earlier[-1].reading, reading) if earlier and tricks else None
    return tuple(fell if fell is not None and trick.name == fell.name else trick for trick in tricks)


def _reference(value: object) -> str:
    return str(value.get("blob", "")) if isinstance(value, dict) else ""


def _blob(blobs: BlobStore, digest: str) -> bytes | None:
    if not digest:
        return None
    try:
        return blobs.get(digest)
    except EvidenceError:
        return None


def known_values(facts: Iterable[Entry], package: str) -> Iterable[KnownValue]:
    """Values known to be this device's or planted on it. Another package's own Android ID is not this app's."""
    seen: set[tuple[str, str]] = set()
    for entry in facts:
        if entry.kind not in ("IdentifierRead", "IdentifierPlanted"):
            continue
        name, value = str(entry.data.get("name", "")), str(entry.data.get("value", ""))
        scope = entry.data.get("scope")
        if name not in DATA_TYPES or not value or (name, value) in seen:
            continue
        if name == "android_id" and scope is not None and str(scope) not in (package, ""):
            continue
        seen.add((name, value))
        source = str(entry.data.get("source") or entry.data.get("where") or "")
        yield KnownValue(kind=name, value=value, source=source, scope=str(scope) if scope is not None else None)


@lru_cache(maxsize=4)
def _detector(known: tuple[KnownValue, ...]) -> Detector:
    """Sessions of one app mostly know the same values, and to prepare the search takes longer than most searches."""
    return Detector(known)


def _transmissions(
    facts: Sequence[Entry],
    blobs: BlobStore,
    known: Sequence[KnownValue],
    app: _App,
    spans: Sequence[PhaseSpan],
    clock: DeviceClock | None,
) -> tuple[Transmission, ...]:
    requests = read_requests(_lane(facts, "traffic"), blobs)[:_MAX_REQUESTS]
    if not requests:
        return ()
    detector = _detector(tuple(known))
    lives = socket_lives(_lane(facts, "device"))
    travel = _TRAVEL_NS + _widest_gap(facts)
    return tuple(
        _transmission(request, detector, app, _owner(request, lives, app.uid, travel), spans, clock)
        for request in requests
        if not request.host.endswith("appwitness.invalid")
    )


def _transmission(
    request: CapturedRequest,
    detector: Detector,
    app: _App,
    owner: Owner,
    spans: Sequence[PhaseSpan],
    clock: DeviceClock | None,
) -> Transmission:
    """What one request shows. Known values are always looked for; names and times only add to that."""
    leaves = read_leaves(request)
    times: tuple[EventTime, ...] = ()
    if clock is not None and clock.steady and spans:
        earliest, latest = clock.device_of(spans[0].to_ns or 0), clock.device_of(request.started.mono_ns)
        times = find_event_times(leaves, earliest_ns=earliest, latest_ns=latest + clock.error_ns)
    return Transmission(
        request=request,
        detection=detector.search(request),
        recipient=attribute(request.host, app.package, app.own_domains),
        owner=owner,
        phase=phase_at(spans, request.started.mono_ns),
        fields=name_fields(request, leaves),
        event_times=times,
        destination=locate(request),
    )


def _owner(request: CapturedRequest, lives: Sequence[SocketLife], uid: int | None, travel: int) -> Owner:
    if request.connected_mono is None:
        return Owner.UNKNOWN
    return owner_of(
        lives,
        app_uid=uid,
        connected_ns=request.connected_mono,
        used_ns=request.started.mono_ns,
        travel_ns=travel,
    )


def _widest_gap(facts: Iterable[Entry]) -> int:
    gaps = [entry.data.get("widest_gap_ns") for entry in facts if entry.kind == "SocketsPolled"]
    return max((gap for gap in gaps if isinstance(gap, int)), default=0)


def _accesses(facts: Iterable[Entry], package: str, spans: Sequence[PhaseSpan]) -> Iterable[OpAccess]:
    """Accesses that the system counted after the app was opened, each operation's access once."""
    seen: set[tuple[str, int]] = set()
    for entry in facts:
        if entry.kind != "OpsSampled" or entry.data.get("package") != package:
            continue
        started, finished = entry.data.get("started"), entry.data.get("finished")
        ops = entry.data.get("ops")
        if not isinstance(started, int) or not isinstance(finished, int) or not isinstance(ops, list):
            continue
        for op in ops:
            ago = op.get("accessed_ago_ms") if isinstance(op, dict) else None
            if not isinstance(ago, int):
                continue
            earliest, latest = started - (ago + 1) * 1_000_000, finished - ago * 1_000_000
            first, last = phase_at(spans, earliest), phase_at(spans, latest)
            name = str(op.get("op", ""))
            if first is Phase.NOT_STARTED or (name, latest // 500_000_000) in seen:
                continue
            seen.add((name, latest // 500_000_000))
            yield OpAccess(
                op=name,
                earliest_ns=earliest,
                latest_ns=latest,
                phase=first if first is last else Phase.INDETERMINATE,
                entry=entry,
            )
