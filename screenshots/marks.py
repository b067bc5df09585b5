"""Finds the box an app drew beside its agreement line, and measures whether it is ticked.

A filled disc or square in a colour is ticked, an empty outline is not, strokes or a dot inside an outline are a tick;
a grey disc with a white tick is how many Chinese apps draw *not* ticked.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from screenshots.lines import Image
from screenshots.pixels import contrast_ratio, luminance, saturation
from screenshots.values import Box

__all__ = ["find_mark", "mark_state"]

_THRESHOLDS = (7, 12, 24, 45)
_FAR = 18.0
_ENOUGH = 0.35
_SPACE, _INK, _BARE = 0.2, 45, 0.98
"""Right of a mark inside the line's own box: how wide nothing is drawn, in heights of the line; what counts as drawn."""


def find_mark(image: Image, line: Box, *, swallowed: bool = False) -> Box | None:
    """The box left of a line of text. `swallowed`: the line's own box may begin with it, as OCR sometimes has it."""
    left, top, _, bottom = line
    tall = max(8, bottom - top)
    region = (
        max(0, int(left - 4.2 * tall)),
        max(0, int(top - 1.0 * tall)),
        min(image.shape[1], int(left + (1.5 if swallowed else 0.35) * tall)),
        min(image.shape[0], int(bottom + 1.0 * tall)),
    )
    crop = image[region[1] : region[3], region[0] : region[2]]
    if crop.shape[0] < 8 or crop.shape[1] < 8:
        return None
    middle = (top + bottom) / 2 - region[1]
    edge = left - region[0]
    best: tuple[float, Box] | None = None
    for box, roundness in _round_or_square(crop, tall):
        if box[2] > edge and not _stands_apart(crop, box, tall):
            continue
        small = max(0.0, 0.45 - (box[3] - box[1]) / tall)
        score = roundness - small - 0.5 * abs((box[1] + box[3]) / 2 - middle) / tall - 0.08 * abs(edge - box[2]) / tall
        score += 0.3 if box[2] <= edge + 0.4 * tall else -0.1
        if best is None or score > best[0]:
            best = (score, box)
    if best is None or best[0] < _ENOUGH:
        return None
    x, y, right, low = best[1]
    return x + region[0], y + region[1], right + region[0], low + region[1]


def _stands_apart(crop: Image, box: Box, tall: int) -> bool:
    """Nothing is drawn right of it for a space or so: a letter has the next one there."""
    _, top, right, bottom = box
    beside = crop[top:bottom, right + 1 : right + 1 + max(3, int(_SPACE * tall))]
    if not beside.size:
        return False
    lab = cv2.cvtColor(np.ascontiguousarray(beside), cv2.COLOR_BGR2LAB).astype(np.int16)
    ground = np.median(cv2.cvtColor(crop, cv2.COLOR_BGR2LAB).reshape(-1, 3), axis=0)
    return bool((np.abs(lab - ground).sum(axis=2) < _INK).mean() > _BARE)


def _round_or_square(crop: Image, tall: int) -> Iterator[tuple[Box, float]]:
    """Closed shapes about as wide as high; letters fail because their outline is not convex."""
    lab = cv2.cvtColor(crop, cv2.COLOR_BGR2LAB).astype(np.int16)
    distance = np.abs(lab - np.median(lab.reshape(-1, 3), axis=0)).sum(axis=2)
    for threshold in _THRESHOLDS:
        mask = cv2.morphologyEx((distance > threshold).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
        count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
        for at in range(1, count):
            x, y, w, h, _ = (int(value) for value in stats[at])
            if not 0.8 < w / h < 1.25 or not 0.27 * tall < h < 2.6 * tall or h < 9:
                continue
            contours, _ = cv2.findContours((labels == at).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
            hull = cv2.contourArea(cv2.convexHull(np.vstack(contours)))
            filled = hull / (w * h)
            solid = max(cv2.contourArea(contour) for contour in contours) / max(hull, 1.0)
            if filled >= 0.68 and solid >= 0.9:
                yield (x, y, x + w, y + h), filled


def mark_state(image: Image, box: Box) -> str:
    """`ticked`, `unticked`, or `unknown` when the measures lie between."""
    left, top, right, bottom = box
    wide, tall = right - left, bottom - top
    around = _around(image, box)
    inner = _inset(image, box, 0.24)
    if around is None or inner is None or min(wide, tall) < 9:
        return "unknown"
    background = np.median(around, axis=0).astype(np.uint8)
    inside = _lab(inner.reshape(-1, 3))
    far = float((np.linalg.norm(inside - _lab(background.reshape(1, 3)), axis=1) > _FAR).mean())
    strokes = float((np.linalg.norm(inside - np.median(inside, axis=0), axis=1) > _FAR).mean())
    if far > 0.5:
        return _filled_state(image, box, background)
    if strokes > 0.09:
        return "unticked" if _is_pale_off(inner, background) else "ticked"
    return "unticked" if strokes < 0.03 and far < 0.2 else "unknown"


def _is_pale_off(inner: Image, background: NDArray[np.uint8]) -> bool:
    """A white tick on a disc of pale grey that hardly differs from its page."""
    pixels = inner.reshape(-1, 3)
    fill = np.median(pixels, axis=0).astype(np.uint8)
    lab = _lab(pixels)
    base = _lab(fill.reshape(1, 3))
    marked = pixels[np.linalg.norm(lab - base, axis=1) > _FAR]
    tinted = float(np.linalg.norm(base - _lab(background.reshape(1, 3)))) > 4
    return (
        tinted and saturation(fill) < 0.12 and luminance(fill) < luminance(np.median(marked, axis=0).astype(np.uint8))
    )


def _filled_state(image: Image, box: Box, background: NDArray[np.uint8]) -> str:
    body = _inset(image, box, 0.12)
    if body is None:
        return "unknown"
    fill = np.median(body.reshape(-1, 3), axis=0).astype(np.uint8)
    grey = saturation(fill) < 0.12 and 0.3 < float(fill.mean()) / 255 < 0.9
    if not grey:
        return "ticked"
    return "unticked" if 1.12 < contrast_ratio(fill, background) < 8 and luminance(fill) > 0.1 else "unknown"


def _inset(image: Image, box: Box, share: float) -> Image | None:
    left, top, right, bottom = box
    dx, dy = share * (right - left), share * (bottom - top)
    crop = image[int(top + dy) : int(bottom - dy) + 1, int(left + dx) : int(right - dx) + 1]
    return crop if crop.size else None


def _around(image: Image, box: Box) -> Image | None:
    left, top, right, bottom = box
    outer = image[max(0, top - 7) : bottom + 7, max(0, left - 7) : right + 7]
    mask = np.ones(outer.shape[:2], bool)
    x, y = left - max(0, left - 7), top - max(0, top - 7)
    mask[max(0, y - 3) : y + bottom - top + 3, max(0, x - 3) : x + right - left + 3] = False
    pixels: Image = outer[mask]
    return pixels if len(pixels) >= 8 else None


def _lab(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    lab: NDArray[np.float32] = (
        cv2.cvtColor(pixels.reshape(1, -1, 3), cv2.COLOR_BGR2LAB).reshape(-1, 3).astype(np.float32)
    )
    return lab
