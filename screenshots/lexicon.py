"""The word lists of every language, loaded once from data files, and the one way text is made comparable to them."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

__all__ = ["Lexicon", "comparable", "has_han", "has_kana", "lexicons", "lexicons_for", "readable"]

_LONGEST_TEXT = 6000
_HAN = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_KANA = r"\u3041-\u30ff"
_WIDE = _HAN + _KANA + "《》〈〉「」『』【】。、"
_HAS_HAN = re.compile(f"[{_HAN}]")
_HAS_KANA = re.compile(f"[{_KANA}]")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\x00-\x08\x0b-\x1f\x7f]")
_SPACES = re.compile(r"\s+")
_SPACE_BESIDE_WIDE = re.compile(
    rf"(?<=[{_WIDE}])\s+(?=[{_WIDE}])|(?<=[{_WIDE}])\s+(?=[,.!?:;\"'])|(?<=[,.!?:;])\s+(?=[{_WIDE}])"
)
_LOOK_ALIKES = {ord("l"): "i", ord("1"): "i", ord("|"): "i", ord("0"): "o"}
_QUOTES: dict[int, str] = {
    ord(mark): plain
    for mark, plain in {"\u2019": "'", "\u2018": "'", "\u201c": '"', "\u201d": '"', "\u00b4": "'", "`": "'"}.items()
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lexicon:
    """One language: words by category, whole labels by meaning, and patterns for running text."""

    language: str
    script: str
    """`han`, `kana` or `latin`."""
    negation_follows: bool
    """A negation may stand anywhere in the label, not only before the verb."""
    function_words: frozenset[str]
    """Words that any text of some length holds and that tell the language; empty where the script tells it."""
    words: Mapping[str, str]
    """word -> category"""
    longest_word: int
    labels: Mapping[str, str]
    """whole label -> meaning"""
    squashed: Mapping[str, str]
    """The words without spaces and with look-alike letters folded: for OCR that lost the spaces (Latin only)."""
    patterns: Mapping[str, tuple[re.Pattern[str], ...]]
    kinds: Mapping[str, tuple[re.Pattern[str], ...]]
    examples: Mapping[str, tuple[str, ...]]


def readable(text: str) -> str:
    """Text as a person would copy it: one line, no invisible characters, no spaces between Han characters."""
    plain = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text[:_LONGEST_TEXT]).translate(_QUOTES))
    return _SPACE_BESIDE_WIDE.sub("", _SPACES.sub(" ", plain).strip())


@lru_cache(maxsize=4096)
def comparable(text: str) -> str:
    """Readable text, lower case, traditional characters folded: what patterns and words are matched against."""
    return _fold(readable(text).lower())


def has_han(text: str) -> bool:
    return _HAS_HAN.search(text) is not None


def has_kana(text: str) -> bool:
    return _HAS_KANA.search(text) is not None


def squash(text: str) -> str:
    """Latin text without spaces and punctuation, letters that OCR confuses made equal."""
    plain = unicodedata.normalize("NFKD", text.lower()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9|]", "", plain).translate(_LOOK_ALIKES)


@lru_cache(maxsize=1)
def lexicons() -> tuple[Lexicon, ...]:
    """Every language that has a data file; English first among the Latin ones."""
    folder = resources.files("screenshots") / "data"
    names = sorted(entry.name for entry in folder.iterdir() if re.fullmatch(r"[a-z]{2}\.toml", entry.name))
    loaded = [_load(tomllib.loads((folder / name).read_text("utf-8"))) for name in names]
    return tuple(
        sorted(loaded, key=lambda lexicon: (lexicon.script != "han", lexicon.language != "en", lexicon.language))
    )


@lru_cache(maxsize=8)
def lexicons_for(*, han: bool, kana: bool, latin: bool) -> tuple[Lexicon, ...]:
    """The languages whose script occurs in a text."""
    wanted = {"kana"} if kana else set()
    if han:
        wanted.add("han")
    if latin or not wanted:
        wanted.add("latin")
    return tuple(lexicon for lexicon in lexicons() if lexicon.script in wanted)


def _load(data: Mapping[str, object]) -> Lexicon:
    words: dict[str, str] = {}
    for category, entries in _lists(data, "words").items():
        for entry in entries:
            words.setdefault(comparable(entry), category)
    labels = {comparable(entry): meaning for meaning, entries in _lists(data, "labels").items() for entry in entries}
    latin = data["script"] == "latin"
    patterns = _lists(data, "patterns")
    titles = "|".join(patterns.get("document_title", ()))
    return Lexicon(
        language=str(data["language"]),
        script=str(data["script"]),
        negation_follows=bool(data["negation_follows"]),
        function_words=frozenset(_strings(data, "function_words")),
        words=words,
        longest_word=max(len(word) for word in words),
        labels=labels,
        squashed={squash(word): category for word, category in words.items() if squash(word)} if latin else {},
        patterns={name: _compile(_spelled_out(entries, titles)) for name, entries in patterns.items()},
        kinds={name: _compile(entries) for name, entries in _lists(data, "kinds").items()},
        examples={name: tuple(entries) for name, entries in _lists(data, "examples").items()},
    )


def _strings(data: Mapping[str, object], name: str) -> list[str]:
    entries = data.get(name, [])
    if not isinstance(entries, list):
        raise TypeError(f"{name} must be a list")
    return [str(entry) for entry in entries]


def _lists(data: Mapping[str, object], table: str) -> dict[str, list[str]]:
    section = data.get(table, {})
    if not isinstance(section, dict):
        raise TypeError(f"[{table}] must be a table of lists")
    return {str(name): [str(entry) for entry in entries] for name, entries in section.items()}


def _spelled_out(entries: list[str], titles: str) -> list[str]:
    """`<doc>` stands for the title of any legal document of a service, as the language puts it together."""
    return [entry.replace("<doc>", f"(?:{titles})") for entry in entries]


def _compile(entries: list[str]) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(_fold(entry), re.IGNORECASE) for entry in entries)


def _fold(text: str) -> str:
    characters, phrases = _folding()
    folded = text.translate(characters)
    for before, after in phrases:
        folded = folded.replace(before, after)
    return folded


@lru_cache(maxsize=1)
def _folding() -> tuple[dict[int, str], tuple[tuple[str, str], ...]]:
    source = (resources.files("screenshots") / "data" / "traditional.toml").read_text("utf-8")
    data = tomllib.loads(source)
    table = {ord(before): after for before, after in zip(data["from"], data["to"], strict=True)}
    return table, tuple(data["phrases"].items())
