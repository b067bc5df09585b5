"""Text from an app on its way into a cell of a table: a text for every program, never a formula."""

from __future__ import annotations

import json

from crawler.report.text import short

__all__ = ["LONGEST_CELL", "cell", "csv_cell"]

LONGEST_CELL = 8000
"""Characters of one cell. Excel allows 32,767; what is longer stands in the record."""
_STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
"""What spreadsheets take for the beginning of a formula, also in full width."""


def cell(value: object) -> str:
    """Any value as the text of a cell: nothing invisible, no surrogate, no line end but a plain one, an end."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    text = short(text.replace("\r\n", "\n"), LONGEST_CELL)
    return "".join(sign if sign.isprintable() or sign == "\n" else "\ufffd" for sign in text)


def csv_cell(value: object) -> str:
    """The same for CSV, which knows no types: an apostrophe keeps a spreadsheet from running what looks like a formula."""
    text = cell(value).replace("\n", " ")
    return f"'{text}" if text.lstrip(" \u00a0\u3000").startswith(_STARTS_FORMULA) else text
