"""Finds the dialog's card from pixels: a large, nearly rectangular patch of one colour with edges, that floats."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from screenshots.framed import find_frames
from screenshots.lines import Image, as_image
from screenshots.values import Box

__all__ = ["CardFound", "find_card", "find_cards"]

_WIDTH = 180
_COLOURS = 8
_TOLERANCE = 14
_EDGE = 16
_DARK_EDGE = 8
"""Cards of dark themes differ little from what they cover; their colours are pure enough to see it."""
_DARK = 80
_ENOUGH = 0.45
_LEAST_FOOT = 5
_FRAMED = 1.0
"""Four edges and a scrim say more than a patch of one colour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardFound:
    """A card and how card-like it is, per mille."""

    box: Box
    score: int


def find_cards(image: Image) -> tuple[CardFound, ...]:
    """Every patch that is card-like enough, the most card-like first; a patch inside a better one is left out."""
    scale = _WIDTH / image.shape[1]
    size = (_WIDTH, max(40, int(image.shape[0] * scale)))
    small = as_image(cv2.medianBlur(cv2.resize(image, size, interpolation=cv2.INTER_AREA), 3))
    lab = cv2.cvtColor(small, cv2.COLOR_BGR2LAB).astype(np.float32)
    scored = [
        (score, box)
        for colour, mask in _colour_masks(lab)
        for patch, solidity in _patches(mask)
        if (score := _score(box := _grown_past_buttons(patch, colour, lab), solidity, colour, lab)) >= _ENOUGH
    ]
    light = as_image(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY))
    framed = [(_FRAMED, box) for box in find_frames(lab, light)]
    found: list[CardFound] = []
    for score, box in [*framed, *sorted(scored, reverse=True)]:
        left, top, right, bottom = (round(edge / scale) for edge in box)
        full = (max(0, left), max(0, top), min(image.shape[1], right), min(image.shape[0], bottom))
        if not any(_mostly_inside(full, other.box) for other in found):
            found.append(CardFound(box=full, score=int(1000 * score)))
    return tuple(found)


def find_card(image: Image) -> CardFound | None:
    """The most card-like patch, or None on a page without one."""
    found = find_cards(image)
    return found[0] if found else None


def _mostly_inside(box: Box, other: Box) -> bool:
    wide = min(box[2], other[2]) - max(box[0], other[0])
    tall = min(box[3], other[3]) - max(box[1], other[1])
    return max(0, wide) * max(0, tall) > 0.8 * (box[2] - box[0]) * (box[3] - box[1])


def _colour_masks(lab: NDArray[np.float32]) -> Iterator[tuple[NDArray[np.float32], NDArray[np.uint8]]]:
    """For each of the commonest colours: the colour, and where it lies, small gaps (text) closed."""
    coarse = (lab // 8).astype(np.int32)
    keys = coarse[..., 0] * 1024 + coarse[..., 1] * 32 + coarse[..., 2]
    counts = np.bincount(keys.ravel())
    closing, opening = np.ones((7, 7), np.uint8), np.ones((7, 7), np.uint8)
    for key in np.argsort(-counts)[:_COLOURS]:
        if not counts[key]:
            continue
        colour = np.median(lab[keys == key], axis=0).astype(np.float32)
        mask = (np.abs(lab - colour).sum(axis=2) < _TOLERANCE).astype(np.uint8)
        if mask.mean() >= 0.03:
            closed = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, closing)
            yield colour, as_image(cv2.morphologyEx(closed, cv2.MORPH_OPEN, opening))


def _patches(mask: NDArray[np.uint8]) -> Iterator[tuple[Box, float]]:
    """Components that could be a card, with the share of their box that their outline fills."""
    tall, wide = mask.shape
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=4)
    for at in range(1, count):
        x, y, w, h, filled = (int(value) for value in stats[at])
        if filled < 0.02 * wide * tall or w < 0.45 * min(wide, tall) or h < 0.06 * tall:
            continue
        shape = (labels[y : y + h, x : x + w] == at).astype(np.uint8)
        contours, _ = cv2.findContours(shape, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        solidity = max(cv2.contourArea(contour) for contour in contours) / max(1, (w - 1) * (h - 1))
        if solidity >= 0.8 and w * h <= 0.93 * wide * tall:
            yield (x, y, x + w, y + h), min(1.0, solidity)


def _grown_past_buttons(box: Box, colour: NDArray[np.float32], lab: NDArray[np.float32]) -> Box:
    """A button as wide as the card cuts it in two: beside the button, the card's own colour goes on to its edge."""
    x, y, right, bottom = box
    tall = lab.shape[0]
    sides = lab[:, [*range(x + 1, x + 4), *range(right - 4, right - 1)]]
    same = (np.abs(sides - colour).sum(axis=2) < _TOLERANCE).reshape(tall, 2, 3).any(axis=2).all(axis=1)
    for column in (x - 4, right + 3):
        if 0 <= column < lab.shape[1]:
            same &= np.linalg.norm(lab[:, column] - colour, axis=1) > _DARK_EDGE / 2
    below = _run(same[bottom : bottom + tall // 3])
    above = _run(same[max(0, y - tall // 3) : y][::-1])
    return x, y - above, right, bottom + below


def _run(same: NDArray[np.bool_]) -> int:
    """How many rows go on before the first that differs; none when they are fewer than a button needs."""
    further = len(same) if same.all() else int(np.argmin(same))
    return further if further >= _LEAST_FOOT else 0


def _score(box: Box, solidity: float, colour: NDArray[np.float32], lab: NDArray[np.float32]) -> float:
    tall, wide = lab.shape[:2]
    x, y, right, bottom = box
    sides = _side_differences(box, colour, lab)
    if not sides:
        return 0.0
    needed = _EDGE if colour[0] > _DARK else _DARK_EDGE
    edge = sum(difference > needed for difference in sides) / len(sides)
    middle = 1 - abs((x + right) / 2 / wide - 0.5) * 2
    cover = (right - x) * (bottom - y) / (wide * tall)
    floats = (x > 3 and right < wide - 3) or (y > 0.25 * tall and bottom > 0.9 * tall)
    return float(solidity * edge * middle * (1 if floats else 0.3) * min(1.0, cover / 0.12) ** 0.5)


def _side_differences(box: Box, colour: NDArray[np.float32], lab: NDArray[np.float32]) -> list[float]:
    """How different it looks just outside each side that lies on the screen."""
    x, y, right, bottom = box
    strips = (
        lab[max(0, y - 7) : max(0, y - 3), x + 6 : right - 6],
        lab[bottom + 3 : bottom + 7, x + 6 : right - 6],
        lab[y + 6 : bottom - 6, max(0, x - 7) : max(0, x - 3)],
        lab[y + 6 : bottom - 6, right + 3 : right + 7],
    )
    return [
        float(np.linalg.norm(np.median(strip.reshape(-1, 3), axis=0) - colour))
        for strip in strips
        if strip.shape[0] * strip.shape[1] > 20
    ]
