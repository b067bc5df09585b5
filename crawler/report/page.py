"""The report of a case: one HTML file without any remote resource, which opens in any browser in twenty years.

Everything that came from the app passes through `visible` and the template's escaping; nothing from it becomes markup, a
link or a script.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from crawler.judge.catalogue import load_rules
from crawler.judge.judgement import Judgement
from crawler.judge.model import Finding, Verdict
from crawler.judge.readings import ScreenAt, SessionReadings, Transmission
from crawler.judge.rules import RULES
from crawler.report import words
from crawler.report.axis import shown_time
from crawler.report.excerpt import request_excerpt
from crawler.report.pictures import Gallery
from crawler.report.strip import FRAME_WIDTH
from crawler.report.text import short, visible
from crawler.report.view import accusing, session_view, went
from evidence.files import write_whole
from evidence.record import CaseRecord
from screenshots.tricks import tricks_as_data

__all__ = ["environment", "template_text", "write_report"]

_PICTURE_PIXELS = 330
_FULL_PER_RULE = 8
"""Findings of one rule that are told in full; the others are listed, and stand in findings.json."""
_MOST_LEADS = 60
_REPEATS = 20
"""Findings that say the same, of other moments or sessions, named under the first of them."""


def environment() -> Environment:
    """Templates of this package: autoescaping, nothing invisible, and an unknown field is an error."""
    made = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=visible
    )
    made.filters.update(time=shown_time, short=short)
    made.globals.update(words=words, frame_width=FRAME_WIDTH)
    return made


def template_text(name: str) -> str:
    """A template of this package."""
    return resources.files("crawler.report").joinpath(f"data/{name}").read_text(encoding="utf-8")


def write_report(judgement: Judgement, record: CaseRecord, path: Path) -> None:
    """Write the report of a judged case; the file appears whole or not at all. Raises StorageFailed."""
    gallery = Gallery(record.blobs)
    sessions = {session.session: session for session in judgement.sessions}
    full, listed = _divided(accusing(judgement.findings))
    anchors: dict[tuple[str, int | None], str] = {}
    for number, alike in enumerate(full, 1):
        for finding in alike:
            anchors.setdefault((finding.session, finding.at_mono_ns), f"finding-{number}")
    text = (
        environment()
        .from_string(template_text("report.html.j2"))
        .render(
            case=_case(judgement.case),
            style=template_text("report.css"),
            script=template_text("report.js"),
            rules=_rule_rows(judgement),
            findings=[
                _finding(number, alike, sessions.get(alike[0].session), gallery) for number, alike in enumerate(full, 1)
            ],
            listed=listed,
            leads=[finding for finding in judgement.findings if finding.verdict is Verdict.LEAD][:_MOST_LEADS],
            sessions=[session_view(session, gallery, anchors) for session in judgement.sessions],
            opened=_opened(judgement.sessions),
            device=_device(judgement.sessions),
        )
    )
    write_whole(path, [text.encode("utf-8", "replace")])


def _divided(findings: Sequence[Finding]) -> tuple[list[list[Finding]], list[Finding]]:
    """Those told in full, what repeats itself in other sessions together; and those that are only listed."""
    told: dict[tuple[str, str, str], list[Finding]] = {}
    count: Counter[str] = Counter()
    listed: list[Finding] = []
    for finding in findings:
        alike = told.get((finding.rule, finding.verdict.value, finding.summary_en))
        if alike is not None and len(alike) <= _REPEATS:
            alike.append(finding)
        elif alike is None and count[finding.rule] < _FULL_PER_RULE:
            count[finding.rule] += 1
            told[(finding.rule, finding.verdict.value, finding.summary_en)] = [finding]
        else:
            listed.append(finding)
    return list(told.values()), listed


def _case(info: Mapping[str, object]) -> dict[str, str]:
    """What a case says of its app. A foreign record may say less, or something that is no text."""
    fields = ("package", "label", "version_name", "version_code", "apk_sha256")
    return {name: str(info[name]) if info.get(name) is not None else "" for name in fields}


def _opened(sessions: Sequence[SessionReadings]) -> str:
    return shown_time(sessions[0].facts[0].at.wall_ns) if sessions and sessions[0].facts else ""


def _device(sessions: Sequence[SessionReadings]) -> dict[str, str]:
    fields = ("model", "manufacturer", "android", "sdk", "serial")
    for session in sessions:
        for entry in session.facts_of("SessionOpened"):
            device, settings = entry.data.get("device"), entry.data.get("settings")
            if isinstance(device, dict):
                pace = str(settings.get("name", "")) if isinstance(settings, dict) else ""
                return {**{name: str(device.get(name, "")) for name in fields}, "pace": pace}
    return dict.fromkeys((*fields, "pace"), "")


def _rule_rows(judgement: Judgement) -> list[dict[str, object]]:
    texts = load_rules()
    counts = Counter(finding.rule for finding in accusing(judgement.findings))
    rows: list[dict[str, object]] = []
    for rule, _ in RULES:
        best = judgement.best(rule)
        rows.append(
            {
                "text": texts[rule],
                "verdict": best.verdict.value if best else "not_testable",
                "zh": best.summary_zh if best else "",
                "en": best.summary_en if best else "",
                "more": max(0, counts[rule] - 1),
            }
        )
    return rows


def _finding(
    number: int, alike: Sequence[Finding], session: SessionReadings | None, gallery: Gallery
) -> dict[str, object]:
    """A finding with its proof, and where else the same was found."""
    finding = alike[0]
    sent = _transmission(finding, session)
    return {
        "anchor": f"finding-{number}",
        "number": number,
        "finding": finding,
        "again": alike[1:],
        "verdict": finding.verdict.value,
        "rule": load_rules()[finding.rule],
        "pictures": _pictures(finding, session, gallery),
        "request": request_excerpt(sent) if sent is not None else None,
        "went": went(sent) if sent is not None else None,
    }


def _transmission(finding: Finding, session: SessionReadings | None) -> Transmission | None:
    flow = finding.details.get("flow")
    if session is None or flow is None:
        return None
    return next(
        (
            sent
            for sent in session.transmissions
            if sent.request.flow == flow and sent.request.started.mono_ns == finding.at_mono_ns
        ),
        None,
    )


def _pictures(finding: Finding, session: SessionReadings | None, gallery: Gallery) -> list[dict[str, object]]:
    """The cited screens, what the finding is about outlined."""
    if session is None:
        return []
    by_fact: dict[tuple[str, int], ScreenAt] = {(at.entry.lane, at.entry.seq): at for at in session.screens}
    box = _box(finding.details.get("box"))
    pictures: list[dict[str, object]] = []
    for citation in finding.citations:
        at = by_fact.get((citation.lane, citation.seq))
        if at is not None and citation.session == session.session:
            pictures.append(
                {
                    "uri": gallery.show(at, _PICTURE_PIXELS, mark=box or _dialog_box(at)),
                    "what": citation.what,
                    "time": shown_time(at.wall_ns),
                    "phase": at.phase.value,
                    "tricks": tricks_as_data([trick for trick in at.tricks if trick.state == "seen"]),
                }
            )
    return pictures


def _box(value: object) -> tuple[int, ...]:
    if isinstance(value, (list, tuple)) and len(value) == 4 and all(isinstance(number, int) for number in value):
        return tuple(value)
    return ()


def _dialog_box(at: ScreenAt) -> tuple[int, ...]:
    return at.reading.dialog.box if at.reading.dialog is not None else ()
