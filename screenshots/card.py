"""Finds the dialog's card from pixels: a large, nearly rectangular patch of one colour with edges, that floats."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from screenshots.lines import Image, as_image
from screenshots.values import Box

__all__ = ["CardFound", "find_card"]

_WIDTH = 180
_COLOURS = 8
_TOLERANCE = 14
_EDGE = 18
_ENOUGH = 0.45


@dataclass(frozen=True, slots=True, kw_only=True)
class CardFound:
    """A card and how card-like it is, per mille."""

    box: Box
    score: int


def find_card(image: Image) -> CardFound | None:
    """The most card-like patch, or None on a page without one."""
    scale = _WIDTH / image.shape[1]
    size = (_WIDTH, max(40, int(image.shape[0] * scale)))
    small = as_image(cv2.medianBlur(cv2.resize(image, size, interpolation=cv2.INTER_AREA), 3))
    gray = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY).astype(np.float32)
    best: tuple[float, Box] | None = None
    for lightness, mask in _colour_masks(small):
        for box, solidity in _patches(mask):
            score = _score(box, solidity, lightness, gray)
            if best is None or score > best[0]:
                best = (score, box)
    if best is None or best[0] < _ENOUGH:
        return None
    left, top, right, bottom = (round(edge / scale) for edge in best[1])
    full = (max(0, left), max(0, top), min(image.shape[1], right), min(image.shape[0], bottom))
    return CardFound(box=full, score=int(1000 * best[0]))


def _colour_masks(small: Image) -> Iterator[tuple[float, NDArray[np.uint8]]]:
    """For each of the commonest colours: its grey value, and where it lies, small gaps (text) closed."""
    lab = cv2.cvtColor(small, cv2.COLOR_BGR2LAB).astype(np.int32)
    coarse = lab // 8
    keys = coarse[..., 0] * 1024 + coarse[..., 1] * 32 + coarse[..., 2]
    counts = np.bincount(keys.ravel())
    common = np.argsort(-counts)[:_COLOURS]
    closing, opening = np.ones((7, 7), np.uint8), np.ones((7, 7), np.uint8)
    for key in common:
        if not counts[key]:
            continue
        centre = np.median(lab[keys == key], axis=0)
        mask = (np.abs(lab - centre).sum(axis=2) < _TOLERANCE).astype(np.uint8)
        if mask.mean() < 0.03:
            continue
        mask = as_image(cv2.morphologyEx(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, closing), cv2.MORPH_OPEN, opening))
        yield float(np.median(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY)[keys == key])), mask


def _patches(mask: NDArray[np.uint8]) -> Iterator[tuple[Box, float]]:
    """Components that could be a card, with the share of their box that their outline fills."""
    tall, wide = mask.shape
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=4)
    for at in range(1, count):
        x, y, w, h, filled = (int(value) for value in stats[at])
        if filled < 0.02 * wide * tall or w < 0.45 * wide or h < 0.06 * tall:
            continue
        shape = (labels[y : y + h, x : x + w] == at).astype(np.uint8)
        contours, _ = cv2.findContours(shape, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        solidity = max(cv2.contourArea(contour) for contour in contours) / max(1, (w - 1) * (h - 1))
        if solidity >= 0.8 and w * h <= 0.93 * wide * tall:
            yield (x, y, x + w, y + h), min(1.0, solidity)


def _score(box: Box, solidity: float, lightness: float, gray: NDArray[np.float32]) -> float:
    tall, wide = gray.shape
    x, y, right, bottom = box
    sides = _side_differences(box, lightness, gray)
    if not sides:
        return 0.0
    edge = sum(difference > _EDGE for difference in sides) / len(sides)
    middle = 1 - abs((x + right) / 2 / wide - 0.5) * 2
    cover = (right - x) * (bottom - y) / (wide * tall)
    floats = (x > 3 and right < wide - 3) or (y > 0.25 * tall and bottom > 0.9 * tall)
    return float(solidity * edge * middle * (1 if floats else 0.3) * min(1.0, cover / 0.12) ** 0.5)


def _side_differences(box: Box, lightness: float, gray: NDArray[np.float32]) -> list[float]:
    """How much brighter or darker it is just outside each side that lies on the screen."""
    x, y, right, bottom = box
    strips = (
        gray[max(0, y - 7) : max(0, y - 3), x + 6 : right - 6],
        gray[bottom + 3 : bottom + 7, x + 6 : right - 6],
        gray[y + 6 : bottom - 6, max(0, x - 7) : max(0, x - 3)],
        gray[y + 6 : bottom - 6, right + 3 : right + 7],
    )
    return [abs(float(np.median(strip)) - lightness) for strip in strips if strip.size > 20]
