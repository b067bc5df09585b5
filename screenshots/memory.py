"""Keeps inference within bounds of memory: a detector looks at a large picture in bands, and what is freed is given back.

A detector's memory grows with the pixels it sees at once, by about 280 MB for each million; the allocator of glibc keeps a
hundred megabytes of it for later.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["Banded", "give_back"]

Pixels = NDArray[np.float32]

_MOST_PIXELS = 520_000
_HALO = 64
_STEP = 32
"""Detectors halve their input five times, so that a band's height is a multiple of this."""


class Banded:
    """Stands in for a detector's inference: large pictures go through it in horizontal bands that overlap."""

    def __init__(self, infer: Callable[[Pixels], Pixels], *, most: int = _MOST_PIXELS) -> None:
        self._infer = infer
        self._most = most

    def __call__(self, batch: Pixels) -> Pixels:
        """Batch x channels x height x width to batch x 1 x height x width: how likely each pixel belongs to text."""
        tall, wide = batch.shape[2:]
        if tall * wide <= self._most:
            return self._infer(batch)
        likely = np.empty((batch.shape[0], 1, tall, wide), np.float32)
        for top, bottom, first, last in _bands(tall, max(_STEP, self._most // wide)):
            seen = self._infer(np.ascontiguousarray(batch[:, :, first:last]))
            likely[:, :, top:bottom] = seen[:, :, top - first : bottom - first]
        return likely


def give_back() -> None:
    """Return free memory to the system where the C library can (glibc); elsewhere nothing happens."""
    trim = _trim()
    if trim is not None:
        trim(0)


def _bands(tall: int, most: int) -> Iterator[tuple[int, int, int, int]]:
    """Top and bottom of what each band answers for, first and last row of what it sees."""
    inner = max(_STEP, (most - 2 * _HALO) // _STEP * _STEP)
    count = -(-tall // inner)
    inner = -(-tall // (count * _STEP)) * _STEP
    for top in range(0, tall, inner):
        bottom = min(tall, top + inner)
        yield top, bottom, max(0, top - _HALO), min(tall, bottom + _HALO)


@lru_cache(maxsize=1)
def _trim() -> Callable[[int], int] | None:
    try:
        found = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError, TypeError):
        return None
    found.argtypes, found.restype = (ctypes.c_size_t,), ctypes.c_int
    return lambda pad: int(found(pad))
