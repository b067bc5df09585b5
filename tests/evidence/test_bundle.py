"""Bundles of every version that was ever published verify for ever; those of a later one say so."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from evidence.archive import unpack
from evidence.bundle import BUNDLE_FORMAT
from evidence.timestamp import load_authorities
from evidence.verify import Trust, verify, verify_for

GOLDEN = Path(__file__).with_name("golden")
KEY = "56475aa75463474c0285df5dbf2bcab73da651358839e9b77481b2eab107708c"
"""Fingerprint of the key that sealed the golden bundles; written out, so that no change of the tests' keys can hide one here."""


def golden(version: int) -> Path:
    return GOLDEN / f"bundle-{version}.zip"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "bundle"
    made.mkdir()
    unpack(golden(BUNDLE_FORMAT), made)
    return made


def test_there_is_one_small_golden_bundle_of_every_version() -> None:
    assert {path.name for path in GOLDEN.glob("*.zip")} == {f"bundle-{n}.zip" for n in range(1, BUNDLE_FORMAT + 1)}
    assert all(path.stat().st_size <= 300_000 for path in GOLDEN.glob("*.zip"))


@pytest.mark.parametrize("version", range(1, BUNDLE_FORMAT + 1))
def test_golden_bundles_verify(version: int, tmp_path: Path) -> None:
    authorities = load_authorities((GOLDEN / f"authority-{version}.pem").read_bytes())
    answer = verify_for(golden(version), Trust(keys=[KEY], authorities=authorities))
    assert answer.faults == ()
    assert answer.bundle
    assert (answer.sessions, answer.key, answer.removed, answer.stamps) == (2, KEY, 1, 1)
    assert any("an outside authority saw the seal on 2026-" in note.what for note in answer.notes)
    made = tmp_path / "unpacked"
    made.mkdir()
    unpack(golden(version), made)
    assert verify(made, [KEY]).ok


def test_a_bundle_of_a_later_version_is_told_as_such_and_nothing_else(folder: Path) -> None:
    path = folder / "bundle.json"
    about = json.loads(path.read_bytes())
    about["format"] = BUNDLE_FORMAT + 1
    path.write_text(
        json.dumps(about, ensure_ascii=False, sort_keys=True, separators=(",", ":")) + "\n", encoding="utf-8"
    )
    (fault,) = verify(folder).faults
    assert fault.place == "bundle.json"
    assert f"later version of AppWitness: bundle format {BUNDLE_FORMAT + 1}" in fault.what
    assert "verifier/" in fault.mend


@pytest.mark.parametrize(
    "content", [b"", b"{}\n", b'{"format":0}', b'{"format":"1"}', b'{"format":true}', b"[", b"\xff"]
)
def test_a_bundle_that_does_not_say_what_it_is(folder: Path, content: bytes) -> None:
    (folder / "bundle.json").write_bytes(content)
    assert "bundle.json" in {fault.place for fault in verify(folder).faults}


def test_what_is_wrong_inside_the_case_is_named_below_the_bundle(folder: Path) -> None:
    (folder / "case" / "record" / "sessions" / "S01-made" / "ui.jsonl").open("ab").write(b"{}\n")
    (folder / "viewer.html").unlink()
    (folder / ".hidden").write_text("x")
    (folder / "empty").mkdir()
    places = {fault.place for fault in verify(folder).faults}
    assert {"case/record/sessions/S01-made/ui.jsonl", "viewer.html", ".hidden", "empty"} <= places


def test_the_case_of_another_bundle_does_not_fit(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "other")
    for path in ("bundle-seal.json", "bundle.json"):
        (tmp_path / "other" / path).unlink()
    answer = verify(tmp_path / "other")
    assert [fault.what for fault in answer.faults] == ["this is no case folder and no bundle"]
    assert verify(tmp_path / "other" / "case").ok, "the case inside still stands by itself"


def test_a_bundle_behind_links_is_refused(folder: Path, tmp_path: Path) -> None:
    report = folder / "case" / "report.html"
    if not report.exists():
        report = folder / "case" / "findings.json"
    report.rename(tmp_path / "outside")
    report.symlink_to(tmp_path / "outside")
    assert f"case/{report.name}" in {fault.place for fault in verify(folder).faults}
