"""What the words of a layer speak of, counted by pattern: topics, requests, and the marks of other dialogs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from screenshots.lexicon import Lexicon, has_han, has_kana, lexicons, lexicons_for

__all__ = ["Wording", "languages_of", "matches", "read_wording"]

_WORD = re.compile(r"[^\W\d_]+")
_TELLING = 3
"""How many function words make a text one language's."""

_COUNTED = (
    "topic_strong",
    "topic_collect",
    "topic_weak",
    "place",
    "processing",
    "ask",
    "refuse_leaves",
    "consent_needed",
    "tick_first",
    "agreement_line",
    "retention_ask",
    "retention_label",
    "retention_weak",
    "invites",
    "article",
    "commerce",
    "social",
    "account",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """How many different patterns of each group a text meets."""

    counts: Mapping[str, int]
    kinds: Mapping[str, int]
    links: tuple[str, ...]
    """Titles of legal documents named in the text."""
    characters: int
    languages: tuple[str, ...]

    def __getitem__(self, group: str) -> int:
        return self.counts.get(group, 0)

    def kind(self, name: str) -> int:
        return self.kinds.get(name, 0)


@lru_cache(maxsize=2048)
def languages_of(text: str) -> tuple[Lexicon, ...]:
    """The languages a comparable text may be in: by its script, and among those of one script by its function words."""
    latin = sum("a" <= character <= "z" for character in text) >= 12
    found = lexicons_for(han=has_han(text), kana=has_kana(text), latin=latin)
    return _spoken(text, found) if latin else found


def _spoken(text: str, languages: tuple[Lexicon, ...]) -> tuple[Lexicon, ...]:
    """Without those of which no function word occurs where another has several."""
    telling = _telling_words()
    often = Counter(telling[word] for word in _WORD.findall(text) if word in telling)
    if max(often.values(), default=0) < _TELLING:
        return languages
    return tuple(lexicon for lexicon in languages if lexicon.language in often or not lexicon.function_words)


@lru_cache(maxsize=1)
def _telling_words() -> dict[str, str]:
    """Function words of one language alone, and which it is."""
    known = [(word, lexicon.language) for lexicon in lexicons() for word in lexicon.function_words]
    shared = Counter(word for word, _ in known)
    return {word: language for word, language in known if shared[word] == 1}


@lru_cache(maxsize=512)
def read_wording(plain: str) -> Wording:
    """`plain` is comparable text."""
    counts: dict[str, int] = {}
    kinds: dict[str, int] = {}
    links: list[str] = []
    languages = languages_of(plain)
    for lexicon in languages:
        for group in _COUNTED:
            _count(counts, group, lexicon.patterns.get(group, ()), plain)
        if _found(lexicon, "document_title", plain):
            counts["topic_strong"] = max(1, counts.get("topic_strong", 0))
        for kind, patterns in lexicon.kinds.items():
            _count(kinds, kind, patterns, plain)
        for pattern in lexicon.patterns.get("link_title", ()):
            links.extend(match.group(0) for match in pattern.finditer(plain))
    return Wording(
        counts=counts,
        kinds=kinds,
        links=tuple(dict.fromkeys(links)),
        characters=len(plain),
        languages=tuple(lexicon.language for lexicon in languages),
    )


def _count(counts: dict[str, int], name: str, patterns: Sequence[re.Pattern[str]], plain: str) -> None:
    """The language that finds most counts: "cookies" is a word in four of them, and still one subject."""
    counts[name] = max(counts.get(name, 0), sum(pattern.search(plain) is not None for pattern in patterns))


def matches(group: str, text: str) -> bool:
    """Whether any language finds this group of patterns in a comparable text. The title of a document is a subject."""
    groups = (group, "document_title") if group == "topic_strong" else (group,)
    return any(_found(lexicon, one, text) for lexicon in languages_of(text) for one in groups)


def _found(lexicon: Lexicon, group: str, text: str) -> bool:
    return any(pattern.search(text) is not None for pattern in lexicon.patterns.get(group, ()))
