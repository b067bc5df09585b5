"""A killed inspection's case is closed as what it is: nothing invented, nothing while its process lives, nothing lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from crawler.session.abandoned import close_abandoned
from crawler.session.ownership import CaseInUse, owned, writers_of
from evidence.clock import FrozenClock
from evidence.errors import RecordUnreadable, SealRefused
from evidence.record import CLOSING_FILE, read_case
from evidence.seal import seal
from evidence.verify import verify
from tests.evidence.cases import KEY, build_case, files_of

ROOT = Path(__file__).resolve().parents[3]
CHILD = """
import sys
from pathlib import Path
from crawler.session.ownership import owned
from evidence.clock import SystemClock
from evidence.lanes import LaneWriter
from evidence.record import session_directory, write_case
from tests.evidence.cases import KEY, build_session
from evidence.clock import FrozenClock
from evidence.seal import seal

case, until = Path(sys.argv[1]), sys.argv[2]
write_case(case, {"case": "case-1", "package": "com.example.app", "round": 1, "opened_wall": 1})
with owned(case):
    if until != "nothing":
        build_session(case, "S01-cold-start", clock=FrozenClock(step_ns=7))
        folder = build_session(case, "S03-refuse", clock=FrozenClock(step_ns=7), close=False)
    if until == "torn":
        with (folder / "traffic.jsonl").open("ab") as lane:
            lane.write(b'{"torn')
    if until == "sealed":
        seal(case, KEY)
    print("there", flush=True)
    sys.stdin.read()
