"""The guide and the self-check: one source for every rule, and nothing that reads like a clean bill."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from crawler.cli.advising import _lines
from crawler.judge.catalogue import load_rules
from crawler.judge.judgement import Judgement, judge_case
from crawler.judge.model import Verdict
from crawler.report.guide.advice import advice_for, all_advice, example_screen, without_entry
from crawler.report.guide.checked import checked, sarif, untested
from crawler.report.guide.drawing import FORMATS, draw_guide
from crawler.report.guide.page import result_page
from evidence.record import read_case
from tests.crawler.report.hostile import HOSTILE
from tests.crawler.report.made_case import PACKAGE, build_case
from tests.crawler.report.notice.reviewed import docx_text
from tests.crawler.report.sarif import sarif_faults
from tests.crawler.report.test_page import Document


@pytest.fixture(scope="module")
def judgement(tmp_path_factory: pytest.TempPathFactory) -> Judgement:
    return judge_case(read_case(build_case(tmp_path_factory.mktemp("case") / "xiaoyu")))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_rule_is_explained_from_the_catalogue(language: str) -> None:
    for advice in all_advice(language):
        rule = load_rules()[advice.rule]
        assert advice.mend == (rule.mend_zh if language == "zh" else rule.mend_en)
        assert advice.basis == rule.basis
        assert all((advice.title, advice.severity, advice.why, advice.cause, advice.proof))


def test_what_the_guide_adds_is_about_rules_that_exist() -> None:
    written = set(load_rules()) - set(without_entry())
    assert {"M1-01", "M1-05", "M1-06", "M1-07", "M1-09", "M1-10", "M1-11", "M1-12"} <= written
    for rule in written:
        for language in ("zh", "en"):
            screen = example_screen(rule, language)
            assert screen is not None
            with Image.open(io.BytesIO(screen)) as picture:
                assert picture.width > 400
            assert advice_for(rule, language).wrong
            assert advice_for(rule, language).right


def test_a_name_that_is_no_rule_leads_to_no_file() -> None:
    assert example_screen("../../../../report/data/report", "css") is None


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_guide_holds_every_rule_in_every_format(language: str, form: str) -> None:
    content = draw_guide(language, form)
    if form == "pdf":
        assert content.startswith(b"%PDF-")
        return
    text = docx_text(content) if form == "docx" else Document(content.decode()).text
    for advice in all_advice(language):
        assert advice.title in text
        assert advice.proof in text
    if form == "html":
        sources = [at["src"] for at in Document(content.decode()).all("img")]
        assert sources
        assert all(source.startswith("data:image/png;base64,") for source in sources)


def test_a_self_check_tells_what_was_seen_and_how_to_prove_the_mend(judgement: Judgement) -> None:
    result = checked(judgement, "case", "zh")
    assert [one.rule for one in result.found] == ["M1-05", "M1-06", "M1-11"]
    assert result.complete
    text = "\n".join(line for line, _ in _lines(result, "zh"))
    for one in result.found:
        assert one.advice.proof in text
        assert re.search(r"2025-11-25 \d\d:\d\d:\d\d\.\d{3} \(UTC\+8\)", one.seen[0])
    assert "未发现。这不代表" not in text


def test_finding_nothing_is_not_called_compliance(judgement: Judgement) -> None:
    nothing = replace(judgement, findings=())
    result = checked(nothing, "case", "zh")
    assert result.found == ()
    assert len(untested(result)) == len(result.rules)
    quiet = tuple(replace(one, verdict=Verdict.NOT_OBSERVED) for one in judgement.findings)
    text = "\n".join(line for line, _ in _lines(checked(replace(judgement, findings=quiet), "case", "zh"), "zh"))
    assert "这不代表应用符合全部要求" in text


def test_sarif_names_each_finding_once_and_no_silence(judgement: Judgement) -> None:
    document = json.loads(json.dumps(sarif(checked(judgement, "case", "en"), "1.0")))
    (run,) = document["runs"]
    assert sarif_faults(document) == []
    assert [(one["ruleId"], one["level"]) for one in run["results"]] == [
        ("M1-05", "error"),
        ("M1-06", "error"),
        ("M1-11", "error"),
    ]
    known = {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    assert {one["ruleId"] for one in run["results"]} <= known == set(load_rules())
    assert run["invocations"][0]["executionSuccessful"] is True
    assert all(one["properties"]["evidence"] for one in run["results"])


def test_a_lead_fails_nobody_in_sarif(judgement: Judgement) -> None:
    leads = tuple(replace(one, verdict=Verdict.LEAD) for one in judgement.findings)
    document = sarif(checked(replace(judgement, findings=leads), "case", "zh"), "1.0")
    (run,) = json.loads(json.dumps(document))["runs"]
    assert sarif_faults(document) == []
    assert {(one["kind"], one["level"]) for one in run["results"]} == {("review", "none")}


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_no_name_becomes_markup_on_the_page(judgement: Judgement, name: str) -> None:
    heads = ("a", "b", "c", "d", "e", "f", "g")

    def page(word: str) -> list[tuple[str, dict[str, str]]]:
        findings = tuple(replace(one, summary_zh=word, session=word) for one in judgement.findings)
        named = replace(judgement, case={**judgement.case, "package": word}, findings=findings)
        return Document(result_page(checked(named, word, "zh"), heads, "zh")).elements

    assert page(name) == page(PACKAGE)


def test_the_example_screens_are_those_that_are_described(tmp_path: Path) -> None:
    import tomllib
    from importlib import resources

    data = resources.files("crawler.report.guide").joinpath("data")
    described = set(tomllib.loads(data.joinpath("screens.toml").read_text(encoding="utf-8"))["screens"])
    drawn = {Path(file.name).name.split(".")[0] for file in data.joinpath("screens").iterdir()}
    assert drawn == described
