"""What letters quote, what they refuse, and how they say it."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import sys
import zipfile
from dataclasses import fields, replace
from datetime import date
from pathlib import Path

import pytest

from crawler.judge.model import Verdict
from crawler.report.deadlines import CalendarEnds, known_years
from crawler.report.notice import document as document_module
from crawler.report.notice.drawing import draw
from crawler.report.notice.errors import FontsMissing, NotFit, SettingsFaulty, TemplateRefused
from crawler.report.notice.law import cited_on
from crawler.report.notice.letter import Judged
from crawler.report.notice.settings import AppSettings, NoticeSettings, Sent, read_settings
from crawler.report.notice.standing import Standing
from crawler.report.notice.wording import KINDS, load_wording
from evidence.clock import FrozenClock
from evidence.deciding import append_decision
from evidence.decisions import CASE_MOVED
from evidence.files import write_whole
from tests.crawler.report.made_case import LABEL, PACKAGE
from tests.crawler.report.notice.reviewed import (
    DECIDED_NS,
    ISSUED,
    REVIEWER,
    accept,
    docx_text,
    letter_of,
    opened,
    quiet,
)

ROOT = Path(__file__).resolve().parents[4]
DATA = ROOT / "crawler" / "report" / "notice" / "data"


@pytest.fixture(scope="module")
def judged(accepted: Path) -> Judged:
    return opened(accepted)


# ------------------------------------------------------------------ only what a person accepted


@pytest.mark.parametrize("kind", ["rectification", "reminder", "takedown", "circular"])
def test_nothing_is_sent_that_nobody_accepted(undecided: Path, kind: str) -> None:
    with pytest.raises(NotFit, match="nobody has accepted") as raised:
        letter_of(undecided, kind)
    assert "--draft" in raised.value.mend


def test_only_the_accepted_findings_are_quoted(undecided: Path, tmp_path: Path) -> None:
    case = tmp_path / undecided.name
    shutil.copytree(undecided, case)
    accept(case, ["M1-06"])
    accept(case, ["M1-11"], dismiss=True)
    assert [problem.rule for problem in letter_of(case).document.problems] == ["M1-06"]
    drafted = letter_of(case, draft=True).document.problems
    assert [(problem.rule, bool(problem.reviewed)) for problem in drafted] == [("M1-05", False), ("M1-06", True)]


def test_a_draft_says_so_on_every_page_and_suspects_only(undecided: Path) -> None:
    letter = letter_of(undecided, draft=True)
    assert all(
        "涉嫌" in problem.conclusion and "不符合" not in problem.conclusion for problem in letter.document.problems
    )
    text = docx_text(draw(letter, "docx"))
    assert text.count(letter.document.draft_mark) >= 1
    assert "确认" not in re.sub("未经人工确认", "", text)
    assert letter.document.draft_mark in draw(letter, "html").decode()


def test_a_letter_to_be_sent_carries_no_mark_of_a_draft(judged: Judged) -> None:
    for form in ("docx", "html"):
        content = draw(letter_of(judged), form)
        text = docx_text(content) if form == "docx" else content.decode()
        assert "草稿" not in text
        assert "涉嫌" not in text


@pytest.mark.parametrize(
    "change",
    [
        {"verdict": Verdict.LEAD},
        {"verdict": Verdict.NOT_TESTABLE},
        {"verdict": Verdict.NOT_OBSERVED},
        {"phase": "INDETERMINATE"},
    ],
)
def test_what_is_uncertain_never_accuses_whoever_accepted_it(judged: Judged, change: dict[str, object]) -> None:
    findings = tuple(replace(one, **change) for one in judged.case.findings)
    everything = replace(judged, case=replace(judged.case, findings=findings))
    for draft in (False, True):
        with pytest.raises(NotFit, match="no finding that a letter may quote"):
            letter_of(everything, draft=draft)


def test_not_observed_is_never_called_compliant(judged: Judged) -> None:
    letter = letter_of(judged)
    results = {row.rule: row.result for row in letter.document.scope}
    assert results["M1-07"] == "未发现"
    assert results["M1-05"] == "见问题1"
    text = docx_text(draw(letter, "docx"))
    assert "不代表该项符合要求" in text
    assert "合规" not in re.sub("隐私合规|合规部", "", text)


# ------------------------------------------------------------------ retest and closing


def test_a_closing_letter_needs_a_retest_that_observed_nothing(judged: Judged) -> None:
    with pytest.raises(NotFit, match="retest"):
        letter_of(judged, "closing")
    letter = letter_of(judged, "closing", retest=quiet(judged))
    assert {problem.retest for problem in letter.document.problems} == {"复测未发现"}
    assert "不构成对其合规性的认定" in docx_text(draw(letter, "docx"))


@pytest.mark.parametrize(("verdict", "says"), [(Verdict.LEAD, "lead"), (Verdict.NOT_TESTABLE, "not_testable")])
def test_a_retest_that_could_not_tell_closes_nothing(judged: Judged, verdict: Verdict, says: str) -> None:
    unsure = quiet(judged)
    findings = tuple(replace(one, verdict=verdict) if one.rule == "M1-06" else one for one in unsure.case.findings)
    with pytest.raises(NotFit, match=rf"M1-06 \({says}\)"):
        letter_of(judged, "closing", retest=replace(unsure, case=replace(unsure.case, findings=findings)))


@pytest.mark.parametrize("kind", ["reminder", "takedown"])
def test_nobody_is_blamed_for_what_the_retest_no_longer_observes(judged: Judged, kind: str) -> None:
    with pytest.raises(NotFit, match="no longer observed") as raised:
        letter_of(judged, kind, retest=quiet(judged))
    assert "--kind closing" in raised.value.mend
    assert {one.retest for one in letter_of(judged, kind, retest=judged).document.problems} == {"复测仍存在"}
    assert {one.retest for one in letter_of(judged, kind).document.problems} == {"未复测"}


def test_a_closing_letter_calls_the_app_as_the_earlier_one_did(judged: Judged) -> None:
    retest = quiet(judged)
    info = {key: value for key, value in judged.case.record.info.items() if key != "label"}
    unnamed = replace(retest, case=replace(retest.case, record=replace(retest.case.record, info=info)))
    assert f"“{LABEL}”" in letter_of(judged, "closing", retest=unnamed).document.title


def test_evidence_numbers_in_a_row_are_told_as_a_range() -> None:
    assert load_wording("zh").numbers(["1-1", "1-2"]) == "1-1、1-2"
    assert load_wording("zh").numbers(["2-1", "2-2", "2-3", "2-7", "2-9", "2-10", "2-11"]) == "2-1至2-3、2-7、2-9至2-11"
    assert load_wording("en").numbers(["1-9", "1-10", "1-11", "2-12"]) == "1-9 to 1-11, 2-12"
    assert load_wording("zh").numbers([]) == ""


def test_a_screen_that_did_not_change_is_shown_once(judged: Judged) -> None:
    for problem in letter_of(judged).document.problems:
        shown = [(picture.sha256, picture.caption) for picture in problem.pictures]
        assert len(shown) == len(set(shown))


def test_what_waits_for_a_decision_in_the_retest_closes_nothing(judged: Judged) -> None:
    with pytest.raises(NotFit, match=r"M1-05 \(open\)"):
        letter_of(judged, "closing", retest=replace(judged, standing=Standing()))
    with pytest.raises(NotFit, match=r"M1-05 \(found\)"):
        letter_of(judged, "closing", retest=judged)


# ------------------------------------------------------------------ law, deadlines, settings


@pytest.mark.parametrize(
    ("on", "clause"),
    [(date(2025, 12, 31), "《网络安全法》第四十一条"), (date(2026, 1, 1), "《网络安全法》第四十三条")],
)
def test_the_article_has_the_number_of_the_day(on: date, clause: str) -> None:
    entry = "《网络安全法》第四十一条（2025年修正后第四十三条，2026-01-01起）"
    assert cited_on([entry], on, unchecked=False).clauses == (clause,)


def test_a_clause_that_was_not_in_force_is_left_out_and_named() -> None:
    basis = [
        "《网络数据安全管理条例》第二十一条",
        "《个人信息保护法》第十七条",
        "《未来法》第一条",
        "《个人信息保护法》第九条（待核）",
    ]
    cited = cited_on(
        [*basis, "《互联网应用程序个人信息收集使用规定（征求意见稿）》"], date(2024, 12, 31), unchecked=False
    )
    assert cited.clauses == ("《个人信息保护法》第十七条",)
    assert len(cited.left_out) == 4
    assert "2025-01-01" in cited.left_out[0]


def test_without_any_clause_no_letter_is_sent(judged: Judged) -> None:
    early = tuple(replace(one, at_wall_ns=1_500_000_000_000_000_000) for one in judged.case.findings)
    with pytest.raises(NotFit, match="no clause may be cited for M1-05, M1-06, M1-11"):
        letter_of(replace(judged, case=replace(judged.case, findings=early)))


def test_beyond_the_calendar_a_person_names_the_day(judged: Judged) -> None:
    with pytest.raises(CalendarEnds, match=str(known_years()[1])):
        letter_of(judged, issued=date(known_years()[1], 12, 30))


def test_a_reminder_counts_the_days_since_the_earlier_deadline(judged: Judged) -> None:
    assert letter_of(judged, "reminder").document.deadline.late == "8"
    later = NoticeSettings(app={PACKAGE: AppSettings(sent=(Sent(number="1", date=ISSUED, due=ISSUED),))})
    with pytest.raises(NotFit, match="nothing is overdue"):
        letter_of(judged, "reminder", settings=later)


def test_a_letter_is_not_older_than_what_it_quotes(undecided: Path, judged: Judged) -> None:
    with pytest.raises(NotFit, match="decided on 2025-11-26"):
        letter_of(judged, issued=date(2025, 11, 25))
    with pytest.raises(NotFit, match="found or decided on 2025-11-25"):
        letter_of(undecided, draft=True, issued=date(2025, 11, 24))


def test_what_was_noticed_is_known_from_the_signed_moves(undecided: Path, tmp_path: Path) -> None:
    case = tmp_path / undecided.name
    shutil.copytree(undecided, case)
    accept(case)
    clock = FrozenClock(wall_ns=DECIDED_NS)
    noticed = {"to": "noticed", "on": "2025-11-14", "deadline": "2025-11-21", "reason": "sent"}
    for data in ({"to": "reviewed", "on": "2025-11-14", "reason": "decided"}, noticed):
        append_decision(case, CASE_MOVED, data, REVIEWER, clock=clock)
    document = letter_of(case, "reminder", settings=NoticeSettings()).document
    assert [(row.date, row.due) for row in document.history] == [("2025年11月14日", "2025年11月21日")]
    assert document.deadline.late == "4"
    submitted = {"to": "fixed_version", "on": "2025-11-20", "version": "5.3", "reason": "submitted"}
    append_decision(case, CASE_MOVED, submitted, REVIEWER, clock=clock)
    with pytest.raises(NotFit, match="'fixed_version': a reminder letter would say what is not so"):
        letter_of(case, "reminder", settings=NoticeSettings())
    assert letter_of(case, "takedown", settings=NoticeSettings()).document.problems
    closed = replace(opened(case), state="closed")
    with pytest.raises(NotFit, match="'closed'"):
        letter_of(closed, "takedown", settings=NoticeSettings())
    assert letter_of(closed, "takedown", draft=True, settings=NoticeSettings()).document.draft


def test_what_the_settings_do_not_say_is_a_visible_blank(judged: Judged) -> None:
    document = letter_of(judged, settings=NoticeSettings()).document
    assert document.recipient.developer == document.store.name == document.officer.name == document.blank
    assert document.number == document.blank
    assert "电话＿＿＿" in docx_text(draw(letter_of(judged, settings=NoticeSettings()), "docx"))


def test_settings_tell_all_their_faults_at_once(tmp_path: Path) -> None:
    path = tmp_path / "notices.toml"
    path.write_text(
        '[store]\nname = 3\nshop = "x"\n[letter]\nworking_days = 0\n[contact]\nemail = "nobody"\nurl = "javascript:x"\n'
        '[app."a.b"]\ncredit_code = "1"\n[[app."a.b".sent]]\nnumber = "1"\ndate = "2025-01-01"\n',
        encoding="utf-8",
    )
    with pytest.raises(SettingsFaulty) as raised:
        read_settings(path)
    places = [fault.split(":")[0] for fault in raised.value.faults]
    expected = ["store.shop", "store.name", "contact.email", "contact.url", "letter.working_days"]
    assert places == [*expected, "app.'a.b'.credit_code", "app.'a.b'.sent[0].date"]


# ------------------------------------------------------------------ templates


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_drawn(judged: Judged, kind: str, language: str) -> None:
    letter = letter_of(judged, kind, language, retest=quiet(judged) if kind == "closing" else None)
    assert letter.document.title in docx_text(draw(letter, "docx"))
    assert letter.document.title in draw(letter, "html").decode()
    if language == "zh" or kind == "rectification":
        pdf = draw(letter, "pdf")
        assert pdf.startswith(b"%PDF-")
        assert b"NotoS" in pdf


def test_the_templates_are_those_that_the_wording_gives(tmp_path: Path) -> None:
    script = ROOT / "scripts" / "notice_templates.py"
    subprocess.run([sys.executable, script, tmp_path], check=True, timeout=120, env={"PYTHONPATH": str(ROOT)})
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert made == {path.name: path.read_bytes() for path in DATA.glob("*.docx")}


def test_an_unknown_field_is_refused_by_name_in_every_format(judged: Judged, tmp_path: Path) -> None:
    letter = letter_of(judged)
    html = tmp_path / "own.html"
    html.write_text("{% for problem in problems %}{{ problem.fine }}{% endfor %}{{ app.label }}", encoding="utf-8")
    typst = tmp_path / "own.typ"
    typst.write_text('#let letter = json("letter.json")\n#letter.app.colour', encoding="utf-8")
    word = tmp_path / "own.docx"
    word.write_bytes(replaced_in_word(DATA / "rectification.zh.docx", "app.package", "app.colour"))
    for form, template, name in (
        ("html", html, "problem.fine"),
        ("pdf", typst, "colour"),
        ("docx", word, "app.colour"),
    ):
        with pytest.raises(TemplateRefused, match=re.escape(name)):
            draw(letter, form, template=template)


def replaced_in_word(template: Path, old: str, new: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(template) as archive, zipfile.ZipFile(target, "w") as changed:
        for name in archive.namelist():
            changed.writestr(name, archive.read(name).replace(old.encode(), new.encode()))
    return target.getvalue()


@pytest.mark.parametrize(
    "source",
    [
        "{{ title.__class__.__mro__ }}",
        "{{ problems.__init__.__globals__ }}",
        "{% include '/etc/passwd' %}",
        "{% for x in range(999999999) %}{% endfor %}",
        "{{ title",
    ],
)
def test_a_template_reaches_nothing_beyond_the_letter(judged: Judged, tmp_path: Path, source: str) -> None:
    template = tmp_path / "own.html"
    template.write_text(source, encoding="utf-8")
    with pytest.raises(TemplateRefused):
        draw(letter_of(judged), "html", template=template)


@pytest.mark.parametrize("source", ['#import "@preview/tablex:0.0.8": *', '#read("/etc/passwd")', "#panic(1)"])
def test_a_typst_template_reaches_neither_network_nor_files(judged: Judged, tmp_path: Path, source: str) -> None:
    template = tmp_path / "own.typ"
    template.write_text(source, encoding="utf-8")
    with pytest.raises(TemplateRefused):
        draw(letter_of(judged), "pdf", template=template)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04nothing", b"\xff" * 100])
def test_what_is_no_word_document_is_refused(judged: Judged, tmp_path: Path, content: bytes) -> None:
    template = tmp_path / "own.docx"
    write_whole(template, [content])
    with pytest.raises(TemplateRefused):
        draw(letter_of(judged), "docx", template=template)


def test_without_chinese_fonts_the_package_is_named(judged: Judged, tmp_path: Path) -> None:
    with pytest.raises(FontsMissing) as raised:
        draw(letter_of(judged), "pdf", fonts=tmp_path)
    assert "fonts-noto-cjk" in raised.value.mend


def test_every_field_is_described() -> None:
    page = (ROOT / "docs" / "notices.md").read_text(encoding="utf-8")
    described = set(re.findall(r"`(\w+)`", page[page.index("### Fields") :]))
    for name in document_module.__all__:
        assert {entry.name for entry in fields(getattr(document_module, name))} <= described


def test_both_languages_have_the_same_words() -> None:
    zh, en = load_wording("zh").data, load_wording("en").data
    for group in ("labels", "phases", "scenarios", "severity", "retest_results", "scope_results", "statements", "text"):
        assert zh[group].keys() == en[group].keys(), group
    for kind in KINDS:
        assert zh["kinds"][kind]["sections"] == en["kinds"][kind]["sections"]