"""
WRITER = """
import sys
with open(sys.argv[1], "ab"):
    print("there", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start a process that works on a case until it is killed."""
    processes: list[subprocess.Popen[bytes]] = []

    def begin(code: str, *words: str | Path) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-c", code, *map(str, words)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        processes.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == b"there\n"
        return process

    yield begin
    for process in processes:
        process.kill()
        process.communicate(timeout=30)


Start = Callable[..., subprocess.Popen[bytes]]


def killed(start: Start, case: Path, until: str) -> dict[str, bytes]:
    """What a killed inspection left."""
    process = start(CHILD, case, until)
    os.kill(process.pid, signal.SIGKILL)
    process.wait(30)
    return files_of(case)


@pytest.mark.parametrize("until", ["nothing", "session", "torn"])
def test_a_killed_case_is_sealed_judged_and_reported_as_what_it_is(start: Start, tmp_path: Path, until: str) -> None:
    case = tmp_path / "case"
    before = killed(start, case, until)
    assert not verify(case).ok
    closed = close_abandoned(case, KEY, FrozenClock(), "Anna")
    assert closed.sealed_now
    assert verify(case).ok
    after = files_of(case)
    assert {path: content for path, content in after.items() if path in before} == before
    added = after.keys() - before.keys()
    assert {path for path in added if path.startswith("record/")} == {"record/closing.json", "record/seal.json"}
    assert {"findings.json", "report.html", "derived-seal.json"} <= added
    said = json.loads(after["record/closing.json"])
    assert (said["closed_by"], said["closed_wall"]) == ("Anna", FrozenClock().now().wall_ns)
    names = [] if until == "nothing" else ["S03-refuse"]
    assert [session for session, _ in closed.incomplete] == names
    assert [one["session"] for one in said["sessions"] if one["outcome"] == "incomplete"] == names
    assert all("cut off" in reason for _, reason in closed.incomplete)
    assert [one.outcome for one in read_case(case).sessions] == (["complete", "incomplete"] if names else [])
    verdicts = {rule["verdict"] for rule in json.loads(after["findings.json"])["rules"]}
    assert verdicts <= {"not_testable", "not_observed", "lead"}


def test_a_case_whose_process_lives_is_left_alone(start: Start, tmp_path: Path) -> None:
    case = tmp_path / "case"
    process = start(CHILD, case, "session")
    before = files_of(case)
    with pytest.raises(CaseInUse, match="another process is working"):
        close_abandoned(case, KEY, FrozenClock(), "Anna")
    assert files_of(case) == before
    process.kill()
    process.wait(30)
    assert close_abandoned(case, KEY, FrozenClock(), "Anna").sealed_now


def test_a_case_that_is_still_written_to_is_left_alone(start: Start, tmp_path: Path) -> None:
    """The capture ends a moment after the inspection it belonged to."""
    case = tmp_path / "case"
    killed(start, case, "session")
    writer = start(WRITER, case / "record" / "sessions" / "S03-refuse" / "traffic.jsonl")
    assert writers_of(case)[0].startswith(f"process {writer.pid} ")
    with pytest.raises(CaseInUse, match=str(writer.pid)):
        close_abandoned(case, KEY, FrozenClock(), "Anna")
    assert not (case / "record" / CLOSING_FILE).exists()
    writer.kill()
    writer.wait(30)
    assert writers_of(case) == ()
    assert close_abandoned(case, KEY, FrozenClock(), "Anna").sealed_now


def test_whoever_only_reads_a_case_keeps_nobody_from_closing_it(start: Start, tmp_path: Path) -> None:
    case = tmp_path / "case"
    killed(start, case, "session")
    reader = start(WRITER.replace('"ab"', '"rb"'), case / "record" / "sessions" / "S03-refuse" / "ui.jsonl")
    assert close_abandoned(case, KEY, FrozenClock(), "Anna").sealed_now
    assert reader.poll() is None


def test_one_that_was_sealed_but_not_judged_is_judged_and_keeps_its_seal(start: Start, tmp_path: Path) -> None:
    case = tmp_path / "case"
    before = killed(start, case, "sealed")
    closed = close_abandoned(case, KEY, FrozenClock(), "Anna")
    assert not closed.sealed_now
    assert closed.judgement is not None
    assert files_of(case)["record/seal.json"] == before["record/seal.json"]
    assert not (case / "record" / CLOSING_FILE).exists()
    assert verify(case).ok
    again = files_of(case)
    assert close_abandoned(case, KEY, FrozenClock(), "Bo").judgement is None
    assert files_of(case) == again


def test_closing_that_was_itself_killed_is_done_again(start: Start, tmp_path: Path) -> None:
    case = tmp_path / "case"
    killed(start, case, "session")
    (case / "record" / CLOSING_FILE).write_text("{}")
    (case / "record" / ".seal.json.0123.part").write_text("half")
    assert close_abandoned(case, KEY, FrozenClock(), "Anna").sealed_now
    assert verify(case).ok
    assert json.loads((case / "record" / CLOSING_FILE).read_text())["closed_by"] == "Anna"


def test_a_record_with_faults_is_not_sealed(tmp_path: Path) -> None:
    case = build_case(tmp_path / "case", steps=1)
    lane = case / "record" / "sessions" / "S01-cold-start" / "ui.jsonl"
    lane.write_bytes(lane.read_bytes().replace("澜庭".encode(), "兰庭".encode()))
    with pytest.raises(SealRefused) as caught:
        close_abandoned(case, KEY, FrozenClock(), "Anna")
    assert caught.value.faults
    assert not (case / "record" / "seal.json").exists()


def test_a_sealed_record_that_was_changed_is_not_sealed_anew(tmp_path: Path) -> None:
    case = build_case(tmp_path / "case", steps=1)
    seal(case, KEY)
    (case / "record" / "added").write_text("x")
    with pytest.raises(SealRefused, match="no longer what was sealed"):
        close_abandoned(case, KEY, FrozenClock(), "Anna")


def test_what_is_no_case_is_left_alone(tmp_path: Path) -> None:
    for name in ("absent", "empty"):
        if name == "empty":
            (tmp_path / name).mkdir()
        with pytest.raises(RecordUnreadable):
            close_abandoned(tmp_path / name, KEY, FrozenClock(), "Anna")
    assert list((tmp_path / "empty").iterdir()) == []


def test_a_case_has_one_owner(tmp_path: Path) -> None:
    with owned(tmp_path), pytest.raises(CaseInUse), owned(tmp_path):
        pass
    with owned(tmp_path):
        pass
