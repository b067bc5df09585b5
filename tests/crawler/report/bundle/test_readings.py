"""Readings as files: what the judge derived, with the facts it stands on, and no value of a person or a device."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from crawler.judge.judgement import judge_case
from crawler.report.bundle.readings import READINGS, readings_document, write_readings
from crawler.report.exports.reading import _phase
from evidence.record import read_case
from screenshots.reading import read_screen
from screenshots.values import ScreenReading
from tests.crawler.report.made_case import ANDROID_ID, IMEI, build_case


def by_hierarchy(shot: bytes | None, hierarchy: str | None, **more: Any) -> ScreenReading:
    """The product's own reader, without the pictures, which would take minutes."""
    return read_screen(None, hierarchy, package=more.get("package", ""))


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Any:
    case = build_case(tmp_path_factory.mktemp("made") / "case")
    return judge_case(read_case(case), read=by_hierarchy)


def test_readings_name_their_facts_and_repeat_no_value(judged: Any, tmp_path: Path) -> None:
    write_readings(judged.sessions, tmp_path)
    texts = {path.stem: path.read_text(encoding="utf-8") for path in (tmp_path / READINGS).iterdir()}
    assert set(texts) == {session.session for session in judged.sessions}
    assert not [name for name, text in texts.items() if ANDROID_ID in text or IMEI in text]
    sent = [row for text in texts.values() for row in json.loads(text)["transmissions"]]
    assert any(hit["kind"] == "imei" for row in sent for hit in row["found"])
    facts = {(e.lane, e.seq, e.digest) for session in judged.sessions for e in session.facts}
    screens = [row["fact"] for text in texts.values() for row in json.loads(text)["screens"]]
    assert {(fact["lane"], fact["seq"], fact["digest"]) for fact in screens} <= facts


def test_an_export_finds_the_phase_that_the_judge_found(judged: Any) -> None:
    for session in judged.sessions:
        document: Any = readings_document(session)
        for sent, row in zip(session.transmissions, document["transmissions"], strict=True):
            assert _phase(document["phases"], sent.request.started.mono_ns) == sent.phase.value == row["phase"]


def test_earlier_readings_make_room(judged: Any, tmp_path: Path) -> None:
    (tmp_path / READINGS).mkdir()
    (tmp_path / READINGS / "S99-gone.json").write_text("{}")
    write_readings(judged.sessions, tmp_path)
    assert not (tmp_path / READINGS / "S99-gone.json").exists()
