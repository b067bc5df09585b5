"""What a case can be exported to, in one table. A file shows the whole of it or nothing; an earlier one is replaced."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from crawler.report.casework.settings import CaseworkSettings
from crawler.report.exports.cells import csv_cell
from crawler.report.exports.har import har_document
from crawler.report.exports.machine import json_document, sarif_document
from crawler.report.exports.reading import ExportCase, ExportRequest, read_export
from crawler.report.exports.tables import CIRCULAR_COLUMNS, circular_rows
from crawler.report.exports.workbook import workbook_bytes
from evidence.files import write_whole
from traffic.export import write_flow_file
from traffic.record import CapturedRequest

__all__ = ["FORMATS", "Format", "export_cases"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One way to write cases. `write` returns how many rows (or entries, or results) there are."""

    suffix: str
    requests: bool
    """It tells of requests, which have to be read for it."""
    write: Callable[[Sequence[ExportCase], Path], int]


def export_cases(cases: Sequence[Path], form: str, target: Path, settings: CaseworkSettings | None = None) -> int:
    """Write judged cases in one of FORMATS. Raises ExportRefused, StorageFailed."""
    chosen = FORMATS[form]
    settings = settings or CaseworkSettings()
    return chosen.write([read_export(case, settings, requests=chosen.requests) for case in cases], target)


def _write_har(cases: Sequence[ExportCase], target: Path) -> int:
    document = har_document(cases)
    return _write_json(document, target, len(document["log"]["entries"]))


def _write_flows(cases: Sequence[ExportCase], target: Path) -> int:
    requests = [_apart(case, sent) for case in cases for sent in case.requests]
    write_flow_file(requests, target)
    return len(requests)


def _apart(case: ExportCase, sent: ExportRequest) -> CapturedRequest:
    """Flows are numbered anew in each session: in one file they would be taken for the same."""
    where = f"{case.name}/{sent.session}"
    request = sent.request
    return replace(request, flow=f"{where}/{request.flow}", connection=f"{where}/{request.connection}")


def _write_workbook(cases: Sequence[ExportCase], target: Path) -> int:
    content, rows = workbook_bytes(cases)
    write_whole(target, [content])
    return rows


def _write_csv(cases: Sequence[ExportCase], target: Path) -> int:
    """With a byte order mark, without which Excel takes Chinese for something else."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(CIRCULAR_COLUMNS)
    rows = list(circular_rows(cases))
    writer.writerows([[csv_cell(value) for value in row] for row in rows])
    write_whole(target, [text.getvalue().encode("utf-8-sig", "replace")])
    return len(rows)


def _write_sarif(cases: Sequence[ExportCase], target: Path) -> int:
    document = sarif_document(cases)
    return _write_json(document, target, sum(len(run["results"]) for run in document["runs"]))


def _write_plain(cases: Sequence[ExportCase], target: Path) -> int:
    document = json_document(cases)
    return _write_json(document, target, len(document["findings"]))


def _write_json(document: object, target: Path, rows: int) -> int:
    text = json.dumps(document, ensure_ascii=False, indent=1)
    # Names and values of apps may hold lone surrogates.
    write_whole(target, [text.encode("utf-8", "backslashreplace"), b"\n"])
    return rows


FORMATS = {
    "har": Format(suffix=".har", requests=True, write=_write_har),
    "mitm": Format(suffix=".mitm", requests=True, write=_write_flows),
    "xlsx": Format(suffix=".xlsx", requests=True, write=_write_workbook),
    "csv": Format(suffix=".csv", requests=False, write=_write_csv),
    "sarif": Format(suffix=".sarif", requests=False, write=_write_sarif),
    "json": Format(suffix=".json", requests=False, write=_write_plain),
}
"""Add here ⇒ describe it in docs/evidence.md."""
