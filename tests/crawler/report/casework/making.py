"""Judged, sealed cases of any findings, and people who decide about them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from crawler.judge.model import Verdict
from crawler.report.casework.judged import JudgedFinding, finding_id
from evidence.clock import FrozenClock
from evidence.deciding import Signer
from evidence.decisions import Anchor, Decision, Person
from evidence.keys import SigningKey
from evidence.seal import seal, seal_derived
from tests.evidence.cases import KEY, build_case

ANNA = Signer(name="Anna", key=SigningKey(Ed25519PrivateKey.from_private_bytes(b"a" * 32)))
BO = Signer(name="Bo", key=SigningKey(Ed25519PrivateKey.from_private_bytes(b"b" * 32)))
ORDER = ("confirmed", "suspected", "lead", "not_testable", "not_observed")
CAPTION = "What was not observed is not thereby in order."


def row(
    rule: str = "M1-01", verdict: str = "confirmed", session: str = "S01-cold-start", **more: object
) -> dict[str, object]:
    """A finding as it stands in findings.json."""
    plain: dict[str, object] = {
        "rule": rule,
        "verdict": verdict,
        "session": session,
        "phase": "PRE_CONSENT",
        "at_mono_ns": 5,
        "at_wall_ns": 6,
        "summary_zh": f"{rule} 中文",
        "summary_en": f"{rule} in words",
        "details": {"host": "tracker.example", "share": 0.5},
        "citations": [],
    }
    return {**plain, **more}


def judged(rule: str = "M1-01", verdict: str = "confirmed", severity: str = "high", **more: object) -> JudgedFinding:
    plain = row(rule, verdict, **more)  # type: ignore[arg-type]
    return JudgedFinding(
        id=finding_id(plain),
        rule=rule,
        severity=severity,
        verdict=Verdict(verdict),
        session=str(plain["session"]),
        row=plain,
    )


def decision(
    kind: str, finding: JudgedFinding, who: Signer = ANNA, seq: int = 0, *, findings: str = "f" * 64
) -> Decision:
    return Decision(
        seq=seq,
        prev="0" * 64,
        wall_ns=seq,
        kind=kind,
        person=Person(name=who.name, public_key=who.key.public),
        anchor=Anchor(record_seal="e" * 64, findings=findings),
        torn=None,
        data={"finding": finding.id, "rule": finding.rule, "session": finding.session, "reason": "because"},
        digest=f"{seq:064x}",
    )


def document(
    rows: Iterable[Mapping[str, object]], *, rules: Iterable[str] = (), version: str = "1.0"
) -> dict[str, object]:
    """A whole findings.json; `rules` are those without any finding of ours, not observed."""
    by_rule: dict[str, list[Mapping[str, object]]] = {rule: [row(rule, "not_observed")] for rule in rules}
    for one in rows:
        by_rule.setdefault(str(one["rule"]), []).append(one)
    return {
        "format": 1,
        "judge": "1",
        "tools": {},
        "case": {"case": "case-1", "package": "com.example.app", "label": "澜庭", "version_name": version, "round": 1},
        "sessions": [],
        "rules": [
            {
                "rule": rule,
                "zh": f"{rule} 名称",
                "en": f"{rule} name",
                "severity": "high",
                "verdict": min((str(one["verdict"]) for one in found), key=ORDER.index),
                "findings": found,
            }
            for rule, found in by_rule.items()
        ],
        "caution": CAPTION,
    }


def judge_as(case_dir: Path, findings: Mapping[str, object]) -> Path:
    """Put these findings beside the record, as judging does."""
    (case_dir / "findings.json").write_text(json.dumps(findings, ensure_ascii=False, indent=1), encoding="utf-8")
    seal_derived(case_dir, KEY, clock=FrozenClock())
    return case_dir


def judged_case(case_dir: Path, findings: Mapping[str, object]) -> Path:
    """A sealed case with these findings."""
    build_case(case_dir, steps=1)
    seal(case_dir, KEY, clock=FrozenClock())
    return judge_as(case_dir, findings)
