"""Findings for programs: SARIF 2.1.0, and plain JSON with nothing left out.

SARIF has a kind "pass". It is never used: what was not observed is not thereby in order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.metadata import version
from typing import Any
from urllib.parse import quote

from crawler.judge.model import Verdict
from crawler.report.casework.review import FindingState, ReviewedFinding
from crawler.report.exports.cells import cell
from crawler.report.exports.reading import ExportCase
from crawler.report.exports.tables import citation_of, rule_of
from evidence.record import RECORD, SESSIONS

__all__ = ["json_document", "sarif_document"]

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_KINDS = {
    Verdict.CONFIRMED: ("fail", "error"),
    Verdict.SUSPECTED: ("fail", "warning"),
    Verdict.LEAD: ("review", "none"),
    Verdict.NOT_OBSERVED: ("informational", "none"),
    Verdict.NOT_TESTABLE: ("open", "none"),
}
"""Verdict → kind and level. SARIF demands the level "none" for whatever is no failure."""


def json_document(cases: Sequence[ExportCase]) -> dict[str, Any]:
    """Every finding of every case as it was judged, with where it stands in review."""
    return {
        "format": 1,
        "caution": "What was not observed is not thereby in order.",
        "findings": [
            {
                "case": case.name,
                "record_seal": case.record_seal,
                "app": dict(case.info),
                "finding": at.finding.id,
                "severity": at.finding.severity,
                "review": at.state.value,
                "accepted_by": [{"name": who.name, "key": who.fingerprint} for who in at.accepted_by],
                "facts": list(citation_of(at)),
                **at.finding.row,
            }
            for case in cases
            for at in case.findings
        ],
    }


def sarif_document(cases: Sequence[ExportCase]) -> dict[str, Any]:
    """One run for each case; paths are relative to the case folder."""
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [_run(case) for case in cases]}


def _run(case: ExportCase) -> dict[str, Any]:
    rules = list(dict.fromkeys(at.finding.rule for at in case.findings))
    driver = {
        "name": "AppWitness",
        "version": version("appwitness"),
        "rules": [_rule(case, rule) for rule in rules],
    }
    return {
        "tool": {"driver": driver},
        "originalUriBaseIds": {"CASE": {"description": {"text": "the case folder"}}},
        "automationDetails": {"id": f"{quote(case.name, safe='')}/"},
        "properties": {"recordSeal": case.record_seal, "app": {name: cell(value) for name, value in case.info.items()}},
        "results": [_result(at, rules.index(at.finding.rule)) for at in case.findings],
    }


def _rule(case: ExportCase, rule: str) -> dict[str, Any]:
    text = rule_of(case, rule)
    return {
        "id": rule,
        "shortDescription": {"text": cell(text.get("en") or rule)},
        "fullDescription": {"text": cell(text.get("zh") or rule)},
        "help": {"text": cell(text.get("mend_en") or text.get("mend_zh") or "-")},
        "properties": {"severity": text.get("severity"), "basis": text.get("basis")},
    }


def _result(at: ReviewedFinding, rule: int) -> dict[str, Any]:
    finding = at.finding
    kind, level = _KINDS[finding.verdict]
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": rule,
        "kind": kind,
        "level": level,
        "message": {"text": cell(finding.summary_en or finding.summary_zh or finding.verdict.value)},
        "locations": list(_locations(at)),
        "partialFingerprints": {"finding/v1": finding.id},
        "properties": {
            "verdict": finding.verdict.value,
            "review": at.state.value,
            "session": finding.session,
            "phase": finding.row.get("phase"),
            "facts": list(citation_of(at)),
            "zh": cell(finding.summary_zh),
        },
    }
    if at.state is FindingState.DISMISSED:
        reason = at.decisions[-1].reason if at.decisions else ""
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": cell(reason)}]
    return result


def _locations(at: ReviewedFinding) -> Iterator[dict[str, Any]]:
    """The cited lines. Names of sessions come from the record: they are quoted, so that none leads elsewhere."""
    cited = at.finding.row.get("citations")
    for citation in cited if isinstance(cited, list) else ():
        if not isinstance(citation, dict) or not isinstance(seq := citation.get("seq"), int):
            continue
        session, lane = (quote(str(citation.get(name)), safe="") for name in ("session", "lane"))
        if session in ("", ".", "..") or lane in ("", ".", ".."):
            continue
        uri = f"{RECORD}/{SESSIONS}/{session}/{lane}.jsonl"
        yield {
            "physicalLocation": {
                "artifactLocation": {"uri": uri, "uriBaseId": "CASE"},
                "region": {"startLine": seq + 1},
            },
            "message": {"text": cell(citation.get("what") or "fact")},
        }
