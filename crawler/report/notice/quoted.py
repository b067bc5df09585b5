"""A judged case as letters need it: its findings from findings.json, and the facts that they cite.

Nothing is judged again here: a letter quotes the document that a person reviewed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crawler.judge.catalogue import load_rules
from crawler.judge.model import Citation, Finding, Verdict
from crawler.judge.phases import Phase
from crawler.report.casework.judged import read_judged
from crawler.report.notice.errors import NotFit
from evidence.lanes import Entry
from evidence.record import CaseRecord, SessionRecord, read_case
from evidence.timeline import merge
from traffic.record import CapturedRequest, read_requests

__all__ = ["QuotedCase", "SessionInfo", "read_quoted"]

_AGAIN = "Judge the case again (appwitness judge CASE) and have the findings reviewed."


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionInfo:
    """One session: its facts in order of time, and where the app was opened."""

    record: SessionRecord
    scenario: str
    facts: tuple[Entry, ...]
    opened_ns: int | None
    requests: tuple[CapturedRequest, ...]

    def fact(self, lane: str, seq: int) -> Entry | None:
        """The fact at a place; None when there is none."""
        return next((entry for entry in self.facts if entry.lane == lane and entry.seq == seq), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotedCase:
    """A case, its findings as they were judged, and its sessions."""

    directory: Path
    record: CaseRecord
    findings: tuple[Finding, ...]
    ids: tuple[str, ...]
    """The name of each finding, by which people decide about it."""
    verdicts: Mapping[str, Verdict]
    """Of each rule that was judged."""
    tools: Mapping[str, str]
    sessions: Mapping[str, SessionInfo]

    @property
    def package(self) -> str:
        """The app's package name, as the record states it."""
        return str(self.record.info.get("package") or "")


def read_quoted(directory: Path) -> QuotedCase:
    """Read a judged case. Raises RecordUnreadable, FindingsUnreadable, and NotFit where a finding cites what is not there."""
    record = read_case(directory)
    judged = read_judged(directory)
    sessions = {session.name: _session(session, record) for session in record.sessions}
    tools = judged.document.get("tools")
    try:
        findings = tuple(_finding(one.row) for one in judged.findings)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise NotFit(f"{directory}: a finding is not what this program writes: {error!r:.200}", _AGAIN) from error
    strange = sorted({finding.rule for finding in findings} - load_rules().keys())
    if strange:
        raise NotFit(
            f"{directory} holds findings of rules that this version does not know: {', '.join(strange)[:200]}", _AGAIN
        )
    for finding in findings:
        for citation in finding.citations:
            _check(citation, sessions.get(citation.session))
    return QuotedCase(
        directory=directory,
        record=record,
        findings=findings,
        ids=tuple(one.id for one in judged.findings),
        verdicts=judged.verdicts,
        tools={str(name): str(version) for name, version in tools.items()} if isinstance(tools, dict) else {},
        sessions=sessions,
    )


def _session(session: SessionRecord, record: CaseRecord) -> SessionInfo:
    facts = merge(session.lanes)
    opening = next((entry.data for entry in facts if entry.kind == "SessionOpened"), {})
    launch = next(
        (entry for entry in facts if entry.kind == "StepIntended" and entry.data.get("action") == "launch"), None
    )
    return SessionInfo(
        record=session,
        scenario=str(opening.get("scenario", "")),
        facts=tuple(facts),
        opened_ns=launch.at.mono_ns if launch is not None else None,
        requests=read_requests([entry for entry in facts if entry.lane == "traffic"], record.blobs),
    )


def _finding(row: Mapping[str, Any]) -> Finding:
    citations = tuple(
        Citation(
            session=_text(one["session"]),
            lane=_text(one["lane"]),
            seq=_whole(one["seq"]),
            digest=_text(one["digest"]),
            what=_text(one["what"]),
        )
        for one in row["citations"]
    )
    phase = _text(row["phase"])
    if phase:
        Phase(phase)
    details = row["details"]
    if not isinstance(details, dict):
        raise TypeError("details")
    return Finding(
        rule=_text(row["rule"]),
        verdict=Verdict(row["verdict"]),
        session=_text(row["session"]),
        phase=phase,
        at_mono_ns=_whole_or_none(row["at_mono_ns"]),
        at_wall_ns=_whole_or_none(row["at_wall_ns"]),
        summary_zh=_text(row["summary_zh"]),
        summary_en=_text(row["summary_en"]),
        details=details,
        citations=citations,
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"text expected, not {value!r:.60}")
    return value


def _whole(value: object) -> int:
    if type(value) is not int:
        raise TypeError(f"a whole number expected, not {value!r:.60}")
    return value


def _whole_or_none(value: object) -> int | None:
    return None if value is None else _whole(value)


def _check(citation: Citation, session: SessionInfo | None) -> None:
    """A finding that cites a line which is not in the record, or another one, is not quoted."""
    entry = session.fact(citation.lane, citation.seq) if session is not None else None
    if entry is None or entry.digest != citation.digest:
        where = f"{citation.session}/{citation.lane}.jsonl line {citation.seq + 1}"
        raise NotFit(f"a finding cites {where}, which the record does not hold like that", _AGAIN)
