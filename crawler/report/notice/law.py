"""Which clause was in force on which day, so that no letter cites a law that did not exist yet, or by an old number."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

__all__ = ["Cited", "LawDocument", "cited_on", "item_of", "items", "law_documents", "store_basis"]

UNCHECKED = "（待核）"
"""How an entry of the rule catalogue ends that was not compared with the text."""
_REVISED = re.compile(r"（\d{4}年修正后第[一二三四五六七八九十百]+条，\d{4}-\d\d-\d\d起）$")
_ARTICLE = re.compile(r"第([一二三四五六七八九十百]+)条")
_ITEM = re.compile(r"^工信部信管函〔2020〕164号 第(\d+)项")


@dataclass(frozen=True, slots=True, kw_only=True)
class LawDocument:
    """A law, notice or standard that entries of the rule catalogue cite."""

    match: str
    """How such an entry begins."""
    zh: str
    en: str
    since: date
    kind: str
    why: str
    renumbered_from: date | None
    renumbered: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cited:
    """The clauses of a rule that may be printed for conduct of one day, and those left out with the reason."""

    clauses: tuple[str, ...]
    documents: tuple[LawDocument, ...]
    named: tuple[str, ...]
    """The same clauses, each behind the English name of its document."""
    left_out: tuple[str, ...]
    """One English sentence each."""


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(resources.files("crawler.report.notice").joinpath("data/law.toml").read_text(encoding="utf-8"))


@cache
def law_documents() -> tuple[LawDocument, ...]:
    """Every document that may be cited."""
    return tuple(
        LawDocument(
            **{name: row[name] for name in ("match", "zh", "en", "since", "kind", "why")},
            renumbered_from=row.get("renumbered", {}).get("from"),
            renumbered=row.get("renumbered", {}).get("articles", {}),
        )
        for row in _data()["documents"]
    )


@cache
def items(language: str) -> Mapping[int, str]:
    """The names of the ten items of notice 164."""
    return {int(number): str(names[language]) for number, names in _data()["items"].items()}


def item_of(basis: Iterable[str]) -> int | None:
    """The item of notice 164 that a rule belongs to; None when its basis names none."""
    found = (_ITEM.match(entry) for entry in basis)
    return next((int(match[1]) for match in found if match), None)


def store_basis(language: str, on: date) -> str:
    """What the store's own power rests on, on the day of the letter."""
    begun = [row for row in _data()["store"] if row["since"] <= on] or _data()["store"][:1]
    return str(begun[-1][language])


def cited_on(basis: Iterable[str], on: date, *, unchecked: bool) -> Cited:
    """The entries of a rule's basis that held on a day, with the article numbers of that day.

    `unchecked` keeps entries that were not compared with the text, marked as such (for drafts). An entry of a document
    that law.toml does not know is left out: nobody has said since when it holds.
    """
    clauses: list[str] = []
    named: list[str] = []
    documents: list[LawDocument] = []
    left_out: list[str] = []
    for entry in basis:
        document = next((one for one in law_documents() if entry.startswith(one.match)), None)
        reason = _why_not(entry, document, on, unchecked)
        if reason or document is None:
            left_out.append(f"{entry}: {reason}")
            continue
        clauses.append(_numbered(entry, document, on))
        named.append(f"{document.en} ({clauses[-1]})" if document.en not in clauses[-1] else clauses[-1])
        if document not in documents:
            documents.append(document)
    return Cited(clauses=tuple(clauses), named=tuple(named), documents=tuple(documents), left_out=tuple(left_out))


def _why_not(entry: str, document: LawDocument | None, on: date, unchecked: bool) -> str:
    if document is None:
        return "law.toml does not say since when it is in force"
    if document.kind == "draft":
        return "a draft is no basis"
    if on < document.since:
        return f"in force since {document.since} only, after the conduct of {on}"
    if entry.endswith(UNCHECKED) and not unchecked:
        return "not compared with the text"
    return ""


def _numbered(entry: str, document: LawDocument, on: date) -> str:
    """The entry with the article's number of that day."""
    plain = _REVISED.sub("", entry)
    if document.renumbered_from is None or on < document.renumbered_from:
        return plain
    return _ARTICLE.sub(lambda found: f"第{document.renumbered.get(found[1], found[1])}条", plain, count=1)
