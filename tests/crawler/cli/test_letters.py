"""`notice` and `guide` as they are typed: what is refused, with which exit code, and that nothing half written stays."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.crawler.cli.conftest import Command
from tests.crawler.report.notice.reviewed import accept, docx_text, judged_case


@pytest.fixture(scope="module")
def undecided(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return judged_case(tmp_path_factory.mktemp("undecided") / "xiaoyu")


@pytest.fixture
def case(undecided: Path, tmp_path: Path) -> Path:
    shutil.copytree(undecided, tmp_path / undecided.name)
    accept(tmp_path / undecided.name)
    return tmp_path / undecided.name


def test_a_notice_is_written_and_told(command: Command, case: Path, tmp_path: Path) -> None:
    out = tmp_path / "notice.docx"
    ended = command("notice", case, "--kind", "rectification", "--date", "2025-11-27", "-o", out, "--json")
    assert ended.code == 0
    assert ended.document["problems"] == 3
    assert ended.document["deadline"] == "2025年12月4日"
    assert "截止日2025年12月4日" in docx_text(out.read_bytes())
    assert "nobody vouches" in ended.err


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("--kind", "praise"), 2, "rectification"),
        (("--kind", "rectification", "--lang", "fr"), 2, "zh, en"),
        (("--kind", "rectification", "--format", "odt"), 2, "docx, pdf, html"),
        (("--kind", "rectification", "--date", "yesterday"), 2, "2026-03-09"),
        (("--kind", "rectification", "--date", "2026-12-31"), 65, "2026"),
        (("--kind", "rectification", "--date", "2025-11-27", "--deadline", "2025-11-27"), 65, "not after"),
        (("--kind", "closing", "--date", "2025-11-27"), 65, "--retest"),
        (("--kind", "rectification", "--date", "2025-11-27", "--template", "missing.docx"), 65, "cannot be read"),
        (("--kind", "rectification", "--date", "2025-11-27", "--settings", "missing.toml"), 65, "cannot be read"),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_no_file(
    command: Command, case: Path, tmp_path: Path, words: tuple[str, ...], code: int, says: str
) -> None:
    out = tmp_path / "notice.out"
    ended = command("notice", case, "-o", out, *words)
    assert ended.code == code
    assert says in " ".join(ended.err.split())
    assert not out.exists()


def test_a_name_beyond_every_path_is_an_error_with_a_sentence(command: Command, case: Path, tmp_path: Path) -> None:
    for out in (tmp_path, tmp_path / "missing" / "notice.docx", tmp_path / ("n" * 300)):
        ended = command("notice", case, "--kind", "rectification", "--date", "2025-11-27", "-o", out)
        assert ended.code in (73, 74)
        assert "→" in ended.err


def test_nobody_sends_what_nobody_accepted(command: Command, undecided: Path, tmp_path: Path) -> None:
    out = tmp_path / "notice.html"
    words = ("notice", undecided, "--kind", "takedown", "--format", "html", "--date", "2025-11-27", "-o", out)
    assert command(*words).code == 65
    assert not out.exists()
    assert command(*words, "--draft").code == 0
    assert "草稿" in out.read_text(encoding="utf-8")


def test_the_guide_is_written(command: Command, tmp_path: Path) -> None:
    for form in ("html", "docx"):
        assert command("guide", "--format", form, "-o", tmp_path / f"guide.{form}").code == 0
    assert command("guide", "--format", "txt", "-o", tmp_path / "x").code == 2


def test_a_measurement_names_every_format(command: Command, undecided: Path) -> None:
    told = command("bench", "notice", undecided, "--json").document
    assert {"open_ms", "compose_ms", "docx_ms", "pdf_ms", "html_ms"} <= told.keys()
    assert (told["problems"], told["pictures"]) == (3, 6)
