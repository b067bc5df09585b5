"""Names that an app chose to hurt, disks that are full, cases that are not what they were."""

from __future__ import annotations

import io
import re
import shutil
import tempfile
import zipfile
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from lxml import etree

from crawler.report.notice.compose import Composed
from crawler.report.notice.drawing import draw, write_letter
from crawler.report.notice.errors import NotFit
from crawler.report.notice.letter import Judged
from evidence.errors import StorageFull
from evidence.record import CaseRecord
from tests.crawler.disks import small_disk
from tests.crawler.report.hostile import HOSTILE
from tests.crawler.report.notice.reviewed import SETTINGS, docx_text, letter_of, opened

NAMES = (
    *HOSTILE,
    "../../etc/passwd",
    "=cmd|' /C calc'!A0",
    "#panic(1) $x$ *b* <a> @b [c] \\u{41}",
    "{_{ title }_}",
    "\ud800\ufffe\uffff",
    "  ",
)
WHOLE = (HOSTILE[0], HOSTILE[5], HOSTILE[12], NAMES[-2])
"""Those for which a whole notice is drawn, pictures and all."""


@pytest.fixture(scope="module")
def judged(accepted: Path) -> Judged:
    return opened(accepted)


def named(judged: Judged, name: str, kind: str) -> Composed:
    """The letter when the app, its version, a host, a session and the developer are called so."""
    case = judged.case
    info = {**case.record.info, "label": name, "version_name": name, "package": name}
    record = CaseRecord(info=info, sessions=case.record.sessions, blobs=case.record.blobs)
    findings = tuple(
        replace(one, summary_zh=name, summary_en=name, details={**one.details, "host": name}) for one in case.findings
    )
    known = replace(SETTINGS, app={name: replace(next(iter(SETTINGS.app.values())), developer=name)})
    return letter_of(replace(judged, case=replace(case, record=record, findings=findings)), kind, settings=known)


class Elements(HTMLParser):
    def __init__(self, source: str) -> None:
        super().__init__()
        self.found: list[tuple[str, tuple[str, ...]]] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, tuple(sorted(name for name, _ in attributes))))


@pytest.fixture(scope="module")
def shapes(judged: Judged) -> dict[str, tuple[object, int]]:
    """What a letter about an app with an ordinary name consists of."""
    return {kind: shape(named(judged, "普通名称", kind)) for kind in ("reminder", "rectification")}


def shape(letter: Composed) -> tuple[object, int]:
    """The elements of the HTML, and how many tables the DOCX has."""
    with zipfile.ZipFile(io.BytesIO(draw(letter, "docx"))) as archive:
        body = etree.fromstring(archive.read("word/document.xml"))
    return Elements(draw(letter, "html").decode()).found, len(list(body.iter("{*}tbl")))


@pytest.mark.parametrize(
    ("kind", "name"),
    [*(("reminder", name) for name in NAMES), *(("rectification", name) for name in WHOLE)],
    ids=range(len(NAMES) + len(WHOLE)),
)
def test_every_name_stays_text(judged: Judged, shapes: dict[str, tuple[object, int]], kind: str, name: str) -> None:
    letter = named(judged, name, kind)
    assert shape(letter) == shapes[kind]
    content = draw(letter, "docx")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for part in archive.namelist():
            assert ".." not in part
            if part.endswith((".xml", ".rels")):
                etree.fromstring(archive.read(part), etree.XMLParser(resolve_entities=False, huge_tree=False))
    text = docx_text(content)
    assert max(map(len, text.splitlines())) < 1500
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]", text)
    assert str(7 * 191) not in text
    assert draw(letter, "pdf").startswith(b"%PDF-")


def test_a_full_disk_leaves_nothing_under_the_final_name(judged: Judged, tmp_path: Path) -> None:
    letter = letter_of(judged)
    with small_disk(tmp_path, "64k") as disk:
        for form in ("docx", "html"):
            out = disk.path / f"notice.{form}"
            with pytest.raises(StorageFull) as raised:
                write_letter(letter, form, out)
            assert "space" in raised.value.mend
            assert list(disk.path.iterdir()) == []


def test_a_full_disk_for_temporary_files_is_told(
    judged: Judged, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "notice.pdf"
    with small_disk(tmp_path, "64k") as disk:
        monkeypatch.setattr(tempfile, "tempdir", str(disk.path))
        with pytest.raises(StorageFull):
            write_letter(letter_of(judged), "pdf", out)
        assert list(disk.path.iterdir()) == []
    assert not out.exists()


def test_a_case_that_was_changed_is_not_quoted(accepted: Path, tmp_path: Path) -> None:
    for number, place in enumerate(("findings.json", "decisions.jsonl", "record/case.json")):
        case = tmp_path / str(number) / accepted.name
        shutil.copytree(accepted, case)
        path = case / place
        path.write_bytes(path.read_bytes().replace(b"M1-05", b"M1-06", 1).replace(b"5.2.1", b"5.2.2", 1))
        with pytest.raises(NotFit, match="not as it was sealed"):
            opened(case)
