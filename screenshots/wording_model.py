"""A linear classifier over n-grams, as it is used: a table of weights that ships with the package and can be read.

It was trained on invented screens (`screenshots/corpus`, `python -m screenshots.training`). What it says is a sum of
weights, so each answer can be taken apart again: `explain` names the n-grams that carried it.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from io import BytesIO

import numpy as np
from numpy.typing import NDArray

from screenshots.ngrams import TRAIT

__all__ = ["WordingModel", "load_model", "scale"]

_DATA = "data"
_TRAITS = 0.7


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
    corpus: str
    """SHA-256 of the corpus it was trained on."""

    def probabilities(self, features: Collection[str]) -> dict[str, float]:
        """How likely each class is, given that it is one of them; the classes' shares when no feature is known."""
        raw = self.bias + sum(part.sum(axis=0) for part in self._parts(features).values())
        likely = np.exp(raw - raw.max())
        likely /= likely.sum()
        return {name: float(one) for name, one in zip(self.classes, likely, strict=True)}

    def known(self, features: Collection[str]) -> int:
        """How many of the n-grams the corpus held."""
        return sum(one in self.places for one in features if not one.startswith(TRAIT))

    def explain(self, features: Collection[str], name: str, *, most: int = 8) -> tuple[tuple[str, float], ...]:
        """The features that speak most for a class, against the mean of all classes, strongest first."""
        column = self.classes.index(name)
        said = [
            (feature, float(row[column] - row.mean()))
            for group, table in self._parts(features).items()
            for feature, row in zip(group, table, strict=True)
        ]
        return tuple(sorted((one for one in said if one[1] > 0), key=lambda one: (-one[1], one[0]))[:most])

    def _parts(self, features: Collection[str]) -> dict[tuple[str, ...], NDArray[np.float32]]:
        """N-grams and traits apart, each with its weights: either part counts the same, however long it is."""
        known = sorted(one for one in features if one in self.places)
        groups = (tuple(one for one in known if one.startswith(TRAIT) is traits) for traits in (False, True))
        return {
            group: self.weights[[self.places[one] for one in group]] * self.steps * np.float32(scale(group))
            for group in groups
            if group
        }


def scale(group: Sequence[str]) -> float:
    """What each of a screen's n-grams, or each of its traits, counts: a long text is not surer for being long.

    Traits count less, lest the words be of no account beside them.
    """
    share = _TRAITS if group[0].startswith(TRAIT) else 1.0
    return share / math.sqrt(len(group))


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
            corpus=stored["corpus"].tobytes().decode("ascii"),
        )
