"""What the instruments write while a session runs, and what they write when the device misbehaves."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import adbutils
import pytest

from crawler.device.conversation import Conversation
from crawler.device.driver import DeviceDriver, connect
from crawler.device.errors import DeviceLost, DeviceTimeout
from crawler.device.instruments import Instruments
from crawler.device.samplers import sample_clock
from crawler.device.socket_poller import SocketPoller
from evidence.blobs import BlobStore
from evidence.clock import SystemClock
from evidence.errors import LaneEnded
from evidence.lanes import Entry, LaneWriter, read_lane
from tests.crawler.device.conftest import Lab, running_lab

pytestmark = pytest.mark.lab

PLAIN = "com.example.plain"


@pytest.fixture
def lane(tmp_path: Path) -> Iterator[LaneWriter]:
    with LaneWriter(tmp_path / "device.jsonl", "device", SystemClock()) as writer:
        yield writer


def written(tmp_path: Path) -> tuple[Entry, ...]:
    reading = read_lane(tmp_path / "device.jsonl")
    assert reading.faults == ()
    return reading.entries


def kinds(tmp_path: Path) -> list[str]:
    return [entry.kind for entry in written(tmp_path)]


def eventually(condition: Callable[[], object], seconds: float = 8) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.05)


def instruments(driver: DeviceDriver, lane: LaneWriter, tmp_path: Path, **more: Any) -> Instruments:
    uid = driver.package_info(PLAIN).uid
    return Instruments(driver, lane, BlobStore(tmp_path / "blobs"), SystemClock(), PLAIN, uid, **more)


def test_a_session_is_watched(driver: DeviceDriver, lab: Lab, lane: LaneWriter, tmp_path: Path) -> None:
    driver.stop(PLAIN)
    with instruments(driver, lane, tmp_path, proxy_port=40_001) as watching:
        driver.launch(PLAIN)
        eventually(lambda: "ActivityResumed" in kinds(tmp_path))
        lab.order(ops=[[PLAIN, "READ_CONTACTS", True]])
        watching.sample_ops()
        driver.stop(PLAIN)
        eventually(lambda: "ProcessDied" in kinds(tmp_path))
    entries = written(tmp_path)
    started = next(entry for entry in entries if entry.kind == "ProcessStarted")
    assert started.data["package"] == PLAIN
    assert "am_proc_start" in str(started.data["line"])
    ops = [entry for entry in entries if entry.kind == "OpsSampled"][-1]
    (contacts,) = [op for op in ops.data["ops"] if op["op"] == "READ_CONTACTS"]  # type: ignore[index, union-attr]
    assert contacts["accessed_ago_ms"] < 2000  # type: ignore[index]
    assert contacts["state"] in ("top", "fg")  # type: ignore[index]
    assert BlobStore(tmp_path / "blobs").get(ops.data["raw"]["blob"])  # type: ignore[index]
    permissions = [entry for entry in entries if entry.kind == "PermissionsSampled"]
    assert len(permissions) == 2
    assert len([entry for entry in entries if entry.kind == "ClockSampled"]) == 2
    assert "SocketsPolled" in kinds(tmp_path)
    assert "Trouble" not in kinds(tmp_path)


def test_what_happened_before_belongs_to_somebody_else(driver: DeviceDriver, lane: LaneWriter, tmp_path: Path) -> None:
    driver.launch(PLAIN)
    driver.stop(PLAIN)
    time.sleep(0.05)
    with instruments(driver, lane, tmp_path):
        driver.press("home")
        driver.launch(PLAIN)
        eventually(lambda: "ProcessStarted" in kinds(tmp_path))
    driver.stop(PLAIN)
    assert kinds(tmp_path).count("ProcessStarted") == 1


def test_the_clock_of_the_device(driver: DeviceDriver, lane: LaneWriter, tmp_path: Path) -> None:
    offset = sample_clock(driver, lane)
    (entry,) = written(tmp_path)
    rtt = entry.data["rtt_ns"]
    assert isinstance(rtt, int)
    assert 0 < rtt < 200_000_000
    assert abs(offset - 4_217_000_000) < 200_000_000


def test_broken_streams_are_told_once_and_taken_up_again(
    driver: DeviceDriver, lane: LaneWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crawler.device.log_reader._AGAIN_SECONDS", 0.2)
    monkeypatch.setattr("crawler.device.socket_poller._AGAIN_SECONDS", 0.2)
    watching: Any
    with instruments(driver, lane, tmp_path) as watching:
        eventually(lambda: "SocketsSeen" in kinds(tmp_path))
        watching._logs._stream._stream.shutdown(socket.SHUT_RDWR)
        eventually(lambda: "Trouble" in kinds(tmp_path))
        driver.stop(PLAIN)
        driver.launch(PLAIN)
        eventually(lambda: "ProcessStarted" in kinds(tmp_path))
    driver.stop(PLAIN)
    wheres = [entry.data["where"] for entry in written(tmp_path) if entry.kind == "Trouble"]
    assert wheres.count("log reader") == 1


def test_a_lost_device_is_trouble_and_never_a_crash(
    adb_server: int, apps: Path, lane: LaneWriter, tmp_path: Path
) -> None:
    with running_lab(apps) as lab:
        driver = connect(lab.serial)
        with instruments(driver, lane, tmp_path) as watching:
            adbutils.AdbClient(host="127.0.0.1", port=adb_server).disconnect(lab.serial)
            watching.sample_ops()
            eventually(lambda: kinds(tmp_path).count("Trouble") >= 3)
        driver.close()
    wheres = {entry.data["where"] for entry in written(tmp_path) if entry.kind == "Trouble"}
    assert {"app ops", "log reader", "socket poller"} <= wheres


def test_a_record_that_takes_no_more_is_told_at_the_end(driver: DeviceDriver, lane: LaneWriter, tmp_path: Path) -> None:
    watching = instruments(driver, lane, tmp_path)
    watching.__enter__()
    lane.close()
    driver.stop(PLAIN)
    driver.launch(PLAIN)
    time.sleep(0.5)
    with pytest.raises(LaneEnded):
        watching.__exit__(None, None, None)
    driver.stop(PLAIN)


def test_a_conversation(driver: DeviceDriver) -> None:
    with Conversation(driver, "echo $((6*7))") as conversation:
        answers = [conversation.ask(5) for _ in range(30)]
        assert {answer.text.strip() for answer in answers} == {"42"}
        costs = sorted(answer.answered.mono_ns - answer.asked.mono_ns for answer in answers)
        assert costs[15] < 20_000_000
    with pytest.raises(DeviceLost):
        conversation.ask(1)


def test_a_conversation_that_hangs(driver: DeviceDriver) -> None:
    with Conversation(driver, "sleep 20") as conversation, pytest.raises(DeviceTimeout):
        conversation.ask(0.2)


def table(*rows: tuple[str, str, str, int]) -> str:
    return "\n".join(
        f"   {n}: {local} {remote} {state} 00000000:00000000 00:00000000 00000000 {uid:5}        0 1{n} 1"
        for n, (local, remote, state, uid) in enumerate(rows)
    )


class Scripted:
    """A driver whose socket table is a script."""

    serial = "scripted"

    def __init__(self) -> None:
        self.clock = SystemClock()


def test_sockets_are_written_when_they_change(lane: LaneWriter, tmp_path: Path) -> None:
    poller = SocketPoller(Scripted(), lane, proxy_port=8080, uid=10123)  # type: ignore[arg-type]
    mine = ("0100007F:C3E2", "0100007F:1F90", "01", 10123)
    other = ("0100007F:C3E4", "0100007F:1F90", "01", 10999)
    past = ("0F02000A:D431", "5EB0FB8E:01BB", "01", 10123)
    adbd = ("0100007F:1F90", "0100007F:C3E2", "01", 0)
    foreign = ("0F02000A:D431", "5EB0FB8E:01BB", "01", 10999)
    for n, rows in enumerate([(), (mine, adbd), (mine, adbd), (mine, other, past, foreign), ()]):
        poller._take(table(*rows), 1000 * n, 1000 * n + 400)
    poller._summarise()
    *seen, polled = written(tmp_path)
    assert [entry.data["started"] for entry in seen] == [0, 1000, 3000, 4000]
    assert [entry.data["previous_started"] for entry in seen] == [None, 0, 2000, 3000]
    assert [[row["uid"] for row in entry.data["rows"]] for entry in seen] == [[], [10123], [10123, 10999], []]  # type: ignore[index, union-attr]
    assert [row["remote"] for row in seen[2].data["direct"]] == ["142.251.176.94"]  # type: ignore[index, union-attr]
    assert dict(polled.data) == {"from": 0, "to": 4400, "polls": 5, "widest_gap_ns": 1400}


def test_nothing_is_left_running(driver: DeviceDriver, lane: LaneWriter, tmp_path: Path) -> None:
    with instruments(driver, lane, tmp_path):
        pass
    names = {thread.name for thread in threading.enumerate()}
    assert not names & {"log reader", "socket poller", "sampler"}
    eventually(lambda: "while read" not in driver.shell("ps -A -o ARGS").output)
