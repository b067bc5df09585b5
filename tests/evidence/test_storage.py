"""Full disks and folders that refuse: a sentence and a way out, and never half a file under its final name."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from evidence.blobs import BlobStore
from evidence.clock import FrozenClock
from evidence.errors import EvidenceError, StorageFailed, StorageFull, StorageRefused
from evidence.files import write_whole
from evidence.keys import load_or_make
from evidence.lanes import LaneWriter, read_lane
from evidence.record import write_case
from evidence.seal import seal, seal_derived
from evidence.verify import verify
from tests.evidence.cases import KEY, build_case, build_sealed, files_of

ROOT = Path(__file__).resolve().parents[2]


def mount(folder: Path, options: str) -> bool:
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 256 KiB."""
    if not mount(tmp_path / "disk", "size=256k"):
        pytest.skip("a small disk can only be mounted by root")
    yield tmp_path / "disk"
    subprocess.run(["umount", str(tmp_path / "disk")], check=True)


def fill(disk: Path) -> Path:
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as stream, contextlib.suppress(OSError):
        while True:
            stream.write(b"x" * 4096)
    return filler


def test_a_full_disk_leaves_the_lane_as_it_was_and_writable_again(small_disk: Path) -> None:
    lane = LaneWriter(small_disk / "ui.jsonl", "ui", FrozenClock(step_ns=1))
    lane.append("Noted", {"text": "a" * 3000})
    filler = fill(small_disk)
    before = lane.head
    with pytest.raises(StorageFull) as caught:
        lane.append("Noted", {"text": "b" * 9000})
    assert "Free some space" in caught.value.mend
    assert caught.value.exit_code == 74
    assert lane.head == before
    reading = read_lane(small_disk / "ui.jsonl")
    assert (reading.faults, reading.torn_tail, len(reading.entries)) == ((), b"", 1)
    filler.unlink()
    lane.append("Noted", {"text": "c"})
    lane.close()
    assert read_lane(small_disk / "ui.jsonl").head == lane.head


def test_a_full_disk_takes_no_half_a_blob(small_disk: Path) -> None:
    store = BlobStore(small_disk / "blobs")
    kept = store.put(b"kept")
    filler = fill(small_disk)
    for put in (store.put, lambda content: store.put_stream([content[:100], content[100:]])):
        with pytest.raises(StorageFull):
            put(os.urandom(100_000))
    assert [path.name for path in (small_disk / "blobs").rglob("*") if path.is_file()] == [kept]
    filler.unlink()
    assert store.has(store.put(b"more"))


def test_a_full_disk_takes_no_half_a_seal_and_no_half_a_key(small_disk: Path) -> None:
    build_case(small_disk / "case")
    filler = fill(small_disk)
    with pytest.raises(StorageFull):
        seal(small_disk / "case", KEY)
    assert not list((small_disk / "case" / "record").glob("*seal*"))
    with pytest.raises(StorageFull):
        load_or_make(small_disk)
    assert [path.name for path in small_disk.iterdir() if "key" in path.name] == []
    filler.unlink()
    seal(small_disk / "case", KEY)
    assert verify(small_disk / "case").ok
    sealed = (small_disk / "case" / "record" / "seal.json").read_bytes()
    (small_disk / "case" / "findings.json").write_bytes(b"{}")
    seal_derived(small_disk / "case", KEY)
    before = files_of(small_disk / "case")
    fill(small_disk)
    with pytest.raises(StorageFull):
        seal_derived(small_disk / "case", KEY)
    assert files_of(small_disk / "case") == before
    assert before["record/seal.json"] == sealed


LIMITED = """
import resource, sys
from pathlib import Path
from evidence.blobs import BlobStore
from evidence.clock import SystemClock
from evidence.errors import StorageFull
from evidence.lanes import LaneWriter, read_lane
folder = Path(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
with LaneWriter(folder / "ui.jsonl", "ui", SystemClock()) as lane:
    lane.append("Noted", {"text": "a" * 6000})
    try:
        lane.append("Noted", {"text": "b" * 6000})
    except StorageFull as error:
        print(error.mend)
    lane.append("Noted", {"text": "c"})
try:
    BlobStore(folder / "blobs").put(b"x" * 20_000)
except StorageFull as error:
    print(error.mend)
print(len(read_lane(folder / "ui.jsonl").entries), len(read_lane(folder / "ui.jsonl").faults))
"""


