"""Detection in bands gives what detection in one go gives, wherever an edge falls."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from screenshots.memory import Banded, give_back

Pixels = NDArray[np.float32]


def averaged(batch: Pixels) -> Pixels:
    """Stands for a detector that sees 60 pixels up and down: the mean of a column's neighbourhood."""
    summed = np.cumsum(np.pad(batch[:, :1], ((0, 0), (0, 0), (61, 60), (0, 0)), mode="edge"), axis=2)
    means: Pixels = ((summed[:, :, 121:] - summed[:, :, :-121]) / 121).astype(np.float32)
    return means


@given(st.integers(1, 45), st.integers(1, 6), st.integers(1, 40))
@settings(max_examples=60, deadline=None)
def test_bands_see_what_the_whole_shows(rows: int, columns: int, kilopixels: int) -> None:
    batch = np.random.default_rng(rows).random((1, 3, rows * 32, columns * 32), np.float32)
    whole, seen = averaged(batch), Banded(averaged, most=kilopixels * 1000)(batch)
    assert seen.shape == whole.shape
    inside = slice(64, -64)
    assert np.allclose(seen[:, :, inside], whole[:, :, inside], atol=1e-3)


def test_no_band_is_larger_than_asked() -> None:
    heights: list[int] = []

    def remember(batch: Pixels) -> Pixels:
        heights.append(batch.shape[2])
        return batch[:, :1]

    Banded(remember, most=520_000)(np.zeros((1, 3, 1280, 1280), np.float32))
    assert len(heights) > 1
    assert all(height % 32 == 0 for height in heights)
    assert max(heights) * 1280 <= 520_000


def test_memory_can_be_given_back_anywhere() -> None:
    give_back()
