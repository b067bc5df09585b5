"""`python -m screenshots.training`: fits the two classifiers of wordings on the corpus and writes their weights.

A tool for development: it needs scikit-learn, which the product does not. The same corpus gives the same weights.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression

from screenshots.corpus_lines import CorpusError, Line, corpus_digest, read_corpus
from screenshots.elements import Layer, make_element
from screenshots.facts import gather_facts
from screenshots.impression import KIND_NAMES, answer_features, layer_features
from screenshots.kinds import rule
from screenshots.lexicon import comparable
from screenshots.ngrams import TRAIT
from screenshots.windows import make_layer
from screenshots.wording_model import scale

__all__ = ["Fitted", "fit_kinds", "fit_roles", "main", "save"]

_HERE = Path(__file__).parent
_SEED = 20261129
_COPIES = 2
_KIND_STRENGTH, _ROLE_STRENGTH = 20.0, 8.0
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
_FAINTEST = 0.06
"""An n-gram whose weights lie closer together than this share of the widest decides nothing."""
_STEPS = 127
_INPUT_EXIT = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A classifier before it is written."""

    classes: tuple[str, ...]
    vocabulary: tuple[str, ...]
    weights: NDArray[np.float64]
    """One row for each class."""
    bias: NDArray[np.float64]


def fit_kinds(lines: Sequence[Line]) -> Fitted:
    """From what a screen says to its kind."""
    draw = random.Random(_SEED)  # noqa: S311 - a choice of examples, no secret
    samples = [(features_of(line, draw), line.kind) for line in _varied(lines, draw)]
    return _fit(samples, _KIND_STRENGTH)


def fit_roles(lines: Sequence[Line]) -> Fitted:
    """From a label on a screen that asks for consent, and from its neighbours, to what it answers."""
    draw = random.Random(_SEED)  # noqa: S311 - a choice of examples, no secret
    samples: list[tuple[frozenset[str], str]] = []
    for line in lines:
        if line.consent:
            answers = gather_facts(drawn(line, draw)).candidates
            roles = {comparable(label): role for role, label in line.answers}
            samples += [
                (answer_features(one, KIND_NAMES.get(line.kind, line.kind)), roles[one.element.plain])
                for one in answers
                if one.element.plain in roles
            ]
    return _fit(samples, _ROLE_STRENGTH)


def features_of(line: Line, draw: random.Random) -> frozenset[str]:
    """What the reader would see of it, were it drawn."""
    facts = gather_facts(drawn(line, draw))
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


def _fit(samples: Sequence[tuple[frozenset[str], str]], strength: float) -> Fitted:
    """N-grams and traits apart are each of length one, as `WordingModel` weighs them."""
    often = Counter(feature for features, _ in samples for feature in features)
    vectorizer = DictVectorizer(dtype=np.float64)
    table = vectorizer.fit_transform([_weighted(features, often) for features, _ in samples])
    model = LogisticRegression(C=strength, max_iter=400, tol=1e-3)
    model.fit(table, [name for _, name in samples])
    return Fitted(
        classes=tuple(str(one) for one in model.classes_),
        vocabulary=tuple(str(one) for one in vectorizer.feature_names_),
        weights=model.coef_,
        bias=model.intercept_,
    )


def _weighted(features: frozenset[str], often: Counter[str]) -> dict[str, float]:
    known = sorted(one for one in features if often[one] >= _RAREST)
    groups = ([one for one in known if one.startswith(TRAIT) is traits] for traits in (False, True))
    return {one: scale(group) for group in groups if group for one in group}


def save(fitted: Fitted, file: Path, *, corpus: str) -> int:
    """Write the weights in whole steps, without n-grams that decide nothing. Returns how many were kept.

    `corpus`: the digest of what it was trained on.
    """
    centred = fitted.weights - fitted.weights.mean(axis=0)
    strongest = np.abs(centred).max(axis=0)
    traits = np.array([one.startswith(TRAIT) for one in fitted.vocabulary])
    kept = traits | (strongest >= _FAINTEST * strongest[~traits].max(initial=0.0))
    centred = centred[:, kept]
    steps = np.maximum(np.abs(centred).max(axis=1), 1e-9) / _STEPS
    whole = np.rint(centred / steps[:, None]).astype(np.int8).T
    vocabulary = [one for one, keep in zip(fitted.vocabulary, kept, strict=True) if keep]
    np.savez_compressed(
        file,
        corpus=np.frombuffer(corpus.encode(), np.uint8),
        classes=np.frombuffer("\n".join(fitted.classes).encode(), np.uint8),
        vocabulary=np.frombuffer("\n".join(vocabulary).encode(), np.uint8),
        weights=whole,
        steps=steps.astype(np.float32),
        bias=fitted.bias.astype(np.float32),
    )
    return len(vocabulary)


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
            sys.stdout.write(f"{name}: {kept} n-grams, {file.stat().st_size} bytes\n")
    except (CorpusError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return _INPUT_EXIT
    return 0


if __name__ == "__main__":
    sys.exit(main())
