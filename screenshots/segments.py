"""A label cut into words that a language knows: the cut that leaves the least unknown, then uses the fewest words."""

from __future__ import annotations

import re
from collections.abc import Mapping

from screenshots.lexicon import Lexicon, squash

__all__ = ["PUNCTUATION", "cut_label"]

PUNCTUATION = re.compile(r"[\s,.;:!?/\"'()\[\]{}<>|~·•、。\-_+*&…]+")
_WORD = re.compile(r"[^\W_]+(?:['\-][^\W_]+)*|&", re.UNICODE)
_UNDOING = re.compile(r"des|dis|mis|un|in|im|non|nicht|de|ab|wider")
_ACROSS_WORDS = 300
"""Cut without regard to its spaces, "willigen ein" ends in "nein": what is read so is not clear."""
_AGREEING = frozenset({"agree", "authorise", "allow", "confirm"})
_NEVER_INSIDE = frozenset({"confirm", "close", "receive"})
"""Categories whose one-character words (好, 关, 领) mean something else inside a longer label (美好, 关注, 领先)."""


def cut_label(label: str, lexicon: Lexicon) -> tuple[tuple[str, ...], int]:
    """The categories of its words, "?" for what is unknown, and the share that is unknown, in per mille."""
    if lexicon.script != "latin":
        return _cut_parts(label, lexicon)
    words = _WORD.findall(label)
    categories, unknown = _cut_words(words, lexicon)
    if unknown:
        squashed = squash(label)
        if any(_undoes(squash(word), lexicon) for word in words):
            return categories, unknown
        cuts = [_cut(squash(word), lexicon.squashed, lexicon.longest_word) for word in words]
        if not any(lost for _, lost in cuts):
            return tuple(category for cut, _ in cuts for category in cut), 1
        retried, still_unknown = _cut(squashed, lexicon.squashed, lexicon.longest_word)
        if not still_unknown:
            return retried, _ACROSS_WORDS
    return categories, unknown


def _undoes(word: str, lexicon: Lexicon) -> bool:
    """A word that turns an agreement round. Cut in two, "désaccord" would be the article "des" and an agreement."""
    undoing = _UNDOING.match(word)
    return undoing is not None and lexicon.squashed.get(word[undoing.end() :]) in _AGREEING


def _cut_parts(label: str, lexicon: Lexicon) -> tuple[tuple[str, ...], int]:
    """Part by part between the punctuation, so that a word of one character may stand alone ("是,同意")."""
    parts = [part for part in PUNCTUATION.split(label) if part]
    cuts = [_cut(part, lexicon.words, lexicon.longest_word) for part in parts]
    size = max(1, sum(len(part) for part in parts))
    unknown = sum(lost * len(part) for part, (_, lost) in zip(parts, cuts, strict=True)) // size
    return tuple(category for categories, _ in cuts for category in categories), unknown


def _cut(text: str, words: Mapping[str, str], longest: int) -> tuple[tuple[str, ...], int]:
    """The cut that leaves the fewest characters unknown, then uses the fewest words."""
    size = len(text)
    best: list[tuple[int, tuple[str, ...]]] = [(0, ())]
    for end in range(1, size + 1):
        cost, path = best[end - 1]
        found = (cost + 100, path if path and path[-1] == "?" else (*path, "?"))
        for start in range(max(0, end - longest), end):
            category = words.get(text[start:end])
            if category is None or (end - start == 1 and size > 2 and category in _NEVER_INSIDE):
                continue
            if best[start][0] + 1 < found[0]:
                found = (best[start][0] + 1, (*best[start][1], category))
        best.append(found)
    cost, path = best[size]
    return path, 1000 * (cost // 100) // max(1, size)


def _cut_words(words: list[str], lexicon: Lexicon) -> tuple[tuple[str, ...], int]:
    best: list[tuple[int, tuple[str, ...]]] = [(0, ())]
    for end in range(1, len(words) + 1):
        cost, path = best[end - 1]
        found = (cost + 100, (*path, "?"))
        for start in range(max(0, end - 6), end):
            category = lexicon.words.get(" ".join(words[start:end]))
            if category is not None and best[start][0] + 1 < found[0]:
                found = (best[start][0] + 1, (*best[start][1], category))
        best.append(found)
    cost, path = best[-1]
    return path, 1000 * (cost // 100) // max(1, len(words))
