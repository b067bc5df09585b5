"""What people decided about each finding: the only thing a letter may rest on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from crawler.judge.model import ACCUSING, Finding
from crawler.judge.phases import Phase
from crawler.report.casework.review import FindingState, Review, ReviewedFinding
from evidence.decisions import FINDING_ACCEPTED

__all__ = ["Acceptance", "Standing", "quotable", "standing_of"]

_NEVER_HELD_AGAINST = frozenset({Phase.INDETERMINATE.value, Phase.NOT_STARTED.value})


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """A named person accepted a finding."""

    name: str
    wall_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The decisions of a case, by the place of the finding in findings.json."""

    accepted: Mapping[int, tuple[Acceptance, ...]] = field(default_factory=dict)
    """By as many people as the settings of the store demand."""
    dismissed: frozenset[int] = frozenset()


def quotable(finding: Finding) -> bool:
    """Whether a letter may speak of it at all, even as a draft: leads, gaps and uncertain moments never accuse."""
    return finding.verdict in ACCUSING and finding.phase not in _NEVER_HELD_AGAINST


def standing_of(ids: Sequence[str], review: Review) -> Standing:
    """Where the findings with these names stand in a review."""
    by_id = {one.finding.id: one for one in review.findings}
    accepted: dict[int, tuple[Acceptance, ...]] = {}
    dismissed = set()
    for index, name in enumerate(ids):
        reviewed = by_id.get(name)
        if reviewed is not None and reviewed.state is FindingState.ACCEPTED and reviewed.accepted_by:
            accepted[index] = tuple(_acceptances(reviewed))
        elif reviewed is not None and reviewed.state is FindingState.DISMISSED:
            dismissed.add(index)
    return Standing(accepted=accepted, dismissed=frozenset(dismissed))


def _acceptances(reviewed: ReviewedFinding) -> Iterator[Acceptance]:
    for person in reviewed.accepted_by:
        walls = [
            decision.wall_ns
            for decision in reviewed.decisions
            if decision.kind == FINDING_ACCEPTED and decision.person.public_key == person.public_key
        ]
        yield Acceptance(name=person.name, wall_ns=max(walls, default=0))
