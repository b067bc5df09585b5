"""A comparison of two rounds as plain data and as one page without any remote resource."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from pathlib import Path

from crawler.judge.catalogue import load_rules
from crawler.judge.model import Verdict
from crawler.report.casework.judged import JudgedCase, JudgedFinding
from crawler.report.casework.retest import Outcome, RoundsCompared, RuleCompared
from crawler.report.page import environment, template_text
from evidence.files import write_whole

__all__ = ["OUTCOMES", "comparison_document", "write_comparison"]

CAUTION = "Fixed means: looked for in this version and not seen again. It does not mean compliant."
OUTCOMES = {
    Outcome.STILL_THERE: ("仍然存在", "still there"),
    Outcome.NEW: ("新出现", "new"),
    Outcome.NOT_TESTED_BEFORE: ("新发现（上一轮未能检测）", "found now, not testable before"),
    Outcome.UNCLEAR: ("不明确，须人工查看", "unclear, for a person to look into"),
    Outcome.NOT_TESTABLE_NOW: ("本轮无法检测", "not testable now"),
    Outcome.FIXED: ("未再发现", "fixed: not seen again"),
    Outcome.NOT_TESTED: ("未能检测，不作比较", "not compared: a round could not test"),
    Outcome.NOTHING: ("两轮均未发现", "in neither round"),
}
"""In the order in which people want to see them."""
_STYLES = {
    Outcome.STILL_THERE: "confirmed",
    Outcome.NEW: "confirmed",
    Outcome.NOT_TESTED_BEFORE: "suspected",
    Outcome.UNCLEAR: "lead",
    Outcome.NOT_TESTABLE_NOW: "suspected",
    Outcome.FIXED: "fixed",
}
PROPOSALS = {"passed": "通过", "failed": "未通过", "unclear": "不明确"}
_APP = ("case", "package", "label", "version_name", "version_code", "apk_sha256", "round")


def comparison_document(compared: RoundsCompared) -> dict[str, object]:
    """The comparison as plain data."""
    return {
        "format": 1,
        "old": _round(compared.old),
        "new": _round(compared.new),
        "proposal": compared.proposal,
        "notes": [{"zh": zh, "en": en} for zh, en in compared.notes],
        "rules": [
            {
                "rule": row.rule,
                "outcome": row.outcome.value,
                "in_question": row.in_question,
                "dismissed": row.dismissed,
                "old": _side(row.old, row.old_findings),
                "new": _side(row.new, row.new_findings),
            }
            for row in compared.rules
        ],
        "caution": CAUTION,
    }


def write_comparison(compared: RoundsCompared, path: Path) -> None:
    """Write the page; the file appears whole or not at all. Raises StorageFailed."""
    template = resources.files("crawler.report.casework").joinpath("data/retest.html.j2").read_text(encoding="utf-8")
    order = list(OUTCOMES)
    text = (
        environment()
        .from_string(template)
        .render(
            name=str(
                compared.new.info.get("label") or compared.old.info.get("label") or compared.new.info.get("package")
            ),
            old=_round(compared.old),
            new=_round(compared.new),
            proposal=compared.proposal,
            proposals=PROPOSALS,
            notes=compared.notes,
            rows=[_row(row) for row in sorted(compared.rules, key=lambda row: (order.index(row.outcome), row.rule))],
            style=template_text("report.css"),
            script=template_text("report.js"),
        )
    )
    write_whole(path, [text.encode("utf-8", "replace")])


def _row(row: RuleCompared) -> dict[str, object]:
    text = load_rules().get(row.rule)
    zh, en = OUTCOMES[row.outcome]
    return {
        "rule": row.rule,
        "name_zh": text.zh if text is not None else "",
        "name_en": text.en if text is not None else "",
        "outcome_zh": zh,
        "outcome_en": en,
        "style": "plain" if row.dismissed and row.outcome is Outcome.STILL_THERE else _STYLES.get(row.outcome, "plain"),
        "in_question": row.in_question,
        "dismissed": row.dismissed,
        "old": _side(row.old, row.old_findings),
        "new": _side(row.new, row.new_findings),
    }


def _side(verdict: Verdict | None, findings: tuple[JudgedFinding, ...]) -> dict[str, object]:
    return {
        "verdict": verdict.value if verdict is not None else "",
        "findings": [
            {"id": finding.id, "session": finding.session, "zh": finding.summary_zh, "en": finding.summary_en}
            for finding in findings
        ],
    }


def _round(case: JudgedCase) -> Mapping[str, str]:
    said = {name: str(case.info[name]) if case.info.get(name) is not None else "" for name in _APP}
    return {**said, "findings": case.digest}
