"""The readings of a case as plain data, so that a stranger sees what was derived from the facts without our programs.

Values of the person or the device are not repeated: which kind of data was found, in which form and where, is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from crawler.judge.judgement import JUDGE_VERSION
from crawler.judge.readings import OpAccess, ScreenAt, SessionReadings, Transmission
from evidence.errors import storage_failure
from evidence.files import write_whole
from evidence.lanes import Entry

__all__ = ["READINGS", "readings_document", "write_readings"]

READINGS = "readings"
"""Folder beside the record: one file for each session."""
FORMAT = 1


def write_readings(sessions: Iterable[SessionReadings], case_dir: Path) -> None:
    """Write readings/<session>.json beside the record, in place of earlier ones. Raises StorageFailed."""
    folder = case_dir / READINGS
    try:
        folder.mkdir(exist_ok=True)
        for earlier in folder.glob("*.json"):
            earlier.unlink()
    except OSError as error:
        raise storage_failure(folder, error) from error
    for session in sessions:
        text = json.dumps(readings_document(session), ensure_ascii=False, indent=1, sort_keys=True)
        write_whole(folder / f"{session.session}.json", [text.encode("utf-8", "backslashreplace")])


def readings_document(session: SessionReadings) -> dict[str, object]:
    """What was derived from one session. Times are ns: `mono` of the host's monotonic clock, `wall` since 1970 UTC."""
    return {
        "format": FORMAT,
        "judge": JUDGE_VERSION,
        "session": session.session,
        "scenario": session.scenario,
        "package": session.package,
        "complete": session.complete,
        "why_incomplete": session.why_incomplete,
        "tls_observable": session.tls_observable,
        "known_kinds": list(session.known_kinds),
        "refused_certificate": list(session.refusals),
        "phases": [
            {"phase": span.phase.value, "from_mono": span.from_ns, "to_mono": span.to_ns, "why": span.why}
            for span in session.spans
        ],
        "screens": [_screen(at) for at in session.screens],
        "transmissions": [_transmission(sent) for sent in session.transmissions],
        "accesses": [_access(access) for access in session.accesses],
    }


def _screen(at: ScreenAt) -> dict[str, object]:
    reading = at.reading
    return {
        "fact": _fact(at.entry),
        "screen": at.screen,
        "mono": at.mono_ns,
        "wall": at.wall_ns,
        "phase": at.phase.value,
        "foreground": at.package,
        "app_running": at.running,
        "readable": reading.readable,
        "unreadable_reason": reading.unreadable_reason,
        "kinds": list(reading.kinds),
        "source": reading.source,
        "engines": list(reading.engines),
        "notes": list(reading.notes),
        "texts": [box.text for box in reading.texts],
    }


def _transmission(sent: Transmission) -> dict[str, object]:
    request, recipient = sent.request, sent.recipient
    return {
        "facts": [f"{entry.lane}:{entry.seq}" for entry in request.entries],
        "flow": request.flow,
        "channel": request.channel,
        "message": request.message,
        "mono": request.started.mono_ns,
        "wall": request.started.wall_ns,
        "phase": sent.phase.value,
        "owner": sent.owner.value,
        "host": request.host,
        "recipient": {
            "kind": recipient.kind,
            "domain": recipient.registrable,
            "zh": recipient.name_zh,
            "en": recipient.name_en,
            "company": recipient.company,
            "category": recipient.category,
        },
        "found": [
            {"kind": hit.kind, "form": hit.form_code, "where": hit.where, "path": list(hit.path), "offset": hit.offset}
            for hit in sent.detection.hits
        ],
        "opaque": len(sent.detection.opaque),
        "search_cut_short": sent.detection.truncated,
    }


def _access(access: OpAccess) -> dict[str, object]:
    return {
        "fact": _fact(access.entry),
        "op": access.op,
        "earliest_mono": access.earliest_ns,
        "latest_mono": access.latest_ns,
        "phase": access.phase.value,
    }


def _fact(entry: Entry) -> dict[str, object]:
    """A fact by its place and its digest: what the chain of its lane holds."""
    return {"lane": entry.lane, "seq": entry.seq, "digest": entry.digest}
