"""The index of a batch: every app and every rule on one page, leading to the reports."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from crawler.judge.catalogue import load_rules
from crawler.judge.rules import RULES
from crawler.report.page import environment, template_text
from evidence.files import write_whole

__all__ = ["IndexRow", "write_index"]


class IndexRow(Protocol):
    """What the index needs to know of an app."""

    @property
    def package(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def case_directory(self) -> str: ...


def write_index(directory: Path, rows: Iterable[IndexRow]) -> Path:
    """Write `index.html` into the batch's folder. Raises StorageFailed."""
    texts = load_rules()
    shown = []
    for row in rows:
        verdicts = _verdicts(directory / row.case_directory / "findings.json") if row.case_directory else {}
        shown.append(
            {
                "row": row,
                "link": quote(f"{row.case_directory}/report.html") if verdicts else "",
                "verdicts": [verdicts.get(rule, "") for rule, _ in RULES],
                "problems": sum(verdict in ("confirmed", "suspected") for verdict in verdicts.values()),
            }
        )
    text = (
        environment()
        .from_string(template_text("index.html.j2"))
        .render(
            rows=shown,
            rules=[texts[rule] for rule, _ in RULES],
            style=template_text("report.css"),
            script=template_text("report.js"),
        )
    )
    path = directory / "index.html"
    write_whole(path, [text.encode("utf-8", "replace")])
    return path


def _verdicts(path: Path) -> dict[str, str]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return {str(rule["rule"]): str(rule["verdict"]) for rule in document["rules"]}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
