"""The two texts of a bundle for people: a page that leads through it, and the README that explains it without us.

The page is plain HTML beside the files it points to: no server, no script, nothing from elsewhere. What comes from the app passes
through `visible` and the template's escaping.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment

from crawler.judge.catalogue import load_rules
from crawler.report.axis import shown_time
from crawler.report.casework.judged import SHOWN_DIGITS, FindingsUnreadable, read_judged
from crawler.report.casework.states import load_states
from crawler.report.index import read_verdicts
from crawler.report.page import environment, template_text
from crawler.report.text import short, visible
from evidence.canonical import Json
from evidence.crosscheck import references
from evidence.decisions import (
    CASE_MOVED,
    DECISIONS_FILE,
    FINDING_ACCEPTED,
    FINDING_DISMISSED,
    RERUN_ASKED,
    Decision,
    read_decisions,
)
from evidence.lanes import Entry
from evidence.record import BLOBS, RECORD, SESSIONS, CaseRecord, SessionRecord
from evidence.timeline import merge

__all__ = ["readme_text", "viewer_page"]

_MOST_FACTS = 3000
"""Facts of one session that the page lists; the lane files hold all."""
_LONGEST_DATA = 400
_PARTS = {
    "record": "检测记录 / the record",
    "derived": "检测结论 / what was concluded from it",
    "readings": "派生数据 / readings",
    "decisions": "复核决定 / decisions of people",
    "custody": "保管文件 / custody",
}
_OUTCOMES = {
    "complete": "完整 / complete",
    "incomplete": "不完整 / incomplete",
    "failed": "失败 / failed",
}
_DECIDED = {
    FINDING_ACCEPTED: "采纳 / accepted",
    FINDING_DISMISSED: "不予采纳 / dismissed",
    RERUN_ASKED: "要求重测 / to be run again",
    CASE_MOVED: "案件状态 / case",
}
_ENVIRONMENT = {
    "device": "设备 / device",
    "clocks": "时钟 / clocks",
    "proxy": "代理 / proxy",
    "capture": "抓包 / capture",
    "blind_spots": "不可见部分 / not visible",
    "tls_readable": "能否解密 TLS / TLS readable",
    "tls_readable_why": "依据 / why",
    "settings": "检测参数 / settings",
    "tools": "工具版本 / tools",
}


def readme_text(document: Mapping[str, Json]) -> str:
    """README.txt: what this is, what it proves and what not, how to check it by hand."""
    made = Environment(autoescape=False, trim_blocks=True, lstrip_blocks=True, finalize=visible)  # noqa: S701  plain text
    return made.from_string(_template("README.txt.j2")).render(
        about=document, line=_one_line, time=_moment, sessions=document["sessions"]
    )


def viewer_page(document: Mapping[str, Json], record: CaseRecord, case_dir: Path) -> str:
    """viewer.html of a bundle whose case is like this one."""
    removed = frozenset[str]() if not document["removed_blobs"] else _absent(record)
    return (
        environment()
        .from_string(_template("viewer.html.j2"))
        .render(
            about=document,
            style=template_text("report.css"),
            line=_one_line,
            said=_said,
            parts=_PARTS,
            outcomes=_OUTCOMES,
            environment=_ENVIRONMENT,
            report=(case_dir / "report.html").is_file(),
            rules=_rules(case_dir),
            decisions=_decisions(case_dir),
            sessions=[_session(session, removed) for session in record.sessions],
        )
    )


def _rules(case_dir: Path) -> list[dict[str, str]]:
    """Every rule that was judged, by its name, with its verdict."""
    texts = load_rules()
    return [
        {
            "rule": rule,
            "zh": texts[rule].zh if rule in texts else "",
            "en": texts[rule].en if rule in texts else "",
            "verdict": verdict,
        }
        for rule, verdict in sorted(read_verdicts(case_dir / "findings.json").items())
    ]


def _decisions(case_dir: Path) -> list[dict[str, str]]:
    decisions = read_decisions(case_dir / DECISIONS_FILE).decisions
    if not decisions:
        return []
    try:
        rules = {finding.id: finding.rule for finding in read_judged(case_dir).findings}
    except FindingsUnreadable:
        rules = {}
    return [
        {
            "time": shown_time(decision.wall_ns),
            "name": decision.person.name,
            "fingerprint": decision.person.fingerprint,
            "what": _DECIDED.get(decision.kind, decision.kind),
            "about": _decided_about(decision, rules),
            "reason": decision.reason,
        }
        for decision in decisions
    ]


def _decided_about(decision: Decision, rules: Mapping[str, str]) -> str:
    """The finding as lists of findings name it, or the state that the case came to, with its day."""
    if decision.kind == CASE_MOVED:
        state = load_states().get(str(decision.data.get("to")))
        named = f"{state.zh} / {state.en}" if state is not None else str(decision.data.get("to"))
        return f"{named} ({decision.data.get('on')})"
    rule = rules.get(decision.finding, "")
    return f"{rule}-{decision.finding[:SHOWN_DIGITS]}" if rule else decision.finding[:SHOWN_DIGITS]


def _session(session: SessionRecord, removed: frozenset[str]) -> dict[str, object]:
    facts = merge(session.lanes)
    folder = f"case/{RECORD}/{SESSIONS}/{quote(session.name)}"
    return {
        "name": session.name,
        "outcome": session.outcome,
        "reason": session.reason,
        "lanes": [{"name": name, "href": f"{folder}/{quote(name)}.jsonl"} for name in sorted(session.lanes)],
        "facts": [_fact(entry, facts[0], removed) for entry in facts[:_MOST_FACTS]],
        "more": max(0, len(facts) - _MOST_FACTS),
    }


def _fact(entry: Entry, first: Entry, removed: frozenset[str]) -> dict[str, object]:
    text = json.dumps(entry.data, ensure_ascii=False, sort_keys=True)
    picture = entry.data.get("shot") if entry.kind == "ScreenSeen" else None
    shot = next((digest for digest, _ in references(picture)), "") if isinstance(picture, Mapping) else ""
    return {
        "place": f"{entry.lane}:{entry.seq}",
        "line": entry.seq + 1,
        "seconds": f"{(entry.at.mono_ns - first.at.mono_ns) / 1e9:.3f}",
        "wall": shown_time(entry.at.wall_ns).removesuffix(" UTC"),
        "kind": entry.kind,
        "data": short(text, _LONGEST_DATA),
        "shot": _blob(shot) if shot and shot not in removed else "",
        "blobs": [
            {"digest": digest, "href": _blob(digest), "gone": digest in removed}
            for digest, _ in references(dict(entry.data))
        ],
    }


def _blob(digest: str) -> str:
    return f"case/{RECORD}/{BLOBS}/{digest[:2]}/{digest}"


def _absent(record: CaseRecord) -> frozenset[str]:
    """The blobs that facts refer to and that are no longer there."""
    return frozenset(digest for digest in _referred(record.sessions) if not record.blobs.has(digest))


def _referred(sessions: Sequence[SessionRecord]) -> Iterator[str]:
    for session in sessions:
        for lane in session.lanes.values():
            for entry in lane.entries:
                yield from (digest for digest, _ in references(dict(entry.data)))


def _one_line(value: object, length: int = 1000) -> str:
    """A value of bundle.json for people: null as a dash, lists and objects as short JSON, all on one line."""
    if value is None or value == "":
        return "-"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    return short(" ".join(text.split()), length)


def _said(value: object) -> list[tuple[str, str]]:
    """A value of bundle.json as lines for people: (name, value) for each of an object, one line without a name for the rest."""
    if isinstance(value, Mapping):
        return [(str(name), _flat(inner)) for name, inner in value.items()]
    return [("", _flat(value))]


def _flat(value: object) -> str:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return _one_line(" · ".join(value))
    return _one_line(value)


def _moment(wall_ns: object) -> str:
    return shown_time(wall_ns) if isinstance(wall_ns, int) else "-"


def _template(name: str) -> str:
    return template_text(f"../bundle/data/{name}")
