"""The moments around a finding: opening the app, what was tapped, what was cited, the end. Facts only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from crawler.judge.model import Finding
from crawler.report.notice.document import Moment
from crawler.report.notice.plain import moment, plain
from crawler.report.notice.quoted import SessionInfo
from crawler.report.notice.wording import Wording
from crawler.report.words import CITATIONS
from evidence.clock import Instant
from evidence.lanes import Entry

__all__ = ["bears_on_consent", "timeline_of"]

_MOST = 16
_TAPS = {
    "accept": "accept",
    "refuse": "refuse",
    "refuse_again": "refuse",
    "allow_permission": "allow_permission",
    "deny_permission": "deny_permission",
}

_Line = tuple[Instant, str, str]


def timeline_of(
    finding: Finding, session: SessionInfo, wording: Wording, numbers: Mapping[tuple[str, str, int], str]
) -> tuple[Moment, ...]:
    """What happened in the session around a finding, in order; cited facts carry their evidence number."""
    lines = [*_steps(session, wording), *_cited(finding, session, wording, numbers), *_end(session, wording)]
    lines.sort(key=lambda line: line[0].mono_ns)
    kept = [*lines[: _MOST - 1], lines[-1]] if len(lines) > _MOST else lines
    return tuple(
        Moment(time=moment(at.wall_ns), second=_second(at, session), what=what, evidence=number)
        for at, what, number in kept
    )


def _steps(session: SessionInfo, wording: Wording) -> Iterator[_Line]:
    """The opening and every tap that bears on consent, at the instant it was begun."""
    for entry in session.facts:
        if entry.kind != "StepIntended":
            continue
        if entry.data.get("action") == "launch":
            yield entry.at, wording.say("opened"), ""
        elif (name := _TAPS.get(str(entry.data.get("purpose")))) is not None:
            target = entry.data.get("target")
            text = target.get("text", "") if isinstance(target, dict) else ""
            yield entry.at, wording.say(name, text=plain(text, 40)), ""


def _cited(
    finding: Finding, session: SessionInfo, wording: Wording, numbers: Mapping[tuple[str, str, int], str]
) -> Iterator[_Line]:
    told: dict[tuple[int, str], list[str]] = {}
    places: dict[tuple[int, str], Instant] = {}
    for citation in finding.citations:
        entry = session.fact(citation.lane, citation.seq) if citation.session == session.record.name else None
        if entry is None:
            continue
        what = _said(entry, citation.what, finding, wording)
        instant = _instant(entry, finding)
        key = (instant.mono_ns, what)
        places[key] = instant
        told.setdefault(key, []).append(numbers.get((citation.session, citation.lane, citation.seq), ""))
    for key, instant in places.items():
        yield instant, key[1], wording.numbers(filter(None, told[key]))


def _instant(entry: Entry, finding: Finding) -> Instant:
    """A request counts by when it started, whichever of its facts is cited."""
    if entry.lane == "traffic" and finding.at_mono_ns is not None and finding.at_wall_ns is not None:
        return Instant(mono_ns=finding.at_mono_ns, wall_ns=finding.at_wall_ns)
    return entry.at


def _said(entry: Entry, what: str, finding: Finding, wording: Wording) -> str:
    if entry.lane == "traffic":
        return wording.say("request", host=plain(finding.details.get("host", ""), 80))
    if what.startswith("asked again, time "):
        return wording.say("asked_again", count=plain(what.rpartition(" ")[2], 10))
    return plain(CITATIONS.get(what, what) if wording.language == "zh" else what, 120)


def _end(session: SessionInfo, wording: Wording) -> Iterator[_Line]:
    if not session.facts:
        return
    touched = any(bears_on_consent(entry) for entry in session.facts)
    yield session.facts[-1].at, wording.say("closed" if touched else "closed_untouched"), ""


def bears_on_consent(entry: Entry) -> bool:
    """Whether the fact announces a tap that may be taken for an answer."""
    answers = ("accept", "refuse", "refuse_again")
    return entry.kind == "StepIntended" and (
        entry.data.get("bears_on_consent") is True or entry.data.get("purpose") in answers
    )


def _second(at: Instant, session: SessionInfo) -> str:
    if session.opened_ns is None:
        return ""
    tenths = (at.mono_ns - session.opened_ns) // 100_000_000
    return f"{'−' if tenths < 0 else '+'}{abs(tenths) // 10}.{abs(tenths) % 10} s"
