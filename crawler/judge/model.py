"""Findings: what a rule concluded from readings, citing the facts it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

__all__ = ["ACCUSING", "Citation", "Finding", "RuleText", "Verdict", "strongest"]


class Verdict(StrEnum):
    """How far the record carries a rule. Only CONFIRMED and SUSPECTED speak against an app."""

    CONFIRMED = "confirmed"
    """All required evidence is in the record."""
    SUSPECTED = "suspected"
    """It looks so, and a named piece of evidence is missing or rests on one reader alone."""
    LEAD = "lead"
    """Something for a person to look into; says nothing against the app."""
    NOT_OBSERVED = "not_observed"
    """Looked for with the coverage the rule asks for, and not seen. Does not mean that the app complies."""
    NOT_TESTABLE = "not_testable"
    """The record does not allow a judgement; the reason is given."""


ACCUSING = frozenset({Verdict.CONFIRMED, Verdict.SUSPECTED})
_ORDER = (Verdict.CONFIRMED, Verdict.SUSPECTED, Verdict.LEAD, Verdict.NOT_TESTABLE, Verdict.NOT_OBSERVED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A fact a finding rests on. The digest pins the very line of the lane."""

    session: str
    lane: str
    seq: int
    digest: str
    what: str
    """What the fact shows, in one short English phrase."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One rule's conclusion about one session (or, session "", about the case)."""

    rule: str
    verdict: Verdict
    session: str
    phase: str
    at_mono_ns: int | None
    at_wall_ns: int | None
    summary_zh: str
    summary_en: str
    details: Mapping[str, object] = field(default_factory=dict)
    """Values a notice quotes: host, data, label, count … Strings from the app are untrusted text."""
    citations: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleText:
    """A rule of the catalogue as data: what it is called, what it rests on, how to mend it."""

    id: str
    zh: str
    en: str
    severity: str
    scenarios: tuple[str, ...]
    basis: tuple[str, ...]
    """Legal basis, as it is printed. An entry that ends in "（待核）" was not confirmed against the text."""
    mend_zh: str
    mend_en: str
    counter_example: str
    """An innocent behaviour that must not be taken for this one."""


def strongest(findings: tuple[Finding, ...]) -> Finding | None:
    """The finding with the weightiest verdict, the earliest of equals; None when there is none."""
    if not findings:
        return None
    return min(findings, key=lambda finding: (_ORDER.index(finding.verdict), finding.at_mono_ns or 0))
