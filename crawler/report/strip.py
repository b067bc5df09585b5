"""The film strip: what was on the screen, a dozen pictures side by side, each tied to its instant on the axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crawler.judge.readings import ScreenAt, SessionReadings
from crawler.report.axis import Axis
from crawler.report.pictures import Gallery, shot_of

__all__ = ["FRAME_WIDTH", "Frame", "film_strip", "spread"]

FRAME_WIDTH = 76
"""Thousandths of the axis."""
_GAP = 7
_MOST_FRAMES = 12
_MOST_DIALOGS = 8
_THUMB_PIXELS = 230
_MOST_DOTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A picture of the film strip."""

    left: int
    """Where it is drawn, in thousandths of the axis."""
    middle: int
    at: int
    """Its true instant on the axis, in thousandths."""
    second: str
    screen: int
    uri: str
    kinds: str


def film_strip(session: SessionReadings, gallery: Gallery, axis: Axis) -> tuple[Frame, ...]:
    """Each picture when it first appeared, thinned so that all fit, where somebody tapped marked."""
    chosen = _chosen([at for at in _changes(session) if at.mono_ns >= axis.start_ns])
    dots = _dots(session)
    shown = [(at, uri) for at in chosen if (uri := gallery.show(at, _THUMB_PIXELS, dots=dots.get(shot_of(at), ())))]
    places = spread([axis.place(at.mono_ns) for at, _ in shown])
    return tuple(
        Frame(
            left=left,
            middle=left + FRAME_WIDTH // 2,
            at=axis.place(at.mono_ns),
            second=axis.second(at.mono_ns),
            screen=at.screen,
            uri=uri,
            kinds=", ".join(at.reading.kinds) if at.reading.readable else str(at.reading.unreadable_reason),
        )
        for left, (at, uri) in zip(places, shown, strict=True)
    )


def spread(places: Sequence[int]) -> tuple[int, ...]:
    """Left edges of frames that would like to stand over these places (ascending), moved apart so that none overlap."""
    lefts: list[int] = []
    for place in places:
        least = lefts[-1] + FRAME_WIDTH + _GAP if lefts else 0
        lefts.append(max(least, place - FRAME_WIDTH // 2))
    most = 1000 - FRAME_WIDTH
    for index in range(len(lefts) - 1, -1, -1):
        lefts[index] = min(lefts[index], most)
        most = lefts[index] - FRAME_WIDTH - _GAP
    return tuple(lefts)


def _changes(session: SessionReadings) -> list[ScreenAt]:
    seen: set[str] = set()
    changed = []
    for at in session.screens:
        shot = shot_of(at)
        if shot and shot not in seen:
            seen.add(shot)
            changed.append(at)
    return changed


def _chosen(changed: Sequence[ScreenAt]) -> list[ScreenAt]:
    """As many as fit: dialogs before pages, both thinned evenly, in order of time."""
    dialogs = _thinned([at for at in changed if at.reading.dialog is not None], _MOST_DIALOGS)
    pages = _thinned([at for at in changed if at.reading.dialog is None], _MOST_FRAMES - len(dialogs))
    return sorted([*dialogs, *pages], key=lambda at: at.mono_ns)


def _thinned(items: Sequence[ScreenAt], count: int) -> list[ScreenAt]:
    """The first, the last, and as many evenly between as are wanted."""
    if len(items) <= count:
        return list(items)
    if count < 2:
        return list(items[:count])
    return [items[index * (len(items) - 1) // (count - 1)] for index in range(count)]


def _dots(session: SessionReadings) -> dict[str, tuple[tuple[int, int], ...]]:
    """Where each picture was tapped, by its digest."""
    shots = {at.screen: shot_of(at) for at in session.screens}
    tapped_on = {entry.data.get("step"): entry.data.get("screen") for entry in session.facts_of("StepIntended")}
    dots: dict[str, tuple[tuple[int, int], ...]] = {}
    for entry in session.facts_of("ActionDone"):
        x, y, screen = entry.data.get("x"), entry.data.get("y"), tapped_on.get(entry.data.get("step"))
        if isinstance(x, int) and isinstance(y, int) and isinstance(screen, int) and (shot := shots.get(screen)):
            dots[shot] = (*dots.get(shot, ()), (x, y))[:_MOST_DOTS]
    return dots
