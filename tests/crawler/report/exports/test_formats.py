"""Every export says the same of the same facts, and no name that an app gives itself does anything in any of them."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from mitmproxy.io import FlowReader

from crawler.report.casework.judged import read_judged
from crawler.report.casework.settings import CaseworkSettings
from crawler.report.exports.formats import FORMATS, export_cases
from crawler.report.exports.reading import ExportRefused, read_export
from crawler.report.exports.tables import CIRCULAR_COLUMNS, FINDING_COLUMNS, REQUEST_COLUMNS
from evidence.canonical import Json
from evidence.deciding import Signer, append_decision
from evidence.decisions import FINDING_DISMISSED
from evidence.verify import verify
from tests.crawler.report.bundle.small import build_small
from tests.crawler.report.hostile import HOSTILE
from tests.crawler.report.sarif import sarif_faults
from tests.evidence.cases import KEY

NAMES = (
    *HOSTILE,
    "../../../etc/passwd",
    "..\\..\\win.ini",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-1",
    "@SUM(A1)",
    "\t=1+1",
    " =1+1",
    "＝1+1",
    "\u202egpj.exe",
    "A" * 10_000,
    "\x00\x01\x1f\x7f\ufffe",
    "\ud800",
    'a","b\r\n"c',
    "",
)
CITED = "S01-made/traffic:1 " + "cd" * 32


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_small(tmp_path_factory.mktemp("made") / "case")


def exported(case: Path, form: str, target: Path) -> bytes:
    assert export_cases([case], form, target) >= 0
    return target.read_bytes()


def har_entries(content: bytes) -> list[Any]:
    log: Any = json.loads(content)["log"]
    assert log["version"] == "1.2"
    return list(log["entries"])


def test_har_carries_the_consent_phase_of_each_request(case: Path, tmp_path: Path) -> None:
    log = json.loads(exported(case, "har", tmp_path / "out.har"))["log"]
    first, second = har_entries((tmp_path / "out.har").read_bytes())
    assert first["pageref"] == "case/S01-made"
    assert [page["id"] for page in log["pages"]] == ["case/S01-made", "case/S02-made"]
    assert first["_consentPhase"] == "NOT_STARTED"
    assert second["_consentPhase"] == "ACCEPTED"
    assert first["_owner"] == "app"
    assert first["_found"][0]["kind"] == "imei"
    assert first["_facts"][0] == "S01-made/traffic:2"
    assert first["request"]["url"] == "https://log.umsns.com/collect?imei=abc"


def test_without_readings_the_phase_is_unknown(tmp_path: Path) -> None:
    case = build_small(tmp_path / "case")
    for path in (case / "readings").iterdir():
        path.write_text("[" * 100_000)
    for entry in har_entries(exported(case, "har", tmp_path / "out.har")):
        assert (entry["_consentPhase"], entry["_owner"], entry["_found"]) == ("unknown", "unknown", [])


def test_mitmproxy_reads_its_flows(case: Path, tmp_path: Path) -> None:
    exported(case, "mitm", tmp_path / "out.mitm")
    with (tmp_path / "out.mitm").open("rb") as stream:
        flows: list[Any] = list(FlowReader(stream).stream())
    assert [flow.request.host for flow in flows] == ["log.umsns.com"] * 2
    assert flows[0].request.content == b"v=3&imei=861234056789017"


def rows_of(path: Path, sheet: int) -> list[dict[str, Any]]:
    book = openpyxl.load_workbook(path)
    heading, *rows = book.worksheets[sheet].iter_rows(values_only=True)
    return [dict(zip(map(str, heading), row, strict=True)) for row in rows]


def test_the_workbook_has_all_fields(case: Path, tmp_path: Path) -> None:
    exported(case, "xlsx", tmp_path / "out.xlsx")
    findings, requests, circular = (rows_of(tmp_path / "out.xlsx", sheet) for sheet in range(3))
    assert tuple(findings[0]) == FINDING_COLUMNS
    assert tuple(requests[0]) == REQUEST_COLUMNS
    assert tuple(circular[0]) == CIRCULAR_COLUMNS
    assert findings[0]["facts"] == CITED
    assert findings[0]["review"] == "open"
    assert requests[0]["phase"] == "NOT_STARTED"
    assert requests[0]["status"] == 200
    assert requests[0]["recipient_en"] == "Umeng"


def test_every_export_cites_the_same_facts(case: Path, tmp_path: Path) -> None:
    exported(case, "xlsx", tmp_path / "out.xlsx")
    sarif = json.loads(exported(case, "sarif", tmp_path / "out.sarif"))
    plain = json.loads(exported(case, "json", tmp_path / "out.json"))
    results = sarif["runs"][0]["results"]
    named = {row["finding"]: row["facts"] for row in rows_of(tmp_path / "out.xlsx", 0)}
    assert named == {
        result["partialFingerprints"]["finding/v1"]: "; ".join(result["properties"]["facts"]) for result in results
    }
    assert named == {row["finding"]: "; ".join(row["facts"]) for row in plain["findings"]}
    where = results[0]["locations"][0]["physicalLocation"]
    assert where["artifactLocation"] == {"uri": "record/sessions/S01-made/traffic.jsonl", "uriBaseId": "CASE"}
    assert where["region"]["startLine"] == 2


def test_sarif_is_of_the_form_that_the_standard_asks_for_and_never_passes_anything(case: Path, tmp_path: Path) -> None:
    document = json.loads(exported(case, "sarif", tmp_path / "out.sarif"))
    assert sarif_faults(document) == []
    (run,) = document["runs"]
    assert run["tool"]["driver"]["version"]
    assert {result["kind"] for result in run["results"]} == {"fail"}
    changed = json.loads(json.dumps(document))
    changed["runs"][0]["results"][0] |= {"kind": "review", "level": "note", "ruleIndex": 7, "tags": [], "message": {}}
    changed["runs"][0]["results"][1]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] = "../etc/x y"
    assert len(sarif_faults(changed)) == 6, "a document that is not of the form is noticed"


def table(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))


def test_the_circulars_table_says_that_nobody_reviewed_it(case: Path, tmp_path: Path) -> None:
    exported(case, "csv", tmp_path / "out.csv")
    (row,) = table(tmp_path / "out.csv")
    assert tuple(row) == CIRCULAR_COLUMNS
    assert row["应用名称"] == "小鱼阅读"
    assert row["应用版本"] == "5.2.1"
    assert row["应用开发者"] == "", "what the record does not say is not made up"
    assert row["复核情况"] == "未经人工复核，不得作为通报依据"


def test_what_a_person_dismissed_is_no_problem_of_the_app(tmp_path: Path) -> None:
    case = build_small(tmp_path / "case")
    for finding in read_judged(case).findings:
        data: dict[str, Json] = {
            "finding": finding.id,
            "rule": finding.rule,
            "session": finding.session,
            "reason": "另一应用所发",
        }
        append_decision(case, FINDING_DISMISSED, data, Signer(name="王工", key=KEY))
    exported(case, "csv", tmp_path / "out.csv")
    assert table(tmp_path / "out.csv") == []
    (run,) = json.loads(exported(case, "sarif", tmp_path / "out.sarif"))["runs"]
    assert all(result["suppressions"][0]["justification"] == "另一应用所发" for result in run["results"])


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_a_hostile_name_is_a_text_in_every_format(tmp_path: Path, name: str) -> None:
    case = build_small(tmp_path / "case", label=name, sessions=1)
    assert verify(case).ok
    for form, about in FORMATS.items():
        target = tmp_path / f"out{about.suffix}"
        content = exported(case, form, target)
        if form in ("har", "sarif", "json"):
            document = json.loads(content)
            assert form != "sarif" or sarif_faults(document) == []
    book = openpyxl.load_workbook(tmp_path / "out.xlsx")
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            for made in row:
                assert made.data_type != "f", made.value
                assert len(str(made.value or "")) <= 32_767
                assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", str(made.value or ""))
    (row,) = table(tmp_path / "out.csv")
    for value in row.values():
        assert not value.lstrip(" \u3000").startswith(("=", "+", "-", "@", "\t", "\r", "＝")), value
        assert value.isprintable()
    assert {path.name for path in tmp_path.iterdir()} == {"case", *(f"out{about.suffix}" for about in FORMATS.values())}


def test_a_case_that_was_not_judged_is_refused(tmp_path: Path) -> None:
    case = build_small(tmp_path / "case")
    (case / "findings.json").unlink()
    with pytest.raises(ExportRefused, match="findings"):
        read_export(case, CaseworkSettings(), requests=False)


def test_damaged_decisions_are_not_half_counted(tmp_path: Path) -> None:
    case = build_small(tmp_path / "case")
    (case / "decisions.jsonl").write_bytes(b"{}\n")
    with pytest.raises(ExportRefused, match="decisions"):
        read_export(case, CaseworkSettings(), requests=False)
