"""Finds the coloured words of a text on the screenshot: that is how a reader sees where a link stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from screenshots.lines import Image, commonest_colour
from screenshots.values import Box

__all__ = ["place_titles"]

_INK = 40
_TINTED = 26
_LEAST_RUN = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """A stretch of coloured ink on one line of text."""

    left: int
    right: int
    top: int
    bottom: int


def place_titles(image: Image, text: Box, titles: Sequence[str]) -> tuple[Box, ...] | None:
    """The box of each title (its longest piece when it wraps), or None when the colours do not add up to them."""
    left, top, right, bottom = text
    crop = np.ascontiguousarray(image[max(0, top) : bottom, max(0, left) : right])
    if not titles or crop.shape[0] < 10 or crop.shape[1] < 10:
        return None
    runs = _coloured_runs(crop)
    if not runs:
        return None
    total = sum(run.right - run.left for run in runs)
    each = total / sum(len(title) for title in titles)
    tall = float(np.median([run.bottom - run.top for run in runs]))
    if not 0.3 * tall <= each <= 1.6 * tall:
        return None
    return tuple(
        (run.left + max(0, left), run.top + max(0, top), run.right + max(0, left), run.bottom + max(0, top))
        for run in (max(pieces, key=lambda run: run.right - run.left) for pieces in _dealt_out(runs, titles, each))
    )


def _dealt_out(runs: Sequence[_Run], titles: Sequence[str], each: float) -> list[list[_Run]]:
    """The coloured ink given to the titles in order, each as much as its characters need."""
    pieces: list[list[_Run]] = []
    at, used = 0, 0.0
    for title in titles:
        need = len(title) * each
        mine: list[_Run] = []
        while need > 0.5 * each and at < len(runs):
            run = runs[at]
            rest = (run.right - run.left) - used
            take = min(rest, need)
            start = run.left + used
            mine.append(_Run(left=int(start), right=int(start + take), top=run.top, bottom=run.bottom))
            need -= take
            used += take
            if rest - take < 0.5 * each:
                at, used = at + 1, 0.0
        pieces.append(mine or [runs[-1]])
    return pieces


def _coloured_runs(crop: Image) -> list[_Run]:
    """Runs in reading order: rows of ink, and in each row what differs in colour from most of the ink."""
    lab = cv2.cvtColor(crop, cv2.COLOR_BGR2LAB).astype(np.int16)
    background = cv2.cvtColor(commonest_colour(crop).reshape(1, 1, 3), cv2.COLOR_BGR2LAB).reshape(3).astype(np.int16)
    distance = np.abs(lab - background)
    ink = distance.sum(axis=2) > _INK
    if ink.sum() < 60:
        return []
    tint = np.abs(lab[..., 1:] - background[1:]).sum(axis=2)
    plain = float(np.median(tint[ink]))
    coloured = ink & (np.abs(tint - plain) > _TINTED)
    if coloured.sum() > 0.75 * ink.sum():
        return []
    found: list[_Run] = []
    for top, bottom in _bands(ink.any(axis=1)):
        tall = bottom - top
        if tall >= 8:
            found.extend(_runs_in(coloured[top:bottom], top, bottom, tall))
    return found


def _bands(filled: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Start and end of each stretch of True; small gaps inside a line of text are closed."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], filled.astype(np.int8), [0]))))
    bands = list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
    if not bands:
        return []
    usual = float(np.median([end - start for start, end in bands]))
    joined = [bands[0]]
    for start, end in bands[1:]:
        if start - joined[-1][1] <= 0.15 * usual:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def _runs_in(coloured: NDArray[np.bool_], top: int, bottom: int, tall: int) -> list[_Run]:
    columns = np.flatnonzero(coloured.any(axis=0))
    if not len(columns):
        return []
    breaks = np.flatnonzero(np.diff(columns) > 0.9 * tall)
    starts = np.concatenate(([0], breaks + 1))
    ends = np.concatenate((breaks, [len(columns) - 1]))
    runs = (
        _Run(left=int(columns[start]), right=int(columns[end]) + 1, top=top, bottom=bottom)
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True)
    )
    return [run for run in runs if run.right - run.left >= _LEAST_RUN * tall]
