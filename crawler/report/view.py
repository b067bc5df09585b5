"""What the report shows, as plain values: computed from readings and facts, nothing judged here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from crawler.judge.model import ACCUSING, Finding
from crawler.judge.phases import Phase
from crawler.judge.readings import ScreenAt, SessionReadings, Transmission
from crawler.judge.sockets import Owner
from crawler.report.pictures import picture_uri
from evidence.blobs import BlobStore
from evidence.errors import EvidenceError

__all__ = ["Event", "Frame", "Picture", "SessionView", "TimeSpan", "picture_of", "session_view", "shown_time"]

_STRIP_FRAMES = 14
_THUMB_WIDTH = 150
_MAX_EVENTS = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One picture of the document, named so that several places can show it."""

    name: str
    uri: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A picture of the film strip. `at` is its place on the axis, in thousandths of the session."""

    at: int
    seconds: str
    screen: int
    uri: str
    kinds: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeSpan:
    """A phase on the axis, in thousandths of the session."""

    phase: str
    start: int
    width: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A mark on a track."""

    track: str
    """action | traffic | system"""
    at: int
    style: str
    text: str
    target: str
    """Anchor of the finding it leads to, or ""."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionView:
    """One session as it is drawn."""

    name: str
    scenario: str
    complete: bool
    why_incomplete: str
    seconds: int
    began: str
    frames: tuple[Frame, ...]
    spans: tuple[TimeSpan, ...]
    events: tuple[Event, ...]
    requests: int
    ticks: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Axis:
    start_ns: int
    end_ns: int

    def place(self, mono_ns: int) -> int:
        """Thousandths of the session, kept within it."""
        length = max(1, self.end_ns - self.start_ns)
        return max(0, min(1000, (mono_ns - self.start_ns) * 1000 // length))

    def seconds(self, mono_ns: int) -> str:
        return f"{(mono_ns - self.start_ns) / 1e9:.1f} s"


def shown_time(wall_ns: int | None) -> str:
    """A moment for people, in UTC."""
    if wall_ns is None:
        return ""
    moment = datetime.fromtimestamp(wall_ns // 1_000_000_000, UTC)
    return f"{moment:%Y-%m-%d %H:%M:%S}.{wall_ns // 1_000_000 % 1000:03d} UTC"


def picture_of(
    at: ScreenAt, blobs: BlobStore, width: int, *, mark: Sequence[int] | None = None, dot: Sequence[int] | None = None
) -> str | None:
    """The screenshot of a look as a data URI; None when there is none."""
    reference = at.entry.data.get("shot")
    if not isinstance(reference, dict):
        return None
    try:
        return picture_uri(blobs.get(str(reference.get("blob", ""))), width, mark=mark, dot=dot)
    except EvidenceError:
        return None


def session_view(
    session: SessionReadings, blobs: BlobStore, anchors: Mapping[tuple[str, int | None], str]
) -> SessionView:
    """A session with its film strip and tracks. `anchors`: (session, monotonic time of a finding) → anchor."""
    opened = session.facts[0].at if session.facts else None
    launched = next((span.from_ns for span in session.spans if span.phase is Phase.PRE_CONSENT), None)
    first = launched if launched is not None else (opened.mono_ns if opened else 0)
    last = session.facts[-1].at.mono_ns if session.facts else first + 1
    axis = _Axis(start_ns=first - 300_000_000, end_ns=max(last, first + 1_000_000_000))
    length = (axis.end_ns - axis.start_ns) // 1_000_000_000
    step = next((step for step in (1, 2, 5, 10, 20, 60, 120, 300) if length // step <= 12), 600)
    return SessionView(
        name=session.session,
        scenario=session.scenario,
        complete=session.complete,
        why_incomplete=session.why_incomplete,
        seconds=length,
        began=shown_time(opened.wall_ns if opened else None),
        frames=_frames(session, blobs, axis),
        spans=_spans(session, axis),
        events=tuple(
            [*_actions(session, axis), *_traffic(session, axis, anchors), *_system(session, axis)][:_MAX_EVENTS]
        ),
        requests=len(session.transmissions),
        ticks=tuple((axis.place(axis.start_ns + s * 1_000_000_000), f"{s} s") for s in range(0, length + 1, step)),
    )


def _frames(session: SessionReadings, blobs: BlobStore, axis: _Axis) -> tuple[Frame, ...]:
    """Pictures that changed, thinned so that they fit side by side; those with a dialog are kept first."""
    changed: list[ScreenAt] = []
    seen: set[str] = set()
    for at in session.screens:
        reference = at.entry.data.get("shot")
        digest = str(reference.get("blob")) if isinstance(reference, dict) else ""
        if digest and digest not in seen and at.mono_ns >= axis.start_ns:
            seen.add(digest)
            changed.append(at)
    slots: dict[int, ScreenAt] = {}
    for at in sorted(changed, key=lambda at: (at.reading.dialog is None, at.mono_ns)):
        slots.setdefault(axis.place(at.mono_ns) * _STRIP_FRAMES // 1001, at)
    frames = []
    for at in sorted(slots.values(), key=lambda at: at.mono_ns):
        uri = picture_of(at, blobs, _THUMB_WIDTH)
        if uri is not None:
            frames.append(
                Frame(
                    at=axis.place(at.mono_ns),
                    seconds=axis.seconds(at.mono_ns),
                    screen=at.screen,
                    uri=uri,
                    kinds=", ".join(at.reading.kinds),
                )
            )
    return tuple(frames)


def _spans(session: SessionReadings, axis: _Axis) -> tuple[TimeSpan, ...]:
    spans = []
    for span in session.spans:
        start, end = axis.place(span.from_ns), axis.place(span.to_ns if span.to_ns is not None else axis.end_ns)
        if span.phase is not Phase.NOT_STARTED and end > start:
            spans.append(TimeSpan(phase=span.phase.value, start=start, width=end - start, why=span.why))
    return tuple(spans)


def _actions(session: SessionReadings, axis: _Axis) -> list[Event]:
    events = []
    for entry in session.facts_of("StepIntended"):
        target = entry.data.get("target")
        label = str(target.get("text", ""))[:40] if isinstance(target, dict) else ""
        text = f"{entry.data.get('action')} ({entry.data.get('purpose')}) {label}"
        style = "consent" if entry.data.get("bears_on_consent") is True else "plain"
        events.append(Event(track="action", at=axis.place(entry.at.mono_ns), style=style, text=text, target=""))
    return events


def _traffic(session: SessionReadings, axis: _Axis, anchors: Mapping[tuple[str, int | None], str]) -> list[Event]:
    return [_request(sent, session, axis, anchors) for sent in session.transmissions]


def _request(
    sent: Transmission, session: SessionReadings, axis: _Axis, anchors: Mapping[tuple[str, int | None], str]
) -> Event:
    kinds = ", ".join(sorted({hit.kind for hit in sent.detection.hits if hit.standalone}))
    anchor = anchors.get((session.session, sent.request.started.mono_ns), "")
    style = "accused" if anchor else "data" if kinds else "plain"
    if sent.owner is not Owner.APP:
        style = "other" if not anchor else style
    text = f"{sent.request.method} {sent.request.host} · {sent.phase.value} · {sent.owner.value}" + (
        f" · {kinds}" if kinds else ""
    )
    return Event(track="traffic", at=axis.place(sent.request.started.mono_ns), style=style, text=text, target=anchor)


def _system(session: SessionReadings, axis: _Axis) -> list[Event]:
    events = [
        Event(
            track="system",
            at=axis.place(access.latest_ns),
            style="op",
            text=f"{access.op} · {access.phase.value}",
            target="",
        )
        for access in session.accesses
    ]
    for at in session.screens:
        if at.reading.dialog is not None and at.reading.dialog.kind == "permission":
            text = at.reading.dialog.text[:60]
            events.append(Event(track="system", at=axis.place(at.mono_ns), style="permission", text=text, target=""))
    for kind in ("ProcessStarted", "ProcessDied", "AppCrashed", "AppNotResponding"):
        for entry in session.facts_of(kind):
            if entry.data.get("package") == session.package:
                events.append(
                    Event(track="system", at=axis.place(entry.at.mono_ns), style="process", text=kind, target="")
                )
    return events


def accusing(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings that speak against the app, in order of time."""
    return tuple(
        sorted((f for f in findings if f.verdict in ACCUSING), key=lambda f: (f.rule, f.session, f.at_mono_ns or 0))
    )
