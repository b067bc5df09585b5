"""A batch whose workers die, whose parent is killed, whose user presses Ctrl-C: no app is lost, none is done twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from crawler.batch import run as run_module
from crawler.batch.run import BatchBusy, BatchOutcome, run_batch
from crawler.batch.store import BatchRow, SqliteStore
from crawler.batch.worker import WorkerSettings
from evidence.clock import SystemClock
from evidence.errors import StorageFull, StorageRefused
from tests.crawler.disks import small_disk

MADE_WORKER = (sys.executable, "-m", "tests.crawler.batch.made_worker")
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def made_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_module, "_WORKER", MADE_WORKER)
    monkeypatch.chdir(ROOT)


def catalogue(folder: Path, *labels: str) -> Path:
    path = folder / "catalogue.csv"
    rows = [f"com.a.app{number},{label}\n" for number, label in enumerate(labels)]
    path.write_text("package,label\n" + "".join(rows), encoding="utf-8")
    return path


def workers(folder: Path, *serials: str) -> list[WorkerSettings]:
    return [
        WorkerSettings(
            batch=str(folder), serial=serial, pace="quick", scenarios=("S01",), upstream=None, upstream_ca=None, home=""
        )
        for serial in serials
    ]


def run(
    folder: Path, *labels: str, serials: tuple[str, ...] = ("one",), watch: Callable[..., None] = lambda _: None
) -> BatchOutcome:
    return run_batch(catalogue(folder, *labels), folder, workers(folder, *serials), SystemClock(), watch)


def inspected(folder: Path) -> list[str]:
    path = folder / "inspected"
    return sorted(path.read_text().split()) if path.exists() else []


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


def pids(folder: Path) -> list[int]:
    path = folder / "pids"
    return [int(line) for line in path.read_text().split()] if path.exists() else []


def until(condition: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def test_two_devices_share_the_work(tmp_path: Path) -> None:
    seen: list[tuple[BatchRow, ...]] = []
    outcome = run(tmp_path, *["ok"] * 8, serials=("one", "two"), watch=seen.append)
    assert outcome.finished
    assert outcome.troubles == ()
    assert inspected(tmp_path) == [f"com.a.app{n}" for n in range(8)]
    assert {row.status for row in seen[-1]} == {"done"}
    again = run(tmp_path, *["ok"] * 8)
    assert again.finished
    assert len(inspected(tmp_path)) == 8


def test_an_app_that_kills_its_worker_takes_nothing_else_with_it(tmp_path: Path) -> None:
    outcome = run(tmp_path, "ok", "deadly", "ok", "ok")
    rows = {row.package: row for row in outcome.rows}
    assert outcome.finished
    assert outcome.troubles == ()
    assert inspected(tmp_path) == ["com.a.app0", "com.a.app2", "com.a.app3"]
    assert (rows["com.a.app1"].status, rows["com.a.app1"].attempts) == ("failed", 2)
    assert "died over this app" in rows["com.a.app1"].reason
    assert "-9" in rows["com.a.app1"].reason


def test_a_lost_device_ends_its_worker_and_leaves_the_app_to_the_others(tmp_path: Path) -> None:
    outcome = run(tmp_path, "lost", "ok")
    assert not outcome.finished
    assert outcome.troubles == (
        "one: device x is gone Check cable, power and network of the device, wait until `adb devices` shows it, then run again.",
    )
    assert [(row.status, row.reason) for row in outcome.rows] == [("pending", "the device was lost"), ("pending", "")]


def test_a_worker_that_does_not_start_is_a_trouble(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_module, "_WORKER", (sys.executable, "-c", "import sys; sys.exit('no module')"))
    outcome = run(tmp_path, "ok")
    assert "ended with code 1" in outcome.troubles[0]
    assert "worker-one.log" in outcome.troubles[0]
    assert "no module" in (tmp_path / "logs" / "worker-one.log").read_text()


def test_what_a_library_prints_holds_nobody_up(tmp_path: Path) -> None:
    outcome = run(tmp_path, "chatty", "lost")
    assert inspected(tmp_path) == ["com.a.app0"]
    assert "device x is gone" in outcome.troubles[0]


def test_ctrl_c_ends_the_workers_and_gives_back_what_they_had(tmp_path: Path) -> None:
    def interrupt(rows: tuple[BatchRow, ...]) -> None:
        if any(row.status == "claimed" for row in rows):
            raise KeyboardInterrupt

    said: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        run_batch(
            catalogue(tmp_path, "slow", "ok"), tmp_path, workers(tmp_path, "one"), SystemClock(), interrupt, said.append
        )
    assert len(pids(tmp_path)) == 1
    assert not alive(pids(tmp_path)[0])
    assert "brought back" in said[0]
    (tmp_path / "hurry").touch()
    assert run(tmp_path, "slow", "ok").finished
    assert inspected(tmp_path) == ["com.a.app0", "com.a.app1"]


PARENT = """
import sys
from pathlib import Path
from crawler.batch import run
from tests.crawler.batch.test_run import MADE_WORKER, workers
from evidence.clock import SystemClock
run._WORKER = MADE_WORKER
folder = Path(sys.argv[1])
run.run_batch(folder / "catalogue.csv", folder, workers(folder, "one", "two"), SystemClock(), lambda _: None)
"""


def test_a_killed_parent_leaves_no_worker_and_the_next_start_waits_for_them(tmp_path: Path) -> None:
    path = catalogue(tmp_path, "ok", "slow", "ok", "slow", "ok", "ok")
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path)], cwd=ROOT)
    store = None
    until(lambda: (tmp_path / "batch.sqlite").exists() and len(pids(tmp_path)) == 2)
    store = SqliteStore(tmp_path / "batch.sqlite")
    until(lambda: sum(row.status == "claimed" and row.label == "slow" for row in store.rows()) == 2)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    (tmp_path / "hurry").touch()  # for the next run; the orphans must end although their work would go on
    said: list[str] = []
    outcome = run_batch(path, tmp_path, workers(tmp_path, "three"), SystemClock(), lambda _: None, said.append)
    assert outcome.finished
    assert not any(alive(pid) for pid in pids(tmp_path))
    assert inspected(tmp_path) == [f"com.a.app{n}" for n in range(6)]


def test_a_killed_worker_is_followed_by_another(tmp_path: Path) -> None:
    killed: list[int] = []

    def kill_once(rows: tuple[BatchRow, ...]) -> None:
        if not killed and any(row.status == "claimed" for row in rows):
            killed.append(pids(tmp_path)[0])
            (tmp_path / "hurry").touch()
            os.kill(killed[0], signal.SIGKILL)

    outcome = run(tmp_path, "slow", "ok", watch=kill_once)
    assert outcome.finished
    assert outcome.troubles == ()
    assert len(pids(tmp_path)) == 2
    assert inspected(tmp_path) == ["com.a.app0", "com.a.app1"]


def test_a_batch_that_runs_is_not_run_a_second_time(tmp_path: Path) -> None:
    refused: list[str] = []

    def try_again(rows: tuple[BatchRow, ...]) -> None:
        if not refused:
            with pytest.raises(BatchBusy) as busy:
                run(tmp_path, "ok")
            refused.append(str(busy.value))

    assert run(tmp_path, "ok", watch=try_again).finished
    assert str(tmp_path) in refused[0]


def test_a_worker_holds_the_lock_until_it_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_module, "_FORMER_SECONDS", 0.2)
    with (tmp_path / "workers.lock").open("w") as held:
        assert run_module._locked(held)
        with pytest.raises(BatchBusy, match="do not end"):
            run(tmp_path, "ok")


def test_a_folder_that_cannot_be_written_is_said_before_anything_is_done(tmp_path: Path) -> None:
    path = catalogue(tmp_path, "ok")
    with small_disk(tmp_path, "1m") as disk:
        disk.make_read_only()
        with pytest.raises(StorageRefused):
            run_batch(path, disk.path / "out", workers(disk.path, "one"), SystemClock(), lambda _: None)
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(StorageRefused):
        run_batch(path, blocked / "out", workers(tmp_path, "one"), SystemClock(), lambda _: None)


def test_a_full_disk_is_said_before_anything_is_done(tmp_path: Path) -> None:
    path = catalogue(tmp_path, "ok")
    with small_disk(tmp_path, "256k") as disk, disk.filled(), pytest.raises(StorageFull):
        run_batch(path, disk.path, workers(disk.path, "one"), SystemClock(), lambda _: None)


def test_a_second_signal_does_not_break_off_what_the_first_began(tmp_path: Path) -> None:
    path = catalogue(tmp_path, "slow")
    thread_error: list[BaseException] = []

    def go() -> None:
        try:
            run_batch(path, tmp_path, workers(tmp_path, "one"), SystemClock(), lambda _: None)
        except BaseException as error:
            thread_error.append(error)

    thread = threading.Thread(target=go)
    thread.start()
    until(lambda: pids(tmp_path))
    until(lambda: any(row.status == "claimed" for row in SqliteStore(tmp_path / "batch.sqlite").rows()))
    for _ in range(2):
        os.kill(pids(tmp_path)[0], signal.SIGTERM)
    (tmp_path / "hurry").touch()
    thread.join(30)
    assert thread_error == []
    assert inspected(tmp_path) == ["com.a.app0"]
