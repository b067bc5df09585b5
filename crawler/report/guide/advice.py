"""Advice about each rule, in one language: the catalogue's words and what the guide adds. The only place both are joined."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from crawler.judge.catalogue import load_rules
from crawler.report.notice.law import item_of, items
from crawler.report.notice.wording import load_wording

__all__ = ["Advice", "advice_for", "all_advice", "example_screen", "without_entry"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """A rule, explained."""

    rule: str
    title: str
    item: str
    """The item of notice 164 it belongs to; "" for none."""
    severity: str
    scenarios: tuple[str, ...]
    basis: tuple[str, ...]
    why: str
    """Why it matters."""
    cause: str
    """What typically causes it."""
    mend: str
    proof: str
    """How to prove that it is mended."""
    innocent: str
    """What must not be taken for it. English, as the catalogue has it."""
    wrong: str
    """What the failing example screen shows; "" where there is none."""
    right: str


@cache
def _data() -> dict[str, Any]:
    text = resources.files("crawler.report.guide").joinpath("data/guide.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def advice_for(rule: str, language: str) -> Advice:
    """Advice about a rule of the catalogue. Raises KeyError for one that it does not hold."""
    text = load_rules()[rule]
    zh = language == "zh"
    entry = {**_data()["default"], **next((row for row in _data()["rules"] if row["id"] == rule), {})}
    words, item = load_wording(language), item_of(text.basis)
    return Advice(
        rule=rule,
        title=text.zh if zh else text.en,
        item=items(language)[item] if item is not None else "",
        severity=words.word("severity", text.severity),
        scenarios=tuple(f"{name} {words.word('scenarios', name)}" for name in text.scenarios),
        basis=text.basis,
        why=entry[f"why_{language}"],
        cause=entry[f"cause_{language}"],
        mend=text.mend_zh if zh else text.mend_en,
        proof=entry[f"proof_{language}"],
        innocent=text.counter_example,
        wrong=entry.get(f"wrong_{language}", ""),
        right=entry.get(f"right_{language}", ""),
    )


def all_advice(language: str) -> tuple[Advice, ...]:
    """Advice about every rule of the catalogue, in its order."""
    return tuple(advice_for(rule, language) for rule in load_rules())


def without_entry() -> tuple[str, ...]:
    """Rules of the catalogue that only have the general advice."""
    written = {row["id"] for row in _data()["rules"]}
    return tuple(rule for rule in load_rules() if rule not in written)


def example_screen(rule: str, language: str) -> bytes | None:
    """The example screens of a rule as PNG, what fails beside what does; None where none were drawn."""
    if rule not in load_rules():
        return None
    file = resources.files("crawler.report.guide").joinpath(f"data/screens/{rule}.{language}.png")
    return file.read_bytes() if file.is_file() else None
