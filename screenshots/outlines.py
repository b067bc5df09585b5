"""Rectangles that four straight edges draw, wherever they stand and whatever colours run inside: panels, cards, banners.

An edge of the screen may stand for one side: a banner that reaches it, or a drawer. What a rectangle is good for
is for others to say: rows of a list and pictures have four edges as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from screenshots.lines import Image, as_image
from screenshots.values import Box

__all__ = ["find_outlines"]

_SHORT_SIDE = 360
_LONGEST = 4
"""No screen is so many times as long as it is wide."""
_STEP = 6.0
"""Colours on both sides of an edge differ by this much, summed over Lab."""
_GAP = 7
_LEAST_SHARE = 0.05
"""A side is at least this part of the screen's longer side, rounded corners apart."""
_MOST_SEGMENTS = 90
_NEAR = 3
_CORNER = 28
"""A rounded corner takes so much from each of its sides, in pixels of the small picture."""
_LEAST_DRAWN, _DRAWN = 0.45, 0.8
"""So much of an upper and of a lower edge is to be seen: a ribbon, a picture or a close button may stand on one of them."""
_END, _ENDS_DRAWN = 8, 0.6
"""Towards its corners an edge is always to be seen: in the last eighth at either end."""
_AS_CLEAR = 0.9
"""Of edges that are about as clear as the clearest, the one nearest to the ends of the sides closes them."""
_MOST_COVER = 0.93
_MARGIN, _RULE = 5, 7
"""Columns at either edge of the screen that a sheet leaves empty; and rows that a line above it may take."""
_HIGHEST, _LOWEST, _ACROSS = 0.4, 0.97, 0.95
"""A bar over a page has another ground than the page as well: a sheet begins further down."""
_UNEQUAL = 0.35
"""Corners at both ends of an edge are rounded alike."""

Edges = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    """A straight upright edge: in which column it stands, and from where to where it goes."""

    at: int
    start: int
    end: int


def find_outlines(image: Image) -> tuple[Box, ...]:
    """Every rectangle with four sides that is large enough for a dialog, in pixels of the image."""
    short, long = sorted(image.shape[:2])
    if long > _LONGEST * short:
        return ()
    scale = _SHORT_SIDE / short
    size = (round(image.shape[1] * scale), round(image.shape[0] * scale))
    small = as_image(cv2.resize(image, size, interpolation=cv2.INTER_AREA))
    lab = cv2.cvtColor(small, cv2.COLOR_BGR2LAB).astype(np.float32)
    level = np.zeros(lab.shape[:2], bool)
    level[1:-1] = _differ(lab[2:], lab[:-2])
    upright = np.zeros(lab.shape[:2], bool)
    upright[:, 1:-1] = _differ(lab[:, 2:], lab[:, :-2])
    tall, wide = level.shape
    sums = np.pad(np.cumsum(level, axis=1), ((0, 0), (1, 0)))
    found = [*_rectangles(_sides(upright), sums), *_sheets(lab, sums)]
    return tuple(
        (round(left / scale), round(top / scale), round(right / scale), round(bottom / scale))
        for left, top, right, bottom in found
        if (right - left) * (bottom - top) <= _MOST_COVER * wide * tall
    )


def _differ(one: NDArray[np.float32], other: NDArray[np.float32]) -> Edges:
    edges: Edges = np.abs(one - other).sum(axis=2) > _STEP
    return edges


def _sides(edges: Edges) -> list[_Side]:
    """Long runs down the columns, small gaps closed; of neighbours that run together, the longest."""
    least = int(_LEAST_SHARE * max(edges.shape))
    closed = cv2.morphologyEx(edges.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((_GAP, 1), np.uint8))
    steps = np.diff(np.pad(closed.astype(np.int8), ((1, 1), (0, 0))), axis=0).T
    columns, starts = np.nonzero(steps == 1)
    _, ends = np.nonzero(steps == -1)
    lengths = ends - starts
    kept: list[_Side] = []
    for index in np.argsort(-lengths, kind="stable"):
        if lengths[index] < least or len(kept) >= _MOST_SEGMENTS:
            break
        one = _Side(at=int(columns[index]), start=int(starts[index]), end=int(ends[index]))
        if not any(_same_run(one, other) for other in kept):
            kept.append(one)
    return kept


def _same_run(one: _Side, other: _Side) -> bool:
    shared = min(one.end, other.end) - max(one.start, other.start)
    return abs(one.at - other.at) <= _NEAR and shared > 0.6 * (one.end - one.start)


