"""The findings of a case as a reviewer decides about them: each with a name that follows from its content.

Read from findings.json, because that is what was signed and what people saw; not from a judgement made anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from crawler.judge.model import ACCUSING, Verdict
from evidence.errors import EvidenceError
from evidence.files import open_regular

__all__ = ["SHOWN_DIGITS", "FindingsUnreadable", "JudgedCase", "JudgedFinding", "finding_id", "read_judged"]

SHOWN_DIGITS = 12
"""How much of a finding's name is shown to people."""
_MAX_FINDINGS = 64 * 1024 * 1024


class FindingsUnreadable(EvidenceError):
    """There is no judgement that can be read."""

    exit_code: ClassVar[int] = 65
    default_mend = "Judge the case again, with `appwitness judge CASE`."


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedFinding:
    """One finding. Two with the same content are one and the same."""

    id: str
    """SHA-256 of the content: any change of it, by another judge or another wording, makes another finding."""
    rule: str
    severity: str
    verdict: Verdict
    session: str
    row: Mapping[str, object]
    """As it stands in findings.json. Strings from the app are untrusted text."""

    @property
    def accuses(self) -> bool:
        """Speaks against the app, and so may be accepted and quoted in a notice."""
        return self.verdict in ACCUSING

    @property
    def awaits_decision(self) -> bool:
        """A person has to say something about it before the case counts as reviewed."""
        return self.accuses or self.verdict is Verdict.LEAD

    @property
    def summary_en(self) -> str:
        return str(self.row.get("summary_en", ""))

    @property
    def summary_zh(self) -> str:
        return str(self.row.get("summary_zh", ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedCase:
    """A judgement as it was written."""

    digest: str
    """SHA-256 of findings.json."""
    document: Mapping[str, object]
    findings: tuple[JudgedFinding, ...]
    """In the order of the rules; equal ones once."""
    verdicts: Mapping[str, Verdict]
    """Rule → its weightiest verdict."""

    @property
    def info(self) -> Mapping[str, object]:
        """What the case says of its app."""
        case = self.document.get("case")
        return case if isinstance(case, dict) else {}


def finding_id(row: Mapping[str, object]) -> str:
    """The name of a finding with this content, as plain data of findings.json."""
    text = json.dumps(row, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def read_judged(case_dir: Path) -> JudgedCase:
    """The judgement that stands beside a record. FindingsUnreadable when there is none that can be read."""
    path = case_dir / "findings.json"
    try:
        with open_regular(path) as stream:
            content = stream.read(_MAX_FINDINGS + 1)
        if len(content) > _MAX_FINDINGS:
            raise ValueError(f"larger than {_MAX_FINDINGS} bytes")
        document = json.loads(content)
        findings = tuple({finding.id: finding for finding in _findings(document)}.values())
        verdicts = {str(rule["rule"]): Verdict(rule["verdict"]) for rule in document["rules"]}
    except OSError as error:
        raise FindingsUnreadable(f"{path} cannot be read: {error.strerror or error}") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise FindingsUnreadable(f"{path} holds no findings: {type(error).__name__}: {error}"[:500]) from error
    return JudgedCase(
        digest=hashlib.sha256(content).hexdigest(), document=document, findings=findings, verdicts=verdicts
    )


def _findings(document: Mapping[str, list[Mapping[str, object]]]) -> Iterator[JudgedFinding]:
    for rule in document["rules"]:
        rows = rule["findings"]
        for row in rows if isinstance(rows, list) else ():
            yield JudgedFinding(
                id=finding_id(row),
                rule=str(rule["rule"]),
                severity=str(rule.get("severity", "")),
                verdict=Verdict(row["verdict"]),
                session=str(row.get("session", "")),
                row=row,
            )
