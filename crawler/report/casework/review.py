"""Where each finding stands after what people decided: a pure fold over signed decisions.

A decision counts for a finding of exactly this content. Judging again may change findings; what was decided about one that
is no longer there is shown as made on an earlier judgement, and counts for nothing until a person decides again.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from crawler.report.casework.judged import JudgedCase, JudgedFinding, read_judged
from crawler.report.casework.settings import CaseworkSettings
from evidence.canonical import Json
from evidence.deciding import DecisionsDamaged, anchor_of
from evidence.decisions import (
    DECISIONS_FILE,
    FINDING_ACCEPTED,
    FINDING_DISMISSED,
    RERUN_ASKED,
    Decision,
    DecisionsReading,
    Person,
    read_decisions,
)

__all__ = [
    "FindingState",
    "Review",
    "ReviewedFinding",
    "accepted_findings",
    "decision_data",
    "matching",
    "objection",
    "open_review",
    "review_state",
    "same_person",
]

_ABOUT_FINDINGS = frozenset({FINDING_ACCEPTED, FINDING_DISMISSED, RERUN_ASKED})
_LONGEST_QUOTE = 1000
_LEAST_DIGITS = 4


class FindingState(StrEnum):
    """What people made of a finding. Only ACCEPTED may be quoted in a notice."""

    OPEN = "open"
    """Nobody has decided yet."""
    ACCEPTED = "accepted"
    """As many different people as the settings demand say that it is so."""
    NEEDS_SECOND_PERSON = "needs_second_person"
    """One accepted it; the settings demand another."""
    DISMISSED = "dismissed"
    """A person says that it does not speak against the app, and why."""
    RERUN_ASKED = "rerun_asked"
    """A person wants another run before deciding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewedFinding:
    """A finding, where it stands, and by whose word."""

    finding: JudgedFinding
    state: FindingState
    decisions: tuple[Decision, ...]
    """All that count for this content, oldest first."""
    accepted_by: tuple[Person, ...] = ()
    """Different people, since it was last dismissed or asked to run again."""
    earlier: tuple[Decision, ...] = ()
    """Made on an earlier judgement, about a finding of the same rule and session that is no longer there. Count for nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A case as a reviewer has it before them."""

    judged: JudgedCase
    reading: DecisionsReading
    findings: tuple[ReviewedFinding, ...]
    keys_checked: bool
    """The settings name the people who may decide, and every decision is by one of them."""
    unplaced: tuple[Decision, ...]
    """Made on an earlier judgement, and nothing of the kind is there any more."""

    @property
    def undecided(self) -> tuple[ReviewedFinding, ...]:
        """Those that keep the case from being reviewed."""
        waiting = (FindingState.OPEN, FindingState.NEEDS_SECOND_PERSON)
        return tuple(at for at in self.findings if at.finding.awaits_decision and at.state in waiting)


def open_review(case_dir: Path, settings: CaseworkSettings) -> Review:
    """The review of a sealed, judged case. Nothing may rest on damaged decisions: they are not half counted.

    Raises DecisionRefused when the case is not sealed or not judged, FindingsUnreadable, DecisionsDamaged. Does not verify
    the record: that is `evidence.verify`'s.
    """
    anchor = anchor_of(case_dir)
    judged = read_judged(case_dir)
    path = case_dir / DECISIONS_FILE
    known = settings.known_keys if settings.people else None
    reading = read_decisions(path, record_seal=anchor.record_seal, known=known, until=settings.ends)
    if reading.faults:
        raise DecisionsDamaged(path, reading.faults)
    findings = review_state(judged.findings, reading.decisions, settings.second_person)
    placed = {decision.digest for at in findings for decision in (*at.decisions, *at.earlier)}
    about = [decision for decision in reading.decisions if decision.kind in _ABOUT_FINDINGS]
    return Review(
        judged=judged,
        reading=reading,
        findings=findings,
        keys_checked=known is not None,
        unplaced=tuple(decision for decision in about if decision.digest not in placed),
    )


