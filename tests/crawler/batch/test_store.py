"""The store under several processes, and what it keeps through the death of any of them."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from crawler.batch.catalogue import CatalogueRow, FaultyRow
from crawler.batch.store import BatchRow, SqliteStore, StoreUnusable, read_rows
from evidence.errors import StorageFailed, StorageFull, StorageRefused
from tests.crawler.disks import small_disk


def app(line: int, package: str = "", apk: str = "") -> CatalogueRow:
    return CatalogueRow(line=line, package=package or ("" if apk else f"com.a.app{line}"), apk=apk, label=f"应用{line}")


def faulty(line: int, *reasons: str) -> FaultyRow:
    return FaultyRow(line=line, text="???", reasons=reasons or ("no package name",))


def store_with(folder: Path, count: int = 3) -> SqliteStore:
    store = SqliteStore(folder / "batch.sqlite")
    store.add([app(line) for line in range(2, 2 + count)], [])
    return store


def by_package(rows: tuple[BatchRow, ...]) -> dict[str, BatchRow]:
    return {row.package: row for row in rows}


def test_rows_go_from_pending_over_claimed_to_done(tmp_path: Path) -> None:
    store = store_with(tmp_path, 1)
    row = store.claim("serial-1", 7)
    assert row is not None
    assert (row.status, row.device, row.attempts, row.case_directory) == ("claimed", "serial-1", 1, "")
    assert store.claim("serial-2", 8) is None
    store.note(row.id, "S01 first start")
    assert store.rows()[0].stage == "S01 first start"
    store.finish(row.id, "done", "S03: lost", "cases/00001-x", 9)
    ended = store.rows()[0]
    assert (ended.status, ended.reason, ended.case_directory, ended.stage) == ("done", "S03: lost", "cases/00001-x", "")


def test_only_a_claimed_row_can_be_finished_or_given_back(tmp_path: Path) -> None:
    store = store_with(tmp_path, 1)
    row_id = store.rows()[0].id
    store.finish(row_id, "done", "", "x", 1)
    assert store.rows()[0].status == "pending"
    assert store.claim("a", 1) is not None
    store.finish(row_id, "done", "", "x", 1)
    store.release(row_id, "too late")
    store.note(row_id, "too late")
    assert (store.rows()[0].status, store.rows()[0].reason, store.rows()[0].stage) == ("done", "", "")


def test_what_was_tried_before_comes_last(tmp_path: Path) -> None:
    store = store_with(tmp_path, 3)
    first = store.claim("a", 1)
    assert first is not None
    store.release(first.id, "the worker died")
    packages = [row.package for row in (store.claim("a", 1), store.claim("a", 1), store.claim("a", 1)) if row]
    assert packages == ["com.a.app3", "com.a.app4", "com.a.app2"]


def test_the_same_catalogue_again_changes_nothing(tmp_path: Path) -> None:
    store = store_with(tmp_path, 3)
    row = store.claim("a", 1)
    assert row is not None
    store.finish(row.id, "done", "", "cases/x", 1)
    before = store.rows()
    SqliteStore(tmp_path / "batch.sqlite").add([app(line) for line in (2, 3, 4)], [])
    assert store.rows() == before


def test_a_catalogue_that_was_edited_inspects_no_app_twice(tmp_path: Path) -> None:
    store = store_with(tmp_path, 3)
    row = store.claim("a", 1)
    assert row is not None
    store.finish(row.id, "done", "", "cases/00001", 1)
    # A new first line moves all others down; the last one was struck out.
    store.add([app(2, "com.new.app"), app(3, "com.a.app2"), app(4, "com.a.app3")], [faulty(5)])
    rows = by_package(store.rows())
    assert {package: (row.line, row.status) for package, row in rows.items()} == {
        "com.new.app": (2, "pending"),
        "com.a.app2": (3, "done"),
        "com.a.app3": (4, "pending"),
        "???": (5, "set_aside"),
    }
    assert rows["com.new.app"].id not in (1, 2, 3)


def test_a_row_that_was_corrected_is_no_longer_set_aside(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "batch.sqlite")
    store.add([app(2)], [faulty(3, "a", "b")])
    assert [(row.status, row.reason) for row in store.rows()] == [("pending", ""), ("set_aside", "a; b")]
    store.add([app(2), app(3)], [])
    assert [(row.line, row.status) for row in store.rows()] == [(2, "pending"), (3, "pending")]


def test_one_line_that_names_another_apk_is_another_app(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "batch.sqlite")
    store.add([app(2, "com.a.b", "/one.apk")], [])
    row = store.claim("a", 1)
    assert row is not None
    store.finish(row.id, "done", "", "cases/00001-com.a.b", 1)
    store.add([app(2, "com.a.b", "/two.apk")], [])
    assert [row.status for row in store.rows()] == ["done", "pending"]
    assert len({row.id for row in store.rows()}) == 2


CLAIMER = """
import sys
from pathlib import Path
from crawler.batch.store import SqliteStore
store = SqliteStore(Path(sys.argv[1]))
while (row := store.claim(sys.argv[2], 1)) is not None:
    print(row.id, flush=True)
    store.note(row.id, "working")
    store.finish(row.id, "done", "", f"cases/{row.id}", 2)
