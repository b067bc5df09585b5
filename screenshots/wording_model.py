"""A linear classifier over n-grams, as it is used: a table of weights that ships with the package and can be read.

It was trained on invented screens (`screenshots/corpus`, `python -m screenshots.training`). What it says is a sum of
weights, so each answer can be taken apart again: `explain` names the n-grams that carried it.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from io import BytesIO

import numpy as np
from numpy.typing import NDArray

__all__ = ["WordingModel", "load_model"]

_DATA = "data"


@dataclass(frozen=True, slots=True, kw_only=True)
class WordingModel:
    """Weights of every known n-gram for every class."""

    classes: tuple[str, ...]
    places: Mapping[str, int]
    """Where an n-gram's weights stand."""
    weights: NDArray[np.int8]
    """One row for each n-gram, one column for each class, in units of `steps`."""
    steps: NDArray[np.float32]
    bias: NDArray[np.float32]

    def probabilities(self, ngrams: Collection[str]) -> dict[str, float]:
        """How likely each class is, given that it is one of them; the classes' shares when no n-gram is known."""
        raw = self._sums(ngrams)
        likely = np.exp(raw - raw.max())
        likely /= likely.sum()
        return {name: float(one) for name, one in zip(self.classes, likely, strict=True)}

    def known(self, ngrams: Collection[str]) -> int:
        """How many of the n-grams the corpus held."""
        return sum(one in self.places for one in ngrams)

    def explain(self, ngrams: Collection[str], name: str, *, most: int = 8) -> tuple[tuple[str, float], ...]:
        """The n-grams that speak most for a class, against the mean of all classes, strongest first."""
        rows = [one for one in ngrams if one in self.places]
        if not rows:
            return ()
        table = self.weights[[self.places[one] for one in rows]] * self.steps
        column = self.classes.index(name)
        said = (table[:, column] - table.mean(axis=1)) * _scale(len(rows))
        order = np.argsort(-said, kind="stable")[:most]
        return tuple((rows[at], float(said[at])) for at in order if said[at] > 0)

    def _sums(self, ngrams: Collection[str]) -> NDArray[np.float32]:
        rows = [place for one in ngrams if (place := self.places.get(one)) is not None]
        if not rows:
            return self.bias
        return self.weights[rows].sum(axis=0, dtype=np.int32) * self.steps * np.float32(_scale(len(rows))) + self.bias


def _scale(known: int) -> float:
    """Length one for every text: a long one is not surer for being long."""
    return 1 / math.sqrt(known)


@lru_cache(maxsize=4)
def load_model(name: str) -> WordingModel:
    """A model of the package. Raises OSError when the package was installed without its data."""
    packed = (resources.files("screenshots") / _DATA / f"{name}.npz").read_bytes()
    with np.load(BytesIO(packed), allow_pickle=False) as stored:
        vocabulary = stored["vocabulary"].tobytes().decode("utf-8").split("\n")
        return WordingModel(
            classes=tuple(stored["classes"].tobytes().decode("utf-8").split("\n")),
            places={ngram: at for at, ngram in enumerate(vocabulary)},
            weights=stored["weights"],
            steps=stored["steps"],
            bias=stored["bias"],
        )
