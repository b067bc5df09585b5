"""`explain`: how a third person finds again what a finding rests on, with tools that every system has."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from crawler.cli.output import Exit, fail, print_json, show
from crawler.cli.review import as_sealed
from crawler.judge.readings import known_values
from crawler.report.casework.judged import SHOWN_DIGITS, JudgedFinding, read_judged
from evidence.blobs import BlobStore
from evidence.lanes import Entry
from evidence.record import SessionRecord, read_case
from traffic.detect import Detector, Hit
from traffic.explain import Irreproducible, explain, one_line
from traffic.origins import blob_path, line_command, origin_command
from traffic.record import CapturedRequest, read_requests

__all__ = ["explain_command", "explanation"]

_MOST_WAYS = 12
_MOST_LISTED = 30
_LEAST_DIGITS = 4

Rows = list[dict[str, Any]]


def explain_command(name: str, case: Path, as_json: bool) -> None:
    """Print the steps. A record that is not as it was sealed explains nothing. Raises EvidenceError."""
    as_sealed(case, as_json)
    document = explanation(name, case, as_json=as_json)
    if as_json:
        print_json(document)
    else:
        _tell(document)


def explanation(name: str, case: Path, *, as_json: bool = False) -> dict[str, Any]:
    """The explanation as plain data. typer.Exit with a sentence where there is no such finding."""
    found = _meant(name, read_judged(case).findings, as_json)
    record = read_case(case)
    session = next((one for one in record.sessions if one.name == found.session), None)
    details = found.row.get("details")
    told: Mapping[str, Any] = details if isinstance(details, dict) else {}
    ways: Rows = []
    note = "it rests on no request"
    if session is not None and told.get("flow") is not None:
        ways, note = _ways(session, record.blobs, told, found.row.get("at_mono_ns"))
    return {
        "finding": found.id[:SHOWN_DIGITS],
        "id": found.id,
        "rule": found.rule,
        "verdict": found.verdict.value,
        "summary_zh": found.summary_zh,
        "summary_en": found.summary_en,
        "session": found.session,
        "ways": ways,
        "fields": _rows(told, "fields"),
        "event_times": _rows(told, "event_times"),
        "rests_on": list(_citations(found.row, record.sessions)),
        "note": note,
    }


def _meant(name: str, findings: Sequence[JudgedFinding], as_json: bool) -> JudgedFinding:
    """By rule and number, or by the beginning of its name, with or without the rule before it."""
    numbered = re.fullmatch(r"([A-Za-z]\d{1,2}-\d{2})(?::(\d{1,4}))?", name.strip())
    if numbered is not None:
        of_rule = [finding for finding in findings if finding.rule == numbered[1].upper()]
        at = int(numbered[2] or 1)
        meant = of_rule[at - 1 : at] if at else []
    else:
        wanted = name.strip().lower()
        meant = [
            finding
            for finding in findings
            if len(wanted) >= _LEAST_DIGITS
            and any(full.startswith(wanted) for full in (finding.id, f"{finding.rule.lower()}-{finding.id}"))
        ]
    if len(meant) == 1:
        return meant[0]
    listed = "".join(
        f"\n  {one.rule}  {one.id[:SHOWN_DIGITS]}  {one.verdict.value}  {one.summary_en[:90]}"
        for one in findings[:_MOST_LISTED]
    )
    what = "may be several findings" if meant else "is no finding of this case"
    raise fail(f"'{name[:100]}' {what}; there are:{listed}", "Name one of them.", code=Exit.INPUT, as_json=as_json)


def _ways(session: SessionRecord, blobs: BlobStore, details: Mapping[str, Any], at_mono: object) -> tuple[Rows, str]:
    """A way for each value the finding tells of, from the record alone; and what to know about them."""
    facts = [entry for lane in session.lanes.values() for entry in lane.entries]
    traffic = [entry for entry in facts if entry.lane == "traffic"]
    flow = details.get("flow")
    requests = (one for one in read_requests(traffic, blobs) if one.flow == flow and one.started.mono_ns == at_mono)
    request = next(requests, None)
    if request is None:
        return [], "the request is not in the record any more"
    package = next((str(entry.data.get("package", "")) for entry in facts if entry.kind == "SessionOpened"), "")
    told = {
        (str(row.get("kind")), str(row.get("form")), tuple(map(str, row.get("path", ()))))
        for row in _rows(details, "hits")
    }
    found = Detector(list(known_values(facts, package))).search(request).hits
    hits = [hit for hit in found if (hit.kind, hit.form, hit.path) in told]
    if not hits:
        return [], "it rests on names of fields or on times, not on known values"
    note = f"{len(hits) - _MOST_WAYS} more ways are left out" if len(hits) > _MOST_WAYS else ""
    return [_way(hit, request, session.name, facts) for hit in hits[:_MOST_WAYS]], note


def _way(hit: Hit, request: CapturedRequest, session: str, facts: Sequence[Entry]) -> dict[str, Any]:
    origin = origin_command(hit.where, request, session, facts)
    try:
        steps: Rows = [asdict(step) for step in explain(hit, request, origin=origin)]
    except Irreproducible as error:
        steps, origin = [{"sentence": str(error), "sentence_zh": str(error), "command": None}], None
    value = next((entry for entry in facts if _states(entry, hit)), None)
    return {
        "data": hit.kind,
        "form": hit.form,
        "form_zh": hit.form_zh,
        "path": list(hit.path),
        "excerpt": hit.excerpt,
        "url": request.url[:500],
        "steps": steps,
        "one_line": one_line(hit, origin) if origin else None,
        "compare_with": line_command(session, value.lane, value.seq) if value is not None else None,
    }


def _states(entry: Entry, hit: Hit) -> bool:
    """Whether a fact states the known value."""
    if entry.kind not in ("IdentifierRead", "IdentifierPlanted") or entry.data.get("name") != hit.kind:
        return False
    return hit.source in (entry.data.get("source"), entry.data.get("where"))


def _citations(row: Mapping[str, Any], sessions: Sequence[SessionRecord]) -> Iterator[dict[str, Any]]:
    """Each fact the finding cites: the command that prints its line's digest, and the blobs it names."""
    lines = {
        (one.name, entry.lane, entry.seq): entry
        for one in sessions
        for lane in one.lanes.values()
        for entry in lane.entries
    }
    for cited in _rows(row, "citations"):
        place = (str(cited.get("session")), str(cited.get("lane")), int(cited.get("seq", 0)))
        entry = lines.get(place)
        yield {
            "what": cited.get("what"),
            "fact": entry.kind if entry is not None else None,
            "command": f"{line_command(*place)} | sha256sum",
            "sha256": cited.get("digest"),
            "there": entry is not None and entry.digest == cited.get("digest"),
            "blobs": [
                {"name": name, "path": blob_path(str(value["blob"])), "size": value.get("size")}
                for name, value in (entry.data.items() if entry is not None else ())
                if isinstance(value, dict) and str(value.get("blob", "")).isalnum()
            ],
        }


