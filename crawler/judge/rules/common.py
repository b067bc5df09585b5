"""What the rules share: making findings, and choosing the sessions a rule may look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crawler.judge.model import Citation, Finding, Verdict
from crawler.judge.readings import ScreenAt, SessionReadings, Transmission
from traffic.detect import Hit

__all__ = [
    "consent_screens",
    "finding",
    "not_testable",
    "of_scenario",
    "personal_hits",
    "request_facts",
    "screens_around",
    "sent_at",
    "untestable_reason",
]

_NOT_PERSONAL = frozenset({"model", "ip_address"})
"""Words that many devices share: a model, an address of a private network."""
_APPS_THAT_ARE_A_LIST = 3


def of_scenario(sessions: Sequence[SessionReadings], *scenarios: str) -> tuple[SessionReadings, ...]:
    """The sessions of these scenarios, in order."""
    return tuple(session for session in sessions if session.scenario in scenarios)


def finding(
    rule: str,
    verdict: Verdict,
    session: SessionReadings,
    *,
    zh: str,
    en: str,
    phase: str = "",
    at: tuple[int, int] | None = None,
    details: Mapping[str, object] | None = None,
    citations: Sequence[Citation] = (),
) -> Finding:
    """A finding about one session. `at` is (monotonic, wall) in nanoseconds."""
    return Finding(
        rule=rule,
        verdict=verdict,
        session=session.session,
        phase=phase,
        at_mono_ns=at[0] if at else None,
        at_wall_ns=at[1] if at else None,
        summary_zh=zh,
        summary_en=en,
        details=dict(details or {}),
        citations=tuple(citations),
    )


def not_testable(rule: str, sessions: Sequence[SessionReadings], zh: str, en: str) -> tuple[Finding, ...]:
    """The record does not allow a judgement. Says nothing for or against the app."""
    return (
        Finding(
            rule=rule,
            verdict=Verdict.NOT_TESTABLE,
            session=sessions[0].session if sessions else "",
            phase="",
            at_mono_ns=None,
            at_wall_ns=None,
            summary_zh=zh,
            summary_en=en,
        ),
    )


def untestable_reason(session: SessionReadings) -> tuple[str, str] | None:
    """Why a session cannot carry an absence or an accusation; None when it can."""
    if not session.complete:
        return f"会话不完整：{session.why_incomplete}", f"the session is incomplete: {session.why_incomplete}"
    if not session.fresh:
        return "启动前未能重置应用", "the app could not be reset before the session"
    return None


def consent_screens(session: SessionReadings) -> tuple[ScreenAt, ...]:
    """The screens on which something asks for consent, in order."""
    return tuple(at for at in session.screens if at.reading.dialog is not None and at.reading.dialog.asks_consent)


def screens_around(session: SessionReadings, mono_ns: int) -> tuple[Citation, ...]:
    """The last screen before an instant and the first after it, as evidence of what was shown."""
    before = [at for at in session.screens if at.mono_ns <= mono_ns]
    after = [at for at in session.screens if at.mono_ns > mono_ns]
    cited = []
    if before:
        cited.append(before[-1].cite(session.session, "the screen before"))
    if after:
        cited.append(after[0].cite(session.session, "the screen after"))
    return tuple(cited)


def sent_at(transmission: Transmission) -> tuple[int, int]:
    """When the request started: (monotonic, wall)."""
    return transmission.request.started.mono_ns, transmission.request.started.wall_ns


def personal_hits(sent: Transmission) -> list[Hit]:
    """The hits that are personal data. One other app's name is no list of apps: SDKs name the apps they share to."""
    hits = [hit for hit in sent.detection.hits if hit.kind not in _NOT_PERSONAL]
    named = [hit for hit in hits if hit.kind == "package_list"]
    return hits if len(named) >= _APPS_THAT_ARE_A_LIST else [hit for hit in hits if hit.kind != "package_list"]


def request_facts(session: SessionReadings, sent: Transmission) -> tuple[Citation, ...]:
    """The facts that tell of a request, as evidence."""
    return tuple(
        Citation(session=session.session, lane=entry.lane, seq=entry.seq, digest=entry.digest, what="the request")
        for entry in sent.request.entries[:4]
    )
