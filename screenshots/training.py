"""`python -m screenshots.training`: fits the two classifiers of wordings on the corpus and writes their weights.

A tool for development: it needs PyTorch, which the product does not. The same corpus gives the same weights.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from screenshots.corpus_lines import CorpusError, Line, corpus_digest, read_corpus
from screenshots.elements import Layer, make_element
from screenshots.facts import gather_facts
from screenshots.impression import KIND_NAMES, answer_features, layer_features, question_of
from screenshots.kinds import rule
from screenshots.lexicon import comparable
from screenshots.ngrams import TRAIT
from screenshots.windows import make_layer
from screenshots.wording_model import FAINTER

__all__ = ["Fitted", "fit_kinds", "fit_roles", "main", "save"]

_HERE = Path(__file__).parent
_SEED = 20261129
_COPIES, _AT_A_TIME = 2, 3
_AT_A_TURN = 256
"""Screens that a process takes at once."""
_HIDDEN, _ROUNDS, _AT_ONCE, _RATE, _SLOWEST, _FIRST = 32, 4, 128, 2e-3, 0.01, 0.01
_LOST, _LOST_TRAITS = 0.3, 0.1
"""Which share of the n-grams, and of the traits, is left out each time."""
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


Sample = tuple[frozenset[str], str]
"""What is seen, and what it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A classifier before it is written; `WordingModel` says what its parts are."""

    classes: tuple[str, ...]
    vocabulary: tuple[str, ...]
    weights: NDArray[np.float64]
    """One row for each feature."""
    bias: NDArray[np.float32]
    out_weights: NDArray[np.float32]
    out_bias: NDArray[np.float32]


def fit_kinds(lines: Sequence[Line]) -> Fitted:
    """From what a screen says to its kind."""
    draw = random.Random(_SEED)  # noqa: S311 - a choice of examples, no secret
    screens = [line for line in lines if not line.answers_only]
    placed = [(drawn(line, draw), line.kind) for line in _varied(screens, draw)]
    with ProcessPoolExecutor() as pool:
        features = list(pool.map(features_of, (layer for layer, _ in placed), chunksize=_AT_A_TURN))
    return _fit([(one, kind) for one, (_, kind) in zip(features, placed, strict=True)])


def fit_roles(lines: Sequence[Line]) -> Fitted:
    """From a label on a screen that asks for consent, and from its neighbours, to what it answers."""
    draw = random.Random(_SEED)  # noqa: S311 - a choice of examples, no secret
    samples: list[Sample] = []
    for line in (part for one in lines for part in _answered(one, draw)):
        if line.consent:
            layer = drawn(line, draw)
            answers = [one for one in gather_facts(layer).candidates if one.element.text]
            roles = {comparable(label): role for role, label in line.answers}
            features = answer_features(answers, KIND_NAMES.get(line.kind, line.kind), question_of(layer, answers))
            samples += [
                (told, roles[one.element.plain])
                for one, told in zip(answers, features, strict=True)
                if one.element.plain in roles
            ]
    return _fit(samples)


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


def _fit(samples: Sequence[Sample]) -> Fitted:
    """One hidden layer and few rounds: what traits and words say together is no sum of what each says.

    In every round some features are missing, lest a few words decide; their weights move only where they occur (with the
    momentum of an ordinary Adam, rare ones run away), and ever less towards the end.
    """
    often = Counter(feature for features, _ in samples for feature in features)
    vocabulary = sorted(one for one, count in often.items() if count >= _RAREST)
    classes = sorted({name for _, name in samples})
    places, numbers = {one: at for at, one in enumerate(vocabulary)}, {name: at for at, name in enumerate(classes)}
    known = [np.array(sorted(places[one] for one in features if one in places)) for features, _ in samples]
    wanted = torch.tensor([numbers[name] for _, name in samples])
    traits = np.array([one.startswith(TRAIT) for one in vocabulary])
    torch.manual_seed(_SEED)
    torch.set_num_threads(1)
    draw = np.random.default_rng(_SEED)
    table = torch.nn.EmbeddingBag(len(vocabulary), _HIDDEN, mode="sum", sparse=True)
    torch.nn.init.uniform_(table.weight, -_FIRST, _FIRST)
    bias, out = torch.nn.Parameter(torch.zeros(_HIDDEN)), torch.nn.Linear(_HIDDEN, len(classes))
    optimizers = (
        torch.optim.SparseAdam(list(table.parameters()), lr=_RATE),
        torch.optim.Adam([bias, *out.parameters()], lr=_RATE),
    )
    turns = -(-len(samples) // _AT_ONCE)
    slowing = [
        torch.optim.lr_scheduler.LinearLR(one, start_factor=1.0, end_factor=_SLOWEST, total_iters=_ROUNDS * turns)
        for one in optimizers
    ]
    for _ in range(_ROUNDS):
        for chosen in np.array_split(draw.permutation(len(samples)), turns):
            rows = [_some(known[at], traits, draw) for at in chosen]
            guessed = out(torch.relu(table(*_bags(rows, traits)) + bias))
            loss = torch.nn.functional.cross_entropy(guessed, wanted[chosen])
            for optimizer in optimizers:
                optimizer.zero_grad()
            loss.backward()
            for step in (*optimizers, *slowing):
                step.step()
    return Fitted(
        classes=tuple(classes),
        vocabulary=tuple(vocabulary),
        weights=table.weight.detach().numpy().astype(np.float64) * _LOUDER,
        bias=bias.detach().numpy(),
        out_weights=out.weight.detach().numpy().T,
        out_bias=out.bias.detach().numpy(),
    )


def _some(features: NDArray[np.int_], traits: NDArray[np.bool_], draw: np.random.Generator) -> NDArray[np.int_]:
    kept: NDArray[np.int_] = features[draw.random(len(features)) > np.where(traits[features], _LOST_TRAITS, _LOST)]
    return kept


def _bags(rows: Sequence[NDArray[np.int_]], traits: NDArray[np.bool_]) -> tuple[Any, ...]:
    """Features, where each row's begin, and what they count, as `WordingModel` weighs them."""
    counted = []
    for row in rows:
        trait = traits[row]
        counts = np.where(trait, max(1, trait.sum()), max(1, (~trait).sum()))
        counted.append(np.where(trait, FAINTER, 1.0) / np.sqrt(counts) * _LOUDER)
    begins = np.cumsum([0, *(len(row) for row in rows[:-1])])
    return (
        torch.from_numpy(np.concatenate(rows)),
        torch.from_numpy(begins),
        torch.from_numpy(np.concatenate(counted).astype(np.float32)),
    )


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
        out_weights=fitted.out_weights.astype(np.float32),
        out_bias=fitted.out_bias.astype(np.float32),
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
            sys.stdout.write(f"{name}: {kept} features, {file.stat().st_size} bytes\n")
    except (CorpusError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return _INPUT_EXIT
    return 0


if __name__ == "__main__":
    sys.exit(main())
