"""What the report shows of a session, as plain values: computed from readings and facts, nothing judged here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crawler.judge.model import ACCUSING, Finding
from crawler.judge.phases import Phase
from crawler.judge.readings import SessionReadings, Transmission
from crawler.report.axis import Axis, axis_of, shown_time
from crawler.report.pictures import Gallery
from crawler.report.strip import Frame, film_strip
from crawler.report.tracks import Anchors, Track, anchor_of, known_data, tracks_of

__all__ = ["RequestRow", "SessionView", "TimeSpan", "Went", "accusing", "session_view", "went"]

_MOST_ROWS = 200
_MOST_AROUND = 40
_MOST_FIELDS = 8
_LABELLED = 55
"""Thousandths of the axis below which a phase is too narrow for its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeSpan:
    """A phase on the axis, in thousandths of the session."""

    phase: str
    start: int
    width: int
    labelled: bool
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Went:
    """To whom and where a request went, beside what it must not be taken for."""

    to_zh: str
    to_en: str
    place_zh: str
    place_en: str
    reason_zh: str
    reason_en: str
    """Source and reservations of the place."""
    address: str
    plain: bool
    """Not encrypted: everybody on the way could read it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRow:
    """A line of the list of requests."""

    second: str
    phase: str
    owner: str
    line: str
    data: str
    target: str
    """Anchor of the finding that speaks of it, or ""."""
    went: Went
    fields: str
    """What the vendor's own names say is in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionView:
    """One session as it is drawn."""

    name: str
    complete: bool
    why_incomplete: str
    fresh: bool
    tls_observable: bool
    refusals: tuple[str, ...]
    clock_zh: str
    clock_en: str
    around: tuple[str, ...]
    """Connections around the proxy, whose content nobody saw."""
    began: str
    seconds: int
    frames: tuple[Frame, ...]
    spans: tuple[TimeSpan, ...]
    tracks: tuple[Track, ...]
    ticks: tuple[tuple[int, str], ...]
    requests: int
    rows: tuple[RequestRow, ...]
    """Those that accuse or carry known data first; bounded."""


def session_view(session: SessionReadings, gallery: Gallery, anchors: Anchors) -> SessionView:
    """A session with its film strip, tracks and requests."""
    axis = axis_of(session)
    return SessionView(
        name=session.session,
        complete=session.complete,
        why_incomplete=session.why_incomplete,
        fresh=session.fresh,
        tls_observable=session.tls_observable,
        refusals=session.refusals[:_MOST_ROWS],
        clock_zh=_clock(session)[0],
        clock_en=_clock(session)[1],
        around=tuple(
            dict.fromkeys(f"{one.remote}:{one.remote_port} ({one.destination.region or '?'})" for one in session.direct)
        )[:_MOST_AROUND],
        began=shown_time(session.facts[0].at.wall_ns if session.facts else None),
        seconds=axis.seconds,
        frames=film_strip(session, gallery, axis),
        spans=_spans(session, axis),
        tracks=tracks_of(session, axis, anchors),
        ticks=axis.ticks(),
        requests=len(session.transmissions),
        rows=_rows(session, axis, anchors),
    )


def _spans(session: SessionReadings, axis: Axis) -> tuple[TimeSpan, ...]:
    spans = []
    for span in session.spans:
        start, end = axis.place(span.from_ns), axis.place(span.to_ns if span.to_ns is not None else axis.end_ns)
        if span.phase is not Phase.NOT_STARTED and end > start:
            width = end - start
            shown = TimeSpan(
                phase=span.phase.value, start=start, width=width, labelled=width >= _LABELLED, why=span.why
            )
            spans.append(shown)
    return tuple(spans)


def _rows(session: SessionReadings, axis: Axis, anchors: Anchors) -> tuple[RequestRow, ...]:
    rows = [
        RequestRow(
            second=axis.second(sent.request.started.mono_ns),
            phase=sent.phase.value,
            owner=sent.owner.value,
            line=f"{sent.request.method[:20]} {sent.request.url[:300]}",
            data=known_data(sent),
            target=anchor_of(sent, session, anchors),
            went=went(sent),
            fields=", ".join(list(dict.fromkeys(field.field for field in sent.fields))[:_MOST_FIELDS]),
        )
        for sent in session.transmissions
    ]
    if len(rows) <= _MOST_ROWS:
        return tuple(rows)
    return tuple(sorted(rows, key=lambda row: (not row.target, not row.data))[:_MOST_ROWS])


def accusing(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings that speak against the app, in order of rule and time."""
    return tuple(
        sorted((f for f in findings if f.verdict in ACCUSING), key=lambda f: (f.rule, f.session, f.at_mono_ns or 0))
    )


def went(sent: Transmission) -> Went:
    """Who received it, and the country of the address, with the source of that."""
    place = sent.destination
    source = f"{place.source}; " if place is not None and place.source else ""
    return Went(
        to_zh=sent.recipient.name_zh,
        to_en=sent.recipient.name_en,
        place_zh=place.name_zh if place is not None else "不确定",
        place_en=place.name_en if place is not None else "uncertain",
        reason_zh=f"{source}{place.reason_zh}" if place is not None else "",
        reason_en=f"{source}{place.reason_en}" if place is not None else "",
        address=(place.address or "") if place is not None else "",
        plain=sent.request.scheme in ("http", "ws"),
    )


def _clock(session: SessionReadings) -> tuple[str, str]:
    """How the device's clock stood to ours, in Chinese and in English."""
    clock = session.clock
    if clock is None:
        return "未测定设备时钟", "the device's clock was not sampled"
    offset, error = clock.offset_ns / 1e6, clock.error_ns / 1e6
    steady_zh, steady_en = ("", "") if clock.steady else ("；会话中设备时钟被改动", "; it was set during the session")
    return (
        f"设备时钟与主机相差{offset:+.1f}毫秒（误差±{error:.1f}毫秒，{clock.samples}次采样）{steady_zh}",
        f"device clock {offset:+.1f} ms against the host's (±{error:.1f} ms, {clock.samples} samples){steady_en}",
    )