def _rectangles(sides: list[_Side], sums: NDArray[np.int_]) -> Iterator[Box]:
    """Pairs of sides that begin and end together, closed above and below. The screen's own edge may be one of them."""
    wide = sums.shape[1] - 1
    least = int(_LEAST_SHARE * max(sums.shape))
    for at, left in enumerate(sides):
        yield from _closed(left, _Side(at=wide, start=left.start, end=left.end), sums)
        yield from _closed(_Side(at=0, start=left.start, end=left.end), left, sums)
        for other in sides[at + 1 :]:
            together = abs(left.start - other.start) <= _CORNER and abs(left.end - other.end) <= _CORNER
            if together and abs(left.at - other.at) >= 3 * least:
                first, second = sorted((left, other), key=lambda side: side.at)
                yield from _closed(first, second, sums)


def _sheets(lab: NDArray[np.float32], sums: NDArray[np.int_]) -> Iterator[Box]:
    """From an edge across the whole screen down to its foot, where the ground is another one than above and stays so."""
    tall, wide = lab.shape[:2]
    margins = np.concatenate((lab[:, 2 : 2 + _MARGIN], lab[:, wide - 2 - _MARGIN : wide - 2]), axis=1)
    ground = np.median(margins, axis=1)
    empty = np.abs(margins - ground[:, None]).sum(axis=2).max(axis=1) < _STEP
    rows = np.arange(int(_HIGHEST * tall), int((1 - 2 * _LEAST_SHARE) * tall))
    for row in rows[_share(sums, rows, 0, wide) >= _ACROSS]:
        below = slice(row + _RULE, int(_LOWEST * tall))
        same = np.abs(ground[below] - ground[row + _RULE]).sum(axis=1) < _STEP
        other = np.abs(ground[row - _RULE] - ground[row + _RULE]).sum() > _STEP / 2
        if other and empty[below].mean() > _ACROSS and same.mean() > _ACROSS:
            yield 0, int(row), wide, tall


def _closed(left: _Side, right: _Side, sums: NDArray[np.int_]) -> Iterator[Box]:
    tall = sums.shape[0]
    wide = sums.shape[1] - 1
    inset = min(_CORNER, (right.at - left.at) // 5)
    first, last = left.at + (inset if left.at else _NEAR), right.at - (inset if right.at < wide else _NEAR)
    upper, drawn_above = _bar(sums, first, last, (left.start, right.start), -1)
    lower, drawn_below = _bar(sums, first, last, (left.end, right.end), 1)
    if min(drawn_above, drawn_below) < _LEAST_DRAWN or not _even(sums, left.at, right.at, (upper, lower)):
        return
    borders = (upper == 0) + (lower == tall) + (left.at == 0) + (right.at == wide)
    if borders <= 2 and max(drawn_above, drawn_below) >= _DRAWN and lower - upper >= _LEAST_SHARE * tall:
        yield left.at, upper, right.at, lower


def _even(sums: NDArray[np.int_], left: int, right: int, rows: tuple[int, int]) -> bool:
    """Whether one edge goes on to one side as far as to the other: else both are closed by the edge of something else.

    On one of the two something may stand in a corner.
    """
    tall, wide = sums.shape[0], sums.shape[1] - 1
    inner = np.array([row for row in rows if 0 < row < tall])
    if left == 0 or right == wide or not len(inner):
        return True
    inset = min(_CORNER, (right - left) // 5)
    apart = _share(sums, inner, left + _NEAR, left + inset) - _share(sums, inner, right - inset, right - _NEAR)
    return bool((np.abs(apart) <= _UNEQUAL).any())


def _bar(sums: NDArray[np.int_], left: int, right: int, ends: tuple[int, int], way: int) -> tuple[int, float]:
    """The row near the ends of two sides that is drawn along the greatest part, and how great that part is."""
    tall = sums.shape[0]
    if (way < 0 and min(ends) <= _NEAR) or (way > 0 and max(ends) >= tall - _NEAR):
        return (0 if way < 0 else tall), 1.0
    first, last = (min(ends) - _CORNER, max(ends) + _NEAR) if way < 0 else (min(ends) - _NEAR, max(ends) + _CORNER)
    rows = np.arange(max(1, first), min(tall - 1, last + 1))
    drawn = _share(sums, rows, left, right)
    part = (right - left) // _END
    ends_drawn = np.minimum(_share(sums, rows, left, left + part), _share(sums, rows, right - part, right))
    drawn = np.where(ends_drawn >= _ENDS_DRAWN, drawn, 0.0)
    end = min(ends) if way < 0 else max(ends)
    clear = np.flatnonzero(drawn >= _AS_CLEAR * drawn.max())
    nearest = clear[np.argmin(np.abs(rows[clear] - end))]
    return int(rows[nearest]), float(drawn[nearest])


def _share(sums: NDArray[np.int_], rows: NDArray[np.int_], left: int, right: int) -> NDArray[np.float64]:
    share: NDArray[np.float64] = (sums[rows, right] - sums[rows, left]) / max(1, right - left)
    return share
