"""`python -m screenshots.training`: fits the two classifiers of wordings on the corpus and writes their weights.

A tool for development: it needs scikit-learn, which the product does not. The same corpus gives the same weights.
"""

from __future__ import annotations

import argparse
import random
import sys
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier

from screenshots.corpus_lines import CorpusError, Line, corpus_digest, read_corpus
from screenshots.elements import Layer, make_element
from screenshots.facts import gather_facts
from screenshots.impression import KIND_NAMES, answer_features, layer_features
from screenshots.kinds import rule
from screenshots.lexicon import comparable
from screenshots.ngrams import TRAIT, grouped
from screenshots.windows import make_layer
from screenshots.wording_model import scale

__all__ = ["Fitted", "fit_kinds", "fit_roles", "main", "save"]

_HERE = Path(__file__).parent
_SEED = 20261129
_COPIES, _AT_A_TIME = 2, 3
_AT_A_TURN = 256
"""Screens that a process takes at once."""
_ROLE_STRENGTH = 8.0
_HIDDEN, _ROUNDS, _AT_ONCE, _RATE, _DECAY = 32, 4, 128, 2e-3, 1e-3
_LOUDER = 3.0
"""Features of length one are too faint for the network's first steps."""
_RAREST = 8
"""A feature of hardly any example tells about that example."""
_WIDE, _TALL = 720, 40
_PAGES = {
    "article": 1.0,
    "settings": 1.0,
    "chat": 1.0,
    "policy_text": 1.0,
    "onboarding": 1.0,
    "login": 0.8,
    "login_with_agreement": 0.7,
    "account": 0.6,
    "other": 0.5,
    "splash_ad": 1.0,
}
"""How often a kind is a page of its own."""
_FAINTEST = 0.15
"""The share of n-grams that decide next to nothing."""
_STEPS = 127
_INPUT_EXIT = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A classifier before it is written; `WordingModel` says what its parts are."""

    classes: tuple[str, ...]
    vocabulary: tuple[str, ...]
    weights: NDArray[np.float64]
    """One row for each feature."""
    bias: NDArray[np.float64]
    out_weights: NDArray[np.float64] | None = None
    out_bias: NDArray[np.float64] | None = None


def fit_kinds(lines: Sequence[Line]) -> Fitted:
    """From what a screen says to its kind."""
    draw = random.Random(_SEED)  # noqa: S311 - a choice of examples, no secret
    screens = [line for line in lines if not line.answers_only]
    placed = [(drawn(line, draw), line.kind) for line in _varied(screens, draw)]
    with ProcessPoolExecutor() as pool:
        features = list(pool.map(features_of, (layer for layer, _ in placed), chunksize=_AT_A_TURN))
    return _fit_network([(one, kind) for one, (_, kind) in zip(features, placed, strict=True)])


def fit_roles(lines: Sequence[Line]) -> Fitted:
    """From a label on a screen that asks for consent, and from its neighbours, to what it answers."""
    draw = random.Random(_SEED)  # noqa: S311 - a choice of examples, no secret
    samples: list[tuple[frozenset[str], str]] = []
    for line in (part for one in lines for part in _answered(one, draw)):
        if line.consent:
            answers = gather_facts(drawn(line, draw)).candidates
            roles = {comparable(label): role for role, label in line.answers}
            samples += [
                (answer_features(one, KIND_NAMES.get(line.kind, line.kind)), roles[one.element.plain])
                for one in answers
                if one.element.plain in roles
            ]
    return _fit_linear(samples)


def _answered(line: Line, draw: random.Random) -> Iterator[Line]:
    """The line, or as many as its many answers make when a few of them at a time stand under its question."""
    if not line.answers_only:
        yield line
        return
    for _ in range(_COPIES):
        answers = list(line.answers)
        draw.shuffle(answers)
        yield from (
            replace(line, answers=tuple(answers[at : at + _AT_A_TIME])) for at in range(0, len(answers), _AT_A_TIME)
        )


def features_of(layer: Layer) -> frozenset[str]:
    """What the reader sees of it."""
    facts = gather_facts(layer)
    ruled, score = rule(facts)
    return layer_features(facts, ruled, score)


def drawn(line: Line, draw: random.Random) -> Layer:
    """A layer that holds the line's words: a card or sheet over something, or a page where its kind is a page."""
    page = draw.random() < _PAGES.get(line.kind, 0.15)
    left, right = (0, _WIDE) if page else (60, _WIDE - 60)
    at, elements = (160 if page else 300), []
    for text in (line.title, line.body, *line.extra):
        if text:
            tall = _TALL * (1 + len(text) // 24)
            elements.append(make_element(text, (left + 30, at, right - 30, at + tall), clickable=False))
            at += tall + 20
    answers = [label for _, label in line.answers]
    row = len(answers) == 2 and draw.random() < 0.6
    for place, label in enumerate(answers):
        if row:
            middle = (left + right) // 2
            box = (left + 30, at, middle - 10, at + 90) if place == 0 else (middle + 10, at, right - 30, at + 90)
        else:
            box = (left + 30, at + 110 * place, right - 30, at + 110 * place + 90)
        elements.append(make_element(label, box, kind="button", clickable=True))
    foot = at + (110 if row else 110 * len(answers))
    screen = (0, 0, _WIDE, max(1600, foot + 300))
    card = screen if page else (left, 260, right, foot + 30)
    return make_layer(elements, card, screen, over_content=not page)


def _varied(lines: Sequence[Line], draw: random.Random) -> Iterator[Line]:
    """Each line as it is, and in other company: titles, texts and answers of one kind go together in any mixture."""
    by_kind: dict[tuple[str, str], list[Line]] = {}
    for line in lines:
        by_kind.setdefault((line.language, line.kind), []).append(line)
    for line in lines:
        yield line
        fellows = by_kind[line.language, line.kind]
        for _ in range(_COPIES):
            changed = line
            if draw.random() < 0.6:
                changed = replace(changed, title=draw.choice(fellows).title if draw.random() < 0.7 else "")
            if draw.random() < 0.5:
                same = [one for one in fellows if _roles(one) == _roles(line)]
                changed = replace(changed, answers=draw.choice(same).answers)
            if draw.random() < 0.3:
                changed = replace(changed, extra=())
            if draw.random() < 0.2:
                changed = replace(changed, body=_part(changed.body, draw))
            if draw.random() < 0.1:
                changed = replace(changed, body=changed.body.replace(" ", "", draw.randint(1, 3)))
            yield changed


def _roles(line: Line) -> list[str]:
    return sorted(role for role, _ in line.answers)


def _part(text: str, draw: random.Random) -> str:
    """What is left when one sentence cannot be read."""
    sentences = [one for one in text.replace("。", "。\n").replace(". ", ".\n").split("\n") if one.strip()]
    if len(sentences) < 2:
        return text
    lost = draw.randrange(len(sentences))
    return " ".join(one for at, one in enumerate(sentences) if at != lost)


def _fit_linear(samples: Sequence[tuple[frozenset[str], str]]) -> Fitted:
    vocabulary, table = _table(samples)
    model = LogisticRegression(C=_ROLE_STRENGTH, max_iter=400, tol=1e-3)
    model.fit(table, [name for _, name in samples])
    weights = model.coef_.T
    return Fitted(
        classes=tuple(str(one) for one in model.classes_),
        vocabulary=vocabulary,
        weights=weights - weights.mean(axis=1, keepdims=True),
        bias=model.intercept_,
    )


def _fit_network(samples: Sequence[tuple[frozenset[str], str]]) -> Fitted:
    """One hidden layer and few rounds: what traits and words say together is no sum of what each says."""
    vocabulary, table = _table(samples)
    model = MLPClassifier(
        (_HIDDEN,),
        alpha=_DECAY,
        max_iter=_ROUNDS,
        batch_size=_AT_ONCE,
        learning_rate_init=_RATE,
        random_state=_SEED,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(table * _LOUDER, [name for _, name in samples])
    return Fitted(
        classes=tuple(str(one) for one in model.classes_),
        vocabulary=vocabulary,
        weights=model.coefs_[0] * _LOUDER,
        bias=model.intercepts_[0],
        out_weights=model.coefs_[1],
        out_bias=model.intercepts_[1],
    )


def _table(samples: Sequence[tuple[frozenset[str], str]]) -> tuple[tuple[str, ...], Any]:
    """Each group of features has a length of its own, as `WordingModel` weighs them."""
    often = Counter(feature for features, _ in samples for feature in features)
    vectorizer = DictVectorizer(dtype=np.float64)
    table = vectorizer.fit_transform([_weighted(features, often) for features, _ in samples])
    return tuple(str(one) for one in vectorizer.feature_names_), table


def _weighted(features: frozenset[str], often: Counter[str]) -> dict[str, float]:
    known = (one for one in features if often[one] >= _RAREST)
    return {one: scale(group) for group in grouped(known) for one in group}


def save(fitted: Fitted, file: Path, *, corpus: str) -> int:
    """Write the weights in whole steps, without n-grams that decide nothing. Returns how many features were kept.

    `corpus`: the digest of what it was trained on.
    """
    strength = np.linalg.norm(fitted.weights, axis=1)
    traits = np.array([one.startswith(TRAIT) for one in fitted.vocabulary])
    kept = traits | (strength >= np.quantile(strength[~traits], _FAINTEST))
    weights = fitted.weights[kept]
    steps = np.maximum(np.abs(weights).max(axis=0), 1e-9) / _STEPS
    vocabulary = [one for one, keep in zip(fitted.vocabulary, kept, strict=True) if keep]
    np.savez_compressed(
        file,
        corpus=np.frombuffer(corpus.encode(), np.uint8),
        classes=np.frombuffer("\n".join(fitted.classes).encode(), np.uint8),
        vocabulary=np.frombuffer("\n".join(vocabulary).encode(), np.uint8),
        weights=np.rint(weights / steps).astype(np.int8),
        steps=steps.astype(np.float32),
        bias=fitted.bias.astype(np.float32),
        out_weights=_single(fitted.out_weights),
        out_bias=_single(fitted.out_bias),
    )
    return len(vocabulary)


def _single(weights: NDArray[np.float64] | None) -> NDArray[np.float32]:
    """Empty where there are none."""
    return np.zeros(0, np.float32) if weights is None else weights.astype(np.float32)


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="python -m screenshots.training", description="fits the wording classifiers")
    parser.add_argument("--corpus", type=Path, default=_HERE / "corpus")
    parser.add_argument("--out", type=Path, default=_HERE / "data")
    arguments = parser.parse_args()
    try:
        lines = read_corpus(arguments.corpus)
        for name, fit in (("kinds", fit_kinds), ("roles", fit_roles)):
            file = arguments.out / f"{name}.npz"
            kept = save(fit(lines), file, corpus=corpus_digest(arguments.corpus))
            sys.stdout.write(f"{name}: {kept} features, {file.stat().st_size} bytes\n")
    except (CorpusError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return _INPUT_EXIT
    return 0


if __name__ == "__main__":
    sys.exit(main())
