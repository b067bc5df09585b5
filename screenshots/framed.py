"""Cards whose colour runs or hardly differs from what they cover: found by their edges, and by the scrim around them.

A patch of one colour is not enough to see a gradient, or a dark card on a dark page. What is left is the frame: two sides that
stand at the same distance from the middle over the same rows, or one top edge across the screen, and words that shine
brighter inside than anything does outside.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from screenshots.values import Box

__all__ = ["find_frames"]

_EDGE = 3.5
"""Steps of colour across an edge, summed over Lab."""
_FLAT = 9.0
"""Beside its edge a card is empty: this much noise and gradient is allowed."""
_UNLIKE = 26.0
"""Left and right margins of one card differ by less, also when its colour runs; two buttons at its foot may not."""
_LEAST_HEIGHT, _MOST_HEIGHT = 0.08, 0.95
_GAP = 3
_CORNER = 13
"""Rows that a rounded corner takes from a side."""
_STATUS_BAR = 0.045
_BRIGHTER = 5.0
_HIGHEST_SHEET = 0.12
_SHEET_EDGE = 0.8

Lab = NDArray[np.float32]
Rows = NDArray[np.bool_]


def find_frames(lab: Lab) -> tuple[Box, ...]:
    """Cards and sheets on a small Lab picture, the most clearly framed first."""
    found = [*_between_sides(lab), *_below_an_edge(lab)]
    lit = [(strength, box) for strength, box in found if _is_lit(lab, box)]
    own = [(strength, box) for strength, box in lit if not any(_is_part(lab, box, other) for _, other in lit)]
    return tuple(box for _, box in sorted(own, reverse=True))


def _is_part(lab: Lab, box: Box, other: Box) -> bool:
    """A wide button has sides like a card, but its card is as bright; a dialog over another dialog is brighter."""
    wider = _area(other) > 1.15 * _area(box)
    held = other[0] <= box[0] + 2 and other[1] <= box[1] + 2 and other[2] >= box[2] - 2 and other[3] >= box[3] - 2
    return wider and held and not _is_lit(lab, box, within=other)


def _area(box: Box) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])


def _between_sides(lab: Lab) -> Iterator[tuple[float, Box]]:
    tall, wide = lab.shape[:2]
    best: dict[tuple[int, int], tuple[float, Box]] = {}
    for left in range(4, int(0.42 * wide)):
        right = wide - left
        inner = lab[:, left + 1 : left + 4], lab[:, right - 4 : right - 1]
        outer = lab[:, max(0, left - 4) : left - 1], lab[:, right + 1 : right + 4]
        steps = [np.abs(i.mean(axis=1) - o.mean(axis=1)).sum(axis=1) for i, o in zip(inner, outer, strict=True)]
        flat = [np.ptp(one, axis=1).sum(axis=1) < _FLAT for one in inner]
        alike = np.abs(inner[0].mean(axis=1) - inner[1].mean(axis=1)).sum(axis=1) < _UNLIKE
        step = np.minimum(*steps)
        sided = (step > _EDGE) & flat[0] & flat[1]
        for top, end in _runs(sided & alike, tall):
            bottom = end + _foot(sided[end : end + tall // 8])
            strength = float(np.median(step[top:bottom])) * (bottom - top)
            box = (left, _edge(lab, left, right, top, -1), right, _edge(lab, left, right, bottom, 1))
            place = (top // 24, bottom // 24)
            if strength > best.get(place, (0.0, box))[0]:
                best[place] = (strength, box)
    yield from best.values()


def _runs(rows: Rows, tall: int) -> Iterator[tuple[int, int]]:
    """Stretches of rows, small gaps closed, that are as high as a card."""
    places = np.flatnonzero(rows)
    if not len(places):
        return
    for stretch in np.split(places, np.flatnonzero(np.diff(places) > _GAP) + 1):
        top, bottom = int(stretch[0]), int(stretch[-1]) + 1
        if _LEAST_HEIGHT * tall <= bottom - top <= _MOST_HEIGHT * tall and len(stretch) > 0.85 * (bottom - top):
            yield top, bottom


def _foot(sided: Rows) -> int:
    """How far the sides go on where they are no longer alike: past two buttons of different colours."""
    return len(sided) if sided.all() else int(np.argmin(sided))


def _edge(lab: Lab, left: int, right: int, row: int, way: int) -> int:
    """The row, going on from the end of a side past a rounded corner, where most columns change together."""
    tall: int = lab.shape[0]
    columns = slice(left + _CORNER, max(left + _CORNER + 4, right - _CORNER))
    rows = [at for at in range(row - 2 * way, row + way * _CORNER, way) if 2 <= at < tall]
    steps = [float(np.median(np.abs(lab[at, columns] - lab[at - 2, columns]).sum(axis=1))) for at in rows]
    strongest = max(steps, default=0.0)
    found = rows[steps.index(strongest)] - 1 if strongest > _EDGE else row
    return min(tall, max(0, found))


def _below_an_edge(lab: Lab) -> Iterator[tuple[float, Box]]:
    """A sheet: a top edge across the screen, and empty margins from there to the foot."""
    tall, wide = lab.shape[:2]
    margins = lab[:, 2:6], lab[:, wide - 6 : wide - 2]
    flat = np.logical_and(*(np.ptp(one, axis=1).sum(axis=1) < _FLAT for one in margins))
    means = [one.mean(axis=1) for one in margins]
    still = np.ones(tall, bool)
    for mean in means:
        still[1:] &= np.abs(np.diff(mean, axis=0)).sum(axis=1) < _FLAT
    broken = np.flatnonzero(~(flat & still)[: int(0.97 * tall)])
    start = max(int(_HIGHEST_SHEET * tall), int(broken[-1]) - _CORNER if len(broken) else 0)
    middle = slice(_CORNER, wide - _CORNER)
    for top in range(start, int((1 - _LEAST_HEIGHT) * tall)):
        step = np.abs(lab[top + 1, middle] - lab[top - 2, middle]).sum(axis=1)
        share = float((step > _EDGE).mean())
        if share >= _SHEET_EDGE:
            yield share * float(np.median(step)) * 10, (0, top, wide, tall)
            return


def _is_lit(lab: Lab, box: Box, within: Box | None = None) -> bool:
    """The brightest inside is brighter than the brightest outside: a scrim lies over all but the card."""
    left, top, right, bottom = box
    outside = np.zeros(lab.shape[:2], bool)
    if within is None:
        outside[int(_STATUS_BAR * lab.shape[0]) :] = True
    else:
        outside[within[1] + 3 : within[3] - 3, within[0] + 3 : within[2] - 3] = True
    outside[max(0, top - 3) : bottom + 3, max(0, left - 3) : right + 3] = False
    if not outside.any() or bottom - top < 4:
        return False
    light = lab[..., 0]
    return bool(np.percentile(light[top:bottom, left:right], 99) > np.percentile(light[outside], 99) + _BRIGHTER)
