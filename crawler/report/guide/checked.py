"""The result of a self-check as data: what was seen, why it matters, how to mend it, how to prove it mended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from crawler.judge.catalogue import load_rules
from crawler.judge.judgement import Judgement
from crawler.judge.model import ACCUSING, Finding, Verdict
from crawler.report.guide.advice import Advice, advice_for
from crawler.report.notice.plain import moment, plain

__all__ = ["Checked", "CheckedRule", "checked", "sarif", "untested"]

_MOST_SEEN = 10
_KINDS = {
    Verdict.CONFIRMED: ("fail", "error"),
    Verdict.SUSPECTED: ("fail", "warning"),
    Verdict.LEAD: ("review", "none"),
}
"""Verdict → kind and level. A lead fails nobody: it is for a person to look into."""
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedRule:
    """One rule and what came of it."""

    rule: str
    title: str
    verdict: Verdict
    seen: tuple[str, ...]
    """Each with its time and session; for what was not testable, the reason."""
    advice: Advice
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A self-check. Finding nothing does not mean that the app complies."""

    package: str
    case: str
    complete: bool
    sessions: tuple[tuple[str, bool, str], ...]
    """Name, complete, why not."""
    rules: tuple[CheckedRule, ...]
    """Those that speak against the app first, then leads, then what could not be tested, then what was not observed."""

    @property
    def found(self) -> tuple[CheckedRule, ...]:
        """The rules that speak against the app."""
        return tuple(one for one in self.rules if one.verdict in ACCUSING)


def checked(judgement: Judgement, case: str, language: str) -> Checked:
    """The result in one language."""
    order = [Verdict.CONFIRMED, Verdict.SUSPECTED, Verdict.LEAD, Verdict.NOT_TESTABLE, Verdict.NOT_OBSERVED]
    rules = [_rule(rule, judgement, language) for rule in load_rules()]
    sessions = tuple((one.session, one.complete, plain(one.why_incomplete)) for one in judgement.sessions)
    return Checked(
        package=plain(judgement.case.get("package", ""), 120),
        case=plain(case),
        complete=bool(sessions) and all(complete for _, complete, _ in sessions),
        sessions=sessions,
        rules=tuple(sorted(rules, key=lambda one: (order.index(one.verdict), one.rule))),
    )


def untested(result: Checked) -> tuple[CheckedRule, ...]:
    """The rules about which the record says nothing."""
    return tuple(one for one in result.rules if one.verdict is Verdict.NOT_TESTABLE)


def _rule(rule: str, judgement: Judgement, language: str) -> CheckedRule:
    best = judgement.best(rule)
    verdict = best.verdict if best is not None else Verdict.NOT_TESTABLE
    findings = tuple(one for one in judgement.findings if one.rule == rule and one.verdict is verdict)
    advice = advice_for(rule, language)
    return CheckedRule(
        rule=rule,
        title=advice.title,
        verdict=verdict,
        seen=tuple(_seen(one, language) for one in findings[:_MOST_SEEN]),
        advice=advice,
        findings=findings,
    )


def _seen(finding: Finding, language: str) -> str:
    said = plain(finding.summary_zh if language == "zh" else finding.summary_en)
    at = moment(finding.at_wall_ns)
    return f"{at} (UTC+8) {plain(finding.session, 60)}: {said}" if at else said


def sarif(result: Checked, version: str) -> Mapping[str, object]:
    """The result as SARIF 2.1.0, for the tools of a developer's pipeline. Leads are for review; the rest are no results."""
    driver = {
        "name": "AppWitness",
        "version": version,
        "rules": [_sarif_rule(one) for one in result.rules],
    }
    results = [
        _sarif_result(one, index, finding)
        for index, one in enumerate(result.rules)
        if one.verdict in _KINDS
        for finding in one.findings
    ]
    notifications = [
        {"level": "warning", "message": {"text": f"{name}: {why}"}, "descriptor": {"id": "incomplete"}}
        for name, complete, why in result.sessions
        if not complete
    ]
    notifications += [
        {"level": "note", "message": {"text": _joined(one.seen)}, "descriptor": {"id": f"not-testable/{one.rule}"}}
        for one in untested(result)
    ]
    run = {
        "tool": {"driver": driver},
        "results": results,
        "invocations": [{"executionSuccessful": result.complete, "toolExecutionNotifications": notifications}],
        "properties": {"package": result.package, "case": result.case},
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _sarif_rule(one: CheckedRule) -> dict[str, object]:
    advice = one.advice
    level = {"high": "error", "critical": "error", "medium": "warning"}.get(load_rules()[one.rule].severity, "note")
    return {
        "id": one.rule,
        "name": advice.title,
        "shortDescription": {"text": advice.title},
        "fullDescription": {"text": advice.why},
        "help": {"text": _joined((advice.cause, advice.mend, advice.proof))},
        "defaultConfiguration": {"level": level},
        "properties": {"basis": list(advice.basis), "severity": advice.severity},
    }


def _sarif_result(one: CheckedRule, index: int, finding: Finding) -> dict[str, object]:
    place = {"name": plain(finding.session, 60), "kind": "module"}
    kind, level = _KINDS[finding.verdict]
    return {
        "ruleId": one.rule,
        "ruleIndex": index,
        "kind": kind,
        "level": level,
        "message": {"text": _joined((plain(finding.summary_zh), plain(finding.summary_en), one.advice.mend))},
        "locations": [{"logicalLocations": [place]}],
        "properties": {
            "verdict": finding.verdict.value,
            "phase": finding.phase,
            "time": moment(finding.at_wall_ns),
            "evidence": [asdict(citation) for citation in finding.citations],
        },
    }


def _joined(texts: Sequence[str]) -> str:
    return " ".join(text for text in texts if text)
