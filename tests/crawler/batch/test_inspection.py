"""Who is to blame for a failed inspection: the app's row, the device, or the disk. And what an interrupted one leaves."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from crawler.batch import inspection
from crawler.batch.catalogue import CatalogueRow
from crawler.batch.inspection import Bench, inspect_apps
from crawler.batch.remains import resume, set_aside
from crawler.batch.store import BatchRow, SqliteStore
from crawler.device.model import (
    CommandFailed,
    DeviceError,
    DeviceLost,
    DeviceTimeout,
    DeviceUnusable,
    InstallFailed,
    PackageMissing,
    ServerDied,
)
from crawler.session.case import CaseResult, Target
from crawler.session.run import SessionOutcome
from evidence.clock import FrozenClock
from evidence.errors import SealRefused, StorageFailed, StorageFull, StorageRefused
from evidence.seal import seal, seal_derived
from evidence.verify import verify
from tests.evidence.cases import KEY, build_case, build_sealed

Inspect = Callable[[Target, Path], CaseResult]


def outcome(name: str, failure: BaseException | None = None) -> SessionOutcome:
    return SessionOutcome(name=name, complete=failure is None, reason=str(failure or "played"), failure=failure)


def result(directory: Path, *failures: BaseException | None) -> CaseResult:
    build_case(directory, steps=1)
    seal(directory, KEY, clock=FrozenClock())
    outcomes = tuple(outcome(f"S0{number}", failure) for number, failure in enumerate(failures, 1))
    return CaseResult(directory=directory, package="com.a.b", judgement=cast(Any, None), outcomes=outcomes)


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[list[BatchRow], list[str]]]:
    """Run the work of one device over apps; `inspect` stands for the inspection of one."""

    def run(inspect: Inspect, count: int = 1) -> tuple[list[BatchRow], list[str]]:
        (tmp_path / "cases").mkdir(exist_ok=True)
        store = SqliteStore(tmp_path / "batch.sqlite")
        store.add([CatalogueRow(line=n, package=f"com.a.app{n}", apk="", label="") for n in range(1, count + 1)], [])
        begun: list[str] = []

        def stand_in(
            driver: object, target: Target, directory: Path, *_: object, say: Callable[[str], None]
        ) -> CaseResult:
            begun.append(target.package)
            say("S01 first start")
            return inspect(target, directory)

        monkeypatch.setattr(inspection, "inspect_case", stand_in)
        settings = SimpleNamespace(key=KEY)
        bench = Bench(
            driver=cast(Any, None),
            equipment=cast(Any, None),
            inspection=cast(Any, settings),
            batch=tmp_path,
            store=store,
            clock=FrozenClock(),
        )
        try:
            inspect_apps(bench, "serial-1")
        finally:
            run.rows = list(store.rows())  # type: ignore[attr-defined]
            run.begun = begun  # type: ignore[attr-defined]
        return list(store.rows()), begun

    return run


def raising(error: BaseException) -> Inspect:
    def inspect(target: Target, directory: Path) -> CaseResult:
        raise error

    return inspect


def test_a_whole_case_is_done_and_linked(work: Any, tmp_path: Path) -> None:
    rows, _ = work(lambda target, directory: result(directory, None, None))
    assert [(row.status, row.reason, row.case_directory) for row in rows] == [("done", "", "cases/00001-com.a.app1")]
    assert (tmp_path / rows[0].case_directory).is_dir()


def test_one_whole_session_makes_a_case_and_the_others_are_named(work: Any) -> None:
    rows, _ = work(lambda target, directory: result(directory, None, ServerDied("the server died")))
    assert [(row.status, row.reason) for row in rows] == [("done", "S02: the server died")]


@pytest.mark.parametrize("error", [InstallFailed("no"), PackageMissing("gone"), CommandFailed("no launcher activity")])
def test_what_the_device_refuses_for_one_app_is_the_rows_affair(work: Any, error: DeviceError) -> None:
    rows, begun = work(raising(error), 3)
    assert [row.status for row in rows] == ["failed"] * 3
    assert [row.reason for row in rows] == [str(error)] * 3
    assert begun == ["com.a.app1", "com.a.app2", "com.a.app3"]


@pytest.mark.parametrize("error", [DeviceLost("gone"), DeviceUnusable("unauthorized")])
def test_a_device_that_is_gone_ends_the_work_and_gives_the_app_back(work: Any, error: DeviceError) -> None:
    with pytest.raises(type(error)):
        work(raising(error), 3)
    assert [row.status for row in work.rows] == ["pending"] * 3
    assert str(error) in work.rows[0].reason
    assert work.begun == ["com.a.app1"]


def test_a_device_on_which_nothing_works_does_not_eat_the_catalogue(work: Any) -> None:
    with pytest.raises(DeviceTimeout):
        work(raising(DeviceTimeout("no answer")), 5)
    assert work.begun == ["com.a.app1", "com.a.app2"]
    assert [row.status for row in work.rows] == ["pending"] * 5


def test_an_app_over_which_the_device_hangs_twice_is_failed_and_the_others_go_on(work: Any) -> None:
    def inspect(target: Target, directory: Path) -> CaseResult:
        if target.package == "com.a.app1":
            return result(directory, ServerDied("died"), ServerDied("died"))
        return result(directory, None)

    rows, begun = work(inspect, 3)
    assert begun == ["com.a.app1", "com.a.app2", "com.a.app3", "com.a.app1"]
    assert [row.status for row in rows] == ["failed", "done", "done"]
    assert "died" in rows[0].reason
    assert rows[0].case_directory


def test_a_device_lost_inside_every_session_leaves_its_record_under_another_name(work: Any, tmp_path: Path) -> None:
    with pytest.raises(DeviceLost):
        work(lambda target, directory: result(directory, DeviceLost("unplugged")), 2)
    assert [row.status for row in work.rows] == ["pending", "pending"]
    kept = tmp_path / "cases" / "00001-com.a.app1.interrupted-1"
    assert verify(kept).ok


def test_an_app_that_cannot_be_played_at_all_is_failed_and_linked(work: Any) -> None:
    rows, _ = work(lambda target, directory: result(directory, CommandFailed("nothing to launch"), CommandFailed("x")))
    assert [(row.status, bool(row.case_directory)) for row in rows] == [("failed", True)]


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (StorageFull("full"), StorageFull),
        (StorageRefused("read-only"), StorageRefused),
        (OSError(errno.ENOSPC, "No space left on device"), StorageFull),
        (OSError(errno.EROFS, "Read-only file system"), StorageRefused),
        (OSError(errno.EIO, "Input/output error"), StorageFailed),
    ],
)
def test_a_full_disk_ends_the_work_and_fails_no_app(work: Any, error: BaseException, raised: type[Exception]) -> None:
    with pytest.raises(raised):
        work(raising(error), 3)
    assert [row.status for row in work.rows] == ["pending"] * 3
    assert work.begun == ["com.a.app1"]


def test_a_disk_that_fills_up_within_a_session_ends_the_work_too(work: Any) -> None:
    with pytest.raises(StorageFull):
        work(lambda target, directory: result(directory, None, StorageFull("full")), 2)
    assert [row.status for row in work.rows] == ["pending", "pending"]


def test_a_record_that_must_not_be_sealed_fails_its_app_only(work: Any) -> None:
    rows, begun = work(raising(SealRefused("3 faults", faults=())), 2)
    assert [row.status for row in rows] == ["failed", "failed"]
    assert len(begun) == 2


# ------------------------------------------------------------------ what an earlier run left


def test_a_case_that_was_finished_before_its_row_was_marked_is_not_inspected_again(work: Any, tmp_path: Path) -> None:
    directory = tmp_path / "cases" / "00001-com.a.app1"
    finished(directory)
    rows, begun = work(raising(AssertionError("inspected again")))
    assert begun == []
    assert [(row.status, row.reason, row.case_directory) for row in rows] == [("done", "", "cases/00001-com.a.app1")]


def finished(directory: Path, sessions: str = '{"complete":true,"session":"S01","why_incomplete":""}') -> Path:
    build_case(directory, steps=1)
    seal(directory, KEY, clock=FrozenClock())
    (directory / "findings.json").write_text(f'{{"sessions":[{sessions}],"rules":[]}}')
    seal_derived(directory, KEY, clock=FrozenClock())
    return directory


def test_a_finished_case_tells_what_was_incomplete_in_it(tmp_path: Path) -> None:
    incomplete = '{"complete":false,"session":"S03","why_incomplete":"the device was lost"}'
    assert resume(finished(tmp_path / "case", incomplete), KEY) == "S03: the device was lost"


def test_a_sealed_case_is_judged_and_not_inspected_again(tmp_path: Path) -> None:
    directory = build_case(tmp_path / "case", steps=1)
    seal(directory, KEY, clock=FrozenClock())
    assert resume(directory, KEY) == ""
    assert verify(directory).ok
    assert (directory / "report.html").is_file()
    (directory / "report.html").write_text("half a rep")
    assert resume(directory, KEY) == ""
    assert verify(directory).ok


def test_an_unsealed_case_is_set_aside_and_sealed_as_what_it_is(tmp_path: Path) -> None:
    directory = build_case(tmp_path / "case", steps=1)
    assert resume(directory, KEY) is None
    assert not directory.exists()
    kept = tmp_path / "case.interrupted-1"
    assert verify(kept).ok
    build_case(directory, steps=1)
    assert resume(directory, KEY) is None
    assert (tmp_path / "case.interrupted-2").is_dir()


def test_a_damaged_record_is_kept_and_the_app_inspected_again(tmp_path: Path) -> None:
    directory = build_sealed(tmp_path / "case", steps=1)
    lane = next(directory.rglob("ui.jsonl"))
    lane.write_bytes(lane.read_bytes()[:-20])
    assert resume(directory, KEY) is None
    assert not verify(tmp_path / "case.interrupted-1").ok


def test_whatever_else_stands_there_is_set_aside(tmp_path: Path) -> None:
    (tmp_path / "case").mkdir()
    assert resume(tmp_path / "case", KEY) is None
    (tmp_path / "file").write_text("x")
    set_aside(tmp_path / "file", KEY)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["case.interrupted-1", "file.interrupted-1"]
    assert resume(tmp_path / "absent", KEY) is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("com.a.b", "com.a.b"),
        ("../../etc/passwd", "-..-etc-passwd"),
        ("新闻 1", "新闻-1"),
        ("..", "app"),
        ("", "app"),
        ("a/b\0c", "a-b-c"),
    ],
)
def test_names_of_folders_stay_inside(name: str, expected: str) -> None:
    safe = inspection._safe(name)
    assert safe == expected
    assert "/" not in safe
