"""What is noted before a device is touched survives the death of the program, and only one process may note."""

from __future__ import annotations

import multiprocessing
import os
import signal
from pathlib import Path

import pytest

from crawler.device.errors import DeviceBusy, PreparationFailed
from crawler.device.journal import Change, Journal

PROXY = Change(kind="setting", detail={"namespace": "global", "key": "http_proxy", "before": None})
REVERSE = Change(kind="reverse", detail={"host_port": "4000"})


def test_changes_outlive_the_process(tmp_path: Path) -> None:
    with Journal(tmp_path, "127.0.0.1:5000") as journal:
        journal.note(PROXY)
        journal.note(REVERSE)
    with Journal(tmp_path, "127.0.0.1:5000") as journal:
        assert journal.changes == (PROXY, REVERSE)
        journal.forget(PROXY)
        assert journal.changes == (REVERSE,)
        journal.forget(REVERSE)
    assert not list(tmp_path.glob("*.json"))


def test_each_device_has_its_own(tmp_path: Path) -> None:
    with Journal(tmp_path, "a:b") as one, Journal(tmp_path, "a_b") as other:
        one.note(PROXY)
        assert other.changes == ()


def test_only_one_holds_a_device(tmp_path: Path) -> None:
    with Journal(tmp_path, "x"), pytest.raises(DeviceBusy, match="another process"), Journal(tmp_path, "x"):
        pass
    with Journal(tmp_path, "x"):
        pass


def note_and_hang(directory: Path, told: multiprocessing.synchronize.Event) -> None:
    with Journal(directory, "x") as journal:
        journal.note(PROXY)
        told.set()
        signal.pause()


def test_a_killed_process_lets_go_and_leaves_its_notes(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    told = context.Event()
    child = context.Process(target=note_and_hang, args=(tmp_path, told))
    child.start()
    assert told.wait(10)
    with pytest.raises(DeviceBusy), Journal(tmp_path, "x"):
        pass
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    child.join(10)
    with Journal(tmp_path, "x") as journal:
        assert journal.changes == (PROXY,)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"changes": [{"kind": "x"}]}', '{"changes": 3}', "\x00" * 50])
def test_a_damaged_journal_is_told_and_never_passed_over(tmp_path: Path, content: str) -> None:
    with Journal(tmp_path, "x") as journal:
        journal.note(PROXY)
    (path,) = tmp_path.glob("*.json")
    path.write_text(content)
    with pytest.raises(PreparationFailed) as failure, Journal(tmp_path, "x"):
        pass
    assert str(path) in failure.value.mend
    with pytest.raises(PreparationFailed), Journal(tmp_path, "x"):
        pass


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(PreparationFailed, match="cannot be noted"), Journal(blocked / "devices", "x"):
        pass
