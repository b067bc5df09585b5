"""The index of a batch leads to every report and says of every app how it stands."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import pytest

from crawler.report.index import read_verdicts, write_index
from evidence.errors import StorageRefused
from tests.crawler.disks import small_disk
from tests.crawler.report.hostile import HOSTILE
from tests.crawler.report.test_page import Document


@dataclass(frozen=True)
class Row:
    package: str = "com.a.app"
    apk: str = ""
    label: str = "澜庭商城"
    status: str = "done"
    reason: str = ""
    case_directory: str = ""


def judged(folder: Path, name: str, **verdicts: str) -> str:
    case = folder / "cases" / name
    case.mkdir(parents=True)
    rules = [{"rule": rule.replace("_", "-"), "verdict": verdict} for rule, verdict in verdicts.items()]
    (case / "findings.json").write_text(json.dumps({"rules": rules}))
    (case / "report.html").write_text("x")
    return f"cases/{name}"


def index(folder: Path, *rows: Row) -> Document:
    return Document(write_index(folder, rows).read_text(encoding="utf-8"))


def test_it_leads_to_every_report(tmp_path: Path) -> None:
    rows = [
        Row(case_directory=judged(tmp_path, "00001-com.a", M1_05="confirmed", M1_10="not_testable")),
        Row(label="", case_directory=judged(tmp_path, "00002-应用 #1?x&y", M1_06="suspected")),
        Row(status="set_aside", reason="no package", package="???"),
        Row(status="failed", reason="the device was lost"),
    ]
    page = index(tmp_path, *rows)
    links = [unquote(at["href"]) for at in page.all("a")]
    assert links == ["cases/00001-com.a/report.html", "cases/00002-应用 #1?x&y/report.html"]
    assert all((tmp_path / link).is_file() for link in links)
    for words in ("with findings: 2", "the device was lost", "no package", "set aside: 1", "failed: 1"):
        assert words in page.text.replace("\n", "")


def test_texts_of_apps_come_out_as_text(tmp_path: Path) -> None:
    rows = [Row(label=text, package=text, reason=text) for text in HOSTILE]
    path = write_index(tmp_path, rows)
    page = Document(path.read_text(encoding="utf-8"))
    assert len(page.all("script")) == 1
    assert len(page.all("img")) == 1
    assert page.all("svg") == []
    assert not any(name.startswith("on") for _, at in page.elements for name in at)
    assert "1337" not in page.text
    assert path.stat().st_size < 200_000


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"{}",
        b'{"rules": 7}',
        b'{"rules": [1]}',
        b'{"rules": [{}]}',
        b"[" * 100_000,
        b'{"rules": null}',
    ],
)
def test_a_judgement_that_cannot_be_read_is_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "findings.json").write_bytes(content)
    assert read_verdicts(tmp_path / "findings.json") == {}


def test_a_verdict_nobody_knows_is_shown_as_nothing(tmp_path: Path) -> None:
    page = index(tmp_path, Row(case_directory=judged(tmp_path, "x", M1_05="<script>", M1_06="guilty")))
    assert len(page.all("script")) == 1


def test_a_pipe_or_a_link_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(json.dumps({"rules": [{"rule": "M1-05", "verdict": "confirmed"}]}))
    (tmp_path / "findings.json").symlink_to(tmp_path / "secret")
    assert read_verdicts(tmp_path / "findings.json") == {}
    assert read_verdicts(tmp_path / "absent.json") == {}


def test_a_read_only_folder_is_said(tmp_path: Path) -> None:
    with small_disk(tmp_path, "1m") as disk:
        disk.make_read_only()
        with pytest.raises(StorageRefused):
            write_index(disk.path, [Row()])
