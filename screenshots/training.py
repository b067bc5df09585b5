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

from screenshots.corpus_lines import CorpusError, Line, read_corpus
from screenshots.ngrams import label_ngrams, screen_ngrams

__all__ = ["Fitted", "fit_kinds", "fit_roles", "main", "save"]

_HERE = Path(__file__).parent
_SEED = 20261129
_COPIES = 4
_KIND_STRENGTH, _ROLE_STRENGTH = 30.0, 8.0
_RAREST = 2
"""An n-gram of one line alone tells about that line."""
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
    samples = list(_varied(lines, random.Random(_SEED)))  # noqa: S311 - a choice of examples, no secret
    known = Counter(ngram for line in lines for ngram in _ngrams(line))
    rows = [[one for one in _ngrams(line) if known[one] >= _RAREST] for line in samples]
    return _fit(rows, [line.kind for line in samples], _KIND_STRENGTH)


def fit_roles(lines: Sequence[Line]) -> Fitted:
    """From a label on a screen that asks for consent to what it answers."""
    labels = [(label_ngrams(label), role) for line in lines if line.consent for role, label in line.answers]
    known = Counter(ngram for ngrams, _ in labels for ngram in ngrams)
    rows = [[one for one in sorted(ngrams) if known[one] >= _RAREST] for ngrams, _ in labels]
    return _fit(rows, [role for _, role in labels], _ROLE_STRENGTH)


def _ngrams(line: Line) -> list[str]:
    return sorted(screen_ngrams((line.title, line.body, *line.extra), [label for _, label in line.answers]))


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


def _fit(rows: Sequence[Sequence[str]], names: Sequence[str], strength: float) -> Fitted:
    vectorizer = DictVectorizer(dtype=np.float64)
    table = vectorizer.fit_transform([dict.fromkeys(row, 1 / max(1, len(row)) ** 0.5) for row in rows])
    model = LogisticRegression(C=strength, max_iter=400, tol=1e-3)
    model.fit(table, names)
    return Fitted(
        classes=tuple(str(one) for one in model.classes_),
        vocabulary=tuple(str(one) for one in vectorizer.feature_names_),
        weights=model.coef_,
        bias=model.intercept_,
    )


def save(fitted: Fitted, file: Path) -> int:
    """Write the weights in whole steps, without n-grams that decide nothing. Returns how many were kept."""
    centred = fitted.weights - fitted.weights.mean(axis=0)
    strongest = np.abs(centred).max(axis=0)
    kept = strongest >= _FAINTEST * strongest.max()
    centred = centred[:, kept]
    steps = np.maximum(np.abs(centred).max(axis=1), 1e-9) / _STEPS
    whole = np.rint(centred / steps[:, None]).astype(np.int8).T
    vocabulary = [one for one, keep in zip(fitted.vocabulary, kept, strict=True) if keep]
    np.savez_compressed(
        file,
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
            kept = save(fit(lines), file)
            sys.stdout.write(f"{name}: {kept} n-grams, {file.stat().st_size} bytes\n")
    except (CorpusError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return _INPUT_EXIT
    return 0


if __name__ == "__main__":
    sys.exit(main())
