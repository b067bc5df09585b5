from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from evidence.canonical import to_line
from evidence.clock import FrozenClock
from evidence.lanes import LaneWriter, first_previous
from evidence.manifest import Manifest, SealedLane, make_seal, read_seal, seal_bytes
from evidence.record import session_directory, write_case
from evidence.seal import seal, seal_derived
from evidence.survey import survey
from evidence.verify import Verification, main, verify
from tests.evidence.cases import KEY, STRANGERS_KEY, build_case, build_sealed, build_session

ROOT = Path(__file__).resolve().parents[2]
S01 = "record/sessions/S01-cold-start"


@pytest.fixture
def case_dir(tmp_path: Path) -> Path:
    return build_sealed(tmp_path / "case")


def faults(case_dir: Path) -> dict[str, str]:
    answer = verify(case_dir)
    assert answer.ok == (not answer.faults)
    assert all(fault.mend and fault.what for fault in answer.faults)
    return {fault.place: fault.what for fault in reversed(answer.faults)}


def edit(path: Path, change: Callable[[list[bytes]], list[bytes]]) -> None:
    path.write_bytes(b"".join(change(path.read_bytes().splitlines(keepends=True))))


def blobs(case_dir: Path) -> list[Path]:
    return sorted(path for path in (case_dir / "record" / "blobs").rglob("*") if path.is_file())


def test_an_untouched_case_has_no_fault_and_is_counted(case_dir: Path) -> None:
    answer = verify(case_dir, [KEY.fingerprint])
    assert answer.faults == answer.notes == ()
    assert answer.ok
    assert (answer.sessions, answer.facts, answer.blobs) == (2, 2 * (11 + 4 + 4), 9)
    assert answer.key == KEY.fingerprint
    assert answer.sealed_wall_ns == FrozenClock().now().wall_ns
    assert verify(case_dir / "record").ok
    assert verify(str(case_dir)).ok


def test_a_moved_or_copied_case_stays_sealed(case_dir: Path, tmp_path: Path) -> None:
    shutil.copytree(case_dir, tmp_path / "copy")
    assert verify(tmp_path / "copy").ok


def test_several_faults_are_all_listed(case_dir: Path) -> None:
    first, second, third, *_ = blobs(case_dir)
    first.unlink()
    second.write_bytes(second.read_bytes()[:-1])
    third.rename(third.with_name("0" * 64))
    (case_dir / S01 / "device.jsonl").unlink()
    edit(case_dir / "record/sessions/S03-refuse/traffic.jsonl", lambda lines: lines[:-1])
    (case_dir / "findings.json").write_text("{}")
    (case_dir / "record" / "added.txt").write_text("")
    found = faults(case_dir)
    for path in (first, second, third):
        assert f"record/blobs/{path.parent.name}/{path.name}" in found
    assert "renamed" in found[f"record/blobs/{third.parent.name}/{third.name}"]
    assert f"{S01}/device.jsonl" in found
    assert "3 entries, 4 were sealed" in "".join(map(str, verify(case_dir).faults))
    assert "findings.json" in found
    assert "record/added.txt" in found


def test_a_changed_fact_is_located_to_its_line(case_dir: Path) -> None:
    edit(
        case_dir / S01 / "ui.jsonl",
        lambda lines: [lines[0], lines[1].replace(b'"screen":0', b'"screen":7'), *lines[2:]],
    )
    found = faults(case_dir)
    assert "chain is broken" in found[f"{S01}/ui.jsonl:3"]
    assert "bytes were changed" in found[f"{S01}/ui.jsonl"]


def test_a_cut_tail_shows_against_the_seal_the_anchor_and_the_closing_counts(case_dir: Path) -> None:
    edit(case_dir / S01 / "traffic.jsonl", lambda lines: lines[:2])
    found = verify(case_dir).faults
    texts = [str(fault) for fault in found]
    assert f"{S01}/traffic.jsonl: the lane has 2 entries, 4 were sealed" in texts
    assert any("3 entries of the traffic lane were seen here; 2 are left: its tail was cut" in text for text in texts)
    assert any("closed with 4 entries in the traffic lane; 2 are left" in text for text in texts)


