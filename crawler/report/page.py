"""The report of a case: one HTML file without any remote resource, which opens in any browser in twenty years.

Everything that came from the app passes through the template's escaping; nothing from it becomes markup, a link or a script.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from crawler.judge.catalogue import load_rules
from crawler.judge.judgement import Judgement
from crawler.judge.model import Finding
from crawler.judge.readings import ScreenAt, SessionReadings, Transmission
from crawler.judge.rules import RULES
from crawler.report.excerpt import request_excerpt
from crawler.report.view import accusing, picture_of, session_view, shown_time
from evidence.blobs import BlobStore
from evidence.files import write_whole
from evidence.record import CaseRecord

__all__ = ["environment", "write_report"]

_FIGURE_WIDTH = 330
_PHASES_ZH = {
    "PRE_CONSENT": "同意前",
    "INDETERMINATE": "不确定",
    "ACCEPTED": "已同意",
    "REFUSAL_PENDING": "拒绝未定",
    "REFUSED": "已拒绝",
    "REFUSED_BASIC": "拒绝后继续使用",
    "KILLED": "应用已退出",
}
_VERDICTS_ZH = {
    "confirmed": "确认",
    "suspected": "涉嫌",
    "lead": "线索",
    "not_observed": "未发现",
    "not_testable": "无法检测",
}


def environment() -> Environment:
    """Templates of this package: autoescaping, and an unknown field is an error."""
    made = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.filters["time"] = shown_time
    made.globals.update(phases_zh=_PHASES_ZH, verdicts_zh=_VERDICTS_ZH)
    return made


def template_text(name: str) -> str:
    """A template of this package."""
    return resources.files("crawler.report").joinpath(f"data/{name}").read_text(encoding="utf-8")


def write_report(judgement: Judgement, record: CaseRecord, path: Path) -> None:
    """Write the report of a judged case; the file appears whole or not at all. Raises StorageFailed."""
    shown = accusing(judgement.findings)
    anchors: dict[tuple[str, int | None], str] = {}
    for number, finding in enumerate(shown, 1):
        anchors.setdefault((finding.session, finding.at_mono_ns), f"finding-{number}")
    sessions = {session.session: session for session in judgement.sessions}
    text = (
        environment()
        .from_string(template_text("report.html.j2"))
        .render(
            case=judgement.case,
            style=template_text("report.css"),
            script=template_text("report.js"),
            rules=_rule_rows(judgement),
            findings=[_finding(number, f, sessions.get(f.session), record.blobs) for number, f in enumerate(shown, 1)],
            sessions=[session_view(session, record.blobs, anchors) for session in judgement.sessions],
            opened=_opened(judgement.sessions),
            device=_device(judgement.sessions),
        )
    )
    write_whole(path, [text.encode("utf-8", "replace")])


def _opened(sessions: Sequence[SessionReadings]) -> str:
    return shown_time(sessions[0].facts[0].at.wall_ns) if sessions and sessions[0].facts else ""


def _device(sessions: Sequence[SessionReadings]) -> Mapping[str, object]:
    for session in sessions:
        for entry in session.facts_of("SessionOpened"):
            device = entry.data.get("device")
            settings = entry.data.get("settings")
            if isinstance(device, dict):
                return {**device, "pace": settings.get("name", "") if isinstance(settings, dict) else ""}
    return {"model": "", "manufacturer": "", "android": "", "sdk": "", "serial": "", "pace": ""}


def _rule_rows(judgement: Judgement) -> list[dict[str, object]]:
    texts = load_rules()
    rows: list[dict[str, object]] = []
    for rule, _ in RULES:
        best = judgement.best(rule)
        rows.append(
            {
                "text": texts[rule],
                "verdict": best.verdict.value if best else "not_testable",
                "zh": best.summary_zh if best else "",
                "en": best.summary_en if best else "",
            }
        )
    return rows


def _finding(number: int, finding: Finding, session: SessionReadings | None, blobs: BlobStore) -> dict[str, object]:
    sent = _transmission(finding, session)
    return {
        "anchor": f"finding-{number}",
        "number": number,
        "finding": finding,
        "verdict": finding.verdict.value,
        "rule": load_rules()[finding.rule],
        "pictures": _pictures(finding, session, blobs),
        "request": request_excerpt(sent) if sent is not None else None,
        "hits": finding.details.get("hits", []),
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


def _pictures(finding: Finding, session: SessionReadings | None, blobs: BlobStore) -> list[dict[str, object]]:
    """The cited screens, what the finding is about outlined."""
    if session is None:
        return []
    by_fact: dict[tuple[str, int], ScreenAt] = {(at.entry.lane, at.entry.seq): at for at in session.screens}
    box = finding.details.get("box")
    pictures: list[dict[str, object]] = []
    for citation in finding.citations:
        at = by_fact.get((citation.lane, citation.seq))
        if at is None:
            continue
        mark = box if isinstance(box, list) else _dialog_box(at)
        uri = picture_of(at, blobs, _FIGURE_WIDTH, mark=mark)
        pictures.append(
            {
                "uri": uri,
                "what": citation.what,
                "time": shown_time(at.wall_ns),
                "phase": at.phase.value,
                "screen": at.screen,
            }
        )
    return pictures


def _dialog_box(at: ScreenAt) -> tuple[int, int, int, int] | None:
    return at.reading.dialog.box if at.reading.dialog is not None else None
