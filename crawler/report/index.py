"""The index of a batch: every app and every rule on one page, leading to the reports."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from crawler.judge.catalogue import load_rules
from crawler.judge.rules import RULES
from crawler.report.page import environment, template_text
from evidence.files import open_regular, write_whole

__all__ = ["IndexRow", "read_verdicts", "write_index"]

_MAX_FINDINGS = 64 * 1024 * 1024


class IndexRow(Protocol):
    """What the index needs to know of an app."""

    @property
    def package(self) -> str: ...
    @property
    def apk(self) -> str: ...
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
    listed = list(rows)
    texts = load_rules()
    shown = []
    for row in listed:
        case = directory / row.case_directory if row.case_directory else None
        verdicts = read_verdicts(case / "findings.json") if case is not None else {}
        report = f"{row.case_directory}/report.html" if case is not None and (case / "report.html").is_file() else ""
        shown.append(
            {
                "row": row,
                "link": quote(report),
                "verdicts": [verdicts.get(rule, "") for rule, _ in RULES],
                "problems": sum(verdict in ("confirmed", "suspected") for verdict in verdicts.values()),
            }
        )
    text = (
        environment()
        .from_string(template_text("index.html.j2"))
        .render(
            rows=shown,
            states=sorted(Counter(row.status for row in listed).items()),
            rules=[texts[rule] for rule, _ in RULES],
            style=template_text("report.css"),
            script=template_text("report.js"),
        )
    )
    path = directory / "index.html"
    write_whole(path, [text.encode("utf-8", "replace")])
    return path


def read_verdicts(findings: Path) -> dict[str, str]:
    """Rule → verdict of a judged case; empty when there is no judgement that can be read."""
    try:
        with open_regular(findings) as stream:
            document = json.loads(stream.read(_MAX_FINDINGS))
        return {str(rule["rule"]): str(rule["verdict"]) for rule in document["rules"]}
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {}