def test_a_missing_lane_shows_against_the_seal_and_the_anchors(case_dir: Path) -> None:
    (case_dir / S01 / "traffic.jsonl").unlink()
    texts = [str(fault) for fault in verify(case_dir).faults]
    assert f"{S01}/traffic.jsonl: a lane of 4 entries is missing" in texts
    assert sum("the lane is missing" in text for text in texts) == 4


def rewritten(path: Path, lane: str, kinds: list[str]) -> None:
    path.unlink()
    with LaneWriter(path, lane, FrozenClock(mono_ns=10_000, step_ns=1)) as writer:
        for kind in kinds:
            writer.append(kind, {})


def test_a_lane_written_anew_is_held_against_what_the_ui_lane_saw(tmp_path: Path) -> None:
    case_dir = build_case(tmp_path / "case")
    rewritten(case_dir / S01 / "traffic.jsonl", "traffic", ["Forged", "Forged", "Forged", "LaneClosed"])
    texts = [str(fault) for fault in survey(case_dir).faults]
    assert texts == [
        f"{S01}/traffic.jsonl:{line}: not the entry that the ui lane saw here (ui.jsonl:{3 * line})"
        for line in (1, 2, 3)
    ]


def test_anchors_that_cannot_be_read_and_facts_after_the_end_are_faults(tmp_path: Path) -> None:
    write_case(tmp_path, {"case": "1"})
    folder = session_directory(tmp_path, "S01")
    folder.mkdir()
    with LaneWriter(folder / "ui.jsonl", "ui", FrozenClock(step_ns=1)) as ui:
        ui.append("LaneHead", {"lane": 5})
        ui.append("LaneHead", {"lane": "traffic", "count": 0, "digest": "0"})
        ui.append("LaneHead", {"lane": "traffic", "count": 0, "digest": ""})
        ui.append("LaneHead", {"lane": "traffic", "count": 0, "digest": first_previous("traffic")})
        ui.append("SessionClosed", {"outcome": "complete", "counts": {"ui": 4}})
        ui.append("Noted", {})
    places = [fault.place.rpartition("/")[2] for fault in survey(tmp_path).faults]
    assert places == ["ui.jsonl:1", "ui.jsonl:2", "ui.jsonl:6"]


def test_a_reference_with_the_wrong_size_is_a_fault(tmp_path: Path) -> None:
    write_case(tmp_path, {"case": "1"})
    folder = build_session(tmp_path, "S01", clock=FrozenClock(step_ns=1), steps=1)
    ref = blobs(tmp_path)[0]
    with LaneWriter(folder / "extra.jsonl", "extra", FrozenClock()) as lane:
        lane.append("Noted", {"deep": [{"body": {"blob": ref.name, "size": 1}}]})
    (fault,) = survey(tmp_path).faults
    assert fault.place == "record/sessions/S01/extra.jsonl:1"


def test_swapped_files_are_both_named(case_dir: Path) -> None:
    first, second = blobs(case_dir)[:2]
    one, two = first.read_bytes(), second.read_bytes()
    first.write_bytes(two)
    second.write_bytes(one)
    found = faults(case_dir)
    for path, other in ((first, second), (second, first)):
        assert found[f"record/blobs/{path.parent.name}/{path.name}"] == (
            f"was replaced: it holds the bytes of blobs/{other.parent.name}/{other.name}"
        )


def test_a_damaged_blob_is_named_once(case_dir: Path) -> None:
    blob = blobs(case_dir)[0]
    blob.write_bytes(b"y" * blob.stat().st_size)
    places = [fault.place for fault in verify(case_dir).faults]
    assert places == [f"record/blobs/{blob.parent.name}/{blob.name}"]


def test_an_unsealed_case_is_examined_all_the_same(tmp_path: Path) -> None:
    case_dir = build_case(tmp_path / "case")
    assert list(faults(case_dir)) == ["record/seal.json"]
    blob = blobs(case_dir)[0]
    blob.unlink()
    assert any("missing" in what for what in faults(case_dir).values())
    assert len(verify(case_dir).faults) >= 2