def _tell(document: Mapping[str, Any]) -> None:
    """For people: what it says, the ways, and what it rests on. Everything from the app becomes plain text."""
    show(f"{document['rule']} {document['verdict']} · {document['finding']} · {document['session']}", "bold")
    show(str(document["summary_zh"]))
    show(str(document["summary_en"]))
    show("Commands are run in the folder of the case, with a copy of it at best; `appwitness verify` first.", "dim")
    for number, way in enumerate(_rows(document, "ways"), 1):
        show("")
        show(f"Value {number}: {way['data']}, {way['form']} · {way['excerpt']}", "bold")
        for step in _rows(way, "steps"):
            show(f"  {step['sentence']}")
            if step.get("command"):
                show(f"    $ {step['command']}", "cyan")
            if step.get("sha256"):
                show(f"    {step['size']} bytes, SHA-256 {step['sha256']}", "dim")
        if way["one_line"]:
            show("  The same in one line:")
            show(f"    $ {way['one_line']}", "cyan")
        if way["compare_with"]:
            show("  The value that was known before stands in this fact:")
            show(f"    $ {way['compare_with']}", "cyan")
    for field in _rows(document, "fields"):
        show("")
        show(f"Field {field['field']}: {field['data_en']} ({field['sure']})", "bold")
        show(f"  at {' → '.join(map(str, field['path']))}; {field['reason']}; {field['source']}")
    for time in _rows(document, "event_times"):
        before = int(time["before_consent_ns"]) / 1e9
        show("")
        show(f"Time {time['field']} ({time['unit']}): {before:.3f} s before consent at least", "bold")
        show(f"  at {' → '.join(map(str, time['path']))}")
    if document["note"]:
        show(f"note: {document['note']}.", "dim")
    show("")
    show("It rests on these facts; each command prints the digest beside it:", "bold")
    for fact in _rows(document, "rests_on"):
        show(f"  {fact['what']} ({fact['fact'] or 'missing'})" + ("" if fact["there"] else " — NOT AS IT WAS"))
        show(f"    $ {fact['command']}", "cyan")
        show(f"    {fact['sha256']}", "dim")
        for blob in _rows(fact, "blobs"):
            show(f"    {blob['name']}: {blob['path']}", "dim")


def _rows(document: Mapping[str, Any], name: str) -> Rows:
    """The objects of a list in plain data; nothing where there is no such list."""
    rows = document.get(name)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
