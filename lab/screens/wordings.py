"""The words on drawn screens: one file per language and part. No title, text or pair of consent answers is in two parts."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["PARTS", "Answer", "Language", "Phrases", "WordingError", "load_languages", "read_language"]

PARTS = ("default", "held_out", "held_out_2", "development")
"""`development` is what a reader is tuned on. The `held_out` ones are for measuring only: who tunes does not look at them. The
second was written when the first had been measured so often that its totals may have been tuned to."""

_DATA = Path(__file__).parent / "data"
_LISTS = ("titles", "bodies", "boxes", "toggles", "fields", "extras", "rows")


class WordingError(ValueError):
    """A wording file cannot be used. The message names every fault and its place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A button and what tapping it says."""

    role: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrases:
    """What screens of one kind say in one language. Each field is a list to choose from."""

    titles: tuple[str, ...] = ()
    bodies: tuple[str, ...] = ()
    answers: tuple[tuple[Answer, ...], ...] = ()
    saves: tuple[tuple[Answer, ...], ...] = ()
    """Answers of a second layer, below toggles."""
    boxes: tuple[str, ...] = ()
    """Lines beside an agreement box."""
    toggles: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """Everything one language has to say."""

    code: str
    apps: tuple[str, ...]
    headlines: tuple[str, ...]
    kinds: Mapping[str, Phrases]


@cache
def load_languages(part: str) -> tuple[Language, ...]:
    """The languages of one of `PARTS`, by code. Raises WordingError."""
    if part not in PARTS:
        raise WordingError(f"no part named {part!r}; there are {', '.join(PARTS)}")
    return tuple(read_language(file) for file in sorted((_DATA / part).glob("*.toml")))


def read_language(file: Path) -> Language:
    """One wording file. Raises WordingError, which names every fault."""
    document: dict[str, Any] = tomllib.loads(file.read_text("utf-8"))
    faults: list[str] = []
    kinds = {
        kind: _phrases(table, f"{file.parent.name}/{file.name} [{kind}]", faults)
        for kind, table in document.items()
        if isinstance(table, dict)
    }
    if faults:
        raise WordingError("\n".join(faults))
    return Language(code=file.stem, apps=tuple(document["apps"]), headlines=tuple(document["headlines"]), kinds=kinds)


def _phrases(table: Mapping[str, Any], place: str, faults: list[str]) -> Phrases:
    unknown = sorted(set(table) - {*_LISTS, "answers", "saves"})
    if unknown:
        faults.append(f"{place}: no such list: {', '.join(unknown)}; there are {', '.join(_LISTS)}, answers, saves")
    lists = {name: tuple(str(entry) for entry in table.get(name, ())) for name in _LISTS}
    return Phrases(
        answers=_answers(table.get("answers", ()), place, faults),
        saves=_answers(table.get("saves", ()), place, faults),
        **lists,
    )


def _answers(written: list[str], place: str, faults: list[str]) -> tuple[tuple[Answer, ...], ...]:
    found = []
    for line in written:
        pairs = [part.split("=", 1) for part in line.split(" / ")]
        if any(len(pair) != 2 or not pair[0] or not pair[1].strip() for pair in pairs):
            faults.append(f"{place}: {line!r} is not written as role=label / role=label")
            continue
        found.append(tuple(Answer(role=role, label=label.strip()) for role, label in pairs))
    return tuple(found)