@pytest.mark.parametrize("name", ["record/seal.json", "derived-seal.json"])
def test_a_seal_that_is_gone_is_a_fault(case_dir: Path, name: str) -> None:
    (case_dir / name).unlink()
    assert "no seal" in faults(case_dir)[name]


def test_without_derived_files_no_second_seal_is_needed(case_dir: Path) -> None:
    for name in ("derived-seal.json", "findings.json", "report.html"):
        (case_dir / name).unlink()
    assert verify(case_dir).ok


def resign(case_dir: Path) -> None:
    path = case_dir / "record" / "seal.json"
    path.write_bytes(seal_bytes(make_seal(read_seal(path, "record").manifest, STRANGERS_KEY)))


def test_another_key_is_a_note_until_somebody_is_trusted(case_dir: Path) -> None:
    (case_dir / "derived-seal.json").unlink()
    resign(case_dir)
    seal_derived(case_dir, STRANGERS_KEY)
    answer = verify(case_dir)
    assert answer.ok
    assert [note.place for note in answer.notes] == ["record/seal.json"]
    assert STRANGERS_KEY.fingerprint in answer.notes[0].what
    assert [fault.place for fault in verify(case_dir, [KEY.fingerprint]).faults] == [
        "record/seal.json",
        "derived-seal.json",
    ]
    for trusted in (STRANGERS_KEY.fingerprint, STRANGERS_KEY.public, f" {STRANGERS_KEY.fingerprint.upper()}\n"):
        assert verify(case_dir, [KEY.fingerprint, trusted]).ok


def test_a_record_sealed_again_no_longer_fits_its_derived_files(case_dir: Path) -> None:
    resign(case_dir)
    assert "another record" in faults(case_dir)["derived-seal.json"]


def test_a_signature_by_hand_is_bad(case_dir: Path) -> None:
    path = case_dir / "record" / "seal.json"
    document = json.loads(path.read_bytes())
    document["manifest"]["sealed_wall"] += 1
    path.write_bytes(json.dumps(document, sort_keys=True, separators=(",", ":")).encode() + b"\n")
    assert "signature is bad" in faults(case_dir)["record/seal.json"]


