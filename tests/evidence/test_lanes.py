from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evidence.clock import FrozenClock, SystemClock
from evidence.errors import FactRefused, LaneEnded, LaneExists, StorageFailed
from evidence.lanes import MAX_LINE, Entry, LaneWriter, first_previous, read_lane
from tests.evidence.test_canonical import TEXTS, VALUES


def write(path: Path, count: int) -> list[Entry]:
    with LaneWriter(path, path.stem, FrozenClock(step_ns=1)) as lane:
        return [lane.append("Noted", {"number": number}) for number in range(count)]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(facts=st.lists(st.tuples(TEXTS.filter(bool), st.dictionaries(TEXTS, VALUES, max_size=3)), max_size=6))
def test_a_lane_reads_back_as_it_was_written(tmp_path: Path, facts: list[tuple[str, dict[str, Any]]]) -> None:
    path = tmp_path / "ui.jsonl"
    path.unlink(missing_ok=True)
    written = []
    with LaneWriter(path, "ui", FrozenClock(step_ns=5)) as lane:
        for kind, data in facts:
            try:
                written.append(lane.append(kind, data))
            except FactRefused:
                continue
        head = lane.head
    reading = read_lane(path)
    assert reading.entries == tuple(written)
    assert (reading.torn_tail, reading.faults, reading.head) == (b"", (), head)


def test_each_line_carries_the_digest_of_the_line_before(tmp_path: Path) -> None:
    entries = write(tmp_path / "ui.jsonl", 3)
    lines = (tmp_path / "ui.jsonl").read_bytes().split(b"\n")
    assert lines.pop() == b""
    previous = hashlib.sha256(b"appwitness lane v1 ui").hexdigest()
    for number, (line, entry) in enumerate(zip(lines, entries, strict=True)):
        fact = json.loads(line)
        assert fact == {
            "seq": number,
            "prev": previous,
            "mono": entry.at.mono_ns,
            "wall": entry.at.wall_ns,
            "kind": "Noted",
            "data": {"number": number},
        }
        previous = hashlib.sha256(line).hexdigest()
        assert entry.digest == previous


def test_an_entry_does_not_change_with_the_callers_data(tmp_path: Path) -> None:
    data = {"list": [1]}
    with LaneWriter(tmp_path / "ui.jsonl", "ui", FrozenClock()) as lane:
        entry = lane.append("Noted", data)
    data["list"].append(2)
    assert entry.data == {"list": [1]}


