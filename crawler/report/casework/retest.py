"""Two rounds of one app side by side: what of the earlier one is seen again in the later.

Only what both rounds could test is compared. What the later round could not test is never called fixed, and "fixed" says no
more than: looked for with the coverage that the rule asks for, and not seen again in this version.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources

from crawler.judge.catalogue import load_rules
from crawler.judge.model import ACCUSING, Verdict
from crawler.report.casework.judged import JudgedCase, JudgedFinding

__all__ = [
    "Outcome",
    "RetestRefused",
    "RoundsCompared",
    "RuleCompared",
    "compare_rounds",
    "core_rules",
    "retest_scenarios",
]

_IDENTITY = ("version_name", "version_code", "apk_sha256")
_QUOTED = 5
"""Findings of one rule that are told in full."""


class RetestRefused(ValueError):
    """These are not two rounds of one app."""

    exit_code = 65
    mend = "Name the earlier case of the app first, then the later one of the same app."


class Outcome(StrEnum):
    """What became of a rule from one round to the next."""

    FIXED = "fixed"
    """Found in the earlier version, looked for in the later one with the coverage the rule asks for, and not seen."""
    STILL_THERE = "still_there"
    NEW = "new"
    """Not observed in the earlier version, found in the later one."""
    UNCLEAR = "unclear"
    """Found in the earlier version; in the later one only something for a person to look into."""
    NOT_TESTABLE_NOW = "not_testable_now"
    """Found in the earlier version; the later round does not allow a judgement. Never fixed."""
    NOT_TESTED_BEFORE = "not_tested_before"
    """Found in the later version; the earlier round did not allow a judgement, so nobody can say that it is new."""
    NOT_TESTED = "not_tested"
    """Nothing was found, and at least one of the rounds could not test: nobody can say that neither showed it."""
    NOTHING = "nothing"
    """Both rounds could test, and neither found it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleCompared:
    """One rule in both rounds."""

    rule: str
    outcome: Outcome
    old: Verdict | None
    """None: the rule did not exist when the round was judged, or was not judged."""
    new: Verdict | None
    old_findings: tuple[JudgedFinding, ...]
    """Those that speak against the app, at most five."""
    new_findings: tuple[JudgedFinding, ...]
    in_question: bool
    """The developer was to correct this."""
    dismissed: bool
    """People dismissed everything that the earlier round held against the app under this rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundsCompared:
    """Both rounds, rule by rule."""

    old: JudgedCase
    new: JudgedCase
    rules: tuple[RuleCompared, ...]
    notes: tuple[tuple[str, str], ...]
    """What limits the comparison, (Chinese, English): the same version twice, other judges, sessions that were cut off."""

    @property
    def proposal(self) -> str:
        """What a person may sign as the outcome of the retest: failed, passed or unclear. Never more than a proposal.

        Failed when something in question is still there. Passed when all of it is fixed. Else unclear. What is new is for
        the review of the new round, and fails nobody before a person has looked.
        """
        asked = [row.outcome for row in self.rules if row.in_question]
        if Outcome.STILL_THERE in asked:
            return "failed"
        return "passed" if asked and all(outcome is Outcome.FIXED for outcome in asked) else "unclear"


def compare_rounds(
    old: JudgedCase, new: JudgedCase, in_question: Iterable[str] | None = None, dismissed: Iterable[str] = ()
) -> RoundsCompared:
    """Compare two rounds. `in_question`: the rules that the developer was to correct; those that speak against the app
    in the old round when not given. `dismissed`: those under which people dismissed everything. RetestRefused for rounds
    of different apps.
    """
    package = old.info.get("package")
    if not package or package != new.info.get("package"):
        raise RetestRefused(f"not two rounds of one app: {package!r} and {new.info.get('package')!r}"[:300])
    accused = {finding.rule for finding in old.findings if finding.accuses}
    asked = accused if in_question is None else frozenset(in_question)
    innocent = frozenset(dismissed)
    names = sorted({*old.verdicts, *new.verdicts})
    return RoundsCompared(
        old=old,
        new=new,
        rules=tuple(_compared(rule, old, new, rule in asked, rule in innocent) for rule in names),
        notes=tuple(_notes(old, new)),
    )


def retest_scenarios(old: JudgedCase, available: Sequence[str]) -> tuple[str, ...]:
    """The scenarios that a retest has to play: those of every rule that had failed and of the core set, as far as there are
    such scenarios.
    """
    failed = {finding.rule for finding in old.findings if finding.accuses}
    texts = load_rules()
    wanted = {name for rule in failed.union(core_rules()) if rule in texts for name in texts[rule].scenarios}
    return tuple(name for name in available if name in wanted)


@cache
def core_rules() -> frozenset[str]:
    """The rules that every retest covers."""
    text = resources.files("crawler.report.casework").joinpath("data/retest.toml").read_text(encoding="utf-8")
    return frozenset(tomllib.loads(text)["core_rules"])


def _compared(rule: str, old: JudgedCase, new: JudgedCase, in_question: bool, dismissed: bool) -> RuleCompared:
    before, now = old.verdicts.get(rule), new.verdicts.get(rule)
    return RuleCompared(
        rule=rule,
        outcome=_outcome(before, now),
        old=before,
        new=now,
        old_findings=_accusing(old, rule),
        new_findings=_accusing(new, rule),
        in_question=in_question,
        dismissed=dismissed,
    )


def _outcome(before: Verdict | None, now: Verdict | None) -> Outcome:
    tested_before, tested_now = (verdict not in (None, Verdict.NOT_TESTABLE) for verdict in (before, now))
    if before in ACCUSING:
        if not tested_now:
            return Outcome.NOT_TESTABLE_NOW
        if now in ACCUSING:
            return Outcome.STILL_THERE
        return Outcome.FIXED if now is Verdict.NOT_OBSERVED else Outcome.UNCLEAR
    if now in ACCUSING:
        return Outcome.NEW if tested_before else Outcome.NOT_TESTED_BEFORE
    return Outcome.NOTHING if tested_before and tested_now else Outcome.NOT_TESTED


def _accusing(case: JudgedCase, rule: str) -> tuple[JudgedFinding, ...]:
    return tuple(finding for finding in case.findings if finding.rule == rule and finding.accuses)[:_QUOTED]


def _notes(old: JudgedCase, new: JudgedCase) -> Iterable[tuple[str, str]]:
    if all(old.info.get(field) == new.info.get(field) for field in _IDENTITY):
        yield "两轮检测的是同一版本", "both rounds inspected the same version"
    if old.document.get("judge") != new.document.get("judge"):
        yield (
            "两轮由不同版本的规则判定：请先重新判定原案件",
            "the rounds were judged by different versions of the rules: judge the earlier case again",
        )
    for zh, en, case in (("原", "earlier", old), ("新", "later", new)):
        for session in _incomplete(case.document):
            yield f"{zh}一轮有会话不完整：{session}", f"in the {en} round a session is incomplete: {session}"


def _incomplete(document: Mapping[str, object]) -> Iterable[str]:
    sessions = document.get("sessions")
    for session in sessions if isinstance(sessions, list) else ():
        if isinstance(session, dict) and not session.get("complete"):
            yield str(session.get("session", "?"))[:100]