def seal_with(case_dir: Path, change: Callable[[dict[str, object]], object]) -> Verification:
    """The same seal with a changed manifest, rightly signed by somebody."""
    path = case_dir / "record" / "seal.json"
    manifest = json.loads(path.read_bytes())["manifest"]
    change(manifest)
    line = json.dumps(manifest, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    signature = KEY.sign(b"appwitness seal v1\n" + line).hex()
    document = {"manifest": manifest, "public_key": KEY.public, "signature": signature}
    path.write_bytes(json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() + b"\n")
    return verify(case_dir)


@pytest.mark.parametrize(
    "change",
    [
        lambda manifest: manifest.update(format=2),
        lambda manifest: manifest.update(format=True),
        lambda manifest: manifest.update(kind="derived"),
        lambda manifest: manifest.update(extra=1),
        lambda manifest: manifest.pop("folders"),
        lambda manifest: manifest.update(case=5),
        lambda manifest: manifest.update(sealed_wall=-1),
        lambda manifest: manifest.update(sealed_wall=True),
        lambda manifest: manifest.update(files={}),
        lambda manifest: manifest.update(files=[1]),
        lambda manifest: manifest["files"].reverse(),
        lambda manifest: manifest["files"].append(manifest["files"][-1]),
        lambda manifest: manifest["files"][0].update(path="../case.json"),
        lambda manifest: manifest["files"][0].update(path="/etc/passwd"),
        lambda manifest: manifest["files"][0].update(path="a//b"),
        lambda manifest: manifest["files"][0].update(path="a\\b"),
        lambda manifest: manifest["files"][0].update(path="a\x00b"),
        lambda manifest: manifest["files"][0].update(path=""),
        lambda manifest: manifest["files"][0].update(sha256="AB" * 32),
        lambda manifest: manifest["files"][0].update(size="1"),
        lambda manifest: manifest["lanes"][0].update(count=None),
        lambda manifest: manifest.update(record_seal="00" * 32),
        lambda manifest: manifest.update(folders=["a", ".."]),
    ],
)
def test_a_manifest_of_another_shape_is_refused_even_if_signed(
    case_dir: Path, change: Callable[[dict[str, object]], object]
) -> None:
    answer = seal_with(case_dir, change)
    assert "record/seal.json" in [fault.place for fault in answer.faults if "cannot be read" in fault.what]


def test_a_manifest_that_names_what_is_not_there_is_refused(case_dir: Path) -> None:
    lane = {"session": "S09", "lane": "ui", "count": 3, "digest": "00" * 32}
    answer = seal_with(case_dir, lambda manifest: manifest["lanes"].append(lane))  # type: ignore[attr-defined]
    assert "record/sessions/S09/ui.jsonl" in [fault.place for fault in answer.faults]
    answer = seal_with(case_dir, lambda manifest: manifest["lanes"][0].update(digest="00" * 32))  # type: ignore[index]
    assert any("last entry" in fault.what for fault in answer.faults)


def test_manifests_sort_as_the_format_says() -> None:
    lanes = (
        SealedLane(session="a", lane="b", count=0, digest=""),
        SealedLane(session="a!", lane="b", count=0, digest=""),
    )
    manifest = Manifest(kind="record", case="", sealed_wall_ns=0, files=(), lanes=lanes)
    assert sorted(manifest.lanes) == list(lanes)


def test_a_place_that_is_no_case_is_a_fault(tmp_path: Path) -> None:
    build_case(tmp_path / "case")
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "record").symlink_to(tmp_path / "case" / "record")
    for path in (
        tmp_path / "absent",
        tmp_path,
        tmp_path / "linked",
        Path("\0"),
        tmp_path / "case" / "record" / "case.json",
    ):
        answer = verify(path)
        assert not answer.ok
        assert "no case folder" in answer.faults[0].what


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (to_line({"format": 1, "closed_by": "Anna\x1b[31m", "closed_wall": 1_764_000_000_000_000_000}) + b"\n", "Anna"),
        (b"no json", "somebody who is not named"),
        (to_line({"closed_by": 7, "closed_wall": "x"}), "7"),
        (b"[" * 9999, "somebody who is not named"),
    ],
)
def test_that_an_inspection_was_cut_off_is_told(tmp_path: Path, content: bytes, told: str) -> None:
    case = build_case(tmp_path / "case")
    (case / "record" / "closing.json").write_bytes(content)
    seal(case, KEY)
    answer = verify(case, [KEY.fingerprint])
    assert answer.ok
    (note,) = [note for note in answer.notes if note.place == "record/closing.json"]
    assert note.what.startswith(
        f"the inspection was cut off; what there was of it was closed and sealed afterwards by {told}"
    )
    assert ("on 2025-11-24 16:00:00 UTC" in note.what) == (told == "Anna")
    assert note.what.isprintable()


def test_the_command_says_the_same(case_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(case_dir), "--trust", KEY.fingerprint]) == 0
    assert "as sealed" in capsys.readouterr().out
    (case_dir / "报告\x1b[31m.html").write_text("")
    assert main([str(case_dir), "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["ok"] is False
    assert answer["faults"][0]["mend"]
    assert main([str(case_dir)]) == 1
    assert "\x1b" not in capsys.readouterr().out


def test_the_command_stands_alone_on_an_ascii_terminal(case_dir: Path) -> None:
    (case_dir / "报告.html").write_text("")
    command = [sys.executable, "-m", "evidence.verify", str(case_dir)]
    environment = {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, capture_output=True, env=environment, check=False, cwd="/")
    assert done.returncode == 1
    assert done.stderr == b""
    assert b"\\u62a5\\u544a.html" in done.stdout
    assert subprocess.run(command[:3], capture_output=True, env=environment, check=False, cwd="/").returncode == 2


def test_the_first_seal_survives_a_second_attempt(case_dir: Path) -> None:
    assert seal(case_dir, STRANGERS_KEY).fingerprint == KEY.fingerprint
    assert verify(case_dir, [KEY.fingerprint]).ok
