"""Every number and every time in a letter leads to a fact of the case, a text of the catalogue, the settings or the calendar."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crawler.judge.catalogue import load_rules
from crawler.report.casework.judged import read_judged
from crawler.report.notice.drawing import draw
from crawler.report.notice.law import law_documents, store_basis
from crawler.report.notice.wording import load_wording
from evidence.files import digest_file
from evidence.record import read_case
from evidence.timeline import merge
from tests.crawler.report.made_case import ANDROID_ID, IMEI, LABEL, PACKAGE
from tests.crawler.report.notice.reviewed import DECIDED_NS, ISSUED, SETTINGS, docx_text, letter_of, opened, quiet
from traffic.record import read_requests

_MASK = re.compile(r"\*\*\*(?:（遮盖\d+字节）|\(\d+ bytes masked\))\*\*\*")


@pytest.fixture(scope="module")
def case(accepted: Path) -> Path:
    return accepted


def beijing(wall_ns: int) -> str:
    at = datetime.fromtimestamp(wall_ns // 10**9, UTC) + timedelta(hours=8)
    return f"{at:%Y-%m-%d %H:%M:%S}.{wall_ns // 10**6 % 1000:03d}"


def facts(case: Path) -> Iterator[str]:
    """Times, offsets and digests of the record."""
    for session in read_case(case).sessions:
        entries = merge(session.lanes)
        opened_ns = next(entry.at.mono_ns for entry in entries if entry.data.get("action") == "launch")
        for entry in entries:
            yield beijing(entry.at.wall_ns)
            yield beijing(entry.at.wall_ns)[:19]
            yield entry.digest
            for mono in (entry.at.mono_ns, entry.data.get("started_mono")):
                if isinstance(mono, int):
                    tenths = (mono - opened_ns) // 10**8
                    yield f"+{tenths // 10}.{tenths % 10} s"
            yield from digests(entry.data)
            yield f"{session.name} / {entry.lane} / {entry.seq}"
            if entry.kind == "SessionOpened":
                yield "Android 13 (API 33)"
                yield "Google Pixel 6"


def digests(value: object) -> Iterator[str]:
    for part in value.values() if isinstance(value, dict) else ():
        if isinstance(part, str) and re.fullmatch("[0-9a-f]{64}", part):
            yield part
        yield from digests(part)


def requests(case: Path, language: str) -> Iterator[str]:
    """What of a request is no digest: its length, the hosts, what stays around a masked value, how much is hidden."""
    for row in read_judged(case).findings:
        for hit in row.row["details"].get("hits", []):
            kept = min(4, hit["stored_length"] // 8)
            hidden = hit["stored_length"] - 2 * kept
            yield f"遮盖{hidden}字节" if language == "zh" else f"{hidden} bytes masked"
            yield hit["excerpt"]
            yield from hit["path"]
            yield hit["form_zh" if language == "zh" else "form"]
    length = load_wording(language).labels["body_length"]
    for session in read_case(case).sessions:
        for entry in merge(session.lanes):
            if entry.kind == "RequestStarted":
                yield f"{entry.data['host']}{entry.data['path']}"
            if entry.kind == "RequestSent":
                yield f"{length}\n{entry.data['body_length']}\n"


def catalogue(case: Path, kind: str, language: str) -> Iterator[str]:
    zh = language == "zh"
    for rule in load_rules().values():
        yield from (rule.id, rule.zh if zh else rule.en, rule.mend_zh if zh else rule.mend_en, *rule.basis)
    for document in law_documents():
        yield from (document.zh, document.en)
    yield store_basis(language, ISSUED)
    words = load_wording(language)
    for group in ("phases", "scenarios", "labels"):
        yield from words.data[group].values()
    yield from words.data["scenarios"]
    for section in words.sections(kind, draft=False):
        for text in (section.heading, *section.paragraphs, *section.points):
            yield from re.split(r"\{\{.*?\}\}", text)
    for row in read_judged(case).findings:
        yield (row.summary_zh if zh else row.summary_en).rstrip("。.")


def settings(language: str) -> Iterator[str]:
    def texts(value: object) -> Iterator[str]:
        for part in value.values() if isinstance(value, dict) else value if isinstance(value, tuple) else (value,):
            if isinstance(part, str):
                yield part
            elif isinstance(part, (dict, tuple)):
                yield from texts(part)

    yield from texts(asdict(SETTINGS))
    # 27 November 2025 is a Thursday: five working days later it is Thursday, 4 December; three later Tuesday, 2 December.
    # The earlier letter of 10 November was due on Monday, 17 November, eight working days before.
    if language == "zh":
        yield from ("2025年11月27日", "2025年12月4日", "2025年12月2日", "之日起5个工作日", "之日起3个工作日")
        yield from ("2025年11月10日", "2025年11月17日", "期限已过8个工作日")
    else:
        yield from ("27 November 2025", "4 December 2025", "2 December 2025", "within 5 working", "ithin 3 working")
        yield from ("10 November 2025", "17 November 2025", "exceeded by 8 working days")


def sources(case: Path, kind: str, language: str) -> list[str]:
    info = read_case(case).info
    found = [*facts(case), *requests(case, language), *catalogue(case, kind, language), *settings(language)]
    found += [beijing(DECIDED_NS)[:19], digest_file(case / "record" / "seal.json")[0], opened(case).key]
    found += [hashlib.sha256((case / "decisions.jsonl").read_bytes().splitlines()[-1]).hexdigest()]
    found += [f"{info['version_name']} / {info['version_code']}", str(info["apk_sha256"]), PACKAGE, "UTC+8"]
    # Three rules speak against the app; one circular names one app, with the version alone.
    found += ["存在3项", "found 3 problems", "共有1款", "problems in 1 app,", f"\n{info['version_name']}\n"]
    found += [one.rsplit("（", 1)[0] for one in found if one.endswith("（待核）")]
    found += [
        f"AppWitness {version}"
        for version in re.findall(r'"appwitness": "(.*?)"', (case / "findings.json").read_text())
    ]
    return sorted({one for one in found if re.search(r"\d", one)}, key=len, reverse=True)


def without_requests(case: Path, lines: list[str]) -> Iterator[str]:
    """The lines that show no request. Of one that does, every piece beside the masks stands in a request of the record."""
    raw = []
    for session in read_case(case).sessions:
        for request in read_requests(session.lanes["traffic"].entries, read_case(case).blobs):
            raw.append(f"{request.method} {request.url}\n{request.body.decode('utf-8', 'replace')}")
    for line in lines:
        if not _MASK.search(line):
            yield line
            continue
        for piece in re.split(rf"{_MASK.pattern}|[⟦⟧\n]", line):
            assert any(piece in one for one in raw), piece
        yield from re.findall(r"遮盖\d+字节|\d+ bytes masked", line)


def untraceable(
    case: Path, text: str, numbers: set[str], kind: str = "rectification", language: str = "zh"
) -> list[str]:
    """The lines in which a digit remains once everything that has a source is taken away."""
    text = "\n".join(without_requests(case, text.splitlines()))
    for source in sources(case, kind, language):
        text = text.replace(source, "▢")
    text = re.sub(r"(?<!\d)\d-\d(?!\d)", lambda found: "▢" if found[0] in numbers else found[0], text)
    ordinals = r"问题 ?[123]\b|见问题[123]|[Pp]roblem [123]\b|^[123]$|^[123]\. "
    text = re.sub(ordinals, "▢", text, flags=re.MULTILINE)
    return [line for line in text.splitlines() if re.search(r"\d", line)]


LEAST = {"rectification": 300, "takedown": 300, "reminder": 80, "closing": 80, "reply-form": 40, "circular": 10}
"""Numbers that a letter of each kind surely holds: a test that reads nothing would find nothing to trace."""


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("kind", LEAST)
def test_every_number_and_time_leads_to_a_fact(case: Path, kind: str, language: str) -> None:
    judged = opened(case)
    letter = letter_of(judged, kind, language, retest=quiet(judged) if kind == "closing" else None)
    text = docx_text(draw(letter, "docx"))
    assert LABEL in text
    assert len(re.findall(r"\d+", text)) > LEAST[kind]
    assert untraceable(case, text, {row.number for row in letter.document.evidence}, kind, language) == []


@pytest.mark.parametrize(
    "line", ["recorded 48 times", "evidence 4-1", "last day: 5 December 2025", "version 9.9.9", "found 4 problems"]
)
def test_an_english_number_without_a_source_is_noticed(case: Path, line: str) -> None:
    assert untraceable(case, line, {"1-1", "1-2"}, language="en") != []


@pytest.mark.parametrize(
    "line", ["共记录48次", "2025-11-25 00:16:42.301", "证据4-1", "+1.4 s", "截止日2025年12月5日", "第1-9项"]
)
def test_a_number_without_a_source_is_noticed(case: Path, line: str) -> None:
    assert untraceable(case, line, {"1-1", "1-2"}) != []


def test_evidence_numbers_lead_to_the_lines_that_the_findings_cite(case: Path) -> None:
    rows = {(row.session, row.lane, row.seq): row.digest for row in letter_of(case).document.evidence}
    cited = {
        (one["session"], one["lane"], one["seq"]): one["digest"]
        for finding in read_judged(case).findings
        if finding.accuses
        for one in finding.row["citations"]
    }
    assert rows == cited


@pytest.mark.parametrize("form", ["docx", "html"])
def test_no_value_of_the_device_is_in_a_letter(case: Path, form: str) -> None:
    content = draw(letter_of(case), form)
    text = docx_text(content) if form == "docx" else content.decode()
    for value in (ANDROID_ID, IMEI, hashlib.md5(IMEI.encode(), usedforsecurity=False).hexdigest()):
        assert value not in text
    assert not re.search(r"[0-9a-f]{32}(?![0-9a-f])(?<![0-9a-f]{33})", re.sub(r"[0-9a-f]{64}", "", text))


def test_a_letter_names_time_phase_scenario_and_evidence_of_every_problem(case: Path) -> None:
    for problem in letter_of(case).document.problems:
        assert re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}", problem.statement)
        assert "界面状态：用户" in problem.statement
        assert re.search(r"（S0[13]，", problem.statement)
        assert re.search(rf"证据{problem.number}-1", problem.statement)
        assert "王敏于2025-11-26 08:00:00" in problem.reviewed
