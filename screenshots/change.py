"""Whether two screenshots show the same, and where they differ: coloured tiles, because grey misses too much.

A perceptual hash cannot tell a ticked box from a moving clock; coloured tiles at an eighth of the size can. Lossless
screenshots of an unchanged screen differ in no tile.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from screenshots.lines import as_image
from screenshots.pixels import BLANK_SHARE, ImageUnreadable, decode_image, uniformity
from screenshots.values import Box

__all__ = ["Change", "ScreenComparer", "is_blank"]

_TILE = 8
_STATUS_BAR = 0.04
_LOSSLESS_NOISE = 12
_LOSSY_NOISE = 24
_KEPT = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """How two screenshots differ below the status bar."""

    comparable: bool
    """False when one of them is no image, or their sizes differ."""
    tiles: int
    """How many tiles changed."""
    box: Box | None
    """Around everything that changed, in pixels of the second screenshot."""

    @property
    def same(self) -> bool:
        return self.comparable and self.tiles == 0


class ScreenComparer:
    """Compares screenshots; the last few are kept as tiles, so that each is decoded once."""

    def __init__(self) -> None:
        self._tiles: dict[int, tuple[bytes, NDArray[np.uint8], tuple[int, int]]] = {}

    def same(self, one: bytes, other: bytes) -> bool:
        """Identical bytes are the same without a look; else no tile may differ."""
        return one == other or self.compare(one, other).same

    def compare(self, one: bytes, other: bytes) -> Change:
        if one == other:
            return Change(comparable=True, tiles=0, box=None)
        try:
            first, size = self._of(one)
            second, other_size = self._of(other)
        except ImageUnreadable:
            return Change(comparable=False, tiles=0, box=None)
        if size != other_size:
            return Change(comparable=False, tiles=0, box=None)
        noise = _LOSSLESS_NOISE if one.startswith(b"\x89PNG") and other.startswith(b"\x89PNG") else _LOSSY_NOISE
        differs = np.abs(first.astype(np.int16) - second.astype(np.int16)).max(axis=2) > noise
        differs[: max(1, int(_STATUS_BAR * differs.shape[0]))] = False
        return Change(comparable=True, tiles=int(differs.sum()), box=_around(differs, size))

    def _of(self, shot: bytes) -> tuple[NDArray[np.uint8], tuple[int, int]]:
        key = hash(shot)
        known = self._tiles.get(key)
        if known is not None and known[0] == shot:
            return known[1], known[2]
        image = decode_image(shot)
        tall, wide = image.shape[:2]
        small = as_image(
            cv2.resize(image, (max(1, wide // _TILE), max(1, tall // _TILE)), interpolation=cv2.INTER_AREA)
        )
        while len(self._tiles) >= _KEPT:
            self._tiles.pop(next(iter(self._tiles)))
        self._tiles[key] = (shot, small, (wide, tall))
        return small, (wide, tall)


def is_blank(shot: bytes) -> bool:
    """One colour below the status bar, black included. False for bytes that are no image: that is another trouble."""
    try:
        return uniformity(decode_image(shot))[0] >= BLANK_SHARE
    except ImageUnreadable:
        return False


def _around(differs: NDArray[np.bool_], size: tuple[int, int]) -> Box | None:
    rows, columns = np.flatnonzero(differs.any(axis=1)), np.flatnonzero(differs.any(axis=0))
    if not len(rows):
        return None
    x, y = size[0] / differs.shape[1], size[1] / differs.shape[0]
    return int(columns[0] * x), int(rows[0] * y), int((columns[-1] + 1) * x), int((rows[-1] + 1) * y)
