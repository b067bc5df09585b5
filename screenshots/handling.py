"""Composition instead of phrases: what a sentence says of data, and which way a label of unknown words leans."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from screenshots.evidence import languages_of
from screenshots.lexicon import Lexicon, comparable, has_han, has_kana, lexicons_for

__all__ = ["handled_sentences", "leaning", "named_in_sentences", "without_idioms"]

_SENTENCES = re.compile(r"[。.!?;]+")
_PARTS = re.compile(r"[\s,、:()~—-]*[,、:。!?~][\s,、:。!?~]*")
_MOST_SENTENCES = 80
_REACH = 6
"""How many Han characters after a negation still belong to it; elsewhere it governs its whole clause."""
_TRIPLE = ("data_thing", "data_done", "data_party")


@lru_cache(maxsize=512)
def handled_sentences(plain: str) -> int:
    """In how many sentences something is done with data by, or for, somebody. `plain` is comparable text.

    One sentence must name all three. "Keep your photos" or "send the picture" handles nothing in this sense.
    """
    languages = languages_of(plain)
    sentences = [sentence for sentence in _SENTENCES.split(plain)[:_MOST_SENTENCES] if len(sentence) >= 6]
    return sum(any(_handles(sentence, lexicon) for lexicon in languages) for sentence in sentences)


@lru_cache(maxsize=512)
def named_in_sentences(plain: str) -> tuple[int, int, int]:
    """In how many sentences data are named, in how many together with what is done with them, and by or for whom."""
    languages = languages_of(plain)
    sentences = [sentence for sentence in _SENTENCES.split(plain)[:_MOST_SENTENCES] if len(sentence) >= 6]
    named = [
        [any(_names(group, sentence, lexicon) for lexicon in languages) for group in _TRIPLE] for sentence in sentences
    ]
    return (
        sum(thing for thing, _, _ in named),
        sum(thing and done for thing, done, _ in named),
        sum(thing and party for thing, _, party in named),
    )


def _names(group: str, sentence: str, lexicon: Lexicon) -> bool:
    return any(pattern.search(sentence) for pattern in lexicon.patterns.get(group, ()))


def _handles(sentence: str, lexicon: Lexicon) -> bool:
    return all(_names(group, sentence, lexicon) for group in _TRIPLE)


@lru_cache(maxsize=2048)
def leaning(label: str, *, kana_around: bool = False) -> int:
    """-1 when the stems of a label say no, 1 when they say yes, 0 when they say neither or both.

    A guess about words nobody knows: good enough to tell two alternatives apart, never to act on.
    """
    plain = comparable(label)
    han, kana = has_han(plain), has_kana(plain)
    japanese = kana or (kana_around and han)
    languages = lexicons_for(han=han and not japanese, kana=japanese, latin=not han)
    rest, idioms = without_idioms(plain, languages)
    yes, no = idioms > 0, False
    for part in _PARTS.split(rest):
        negations = list(_found("leans_no", part, languages))
        no = no or bool(negations)
        yes = yes or any(not _governed(word, negations, languages[0]) for word in _found("leans_yes", part, languages))
    return 0 if yes == no else 1 if yes else -1


def without_idioms(plain: str, languages: Sequence[Lexicon]) -> tuple[str, int]:
    """A label without the negations that affirm ("没问题", "no worries"), and how many there were."""
    found = 0
    for lexicon in languages:
        for pattern in lexicon.patterns.get("leans_idiom", ()):
            plain, count = pattern.subn(" ", plain)
            found += count
    return plain, found


def _found(group: str, part: str, languages: Sequence[Lexicon]) -> Iterator[re.Match[str]]:
    for lexicon in languages:
        for pattern in lexicon.patterns.get(group, ()):
            yield from pattern.finditer(part)


def _governed(word: re.Match[str], negations: list[re.Match[str]], lexicon: Lexicon) -> bool:
    """A word that a negation takes along: near after it in Chinese, before it in Japanese, beside it elsewhere."""
    if lexicon.script == "latin":
        return bool(negations)
    if lexicon.script == "kana":
        return any(negation.end() >= word.end() for negation in negations)
    overlapping = any(negation.start() <= word.start() < negation.end() for negation in negations)
    return overlapping or any(0 <= word.start() - negation.end() <= _REACH for negation in negations)
