"""What is removed with a document is told from what is missing; what remains stays provable, and nothing else passes for it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from evidence.clock import FrozenClock
from evidence.errors import RedactionRefused
from evidence.keys import SigningKey
from evidence.record import blobs_directory
from evidence.redaction import keep_until, read_redaction, redact
from evidence.seal import seal_derived
from evidence.signed import signed_bytes
from evidence.verify import Trust, verify, verify_for
from tests.evidence.cases import KEY, STRANGERS_KEY, build_sealed


@pytest.fixture
def case(tmp_path: Path) -> Path:
    return build_sealed(tmp_path / "case")


def digests(case: Path) -> list[str]:
    return sorted(path.name for path in blobs_directory(case).glob("*/*"))


def remove(case: Path, *names: str, key: SigningKey = KEY) -> Path:
    made = redact(case, names, key, by="王工", reason="third person's face", clock=FrozenClock())
    return case / "custody" / f"redaction-{made.number:04d}.json"


def test_a_documented_removal_is_a_note_and_everything_else_is_still_proved(case: Path) -> None:
    gone, kept, *_ = digests(case)
    remove(case, gone)
    answer = verify(case, [KEY.fingerprint])
    assert answer.ok
    assert answer.removed == 1
    assert [note.what for note in answer.notes if "redacted, documented: by 王工" in note.what]
    assert gone not in digests(case)
    (blobs_directory(case) / kept[:2] / kept).unlink()
    faults = verify(case).faults
    assert {fault.place for fault in faults if kept in fault.what or kept in fault.place}
    assert not [fault for fault in faults if gone in fault.what or gone in fault.place]


def test_a_blob_that_is_missing_without_a_document_is_a_fault(case: Path) -> None:
    gone = digests(case)[0]
    (blobs_directory(case) / gone[:2] / gone).unlink()
    assert any("is missing" in fault.what for fault in verify(case).faults)


def test_a_document_that_goes_leaves_a_fault(case: Path) -> None:
    remove(case, digests(case)[0]).unlink()
    assert any("is missing" in fault.what for fault in verify(case).faults)


def test_every_changed_bit_of_the_document_leaves_faults(case: Path) -> None:
    path = remove(case, digests(case)[0])
    content = path.read_bytes()
    for position in range(0, len(content), 7):
        changed = bytearray(content)
        changed[position] ^= 1 << position % 8
        path.write_bytes(changed)
        places = {fault.place for fault in verify(case).faults}
        assert "custody/redaction-0001.json" in places, position
        assert any(place.startswith("record/") for place in places), position


def test_a_stranger_cannot_explain_a_removal_away(case: Path) -> None:
    remove(case, digests(case)[0], key=STRANGERS_KEY)
    answer = verify(case)
    assert any("signed by another key than the record" in fault.what for fault in answer.faults)
    assert any("is missing" in fault.what for fault in answer.faults)
    trusting = Trust(keys=[KEY.fingerprint, STRANGERS_KEY.fingerprint])
    assert verify_for(case, trusting).ok, "the verifier may know the other key as its owner's"


def test_a_document_of_another_record_explains_nothing(case: Path, tmp_path: Path) -> None:
    other = build_sealed(tmp_path / "other", steps=2)
    common = next(name for name in digests(other) if name in digests(case))
    document = remove(other, common)
    (case / "custody").mkdir()
    shutil.copy(document, case / "custody")
    (blobs_directory(case) / common[:2] / common).unlink()
    answer = verify(case)
    assert any("made for another record" in fault.what for fault in answer.faults)
    assert any("is missing" in fault.what for fault in answer.faults)


def test_a_removal_that_was_announced_and_not_done_is_told(case: Path) -> None:
    gone = digests(case)[0]
    path = blobs_directory(case) / gone[:2] / gone
    content = path.read_bytes()
    remove(case, gone)
    path.write_bytes(content)
    answer = verify(case)
    assert answer.ok
    assert any("documented as removed, and still there" in note.what for note in answer.notes)


def test_other_bytes_in_place_of_a_removed_blob_are_a_fault(case: Path) -> None:
    gone = digests(case)[0]
    remove(case, gone)
    (blobs_directory(case) / gone[:2] / gone).write_bytes(b"planted")
    assert any(gone in fault.place for fault in verify(case).faults)


def test_derived_files_go_along_and_their_bytes_stay_documented(case: Path) -> None:
    redact(case, digests(case)[:1], KEY, by="a", reason="b", derived=["report.html", "absent.html"])
    seal_derived(case, KEY)
    assert not (case / "report.html").exists()
    assert verify(case).ok
    made = read_redaction(case / "custody" / "redaction-0001.json")
    assert [file.name for file in made.derived] == ["report.html"]


@pytest.mark.parametrize(
    ("names", "by", "reason"),
    [((), "a", "b"), (("0" * 64,), "a", "b"), (("../../etc/passwd",), "a", "b"), (None, " ", "b"), (None, "a", "")],
)
def test_what_cannot_be_removed_is_refused_and_nothing_is_touched(
    case: Path, names: tuple[str, ...] | None, by: str, reason: str
) -> None:
    before = digests(case)
    with pytest.raises(RedactionRefused):
        redact(case, before[:1] if names is None else names, KEY, by=by, reason=reason)
    assert digests(case) == before
    assert not (case / "custody").exists()


def test_a_foreign_file_among_the_documents_is_a_fault(case: Path) -> None:
    keep_until(case, 10**18, KEY, by="a", reason="b")
    assert verify(case).ok
    for name in ("notes.txt", "redaction-1.json", "stamp-1.tsr", ".hidden"):
        (case / "custody" / name).write_text("x")
        assert f"custody/{name}" in {fault.place for fault in verify(case).faults}
        (case / "custody" / name).unlink()
    (case / "custody" / "folder").mkdir()
    assert "custody/folder" in {fault.place for fault in verify(case).faults}


def test_the_custody_folder_cannot_be_somewhere_else(case: Path, tmp_path: Path) -> None:
    remove(case, digests(case)[0])
    (case / "custody").rename(tmp_path / "elsewhere")
    (case / "custody").symlink_to(tmp_path / "elsewhere")
    assert "custody" in {fault.place for fault in verify(case).faults}


def test_a_document_of_a_later_format_is_told_as_such(case: Path) -> None:
    (case / "custody").mkdir()
    (case / "custody" / "redaction-0001.json").write_bytes(signed_bytes("redaction", {"format": 2}, KEY))
    assert any("newer version" in fault.what for fault in verify(case).faults)