"""


def claimers(path: Path, count: int) -> list[subprocess.Popen[str]]:
    return [
        subprocess.Popen([sys.executable, "-c", CLAIMER, str(path), f"serial-{n}"], stdout=subprocess.PIPE, text=True)
        for n in range(count)
    ]


def test_several_processes_take_each_row_exactly_once(tmp_path: Path) -> None:
    store = store_with(tmp_path, 40)
    processes = claimers(tmp_path / "batch.sqlite", 3)
    taken = [int(line) for process in processes for line in process.communicate(timeout=60)[0].split()]
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert sorted(taken) == list(range(1, 41))
    assert Counter(row.status for row in store.rows()) == {"done": 40}


def test_a_store_may_be_made_by_several_processes_at_once(tmp_path: Path) -> None:
    processes = claimers(tmp_path / "batch.sqlite", 5)
    assert [process.communicate(timeout=60)[0] for process in processes] == [""] * 5
    assert [process.returncode for process in processes] == [0] * 5


def test_a_killed_process_leaves_its_row_claimed_and_no_other_is_lost(tmp_path: Path) -> None:
    store = store_with(tmp_path, 40)
    script = CLAIMER.replace("store.finish", "sys.stdin.read() if row.id == 7 else store.finish")
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "batch.sqlite"), "s"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert [process.stdout.readline() for _ in range(7)][-1] == "7\n"
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    rows = store.rows()
    assert [row.id for row in rows if row.status == "claimed"] == [7]
    assert Counter(row.status for row in rows) == {"done": 6, "claimed": 1, "pending": 33}
    store.release(7, "the inspection was interrupted")
    assert store.claim("s", 1) is not None


def test_a_store_can_be_read_without_writing(tmp_path: Path) -> None:
    store = store_with(tmp_path, 2)
    assert read_rows(tmp_path / "batch.sqlite") == store.rows()


def test_a_store_in_a_read_only_folder_can_be_read_and_says_why_it_takes_nothing(tmp_path: Path) -> None:
    with small_disk(tmp_path, "1m") as disk:
        rows = store_with(disk.path, 2).rows()
        disk.make_read_only()
        assert read_rows(disk.path / "batch.sqlite") == rows
        with pytest.raises(StorageRefused) as refusal:
            SqliteStore(disk.path / "batch.sqlite").claim("a", 1)
        assert refusal.value.exit_code == 73
        with pytest.raises(StorageRefused):
            SqliteStore(disk.path / "other.sqlite")


def test_a_full_disk_is_said_and_loses_nothing(tmp_path: Path) -> None:
    with small_disk(tmp_path, "256k") as disk:
        store = store_with(disk.path, 3)
        rows = store.rows()
        with disk.filled(), pytest.raises(StorageFull) as full:
            store.add([app(line) for line in range(2, 5000)], [])
        assert full.value.exit_code == 74
        assert store.rows() == rows


@pytest.mark.parametrize("content", [b"no database at all, but a text" * 50, b""])
def test_a_foreign_file_is_not_taken_for_a_batch(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "batch.sqlite"
    path.write_bytes(content)
    with pytest.raises(StoreUnusable):
        read_rows(path)
    if content:
        with pytest.raises(StoreUnusable):
            SqliteStore(path)
        assert path.read_bytes() == content


def test_another_programs_database_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "batch.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE notes (text)")
    with pytest.raises(StoreUnusable):
        SqliteStore(path)
    with pytest.raises(StoreUnusable):
        read_rows(path)
    with pytest.raises(StorageFailed):
        read_rows(tmp_path / "absent.sqlite")
