"""What a text classifier sees of a text: words and pairs of words, pieces of words, and runs of Han or kana.

Pieces are what survives a misread letter, a lost space and a wording nobody has seen.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache

from screenshots.lexicon import comparable

__all__ = ["BESIDE", "LABEL", "TRAIT", "echo", "grouped", "label_ngrams", "screen_ngrams", "text_ngrams"]

LABEL = "="
"""Stands before what was found in a label: "continue" on a button is not "continue" in a text."""
TRAIT = "#"
"""Stands before what the rules noticed; see `screenshots.traits`."""
BESIDE = "~"
"""Stands before what another label on the same screen says."""
_LONGEST = 2400
"""Characters of a text that are looked at: a dialog says less, and a page has said by then what it is about."""
_WIDE = "\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_RUN = re.compile(rf"[{_WIDE}]+|[^\W_{_WIDE}]+", re.UNICODE)
_IS_WIDE = re.compile(f"[{_WIDE}]")
_EDGES = " .!?,:。、"
_DIGITS = re.compile(r"\d+")
_PIECE = 4
_LONGEST_RUN = 3
_FEWEST_HAN = 2


@lru_cache(maxsize=256)
def text_ngrams(text: str) -> frozenset[str]:
    """The n-grams of a text in any of the seven languages; its case, accents and figures do not count."""
    return frozenset(_ngrams(_plain(text)))


@lru_cache(maxsize=2048)
def label_ngrams(label: str) -> frozenset[str]:
    """Of a button's words, with marks for where they begin and end, and the whole of it."""
    plain = _plain(label).strip(_EDGES)
    whole = f"{LABEL}{LABEL}{' '.join(plain.split())}"
    return frozenset({f"{LABEL}{one}" for one in _ngrams(plain, ends=True)} | {whole})


def echo(label: str, text: str) -> float:
    """Which share of a label's pieces of words stands in a text: an answer takes up the words of its question."""
    said = text_ngrams(text)
    pieces = [one for one in text_ngrams(label) if len(one) >= (_FEWEST_HAN if _IS_WIDE.search(one) else _PIECE)]
    return sum(one in said for one in pieces) / max(1, len(pieces))


def grouped(features: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """Words and traits apart, each in order: a model gives either group its weight, however many there are."""
    groups: tuple[list[str], list[str]] = ([], [])
    for one in sorted(features):
        groups[one.startswith(TRAIT)].append(one)
    return tuple(tuple(group) for group in groups if group)


def screen_ngrams(texts: Iterable[str], labels: Iterable[str]) -> frozenset[str]:
    """Of what a dialog or page says, and of what its buttons say."""
    said = text_ngrams(" 。 ".join(texts))
    return said.union(*(label_ngrams(one) for one in labels))


def _plain(text: str) -> str:
    folded = comparable(text[:_LONGEST])
    bare = "".join(one for one in unicodedata.normalize("NFKD", folded) if not "\u0300" <= one <= "\u036f")
    return _DIGITS.sub("0", unicodedata.normalize("NFKC", bare))


def _ngrams(plain: str, *, ends: bool = False) -> Iterator[str]:
    before = ""
    for found in _RUN.finditer(plain):
        run = found.group()
        if _IS_WIDE.match(run):
            yield from _wide(f"^{run}$" if ends else run)
            before = ""
            continue
        yield run
        if before:
            yield f"{before} {run}"
        before = run
        if len(run) >= _PIECE:
            padded = f"_{run}_"
            yield from (padded[at : at + _PIECE] for at in range(len(padded) - _PIECE + 1))


def _wide(run: str) -> Iterator[str]:
    for size in range(1, _LONGEST_RUN + 1):
        yield from (run[at : at + size] for at in range(len(run) - size + 1))
