"""The anchor of a lane that another process is writing: never a line that was not whole."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crawler.session import lane_tail
from crawler.session.lane_tail import LaneTail
from evidence.clock import FrozenClock
from evidence.lanes import LaneWriter, read_lane


def digest(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()


def test_it_agrees_with_the_writer_and_the_reader_at_every_moment(tmp_path: Path) -> None:
    path = tmp_path / "traffic.jsonl"
    tail = LaneTail(path)
    assert tail.follow() == (0, "")
    with LaneWriter(path, "traffic", FrozenClock(step_ns=5)) as lane:
        assert tail.follow() == (0, "")
        for number in range(20):
            lane.append("RequestSent", {"flow": str(number), "note": "同意" * number})
            if number % 3 == 0:
                assert tail.follow() == (lane.head.count, lane.head.digest)
    head = read_lane(path).head
    assert tail.follow() == (head.count, head.digest)


def test_a_half_line_counts_only_once_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "traffic.jsonl"
    path.write_bytes(b"one\ntw")
    tail = LaneTail(path)
    assert tail.follow() == (1, digest(b"one"))
    path.write_bytes(b"one\ntwo\n")
    assert tail.follow() == (2, digest(b"two"))


@pytest.mark.parametrize("later", [b"2\n", b"two\n", b"a line longer than the half one was\n"])
def test_a_half_line_that_a_full_disk_took_back_is_forgotten(tmp_path: Path, later: bytes) -> None:
    path = tmp_path / "traffic.jsonl"
    path.write_bytes(b"one\nhalf a li")
    tail = LaneTail(path)
    assert tail.follow() == (1, digest(b"one"))
    with path.open("r+b") as stream:
        stream.truncate(4)
    assert tail.follow() == (1, digest(b"one"))
    with path.open("ab") as stream:
        stream.write(later)
    assert tail.follow() == (2, digest(later.rstrip(b"\n")))


def test_a_half_line_replaced_between_two_looks_is_never_joined(tmp_path: Path) -> None:
    path = tmp_path / "traffic.jsonl"
    path.write_bytes(b"one\nhalf a li")
    tail = LaneTail(path)
    tail.follow()
    path.write_bytes(b"one\na wholly different line\n")
    assert tail.follow() == (2, digest(b"a wholly different line"))


def test_what_was_anchored_stays_when_somebody_cuts_the_lane(tmp_path: Path) -> None:
    path = tmp_path / "traffic.jsonl"
    path.write_bytes(b"one\ntwo\n")
    tail = LaneTail(path)
    tail.follow()
    path.write_bytes(b"one\n")
    assert tail.follow() == (2, digest(b"two"))
    path.unlink()
    assert tail.follow() == (2, digest(b"two"))


def test_lines_longer_than_a_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lane_tail, "_CHUNK", 7)
    path = tmp_path / "traffic.jsonl"
    path.write_bytes(b"x" * 50 + b"\n\n" + b"y" * 20 + b"\nz")
    assert LaneTail(path).follow() == (3, digest(b"y" * 20))


@settings(deadline=None, max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.binary(max_size=30).map(lambda line: line.replace(b"\n", b" ")), max_size=12),
    st.lists(st.integers(0, 400), max_size=8),
)
def test_wherever_it_looks_in_between_it_ends_up_right(tmp_path: Path, lines: list[bytes], looks: list[int]) -> None:
    path = tmp_path / "traffic.jsonl"
    content = b"".join(line + b"\n" for line in lines)
    tail = LaneTail(path)
    for size in sorted(looks):
        path.write_bytes(content[:size])
        tail.follow()
    path.write_bytes(content)
    assert tail.follow() == (len(lines), digest(lines[-1]) if lines else "")
    path.unlink()
