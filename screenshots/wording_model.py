"""A classifier over n-grams, as it is used: a table of weights that ships with the package, linear or with one hidden layer.

It was trained on invented screens (`screenshots/corpus`, `python -m screenshots.training`). Each answer can be taken apart
again: `explain` names the features without which it would have been less likely.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from io import BytesIO

import numpy as np
from numpy.typing import NDArray

from screenshots.ngrams import TRAIT, grouped

__all__ = ["FAINTER", "WordingModel", "load_model", "scale"]

_DATA = "data"
FAINTER = 0.7
"""What traits count, lest the words be of no account beside them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WordingModel:
    """Weights of every known feature, and what is made of their sum."""

    classes: tuple[str, ...]
    places: Mapping[str, int]
    """Where a feature's weights stand."""
    weights: NDArray[np.int8]
    """One row for each feature, one column for each class, or for each hidden unit where there are some; in units of `steps`."""
    steps: NDArray[np.float32]
    bias: NDArray[np.float32]
    """What is added to the sum."""
    out_weights: NDArray[np.float32] | None
    """One row for each hidden unit, one column for each class; None for a linear model, whose sums are the classes' own."""
    out_bias: NDArray[np.float32] | None
    corpus: str
    """SHA-256 of the corpus it was trained on."""

    def probabilities(self, features: Collection[str]) -> dict[str, float]:
        """How likely each class is, given that it is one of them; the classes' shares when no feature is known."""
        parts = self._parts(features).values()
        likely = np.exp(self._log_likely(self.bias + sum(part.sum(axis=0) for part in parts)))
        return {name: float(one) for name, one in zip(self.classes, likely, strict=True)}

    def known(self, features: Iterable[str]) -> int:
        """How many of the n-grams the corpus held."""
        return sum(one in self.places for one in features if not one.startswith(TRAIT))

    def explain(self, features: Collection[str], name: str, *, most: int = 8) -> tuple[tuple[str, float], ...]:
        """The features that speak most for a class, strongest first: how much its log-likelihood falls without each of them."""
        column = self.classes.index(name)
        parts = self._parts(features)
        whole = self.bias + sum(part.sum(axis=0) for part in parts.values())
        likely = self._log_likely(whole)[column]
        said = [
            (feature, float(likely - self._log_likely(whole - row)[column]))
            for group, table in parts.items()
            for feature, row in zip(group, table, strict=True)
        ]
        return tuple(sorted((one for one in said if one[1] > 0), key=lambda one: (-one[1], one[0]))[:most])

    def _log_likely(self, summed: NDArray[np.float32]) -> NDArray[np.float32]:
        raw = summed
        if self.out_weights is not None and self.out_bias is not None:
            raw = np.maximum(summed, np.float32(0)) @ self.out_weights + self.out_bias
        raw = raw - raw.max()
        return np.asarray(raw - np.log(np.exp(raw).sum()), np.float32)

    def _parts(self, features: Collection[str]) -> dict[tuple[str, ...], NDArray[np.float32]]:
        """The groups of features, each with its weights."""
        return {
            group: self.weights[[self.places[one] for one in group]] * self.steps * np.float32(scale(group))
            for group in grouped(one for one in features if one in self.places)
        }


def scale(group: Sequence[str]) -> float:
    """What each feature of a group counts: a long text is not surer for being long.

    Traits count less, lest the words be of no account beside them.
    """
    share = FAINTER if group[0].startswith(TRAIT) else 1.0
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
            out_weights=stored["out_weights"] if stored["out_weights"].size else None,
            out_bias=stored["out_bias"] if stored["out_bias"].size else None,
            corpus=stored["corpus"].tobytes().decode("ascii"),
        )
