"""Judges a case from its record alone, without a device, and says it as plain data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial

from crawler.judge.catalogue import load_rules
from crawler.judge.model import ACCUSING, Finding, Verdict, strongest
from crawler.judge.readings import SessionReadings, read_readings
from crawler.judge.rules import RULES
from crawler.judge.stating import session_document
from evidence.blobs import BlobStore
from evidence.record import CaseRecord
from screenshots.reading import ScreenReading, read_screen

__all__ = ["JUDGE_VERSION", "Judgement", "findings_document", "judge_case"]

JUDGE_VERSION = "2"
"""Counts up whenever the same record could lead to another finding."""

_NEEDS_SECOND_LOOK = frozenset({"M1-01", "M1-10"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """All findings of a case and the readings they rest on."""

    case: Mapping[str, object]
    sessions: tuple[SessionReadings, ...]
    findings: tuple[Finding, ...]

    def accusing(self) -> tuple[Finding, ...]:
        """The findings that speak against the app."""
        return tuple(finding for finding in self.findings if finding.verdict in ACCUSING)

    def best(self, rule: str) -> Finding | None:
        """The weightiest finding of one rule."""
        return strongest(tuple(finding for finding in self.findings if finding.rule == rule))


def judge_case(
    record: CaseRecord,
    *,
    read: Callable[..., ScreenReading] = read_screen,
    progress: Callable[[str], None] | None = None,
) -> Judgement:
    """Derive the readings of every session and apply every rule.

    What a rule would hold against the app for want of something on the screen is looked at a second time, at full size and
    with the better readers, before it is said. Raises nothing on a damaged record: what is missing makes rules not testable.
    """
    say = progress or (lambda _: None)
    sessions = []
    links = _links(record.info)
    for session in record.sessions:
        say(f"reading {session.name}")
        sessions.append(read_readings(session, record.blobs, read=read, links=links))
    findings = _apply(sessions)
    doubtful = {item.rule for item in findings if item.verdict is Verdict.SUSPECTED} & _NEEDS_SECOND_LOOK
    if doubtful:
        say("taking a second look")
        sessions = _look_again(record, sessions, record.blobs, partial(read, second_look=True))
        findings = _apply(sessions)
    return Judgement(case=dict(record.info), sessions=tuple(sessions), findings=findings)


def _apply(sessions: Sequence[SessionReadings]) -> tuple[Finding, ...]:
    return tuple(item for _, rule in RULES for item in rule(sessions))


def _links(info: Mapping[str, object]) -> tuple[str, ...]:
    """Hosts or URLs that the case names as the app's own; none where it says nothing of them."""
    links = info.get("links")
    return tuple(link for link in links if isinstance(link, str)) if isinstance(links, (list, tuple)) else ()


def _look_again(
    record: CaseRecord, sessions: Sequence[SessionReadings], blobs: BlobStore, read: Callable[..., ScreenReading]
) -> list[SessionReadings]:
    """The cold starts once more with the better readers; every other session as it was."""
    by_name = {session.name: session for session in record.sessions}
    links = _links(record.info)
    return [
        read_readings(by_name[session.session], blobs, read=read, links=links) if session.scenario == "S01" else session
        for session in sessions
    ]


def findings_document(judgement: Judgement, tools: Mapping[str, str]) -> dict[str, object]:
    """The judgement as it is written to findings.json: one entry per rule, every finding under it, no conclusion beyond."""
    rules = load_rules()
    rows: list[dict[str, object]] = []
    for rule_id, _ in RULES:
        of_rule = [item for item in judgement.findings if item.rule == rule_id]
        best = strongest(tuple(of_rule))
        text = rules[rule_id]
        rows.append(
            {
                "rule": rule_id,
                "zh": text.zh,
                "en": text.en,
                "severity": text.severity,
                "basis": list(text.basis),
                "mend_zh": text.mend_zh,
                "mend_en": text.mend_en,
                "verdict": best.verdict.value if best else Verdict.NOT_TESTABLE.value,
                "findings": [_plain(item) for item in of_rule],
            }
        )
    return {
        "format": 1,
        "judge": JUDGE_VERSION,
        "tools": dict(tools),
        "case": dict(judgement.case),
        "sessions": [session_document(session) for session in judgement.sessions],
        "rules": rows,
        "caution": "What was not observed is not thereby in order.",
    }


def _plain(item: Finding) -> dict[str, object]:
    plain = asdict(item)
    plain["verdict"] = item.verdict.value
    return plain
