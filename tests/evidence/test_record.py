from __future__ import annotations

from pathlib import Path

import pytest

from evidence.clock import FrozenClock
from evidence.errors import RecordUnreadable
from evidence.lanes import LaneWriter
from evidence.record import read_case, read_session, session_directory, write_case
from tests.evidence.cases import build_case, build_session


def test_a_case_reads_back(tmp_path: Path) -> None:
    case = read_case(build_case(tmp_path / "case"))
    assert case.info["package"] == "com.example.app"
    assert case.info["format"] == 1
    assert [session.name for session in case.sessions] == ["S01-cold-start", "S03-refuse"]
    for session in case.sessions:
        assert (session.closed, session.outcome, session.reason) == (True, "complete", "played")
        assert sorted(session.lanes) == ["device", "traffic", "ui"]
    shot = case.sessions[0].lanes["ui"].entries[1].data["shot"]
    assert isinstance(shot, dict)
    assert case.blobs.get(str(shot["blob"])) == b"shot S01-cold-start 0"


def test_a_session_without_its_last_fact_is_incomplete(tmp_path: Path) -> None:
    write_case(tmp_path, {"case": "1"})
    session = read_session(build_session(tmp_path, "S01", clock=FrozenClock(step_ns=1), close=False))
    assert not session.closed
    assert session.outcome == "incomplete"
    assert "cut off" in session.reason


def test_a_session_folder_without_lanes_is_incomplete(tmp_path: Path) -> None:
    write_case(tmp_path, {"case": "1"})
    session_directory(tmp_path, "S01").mkdir()
    (session,) = read_case(tmp_path).sessions
    assert (session.closed, session.outcome) == (False, "incomplete")


def test_a_torn_lane_makes_a_closed_session_incomplete(tmp_path: Path) -> None:
    write_case(tmp_path, {"case": "1"})
    folder = build_session(tmp_path, "S01", clock=FrozenClock(step_ns=1))
    with (folder / "traffic.jsonl").open("ab") as stream:
        stream.write(b'{"data"')
    session = read_session(folder)
    assert (session.closed, session.outcome) == (True, "incomplete")
    assert "torn line of 7 bytes" in session.reason


def test_a_lane_that_was_not_closed_makes_the_session_incomplete(tmp_path: Path) -> None:
    write_case(tmp_path, {"case": "1"})
    folder = build_session(tmp_path, "S01", clock=FrozenClock(step_ns=1))
    lines = (folder / "traffic.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "traffic.jsonl").write_bytes(b"".join(lines[:-1]))
    session = read_session(folder)
    assert session.outcome == "incomplete"
    assert "the traffic lane was not closed" in session.reason
    assert "has 3 entries of 4" in session.reason
    (folder / "traffic.jsonl").unlink()
    assert "the traffic lane is missing" in read_session(folder).reason


def test_what_a_session_says_of_itself_is_kept(tmp_path: Path) -> None:
    with LaneWriter(tmp_path / "ui.jsonl", "ui", FrozenClock()) as ui:
        ui.append("SessionClosed", {"outcome": "incomplete", "reason": "device lost", "counts": {}})
    session = read_session(tmp_path)
    assert (session.closed, session.outcome, session.reason) == (True, "incomplete", "device lost")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]",
        b"\xff",
        b'{"format":2}\n',
        b'{"format": 1}\n',
        b'{"format":true}',
        b"[" * 100_000,
        b" " * 2**21,
    ],
    ids=lambda content: ascii(content[:14]),
)
def test_a_folder_that_is_no_case_is_refused_in_words(tmp_path: Path, content: bytes) -> None:
    build_case(tmp_path)
    (tmp_path / "record" / "case.json").write_bytes(content)
    with pytest.raises(RecordUnreadable) as caught:
        read_case(tmp_path)
    assert caught.value.mend


def test_missing_parts_are_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(RecordUnreadable):
        read_case(tmp_path)
    with pytest.raises(RecordUnreadable):
        read_session(tmp_path / "absent")
    write_case(tmp_path, {"case": "1"})
    (tmp_path / "record" / "sessions").rmdir()
    with pytest.raises(RecordUnreadable):
        read_case(tmp_path)
