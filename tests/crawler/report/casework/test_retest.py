"""Two rounds side by side: nothing is called fixed that was not looked for, nothing new that was not looked for before."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.judge.model import ACCUSING, Verdict
from crawler.report.casework.judged import JudgedCase, read_judged
from crawler.report.casework.retest import Outcome, RetestRefused, compare_rounds, core_rules, retest_scenarios
from crawler.report.casework.retest_page import OUTCOMES, comparison_document, write_comparison
from crawler.session.scenarios import SCENARIOS
from tests.crawler.report.casework.making import document, row
from tests.crawler.report.hostile import HOSTILE


def case_of(folder: Path, rows: list[dict[str, object]], *, version: str = "1.0", **more: object) -> JudgedCase:
    folder.mkdir(exist_ok=True)
    (folder / "findings.json").write_text(json.dumps({**document(rows, version=version), **more}), encoding="utf-8")
    return read_judged(folder)


NONE = "absent"
EXPECTED = {
    ("confirmed", "confirmed"): Outcome.STILL_THERE,
    ("confirmed", "suspected"): Outcome.STILL_THERE,
    ("suspected", "not_observed"): Outcome.FIXED,
    ("confirmed", "lead"): Outcome.UNCLEAR,
    ("confirmed", "not_testable"): Outcome.NOT_TESTABLE_NOW,
    ("confirmed", NONE): Outcome.NOT_TESTABLE_NOW,
    ("not_observed", "confirmed"): Outcome.NEW,
    ("lead", "suspected"): Outcome.NEW,
    ("not_testable", "confirmed"): Outcome.NOT_TESTED_BEFORE,
    (NONE, "confirmed"): Outcome.NOT_TESTED_BEFORE,
    ("not_observed", "not_observed"): Outcome.NOTHING,
    ("not_testable", "not_observed"): Outcome.NOT_TESTED,
    ("not_observed", NONE): Outcome.NOT_TESTED,
    ("lead", "not_testable"): Outcome.NOT_TESTED,
    ("lead", "not_observed"): Outcome.NOTHING,
}


def one_rule(tmp_path: Path, old: str, new: str) -> tuple[JudgedCase, JudgedCase]:
    sides = [[row("M1-01", verdict)] if verdict != NONE else [row("M9-99", "not_observed")] for verdict in (old, new)]
    return case_of(tmp_path / "old", sides[0]), case_of(tmp_path / "new", sides[1], version="2.0")


@pytest.mark.parametrize(("old", "new"), EXPECTED)
def test_what_becomes_of_a_rule(tmp_path: Path, old: str, new: str) -> None:
    compared = compare_rounds(*one_rule(tmp_path, old, new))
    (found,) = [at for at in compared.rules if at.rule == "M1-01"]
    assert found.outcome is EXPECTED[old, new]
    assert found.in_question == (old in ("confirmed", "suspected"))


verdicts = st.sampled_from([*Verdict, None])


@given(st.dictionaries(st.sampled_from([f"M1-{n:02d}" for n in range(12)]), st.tuples(verdicts, verdicts)))
def test_fixed_is_never_said_of_what_was_not_tested(sides: dict[str, tuple[Verdict | None, Verdict | None]]) -> None:
    info = {"case": {"package": "com.example.app"}}
    cases = [
        JudgedCase(
            digest="0" * 64,
            document=info,
            findings=(),
            verdicts={rule: both[side] for rule, both in sides.items() if both[side] is not None},  # type: ignore[misc]
        )
        for side in (0, 1)
    ]
    compared = compare_rounds(cases[0], cases[1], in_question=sides)
    assert {at.rule for at in compared.rules} == {rule for rule, both in sides.items() if any(both)}
    for at in compared.rules:
        if at.outcome is Outcome.FIXED:
            assert at.old in ACCUSING
            assert at.new is Verdict.NOT_OBSERVED
        if at.outcome is Outcome.NEW:
            assert at.old not in (None, Verdict.NOT_TESTABLE)
    if compared.proposal == "passed":
        assert all(at.outcome is Outcome.FIXED for at in compared.rules)
    if compared.proposal == "failed":
        assert any(at.outcome is Outcome.STILL_THERE for at in compared.rules)


def test_the_proposal_is_about_what_was_to_be_corrected(tmp_path: Path) -> None:
    old = case_of(tmp_path / "old", [row("M1-01"), row("M1-05"), row("M1-06", "not_observed")])
    new = case_of(tmp_path / "new", [row("M1-01", "not_observed"), row("M1-05"), row("M1-06")], version="2.0")
    assert compare_rounds(old, new).proposal == "failed"
    assert compare_rounds(old, new, {"M1-01"}).proposal == "passed"
    assert compare_rounds(old, new, ()).proposal == "unclear"
    unseen = case_of(tmp_path / "unseen", [row("M1-01", "not_testable"), row("M1-05", "not_observed")], version="2.0")
    assert compare_rounds(old, unseen).proposal == "unclear"


def test_what_people_dismissed_is_not_painted_as_guilt(tmp_path: Path) -> None:
    compared = compare_rounds(*one_rule(tmp_path, "confirmed", "confirmed"), in_question=(), dismissed={"M1-01"})
    write_comparison(compared, tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "原一轮经人工复核未采纳" in page
    assert '<span class="verdict plain"><span class="zh">仍然存在' in page
    assert compared.proposal == "unclear"


def test_what_limits_a_comparison_is_said(tmp_path: Path) -> None:
    cut = [{"session": "S03-refuse", "complete": False}]
    old = case_of(tmp_path / "old", [row()])
    new = case_of(tmp_path / "new", [row()], judge="2", sessions=cut)
    notes = " ".join(en for _, en in compare_rounds(old, new).notes)
    for words in (
        "the same version",
        "different versions of the rules",
        "later round a session is incomplete: S03-refuse",
    ):
        assert words in notes
    assert compare_rounds(old, case_of(tmp_path / "other", [row()], version="2.0")).notes == ()


@pytest.mark.parametrize("package", ["com.other.app", None, ""])
def test_two_apps_are_not_compared(tmp_path: Path, package: str | None) -> None:
    old = case_of(tmp_path / "old", [row()])
    new = case_of(tmp_path / "new", [row()], case={"package": package})
    with pytest.raises(RetestRefused, match="not two rounds of one app"):
        compare_rounds(old, new)


def test_a_retest_plays_what_had_failed_and_the_core_set(tmp_path: Path) -> None:
    clean = case_of(tmp_path / "clean", [row("M1-12", "not_observed")])
    assert retest_scenarios(clean, tuple(SCENARIOS)) == ("S01",)
    refusing = case_of(tmp_path / "refusing", [row("M1-12")])
    assert retest_scenarios(refusing, tuple(SCENARIOS)) == ("S01", "S03")
    assert retest_scenarios(refusing, ()) == ()
    assert {"M1-01", "M1-05", "M1-06", "M1-07", "M5-01", "M5-05"} == core_rules()


# ------------------------------------------------------------------ the documents


class Outline(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.remote: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.remote += [value or "" for name, value in attrs if name in ("src", "href") or name.startswith("on")]


def test_the_page_shows_both_rounds_and_leads_nowhere(tmp_path: Path) -> None:
    old, new = one_rule(tmp_path, "confirmed", "not_observed")
    write_comparison(compare_rounds(old, new), tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    outline = Outline()
    outline.feed(page)
    assert outline.remote == []
    for words in ("未再发现", "1.0", "2.0", "M1-01 in words", "不等于“合规”", old.digest, new.digest):
        assert words in page
    assert not re.search(r"(?i)https?://", page)


@pytest.mark.parametrize("text", HOSTILE)
def test_text_of_an_app_is_shown_and_nothing_else(tmp_path: Path, text: str) -> None:
    info = {"package": "com.example.app", "label": text, "version_name": text, "case": text, "version_code": text}
    old = case_of(tmp_path / "old", [row(summary_en=text, summary_zh=text, session=text)], case=info)
    new = case_of(tmp_path / "new", [row(summary_en=text, summary_zh=text)], case=info)
    compared = compare_rounds(old, new)
    write_comparison(compared, tmp_path / "page.html")
    plain = case_of(
        tmp_path / "plain", [row()], case={**info, "label": "x", "version_name": "1", "case": "x", "version_code": "1"}
    )
    write_comparison(compare_rounds(plain, plain), tmp_path / "plain.html")
    outlines: list[list[str]] = []
    for name in ("page.html", "plain.html"):
        outline = Outline()
        outline.feed((tmp_path / name).read_text(encoding="utf-8"))
        assert outline.remote == []
        outlines.append(outline.tags)
    assert outlines[0] == outlines[1]


def test_the_document_says_the_same(tmp_path: Path) -> None:
    told = comparison_document(compare_rounds(*one_rule(tmp_path, "confirmed", "not_testable")))
    assert told["proposal"] == "unclear"
    (rule,) = told["rules"]  # type: ignore[misc]
    assert (rule["outcome"], rule["old"]["verdict"], rule["new"]["verdict"]) == (
        "not_testable_now",
        "confirmed",
        "not_testable",
    )
    assert set(OUTCOMES) == set(Outcome)
