"""A workbook of cases with all fields: findings, requests, the circular's table. No cell of it is a formula."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from crawler.report.exports.cells import cell
from crawler.report.exports.reading import ExportCase
from crawler.report.exports.tables import (
    CIRCULAR_COLUMNS,
    FINDING_COLUMNS,
    REQUEST_COLUMNS,
    circular_rows,
    finding_rows,
    request_rows,
)

__all__ = ["workbook_bytes"]

_MOST_ROWS = 1_048_000
"""Excel ends at 1,048,576 rows."""
_LARGEST_NUMBER = 10**15
"""Beyond it Excel rounds; such a number stands as text."""
_WIDE = {
    **dict.fromkeys(("summary_zh", "summary_en", "url", "details", "value"), 60),
    **dict.fromkeys(("rule_zh", "rule_en", "basis", "mend_zh", "mend_en", "facts", "所涉问题", "data_found"), 40),
    **dict.fromkeys(("case", "package", "host", "name", "案卷", "包名", "复核情况", "应用开发者", "recipient_en"), 30),
    **dict.fromkeys(("time_utc", "label", "accepted_by", "session", "应用名称", "应用来源", "recipient_zh"), 26),
}
"""Columns that hold more than a word, in characters."""


def workbook_bytes(cases: Sequence[ExportCase]) -> tuple[bytes, int]:
    """The workbook, and how many rows it has below its headings."""
    book = Workbook(write_only=True)
    rows = 0
    rows += _sheet(book, "findings 问题", FINDING_COLUMNS, (row for case in cases for row in finding_rows(case)))
    rows += _sheet(book, "requests 请求", REQUEST_COLUMNS, (row for case in cases for row in request_rows(case)))
    rows += _sheet(book, "circular 通报", CIRCULAR_COLUMNS, circular_rows(cases))
    _sheet(book, "about 说明", ("name", "value"), _about(cases))
    target = io.BytesIO()
    book.save(target)
    return target.getvalue(), rows


def _about(cases: Sequence[ExportCase]) -> Iterable[tuple[object, ...]]:
    yield "caution", "What was not observed is not thereby in order. “未发现”不等于“合规”。"
    yield (
        "facts",
        "session/lane:seq is line seq+1 of record/sessions/<session>/<lane>.jsonl; the digest is of that line.",
    )
    for case in cases:
        yield f"record seal of {case.name}", case.record_seal


def _sheet(book: Any, title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> int:
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    for number, name in enumerate(columns):
        sheet.column_dimensions[_letter(number)].width = _WIDE.get(name, max(12, 2 * len(name)))
    heading = [_cell(sheet, name) for name in columns]
    for made in heading:
        made.font = Font(bold=True)
    sheet.append(heading)
    count = 0
    for row in rows:
        if count >= _MOST_ROWS:
            sheet.append([_cell(sheet, "… more than a sheet holds; the record has them")])
            break
        sheet.append([_cell(sheet, value) for value in row])
        count += 1
    sheet.auto_filter.ref = f"A1:{_letter(len(columns) - 1)}{count + 1}"
    return count


def _cell(sheet: Any, value: object) -> Any:
    if isinstance(value, bool) or (isinstance(value, int) and abs(value) < _LARGEST_NUMBER):
        return WriteOnlyCell(sheet, value)
    made = WriteOnlyCell(sheet, cell(value))
    # openpyxl takes a text that begins with "=" for a formula; quotePrefix keeps Excel from doing so when it is edited.
    made.data_type = "s"
    made.quotePrefix = True
    return made


def _letter(number: int) -> str:
    return chr(ord("A") + number) if number < 26 else "A" + chr(ord("A") + number - 26)
