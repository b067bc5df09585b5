"""How a label is drawn: as a filled button, an outlined one, or plain words; and the box of the button around it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from screenshots.lines import Image
from screenshots.pixels import Colour, colour_distance
from screenshots.values import Box

__all__ = ["ButtonShape", "button_shape"]

_PASSES = ((5, cv2.FLOODFILL_FIXED_RANGE, False), (3, 0, False), (4, 0, True))
"""Tolerance, how it is measured, and whether to smooth first: flat fills, then gradients, then noisy gradients."""
_DIFFERENT = 2.5
_BORDER, _INSIDE, _BORDER_COLOUR, _MOSTLY = 5, 3, 2.5, 0.7
"""Pixels outside and inside an edge, how much a line differs in Lab, and along how much of the edge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ButtonShape:
    """The shape around a text."""

    box: Box
    style: str
    """`filled`, `outline` or `plain`."""
    fill: Colour | None
    outside: Colour | None


def button_shape(image: Image, text: Box, within: Box | None = None) -> ButtonShape:
    """Flood from beside the text: what stays inside a small closed box around it is a button."""
    left, top, right, bottom = text
    tall = max(8, bottom - top)
    bounds = within or (0, 0, image.shape[1], image.shape[0])
    window = (
        max(0, bounds[0], left - 12 * tall),
        max(0, top - int(2.2 * tall)),
        min(image.shape[1], bounds[2], right + 12 * tall),
        min(image.shape[0], bottom + int(2.2 * tall)),
    )
    crop = np.ascontiguousarray(image[window[1] : window[3], window[0] : window[2]])
    if crop.shape[0] < 8 or crop.shape[1] < 8:
        return ButtonShape(box=text, style="plain", fill=None, outside=None)
    local = (left - window[0], top - window[1], right - window[0], bottom - window[1])
    for flooded in _floods(crop, local):
        found = _closed_box(crop, flooded, local, tall)
        if found is not None:
            box, fill, outside = found
            style = "filled" if colour_distance(fill, outside) > _DIFFERENT else "outline"
            if style == "outline" and not _has_border(crop, box):
                continue
            placed = (box[0] + window[0], box[1] + window[1], box[2] + window[0], box[3] + window[1])
            return ButtonShape(box=placed, style=style, fill=fill, outside=outside)
    return ButtonShape(box=text, style="plain", fill=None, outside=None)


def _floods(crop: Image, text: Box) -> Iterator[NDArray[np.bool_]]:
    left, top, right, bottom = text
    seeds = (
        (left - 6, (top + bottom) // 2),
        (right + 6, (top + bottom) // 2),
        ((left + right) // 2, top - 5),
        ((left + right) // 2, bottom + 5),
    )
    for tolerance, flag, smooth in _PASSES:
        pixels = cv2.bilateralFilter(crop, 5, 12, 3) if smooth else crop
        mask = np.zeros((crop.shape[0] + 2, crop.shape[1] + 2), np.uint8)
        flags = 4 | flag | cv2.FLOODFILL_MASK_ONLY | (255 << 8)
        for x, y in seeds:
            if 0 <= x < crop.shape[1] and 0 <= y < crop.shape[0] and not mask[y + 1, x + 1]:
                cv2.floodFill(pixels, mask, (x, y), 0, (tolerance,) * 3, (tolerance,) * 3, flags)
        yield mask[1:-1, 1:-1] > 0


def _closed_box(crop: Image, flooded: NDArray[np.bool_], text: Box, tall: int) -> tuple[Box, Colour, Colour] | None:
    """The flood's box, its colour and the colour around it; None when it leaked out or does not surround the text."""
    rows, columns = np.flatnonzero(flooded.any(axis=1)), np.flatnonzero(flooded.any(axis=0))
    if not len(rows):
        return None
    box = (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
    leaked = box[1] <= 1 or box[3] >= crop.shape[0] - 1 or box[3] - box[1] > 4.5 * tall
    surrounds = box[0] <= text[0] + 2 and box[2] >= text[2] - 2 and box[1] <= text[1] and box[3] >= text[3]
    if leaked or not surrounds or flooded.sum() < 0.45 * (box[2] - box[0]) * (box[3] - box[1]):
        return None
    fill: Colour = np.median(crop[flooded], axis=0).astype(np.uint8)
    around = _ring(crop, box)
    if around is None:
        return None
    outside: Colour = np.median(around, axis=0).astype(np.uint8)
    return box, fill, outside


def _has_border(crop: Image, box: Box) -> bool:
    """Whether a line is drawn around the box. Where a ground merely changes its colour, the flood stops without one."""
    left, top, right, bottom = box
    inset = min(bottom - top, right - left) // 3
    columns = slice(left + inset, right - inset)
    strips = (
        (crop[max(0, top - _BORDER) : top + 1, columns], crop[top + _INSIDE, columns]),
        (crop[bottom - 1 : bottom + _BORDER, columns], crop[bottom - 1 - _INSIDE, columns]),
    )
    drawn = [_share_unlike(strip, inside) for strip, inside in strips if strip.size]
    return bool(drawn) and min(drawn) >= _MOSTLY


def _share_unlike(strip: Image, inside: Image) -> float:
    """In how many columns some pixel differs from the one a little further inside."""
    lab = cv2.cvtColor(np.ascontiguousarray(strip), cv2.COLOR_BGR2LAB).astype(np.float32)
    base = cv2.cvtColor(np.ascontiguousarray(inside[None]), cv2.COLOR_BGR2LAB).astype(np.float32)
    unlike = np.linalg.norm(lab - base, axis=2) > _BORDER_COLOUR
    return float(unlike.any(axis=0).mean())


def _ring(crop: Image, box: Box) -> NDArray[np.uint8] | None:
    """Pixels 5 to 9 outside the box: beyond its border and its shadow's first steps."""
    left, top, right, bottom = box
    outer = (max(0, left - 9), max(0, top - 9), min(crop.shape[1], right + 9), min(crop.shape[0], bottom + 9))
    mask = np.ones((outer[3] - outer[1], outer[2] - outer[0]), bool)
    mask[max(0, top - 5 - outer[1]) : bottom + 5 - outer[1], max(0, left - 5 - outer[0]) : right + 5 - outer[0]] = False
    pixels: NDArray[np.uint8] = crop[outer[1] : outer[3], outer[0] : outer[2]][mask]
    return pixels if len(pixels) >= 8 else None
