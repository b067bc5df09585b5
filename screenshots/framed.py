"""Cards whose colour runs or hardly differs from what they cover: found by their edges, and by the scrim around them.

A patch of one colour is not enough to see a gradient, or a dark card on a dark page. What is left is the frame: two sides that
stand at the same distance from the middle over the same rows, or one top edge across the screen, and words that shine
brighter inside than anything does outside. A sheet without a scrim throws a shadow upwards instead.
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
_BRIGHTER = 0.9
"""A scrim takes at least a tenth of all light."""
_HIGHEST_SHEET = 0.12
_SHEET_EDGE = 0.8
_SHADOW, _SHADOW_ROWS, _SHADOW_EDGE = -4.0, 3, 4.0
"""How much darker the rows above a sheet become, how many of them, and how much brighter the sheet begins."""
_DARK, _ON_DARK = 80.0, 0.6
"""On a ground that is no brighter than this a shadow takes so much less."""
_DARKER = 6.0
"""What a scrim covers is no brighter than the sheet before it, apart from what the two themselves are."""
_SHINING = 99.8
"""The strokes of a title are a few thousandths of a card's pixels."""
_MOST_ROWS = 1200

Lab = NDArray[np.float32]
Rows = NDArray[np.bool_]


def find_frames(lab: Lab, light: NDArray[np.uint8]) -> tuple[Box, ...]:
    """Cards and sheets on a small Lab picture, the most clearly framed first.

    `light` is the same picture's lightness at its full size (or a good part of it): letters are too thin to shine on a small one.
    """
    shine = _Shine(light, light.shape[1] / lab.shape[1])
    sheets = list(_below_an_edge(lab))
    found = [(strength, box) for strength, box in (*_between_sides(lab), *sheets[:1]) if shine.is_lit(box)]
    found = [one for one in found if one[1][2] < lab.shape[1] or not _is_brighter_above(lab, one[1])]
    own = [(strength, box) for strength, box in found if not any(_is_part(shine, box, other) for _, other in found)]
    shadowed = [(strength, box) for strength, sheet in sheets if (box := _under_a_shadow(lab, sheet)) is not None]
    return tuple(box for _, box in (*sorted(own, reverse=True), *shadowed))


def _is_part(shine: _Shine, box: Box, other: Box) -> bool:
    """A wide button has sides like a card, but its card is as bright; a dialog over another dialog is brighter."""
    wider = _area(other) > 1.15 * _area(box)
    held = other[0] <= box[0] + 2 and other[1] <= box[1] + 2 and other[2] >= box[2] - 2 and other[3] >= box[3] - 2
    return wider and held and not shine.is_lit(box, within=other)


def _is_brighter_above(lab: Lab, sheet: Box) -> bool:
    """A bar over a page: its own colour is brighter than the page's, which no scrim leaves behind."""
    light = lab[..., 0]
    above = light[int(_STATUS_BAR * lab.shape[0]) : max(1, sheet[1] - 2)]
    return bool(above.size) and float(np.median(above)) > float(np.median(light[sheet[1] + 2 :])) + _DARKER


def _under_a_shadow(lab: Lab, sheet: Box) -> Box | None:
    """The sheet from its real edge: rows grow darker towards it, in most columns, and the sheet begins brighter."""
    _, top, wide, tall = sheet
    steps = np.median(np.diff(lab[..., 0], axis=0)[:, _CORNER : wide - _CORNER], axis=1)
    for edge in range(max(_CORNER, top - 2), min(top + 2 * _CORNER, tall - 2)):
        before = steps[edge - 9 : edge]
        darker = before[(before <= -0.5) & (before > -12)]
        dark = float(np.median(lab[edge + 1, :, 0])) < _DARK
        share = _ON_DARK if dark else 1.0
        falls = len(darker) >= _SHADOW_ROWS - dark and float(darker.sum()) <= share * _SHADOW
        if steps[edge] >= share * _SHADOW_EDGE and falls:
            return 0, edge + 1, wide, tall
    return None


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
    """Sheets, the highest first: a top edge across the screen, and empty margins from there to the foot."""
    tall, wide = lab.shape[:2]
    margins = lab[:, 1:4], lab[:, wide - 4 : wide - 1]
    flat = np.logical_and(*(np.ptp(one, axis=1).sum(axis=1) < _FLAT for one in margins))
    means = [one.mean(axis=1) for one in margins]
    still = np.ones(tall, bool)
    for mean in means:
        still[1:] &= np.abs(np.diff(mean, axis=0)).sum(axis=1) < _FLAT
    broken = np.flatnonzero(~(flat & still)[: int(0.97 * tall)])
    start = max(int(_HIGHEST_SHEET * tall), int(broken[-1]) - _CORNER if len(broken) else 0)
    middle = slice(_CORNER, wide - _CORNER)
    last = -_CORNER - 1
    for top in range(start, int((1 - _LEAST_HEIGHT) * tall)):
        step = np.abs(lab[top + 1, middle] - lab[top - 2, middle]).sum(axis=1)
        share = float((step > _EDGE).mean())
        if share >= _SHEET_EDGE:
            if top > last + _CORNER:
                yield share * float(np.median(step)) * 10, (0, top, wide, tall)
            last = top


class _Shine:
    """How bright the brightest is, inside a box and outside it: a scrim lies over all but the card."""

    def __init__(self, light: NDArray[np.uint8], scale: float) -> None:
        step = max(1, light.shape[1] // _MOST_ROWS)
        self._light = light[::step, ::step]
        self._scale = scale / step

    def is_lit(self, box: Box, within: Box | None = None) -> bool:
        """Whether something inside is brighter than all outside it (or outside it and inside `within`)."""
        light = self._light
        left, top, right, bottom = self._placed(box)
        outside = np.zeros(light.shape, bool)
        margin = int(3 * self._scale)
        if within is None:
            outside[int(_STATUS_BAR * light.shape[0]) :] = True
        else:
            x, y, wide, tall = self._placed(within)
            outside[y + margin : tall - margin, x + margin : wide - margin] = True
        outside[max(0, top - margin) : bottom + margin, max(0, left - margin) : right + margin] = False
        if not outside.any() or bottom - top < 4:
            return False
        inner = np.percentile(light[top:bottom, left:right], _SHINING)
        return bool(_BRIGHTER * inner > np.percentile(light[outside], _SHINING))

    def _placed(self, box: Box) -> Box:
        left, top, right, bottom = (round(edge * self._scale) for edge in box)
        return left, top, right, bottom
