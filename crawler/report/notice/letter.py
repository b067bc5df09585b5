"""What is asked for: which letter, about which case, with which decisions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from crawler.report.notice.quoted import QuotedCase
from crawler.report.notice.standing import Standing

__all__ = ["SENDING", "Judged", "LetterRequest"]

SENDING = frozenset({"rectification", "reminder", "takedown", "closing", "circular"})
"""Kinds that speak of problems to others: they rest on accepted findings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A case and what people decided about it."""

    case: QuotedCase
    standing: Standing
    record_sha256: str
    """Of the record's seal."""
    key: str
    """Fingerprint of the key that sealed the record."""
    decisions_sha256: str = ""
    """Of the last decision; "" when nobody has decided anything."""
    noticed: tuple[tuple[date, date], ...] = ()
    """Day and deadline of each notice that the case's signed moves tell of."""
    state: str = ""
    """Where its signed moves have brought the case; "" when nobody asked."""
    keys_checked: bool = False
    """The store's settings name the people who may decide, and each decision is by one of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterRequest:
    """Which letter."""

    kind: str
    language: str
    issued: date
    deadline: date | None = None
    """The last day, named by a person; counted in working days when absent."""
    draft: bool = False