def review_state(
    findings: Iterable[JudgedFinding], decisions: Iterable[Decision], second_person: Collection[str] = ()
) -> tuple[ReviewedFinding, ...]:
    """Where every finding stands. `second_person`: severities of which two different people must accept a finding."""
    listed = tuple(findings)
    here = {finding.id for finding in listed}
    counted: dict[str, list[Decision]] = defaultdict(list)
    gone: dict[tuple[object, object], list[Decision]] = defaultdict(list)
    for decision in decisions:
        if decision.kind in _ABOUT_FINDINGS and decision.finding in here:
            counted[decision.finding].append(decision)
        elif decision.kind in _ABOUT_FINDINGS:
            gone[_place(decision.data)].append(decision)
    return tuple(
        _reviewed(
            finding,
            tuple(counted[finding.id]),
            tuple(gone[(finding.rule, finding.session)]),
            2 if finding.severity in second_person else 1,
        )
        for finding in listed
    )


def accepted_findings(reviewed: Iterable[ReviewedFinding]) -> tuple[JudgedFinding, ...]:
    """What a notice may quote: accepted by as many people as it takes, and speaking against the app at all."""
    return tuple(at.finding for at in reviewed if at.state is FindingState.ACCEPTED and at.finding.accuses)


def objection(kind: str, at: ReviewedFinding, person: Person) -> str:
    """Why this person cannot decide this about a finding now; "" when they can."""
    verdict = at.finding.verdict
    if kind == FINDING_ACCEPTED and not at.finding.accuses:
        return f"'{verdict.value}' says nothing against the app, so there is nothing to accept; ask for another run"
    if kind == FINDING_DISMISSED and not at.finding.awaits_decision:
        return f"'{verdict.value}' says nothing against the app, so there is nothing to dismiss"
    if kind == FINDING_ACCEPTED and at.state is FindingState.ACCEPTED:
        return f"it is accepted already, by {' and '.join(who.name for who in at.accepted_by)}"
    before = next((who for who in at.accepted_by if same_person(who, person)), None)
    if kind == FINDING_ACCEPTED and before is not None:
        return f"{person.name} accepted it before (as {before.name}); now another person must"
    return ""


def same_person(one: Person, other: Person) -> bool:
    """The same key, or the same name in another spelling: when in doubt, one pair of eyes."""
    return one.public_key == other.public_key or _plain_name(one.name) == _plain_name(other.name)


def decision_data(finding: JudgedFinding, reason: str) -> dict[str, Json]:
    """What a decision about a finding says of it, so that it can be understood when the finding is gone."""
    return {
        "finding": finding.id,
        "rule": finding.rule,
        "verdict": finding.verdict.value,
        "session": finding.session,
        "summary_zh": finding.summary_zh[:_LONGEST_QUOTE],
        "summary_en": finding.summary_en[:_LONGEST_QUOTE],
        "reason": reason,
    }


def _reviewed(
    finding: JudgedFinding, counted: tuple[Decision, ...], earlier: tuple[Decision, ...], needed: int
) -> ReviewedFinding:
    accepted_by: list[Person] = []
    state = FindingState.OPEN
    for decision in counted:
        if decision.kind == FINDING_DISMISSED:
            accepted_by, state = [], FindingState.DISMISSED
        elif decision.kind == RERUN_ASKED:
            accepted_by, state = [], FindingState.RERUN_ASKED
        elif finding.accuses:
            if not any(same_person(person, decision.person) for person in accepted_by):
                accepted_by.append(decision.person)
            enough = len(accepted_by) >= needed
            state = FindingState.ACCEPTED if enough else FindingState.NEEDS_SECOND_PERSON
    return ReviewedFinding(
        finding=finding, state=state, decisions=counted, accepted_by=tuple(accepted_by), earlier=earlier
    )


def _place(data: Mapping[str, Json]) -> tuple[object, object]:
    """The rule and session that a decision says it is about; whatever else stands there is the place of no finding."""
    rule, session = data.get("rule"), data.get("session")
    return (rule if isinstance(rule, str) else None, session if isinstance(session, str) else None)


def _plain_name(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


def matching(reviewed: Sequence[ReviewedFinding], name: str) -> tuple[ReviewedFinding, ...]:
    """Those that a person may mean: by the beginning of the id, with or without the rule before it."""
    wanted = name.strip().lower()
    return tuple(
        at
        for at in reviewed
        if len(wanted) >= _LEAST_DIGITS
        and any(full.startswith(wanted) for full in (at.finding.id, f"{at.finding.rule.lower()}-{at.finding.id}"))
    )
