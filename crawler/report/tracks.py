"""The tracks under the film strip: what was done, what was sent, what the system counted. One mark an event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from crawler.judge.readings import SessionReadings, Transmission
from crawler.judge.sockets import Owner
from crawler.report.axis import Axis

__all__ = ["Anchors", "Event", "Track", "anchor_of", "known_data", "tracks_of"]

Anchors = Mapping[tuple[str, int | None], str]
"""(session, monotonic time of a finding) → anchor of the finding in the document."""

_MOST_EVENTS = 300
_MOST_LEVELS = 4
_LEVEL_PIXELS = 15
_EVENT_WIDTH = 14
"""Thousandths of the axis that a mark covers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A mark on a track."""

    at: int
    style: str
    text: str
    target: str
    """Anchor of the finding it leads to, or ""."""
    top: int = 0
    """Pixels from the track's upper edge: marks of one moment stand below one another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """A row of marks."""

    zh: str
    en: str
    events: tuple[Event, ...]
    height: int
    """In pixels."""
    left_out: int
    """Events that were too many to draw."""


def tracks_of(session: SessionReadings, axis: Axis, anchors: Anchors) -> tuple[Track, ...]:
    """The three tracks of a session."""
    return (
        _track("操作", "actions", _actions(session, axis)),
        _track("网络请求", "traffic", _traffic(session, axis, anchors)),
        _track("系统记录", "system", _system(session, axis, anchors)),
    )


def _track(zh: str, en: str, events: Sequence[Event]) -> Track:
    """What accuses is drawn whatever else there is; marks that would cover each other move down a level."""
    kept = sorted(sorted(events, key=lambda event: not event.target)[:_MOST_EVENTS], key=lambda event: event.at)
    ends = [-_EVENT_WIDTH] * _MOST_LEVELS
    placed = []
    for event in kept:
        level = next((level for level, end in enumerate(ends) if end <= event.at), _MOST_LEVELS - 1)
        ends[level] = event.at + _EVENT_WIDTH
        placed.append(replace(event, top=level * _LEVEL_PIXELS))
    levels = max((event.top // _LEVEL_PIXELS + 1 for event in placed), default=1)
    return Track(
        zh=zh, en=en, events=tuple(placed), height=levels * _LEVEL_PIXELS + 9, left_out=len(events) - len(kept)
    )


def _actions(session: SessionReadings, axis: Axis) -> list[Event]:
    events = []
    for entry in session.facts_of("StepIntended"):
        target = entry.data.get("target")
        label = str(target.get("text", ""))[:40] if isinstance(target, dict) else ""
        text = f"{axis.second(entry.at.mono_ns)} · {entry.data.get('action')} ({entry.data.get('purpose')}) {label}"
        style = "consent" if entry.data.get("bears_on_consent") is True else "plain"
        events.append(Event(at=axis.place(entry.at.mono_ns), style=style, text=text, target=""))
    return events


def _traffic(session: SessionReadings, axis: Axis, anchors: Anchors) -> list[Event]:
    return [_request(sent, session, axis, anchors) for sent in session.transmissions]


def _request(sent: Transmission, session: SessionReadings, axis: Axis, anchors: Anchors) -> Event:
    anchor = anchor_of(sent, session, anchors)
    data = known_data(sent)
    style = "accused" if anchor else "other" if sent.owner is not Owner.APP else "data" if data else "plain"
    started = sent.request.started.mono_ns
    told = (
        axis.second(started),
        f"{sent.request.method} {sent.request.host}",
        sent.phase.value,
        sent.owner.value,
        data,
    )
    return Event(at=axis.place(started), style=style, text=" · ".join(filter(None, told)), target=anchor)


def anchor_of(sent: Transmission, session: SessionReadings, anchors: Anchors) -> str:
    """The finding that speaks of this request, or ""."""
    return anchors.get((session.session, sent.request.started.mono_ns), "")


def known_data(sent: Transmission) -> str:
    """Kinds of known values that stand in the request, each once."""
    return ", ".join(sorted({hit.kind for hit in sent.detection.hits if hit.standalone}))


def _system(session: SessionReadings, axis: Axis, anchors: Anchors) -> list[Event]:
    events = [
        Event(
            at=axis.place(access.latest_ns),
            style="op",
            text=f"{axis.second(access.latest_ns)} · {access.op} · {access.phase.value}",
            target="",
        )
        for access in session.accesses
    ]
    for at in session.screens:
        dialog = at.reading.dialog
        if dialog is not None and dialog.asks_permission:
            text = f"{axis.second(at.mono_ns)} · {dialog.text[:60]}"
            target = anchors.get((session.session, at.mono_ns), "")
            events.append(Event(at=axis.place(at.mono_ns), style="permission", text=text, target=target))
    for kind in ("ProcessStarted", "ProcessDied", "AppCrashed", "AppNotResponding"):
        for entry in session.facts_of(kind):
            if entry.data.get("package") == session.package:
                text = f"{axis.second(entry.at.mono_ns)} · {kind}"
                events.append(Event(at=axis.place(entry.at.mono_ns), style="process", text=text, target=""))
    return events