def test_a_limit_on_file_sizes_is_a_full_disk(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path)], capture_output=True, text=True, cwd=ROOT, check=True
    )
    first, second, counts = done.stdout.splitlines()
    assert first == second
    assert "Free some space" in first
    assert counts == "2 0"
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["ui.jsonl"]


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """A folder that takes nothing, with a sealed case and an unsealed one in it."""
    folder = tmp_path / "readonly"
    mounted = mount(folder, "size=1m")
    build_sealed(folder / "sealed")
    build_case(folder / "open")
    if mounted:
        subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
    elif os.getuid() == 0:
        pytest.skip("root writes everywhere and may not mount here")
    else:
        for path in sorted(folder.rglob("*"), reverse=True):
            path.chmod(0o555 if path.is_dir() else 0o444)
        folder.chmod(0o555)
    yield folder
    if mounted:
        subprocess.run(["umount", str(folder)], check=True)
    else:
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o755)


@pytest.mark.parametrize(
    "write",
    [
        lambda folder: LaneWriter(folder / "ui.jsonl", "ui", FrozenClock()),
        lambda folder: BlobStore(folder / "blobs").put(b"content"),
        lambda folder: BlobStore(folder / "blobs").put_stream([b"content"]),
        lambda folder: write_case(folder / "new", {"case": "1"}),
        lambda folder: load_or_make(folder / "keys"),
        lambda folder: load_or_make(folder),
        lambda folder: seal(folder / "open", KEY),
        lambda folder: seal_derived(folder / "sealed", KEY),
        lambda folder: write_whole(folder / "file", [b"content"]),
    ],
)
def test_a_read_only_folder_is_refused_in_words(read_only: Path, write: Callable[[Path], object]) -> None:
    before = files_of(read_only)
    with pytest.raises(StorageRefused) as caught:
        write(read_only)
    assert "may write" in caught.value.mend
    assert files_of(read_only) == before


def test_a_read_only_case_can_be_verified(read_only: Path) -> None:
    assert verify(read_only / "sealed").ok


def test_a_file_in_the_place_of_a_folder_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for write in (
        lambda: LaneWriter(tmp_path / "file" / "ui.jsonl", "ui", FrozenClock()),
        lambda: BlobStore(tmp_path / "file").put(b"x"),
        lambda: write_case(tmp_path / "file", {}),
        lambda: load_or_make(tmp_path / "file"),
    ):
        with pytest.raises(StorageFailed) as caught:
            write()
        assert caught.value.mend


def test_every_error_says_what_to_do() -> None:
    pending = [EvidenceError]
    while pending:
        kind = pending.pop()
        pending.extend(kind.__subclasses__())
        assert kind.default_mend.endswith(".")
        assert 0 < kind.exit_code < 126


def refuse(*_: object, **__: object) -> None:
    raise PermissionError(13, "Permission denied")


def test_a_half_line_that_cannot_be_taken_back_ends_the_lane(small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lane = LaneWriter(small_disk / "ui.jsonl", "ui", FrozenClock(step_ns=1))
    lane.append("Noted", {})
    filler = fill(small_disk)
    monkeypatch.setattr("os.ftruncate", refuse)
    with pytest.raises(StorageFull):
        lane.append("Noted", {"text": "b" * 9000})
    filler.unlink()
    # Another line would be joined to the half one.
    with pytest.raises(StorageRefused):
        lane.append("Noted", {})
    lane.close()
    reading = read_lane(small_disk / "ui.jsonl")
    assert len(reading.entries) == 1
    assert reading.torn_tail
    assert reading.faults == ()


def test_what_cannot_be_listed_or_read_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build_sealed(tmp_path / "case")
    with monkeypatch.context() as patch:
        patch.setattr("os.scandir", refuse)
        assert "record: the folder cannot be read: Permission denied" in map(str, verify(tmp_path / "case").faults)
    with monkeypatch.context() as patch:
        patch.setattr("evidence.tree.digest_file", refuse)
        faults = [str(fault) for fault in verify(tmp_path / "case").faults]
        assert "record/case.json: the file cannot be read: Permission denied" in faults
        assert "findings.json: the file cannot be read: Permission denied" in faults
    assert verify(tmp_path / "case").ok


def test_a_key_that_cannot_be_opened_is_refused_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load_or_make(tmp_path)
    monkeypatch.setattr("evidence.keys.open_regular", refuse)
    with pytest.raises(StorageRefused):
        load_or_make(tmp_path)


def test_leftovers_that_cannot_be_removed_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build_case(tmp_path / "case")
    (tmp_path / "case" / "record" / ".case.json.00.part").write_bytes(b"")
    monkeypatch.setattr("pathlib.Path.unlink", refuse)
    with pytest.raises(StorageRefused):
        seal(tmp_path / "case", KEY)
