"""HAR 1.2 of cases: each session a page, each request with its consent phase and the facts it stands for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crawler.report.exports.reading import ExportCase, ExportRequest
from crawler.report.exports.tables import moment
from traffic.export import har

__all__ = ["har_document"]


def har_document(cases: Sequence[ExportCase]) -> dict[str, Any]:
    """What has no place in HAR stands in fields that begin with `_`, as HAR allows."""
    log: dict[str, Any] = {
        "version": "1.2",
        "creator": {"name": "AppWitness", "version": "1"},
        "pages": [],
        "entries": [],
    }
    raw: list[object] = []
    for case in cases:
        for session in dict.fromkeys(sent.session for sent in case.requests):
            sent_here = [sent for sent in case.requests if sent.session == session]
            page = f"{case.name}/{session}"
            log["pages"].append(_page(page, sent_here[0], case))
            one: Any = har(sent.request for sent in sent_here)
            requests = [sent for sent in sent_here if sent.request.channel == "http"]
            for entry, sent in zip(one["log"]["entries"], requests, strict=True):
                log["entries"].append(_entry(entry, sent, page, case))
            raw += [{**stream, "_page": page} for stream in one["log"]["_rawStreams"]]
    return {"log": {**log, "_rawStreams": raw}}


def _page(page: str, first: ExportRequest, case: ExportCase) -> dict[str, object]:
    return {
        "startedDateTime": moment(first.request.started.wall_ns),
        "id": page,
        "title": f"{case.info.get('label') or case.info.get('package') or ''} {first.session}",
        "pageTimings": {"onContentLoad": -1, "onLoad": -1},
    }


def _entry(entry: dict[str, object], sent: ExportRequest, page: str, case: ExportCase) -> dict[str, object]:
    return {
        **entry,
        "pageref": page,
        "_consentPhase": sent.phase,
        "_owner": sent.owner,
        "_recipient": dict(sent.recipient),
        "_found": list(sent.found),
        "_facts": list(sent.facts),
        "_recordSeal": case.record_seal,
    }
