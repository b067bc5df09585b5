"""docs/evidence.md is enough: a checker written from it agrees with ours, and its commands do what it says."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import evidence.errors
from evidence.clock import FrozenClock
from evidence.errors import EvidenceError
from evidence.record import write_case
from evidence.seal import seal
from evidence.verify import verify
from tests.evidence.cases import KEY, build_sealed, build_session, files_of
from tests.evidence.stranger import is_as_sealed

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "evidence.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
NEEDED = ("bash", "sha256sum", "jq", "openssl", "basenc", "awk", "find", "diff")


@pytest.fixture(scope="module")
def case_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_sealed(tmp_path_factory.mktemp("format") / "case", steps=2)


def by_hand(case_dir: Path) -> list[str]:
    if missing := [tool for tool in NEEDED if shutil.which(tool) is None]:
        pytest.skip(f"not installed: {', '.join(missing)}")
    results = []
    for command in COMMANDS:
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", command],
            cwd=case_dir / "record",
            capture_output=True,
            text=True,
            check=False,
        )
        results.append(done.stdout + done.stderr)
    return results


def test_the_commands_find_nothing_wrong_with_an_untouched_case(case_dir: Path) -> None:
    changed, added, blobs, signature, fingerprint, link, beginning = by_hand(case_dir)
    assert (changed, added, blobs) == ("", "", "")
    assert "Signature Verified Successfully" in signature
    assert fingerprint.split()[0] == KEY.fingerprint
    for twice in (link, beginning):
        first, second = twice.split()
        assert first == second


def test_the_commands_find_what_was_done(tmp_path: Path) -> None:
    case_dir = build_sealed(tmp_path / "case", steps=1)
    record = case_dir / "record"
    blob = next(path for path in sorted((record / "blobs").rglob("*")) if path.is_file())
    blob.write_bytes(b"changed")
    (record / "added").write_text("")
    lane = record / "sessions" / "S01-cold-start" / "ui.jsonl"
    lane.write_bytes(lane.read_bytes().replace("澜庭".encode(), "兰庭".encode(), 1))
    seal_file = record / "seal.json"
    seal_file.write_bytes(seal_file.read_bytes().replace(b'"case":"case-1"', b'"case":"case-2"', 1))
    changed, added, blobs, signature, _, link, _ = by_hand(case_dir)
    assert blob.name in changed
    assert "ui.jsonl" in changed
    assert "> added" in added
    assert blob.name in blobs
    assert "Verified Successfully" not in signature
    assert link.split()[0] != link.split()[1]


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_stranger_comes_to_the_same_answer(case_dir: Path, data: st.DataObject) -> None:
    files = files_of(case_dir)
    path = data.draw(st.sampled_from(sorted(files)))
    content = files[path]
    place = data.draw(st.integers(0, len(content)))
    removed, added = data.draw(st.integers(0, 3)), data.draw(st.binary(max_size=3))
    (case_dir / path).write_bytes(content[:place] + added + content[place + removed :])
    try:
        assert is_as_sealed(case_dir) == verify(case_dir).ok
    finally:
        (case_dir / path).write_bytes(content)
    assert is_as_sealed(case_dir)


def test_a_stranger_accepts_what_was_cut_off_honestly(tmp_path: Path) -> None:
    write_case(tmp_path, {"case": "\ud800 澜庭"})
    folder = build_session(tmp_path, "S01", clock=FrozenClock(step_ns=1), close=False)
    (folder / "traffic.jsonl").write_bytes((folder / "traffic.jsonl").read_bytes() + b'{"torn')
    (folder / "device.jsonl").write_bytes((folder / "device.jsonl").read_bytes())
    seal(tmp_path, KEY)
    assert verify(tmp_path).ok
    assert is_as_sealed(tmp_path)


def test_every_error_is_documented_with_its_exit_code() -> None:
    kinds = [
        kind for kind in vars(evidence.errors).values() if isinstance(kind, type) and issubclass(kind, EvidenceError)
    ]
    assert len(kinds) > 10
    for kind in kinds:
        if kind is not EvidenceError:
            assert re.search(rf"`{kind.__name__}`[^\n]*\| {kind.exit_code} \|", PAGE), kind.__name__