def test_threads_share_a_lane(tmp_path: Path) -> None:
    with LaneWriter(tmp_path / "device.jsonl", "device", SystemClock()) as lane:
        threads = [
            threading.Thread(target=lambda who=who: [lane.append("Noted", {"who": who}) for _ in range(100)])
            for who in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    reading = read_lane(tmp_path / "device.jsonl")
    assert reading.faults == ()
    assert len(reading.entries) == 800


def test_a_lane_is_written_once(tmp_path: Path) -> None:
    write(tmp_path / "ui.jsonl", 1)
    before = (tmp_path / "ui.jsonl").read_bytes()
    with pytest.raises(LaneExists):
        LaneWriter(tmp_path / "ui.jsonl", "ui", FrozenClock())
    assert (tmp_path / "ui.jsonl").read_bytes() == before


def test_a_lane_is_named_after_its_file(tmp_path: Path) -> None:
    for name in ("traffic", "../ui", "UI", ""):
        with pytest.raises(ValueError, match="named after"):
            LaneWriter(tmp_path / "ui.jsonl", name, FrozenClock())
    assert not (tmp_path / "ui.jsonl").exists()


def test_nothing_follows_the_end_and_closing_twice_is_harmless(tmp_path: Path) -> None:
    lane = LaneWriter(tmp_path / "ui.jsonl", "ui", FrozenClock())
    lane.close()
    lane.close()
    with pytest.raises(LaneEnded):
        lane.append("Noted", {})
    assert read_lane(tmp_path / "ui.jsonl").head == lane.head


def test_a_refused_fact_leaves_no_trace(tmp_path: Path) -> None:
    with LaneWriter(tmp_path / "ui.jsonl", "ui", FrozenClock()) as lane:
        lane.append("Noted", {})
        for data in ({"x": "a" * MAX_LINE}, {"x": 2**70}):
            with pytest.raises(FactRefused):
                lane.append("Noted", data)
        with pytest.raises(FactRefused):
            lane.append("", {})
        with pytest.raises(TypeError):
            lane.append("Noted", {"x": 0.5})  # type: ignore[dict-item]
        lane.append("Noted", {"x": "a" * (MAX_LINE - 1000)})
    reading = read_lane(tmp_path / "ui.jsonl")
    assert reading.faults == ()
    assert len(reading.entries) == 2


def test_a_lane_reaches_the_disk_while_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced = threading.Event()
    monkeypatch.setattr(os, "fsync", lambda handle: synced.set())
    with LaneWriter(tmp_path / "ui.jsonl", "ui", FrozenClock(), sync_seconds=0.01) as lane:
        lane.append("Noted", {})
        assert synced.wait(10)


def test_a_disk_that_fails_in_the_background_is_not_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = threading.Event()

    def fail(handle: int) -> None:
        failed.set()
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    lane = LaneWriter(tmp_path / "ui.jsonl", "ui", FrozenClock(), sync_seconds=0.01)
    lane.append("Noted", {})
    assert failed.wait(10)
    lane._syncer.join(10)
    with pytest.raises(StorageFailed):
        lane.append("Noted", {})
    with pytest.raises(StorageFailed):
        lane.close()


def test_a_torn_last_line_is_named_and_everything_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "ui.jsonl"
    write(path, 3)
    whole = path.read_bytes()
    start = whole.rstrip(b"\n").rindex(b"\n") + 1
    for end in range(start + 1, len(whole)):
        path.write_bytes(whole[:end])
        reading = read_lane(path)
        assert len(reading.entries) == 2
        assert reading.torn_tail == whole[start:end]
        assert reading.faults == ()
        assert reading.head.count == 2


@pytest.mark.parametrize("count", [0, 1])
def test_an_empty_lane_has_a_head(tmp_path: Path, count: int) -> None:
    path = tmp_path / "ui.jsonl"
    entries = write(path, count)
    head = read_lane(path).head
    assert head.count == count
    assert head.digest == (entries[-1].digest if entries else first_previous("ui"))


def faults_after(path: Path, lines: list[bytes]) -> list[str]:
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    return [f"{fault.place} {fault.what}" for fault in read_lane(path).faults]


def test_every_fault_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "ui.jsonl"
    write(path, 6)
    lines = path.read_bytes().splitlines()
    assert faults_after(path, lines) == []
    changed = [*lines[:2], lines[2].replace(b'"number":2', b'"number":7'), *lines[3:]]
    assert faults_after(path, changed) == ["ui.jsonl:4 the chain is broken: this line or the one before it was changed"]
    assert faults_after(path, lines[:2] + lines[3:]) == ["ui.jsonl:3 entry 2 is missing before this line"]
    assert faults_after(path, lines[:1] + lines[4:]) == ["ui.jsonl:2 entries 1 to 3 are missing before this line"]
    assert len(faults_after(path, [lines[0], lines[2], lines[1], *lines[3:]])) >= 2
    assert "ui.jsonl:3 entry 1 stands where entry 2 belongs" in faults_after(path, [*lines[:2], *lines[1:]])
    both = faults_after(path, [b"nonsense", *lines[1:4], b"\xff\xfe", *lines[5:]])
    assert [text.split(" ")[0] for text in both] == ["ui.jsonl:1", "ui.jsonl:2", "ui.jsonl:5", "ui.jsonl:6"]


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"data":{},"kind":"K","mono":1,"prev":"x","seq":0}',
        b'{"data":{},"extra":1,"kind":"K","mono":1,"prev":"x","seq":0,"wall":1}',
        b'{"data":[],"kind":"K","mono":1,"prev":"x","seq":0,"wall":1}',
        b'{"data":{},"kind":"","mono":1,"prev":"x","seq":0,"wall":1}',
        b'{"data":{},"kind":5,"mono":1,"prev":"x","seq":0,"wall":1}',
        b'{"data":{},"kind":"K","mono":"1","prev":"x","seq":0,"wall":1}',
        b'{"data":{},"kind":"K","mono":1,"prev":"x","seq":-1,"wall":1}',
        b'{"data":{},"kind":"K","mono":1,"prev":"x","seq":true,"wall":1}',
        b'{"data":{"x":1.5},"kind":"K","mono":1,"prev":"x","seq":0,"wall":1}',
        b'{"data":' + b'{"a":' * 5000 + b"1" + b"}" * 5001,
        b"\x00" * 100,
        b"a" * (MAX_LINE + 10),
    ],
    ids=lambda line: ascii(line[:40]),
)
def test_a_line_that_is_no_entry_is_a_fault_never_an_exception(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "ui.jsonl"
    write(path, 2)
    rest = path.read_bytes()
    path.write_bytes(line + b"\n" + rest)
    reading = read_lane(path)
    assert reading.faults[0].place == "ui.jsonl:1"
    assert "not a lane entry" in reading.faults[0].what
    assert len(reading.entries) == 2


def test_time_that_runs_backwards_is_a_fault(tmp_path: Path) -> None:
    clock = FrozenClock(mono_ns=100)
    with LaneWriter(tmp_path / "ui.jsonl", "ui", clock) as lane:
        lane.append("Noted", {})
        clock.advance_ns(-1)
        lane.append("Noted", {})
    assert [fault.place for fault in read_lane(tmp_path / "ui.jsonl").faults] == ["ui.jsonl:2"]


def test_a_million_broken_lines_do_not_flood(tmp_path: Path) -> None:
    path = tmp_path / "ui.jsonl"
    path.write_bytes(b"x\n" * 50_000)
    faults = read_lane(path).faults
    assert len(faults) == 1001
    assert "49000 more" in faults[-1].what


def test_an_endless_tail_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "ui.jsonl"
    with path.open("wb") as stream:
        stream.truncate(200 * 1024 * 1024)
    assert 0 < len(read_lane(path).torn_tail) <= MAX_LINE + 1


def test_what_is_no_plain_file_is_a_fault(tmp_path: Path) -> None:
    write(tmp_path / "ui.jsonl", 1)
    (tmp_path / "link.jsonl").symlink_to(tmp_path / "ui.jsonl")
    os.mkfifo(tmp_path / "pipe.jsonl")
    (tmp_path / "folder.jsonl").mkdir()
    for name in ("link", "pipe", "folder", "absent"):
        reading = read_lane(tmp_path / f"{name}.jsonl")
        assert reading.entries == ()
        assert len(reading.faults) == 1
        assert reading.faults[0].mend


KILLED = """
import sys
from pathlib import Path
from evidence.blobs import BlobStore
from evidence.clock import SystemClock
from evidence.lanes import LaneWriter
folder = Path(sys.argv[1])
blobs = BlobStore(folder / "blobs", durable=False)
lane = LaneWriter(folder / "ui.jsonl", "ui", SystemClock())
print("ready", flush=True)
while True:
    content = str(lane.head.count).encode() * 2000
    lane.append("ScreenSeen", {"shot": {"blob": blobs.put(content), "size": len(content)}, "text": "x" * 5000})
"""


@pytest.mark.parametrize("milliseconds", [1, 20, 60])
def test_a_killed_writer_leaves_a_readable_lane_and_no_dangling_reference(tmp_path: Path, milliseconds: int) -> None:
    child = subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline() == b"ready\n"
    threading.Event().wait(milliseconds / 1000)
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    reading = read_lane(tmp_path / "ui.jsonl")
    assert reading.faults == ()
    for entry in reading.entries:
        shot = entry.data["shot"]
        assert isinstance(shot, dict)
        digest = str(shot["blob"])
        assert (tmp_path / "blobs" / digest[:2] / digest).stat().st_size == shot["size"]
