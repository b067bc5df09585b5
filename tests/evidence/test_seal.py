from __future__ import annotations

import json
from pathlib import Path

import pytest

from evidence.clock import FrozenClock
from evidence.errors import SealRefused
from evidence.keys import signature_holds
from evidence.record import session_directory, write_case
from evidence.seal import seal, seal_derived
from evidence.verify import verify
from tests.evidence.cases import KEY, STRANGERS_KEY, build_case, build_sealed, build_session, files_of


def refusal(case_dir: Path) -> str:
    with pytest.raises(SealRefused) as caught:
        seal(case_dir, KEY)
    assert not (case_dir / "record" / "seal.json").exists()
    assert all(fault.mend for fault in caught.value.faults)
    return "\n".join(map(str, caught.value.faults))


def test_the_seal_names_every_file_and_every_head_and_is_signed(tmp_path: Path) -> None:
    case_dir = build_case(tmp_path / "case")
    before = files_of(case_dir)
    sealed = seal(case_dir, KEY, clock=FrozenClock(wall_ns=42))
    content = (case_dir / "record" / "seal.json").read_bytes()
    document = json.loads(content)
    manifest = document["manifest"]
    assert {f"record/{file['path']}" for file in manifest["files"]} == set(before)
    assert len(manifest["lanes"]) == 6
    assert manifest["sealed_wall"] == 42
    message = (
        b"appwitness seal v1\n"
        + json.dumps(manifest, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    )
    assert document["public_key"] == KEY.public
    assert signature_holds(KEY.public, document["signature"], message)
    assert sealed.fingerprint == KEY.fingerprint
    assert sealed.files == len(before)
    assert sealed.incomplete == ()


def test_a_dangling_reference_is_refused_and_all_are_listed(tmp_path: Path) -> None:
    case_dir = build_case(tmp_path / "case")
    for path in (case_dir / "record" / "blobs").rglob("*"):
        if path.is_file():
            path.unlink()
    text = refusal(case_dir)
    assert text.count("which is missing") == 12


def test_a_changed_blob_a_broken_chain_and_a_foreign_link_are_refused_together(tmp_path: Path) -> None:
    case_dir = build_case(tmp_path / "case")
    record = case_dir / "record"
    blob = next(path for path in sorted((record / "blobs").rglob("*")) if path.is_file())
    blob.write_bytes(b"x" * blob.stat().st_size)
    lane = record / "sessions" / "S03-refuse" / "device.jsonl"
    lane.write_bytes(lane.read_bytes().replace(b'"rtt_ns":1', b'"rtt_ns":9'))
    (record / "link").symlink_to("/etc/passwd")
    text = refusal(case_dir)
    assert f"record/blobs/{blob.parent.name}/{blob.name}: the blob's bytes were changed" in text
    assert "device.jsonl:3: the chain is broken" in text
    assert "record/link: a symbolic link" in text


def test_an_incomplete_session_is_sealed_as_what_it_is(tmp_path: Path) -> None:
    write_case(tmp_path, {"case": "1"})
    folder = build_session(tmp_path, "S01", clock=FrozenClock(step_ns=1), close=False)
    with (folder / "ui.jsonl").open("ab") as stream:
        stream.write(b'{"data":{"torn')
    session_directory(tmp_path, "S03").mkdir()
    assert seal(tmp_path, KEY).incomplete == ("S01", "S03")
    answer = verify(tmp_path)
    assert answer.ok
    notes = "\n".join(map(str, answer.notes))
    assert "record/sessions/S01: incomplete" in notes
    assert "record/sessions/S01/ui.jsonl: ends in a torn line of 14 bytes" in notes
    assert "record/sessions/S03: incomplete" in notes


def test_what_a_killed_writer_left_half_written_is_not_sealed(tmp_path: Path) -> None:
    case_dir = build_case(tmp_path / "case")
    incoming = case_dir / "record" / "blobs" / ".incoming"
    incoming.mkdir(exist_ok=True)
    (incoming / "half").write_bytes(b"ha")
    (case_dir / "record" / ".seal.json.0011.part").write_bytes(b"ha")
    seal(case_dir, KEY)
    assert verify(case_dir).ok
    assert not incoming.exists()


def test_sealing_again_keeps_the_first_seal(tmp_path: Path) -> None:
    case_dir = build_case(tmp_path / "case")
    first = seal(case_dir, KEY)
    assert seal(case_dir, STRANGERS_KEY) == first


def test_a_record_that_changed_is_never_sealed_anew(tmp_path: Path) -> None:
    case_dir = build_case(tmp_path / "case")
    seal(case_dir, KEY)
    before = (case_dir / "record" / "seal.json").read_bytes()
    (case_dir / "record" / "note.txt").write_text("added")
    with pytest.raises(SealRefused, match="sealed before"):
        seal(case_dir, KEY)
    (case_dir / "record" / "seal.json").write_bytes(b"{}")
    with pytest.raises(SealRefused, match="cannot be read"):
        seal(case_dir, KEY)
    assert before != b"{}"


def test_derived_files_may_be_made_and_sealed_again(tmp_path: Path) -> None:
    case_dir = build_sealed(tmp_path / "case")
    (case_dir / "findings.json").write_text("{}")
    (case_dir / "notice").mkdir()
    (case_dir / "notice" / "notice.pdf").write_bytes(b"%PDF")
    (case_dir / ".DS_Store").write_bytes(b"left by a desktop")
    assert not verify(case_dir).ok
    assert seal_derived(case_dir, KEY).files == 3
    answer = verify(case_dir)
    assert answer.ok
    assert ".DS_Store" in [note.place for note in answer.notes]


def test_derived_files_need_a_sealed_record(tmp_path: Path) -> None:
    case_dir = build_case(tmp_path / "case")
    with pytest.raises(SealRefused, match="no readable record seal"):
        seal_derived(case_dir, KEY)
    seal(case_dir, KEY)
    (case_dir / "link").symlink_to("record")
    with pytest.raises(SealRefused) as caught:
        seal_derived(case_dir, KEY)
    assert caught.value.faults[0].place == "link"
