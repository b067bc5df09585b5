"""Whatever single thing is done to a sealed case is refused, and the place is named. Nothing else ever is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.clock import FrozenClock
from evidence.record import write_case
from evidence.seal import seal
from evidence.verify import Verification, verify
from tests.evidence.cases import KEY, build_sealed, build_session, files_of, put_back


@dataclass(frozen=True)
class Sealed:
    folder: Path
    files: dict[str, bytes]

    def restore(self, *paths: str) -> None:
        for path in paths:
            (self.folder / path).write_bytes(self.files[path])


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Sealed:
    folder = build_sealed(tmp_path_factory.mktemp("sealed") / "case", steps=2)
    return Sealed(folder=folder, files=files_of(folder))


@pytest.fixture(autouse=True)
def untouched_before_and_after(sealed: Sealed) -> Iterator[None]:
    assert verify(sealed.folder, [KEY.fingerprint]) == verify(sealed.folder, [KEY.fingerprint])
    assert verify(sealed.folder).ok
    yield
    assert files_of(sealed.folder) == sealed.files
    assert verify(sealed.folder).ok


def assert_named(answer: Verification, *paths: str) -> None:
    assert not answer.ok
    places = {fault.place for fault in answer.faults}
    for path in paths:
        assert any(place == path or place.startswith(f"{path}:") for place in places), (path, places)


def paths(sealed: Sealed) -> st.SearchStrategy[str]:
    return st.sampled_from(sorted(sealed.files))


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_any_flipped_bit(sealed: Sealed, data: st.DataObject) -> None:
    path = data.draw(paths(sealed))
    content = bytearray(sealed.files[path])
    content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    (sealed.folder / path).write_bytes(content)
    try:
        assert_named(verify(sealed.folder), path)
    finally:
        sealed.restore(path)


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_any_cut_or_added_bytes(sealed: Sealed, data: st.DataObject) -> None:
    path = data.draw(paths(sealed))
    content = sealed.files[path]
    place = data.draw(st.integers(0, len(content)))
    removed = data.draw(st.integers(0, len(content) - place))
    added = data.draw(st.binary(max_size=5))
    changed = content[:place] + added + content[place + removed :]
    if changed == content:
        return
    (sealed.folder / path).write_bytes(changed)
    try:
        assert_named(verify(sealed.folder), path)
    finally:
        sealed.restore(path)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_cut_tail(sealed: Sealed, data: st.DataObject) -> None:
    path = data.draw(paths(sealed))
    content = sealed.files[path]
    (sealed.folder / path).write_bytes(content[: data.draw(st.integers(0, len(content) - 1))])
    try:
        assert_named(verify(sealed.folder), path)
    finally:
        sealed.restore(path)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_two_swapped_files(sealed: Sealed, data: st.DataObject) -> None:
    one, two = data.draw(st.lists(paths(sealed), min_size=2, max_size=2, unique=True))
    if sealed.files[one] == sealed.files[two]:
        return
    (sealed.folder / one).write_bytes(sealed.files[two])
    (sealed.folder / two).write_bytes(sealed.files[one])
    try:
        assert_named(verify(sealed.folder), one, two)
    finally:
        sealed.restore(one, two)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_two_swapped_lines(sealed: Sealed, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from([path for path in sorted(sealed.files) if path.endswith(".jsonl")]))
    lines = sealed.files[path].splitlines(keepends=True)
    one, two = data.draw(st.lists(st.integers(0, len(lines) - 1), min_size=2, max_size=2, unique=True))
    lines[one], lines[two] = lines[two], lines[one]
    (sealed.folder / path).write_bytes(b"".join(lines))
    try:
        assert_named(verify(sealed.folder), path)
        places = [fault.place for fault in verify(sealed.folder).faults]
        assert f"{path}:{min(one, two) + 1}" in places
    finally:
        sealed.restore(path)


def test_every_deleted_file(sealed: Sealed) -> None:
    for path in sealed.files:
        (sealed.folder / path).unlink()
        try:
            assert_named(verify(sealed.folder), path)
        finally:
            sealed.restore(path)


def test_every_renamed_file(sealed: Sealed) -> None:
    for path in sealed.files:
        original, renamed = sealed.folder / path, sealed.folder / f"{path}.x"
        original.rename(renamed)
        try:
            answer = verify(sealed.folder)
            if path.endswith("seal.json"):
                assert_named(answer, path)
            else:
                assert_named(answer, path, f"{path}.x")
        finally:
            renamed.rename(original)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_inserted_file(sealed: Sealed, data: st.DataObject) -> None:
    folder = data.draw(st.sampled_from(sorted({path.rpartition("/")[0] for path in sealed.files})))
    name = data.draw(st.sampled_from(["a", "ui2.jsonl", "0" * 64, "新", "a b", ".b", "seal.json.bak", "x" * 200]))
    path = f"{folder}/{name}" if folder else name
    if not folder and name.startswith("."):
        return
    content = data.draw(st.binary(max_size=10) | st.sampled_from(list(sealed.files.values())))
    (sealed.folder / path).write_bytes(content)
    try:
        assert_named(verify(sealed.folder), path)
    finally:
        (sealed.folder / path).unlink()


def test_an_inserted_folder(sealed: Sealed) -> None:
    for path in ("record/empty", "record/sessions/S02", "record/blobs/zz", "record/sessions/S01-cold-start/inner"):
        (sealed.folder / path).mkdir()
        try:
            assert_named(verify(sealed.folder), path)
        finally:
            (sealed.folder / path).rmdir()


def test_a_file_of_the_case_behind_a_link(sealed: Sealed, tmp_path: Path) -> None:
    for path in sealed.files:
        outside = tmp_path / "outside"
        outside.write_bytes(sealed.files[path])
        (sealed.folder / path).unlink()
        (sealed.folder / path).symlink_to(outside)
        try:
            assert_named(verify(sealed.folder), path)
        finally:
            (sealed.folder / path).unlink()
            sealed.restore(path)


@settings(max_examples=25, deadline=None)
@given(damage=st.data())
def test_several_damages_at_once_are_all_named(sealed: Sealed, damage: st.DataObject) -> None:
    blobs_and_derived = [path for path in sorted(sealed.files) if "/blobs/" in path or path.endswith(".html")]
    chosen = damage.draw(st.lists(st.sampled_from(blobs_and_derived), min_size=2, max_size=5, unique=True))
    ways = damage.draw(st.lists(st.sampled_from(["delete", "flip", "cut"]), min_size=len(chosen), max_size=len(chosen)))
    for path, way in zip(chosen, ways, strict=True):
        if way == "delete":
            (sealed.folder / path).unlink()
        else:
            (sealed.folder / path).write_bytes(sealed.files[path][:-1] + (b"\x00" if way == "flip" else b""))
    try:
        assert_named(verify(sealed.folder), *chosen)
    finally:
        sealed.restore(*chosen)


@pytest.mark.long
def test_a_bit_of_every_single_byte(sealed: Sealed) -> None:
    for path, content in sealed.files.items():
        for position in range(len(content)):
            changed = bytearray(content)
            changed[position] ^= 1 << position % 8
            (sealed.folder / path).write_bytes(changed)
            assert_named(verify(sealed.folder), path)
        sealed.restore(path)


@settings(max_examples=25, deadline=None)
@given(
    steps=st.integers(0, 4),
    names=st.lists(st.sampled_from(["S01", "S03-refuse", "S08-澜庭", "S01-2"]), unique=True, max_size=3),
    close=st.booleans(),
    torn=st.binary(max_size=30).map(lambda tail: tail.replace(b"\n", b"")),
)
def test_no_false_alarm_on_an_untouched_case(
    tmp_path_factory: pytest.TempPathFactory, steps: int, names: list[str], close: bool, torn: bytes
) -> None:
    case_dir = tmp_path_factory.mktemp("honest")
    write_case(case_dir, {"case": "1", "label": "\ud800"})
    for name in names:
        folder = build_session(case_dir, name, steps=steps, clock=FrozenClock(step_ns=1), close=close)
        with (folder / "traffic.jsonl").open("ab") as lane:
            lane.write(torn)
    seal(case_dir, KEY)
    answer = verify(case_dir, [KEY.public])
    assert answer.faults == ()
    incomplete = names if torn or not close else []
    assert {note.place for note in answer.notes if "incomplete" in note.what} == {
        f"record/sessions/{name}" for name in incomplete
    }
    put_back(case_dir, files_of(case_dir))
    assert verify(case_dir).ok
