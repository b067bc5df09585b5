"""Apps that failed are begun anew when their user asks for that, and only then; what they left is kept."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from crawler.batch import run as run_module
from crawler.batch.catalogue import CatalogueRow
from crawler.batch.remains import resume
from crawler.batch.run import BatchOutcome, run_batch
from crawler.batch.store import SqliteStore
from crawler.session.abandoned import close_abandoned
from evidence.clock import FrozenClock, SystemClock
from evidence.record import CLOSING_FILE
from evidence.verify import verify
from tests.crawler.batch.test_run import MADE_WORKER, ROOT, catalogue, inspected, workers
from tests.evidence.cases import KEY, build_case, build_sealed


@pytest.fixture(autouse=True)
def made_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_module, "_WORKER", MADE_WORKER)
    monkeypatch.chdir(ROOT)


def run(folder: Path, *labels: str, retry: bool) -> BatchOutcome:
    return run_batch(
        catalogue(folder, *labels), folder, workers(folder, "one"), SystemClock(), lambda _: None, retry_failed=retry
    )


def test_a_failed_app_is_begun_anew_only_when_asked_for(tmp_path: Path) -> None:
    first = run(tmp_path, "good", "deadly", retry=False)
    assert [row.status for row in first.rows] == ["done", "failed"]
    # The app was mended meanwhile: its worker no longer dies over it.
    again = run(tmp_path, "good", "mended", retry=False)
    assert [row.status for row in again.rows] == ["done", "failed"]
    assert inspected(tmp_path) == ["com.a.app0"]
    retried = run(tmp_path, "good", "mended", retry=True)
    assert [(row.status, row.reason, row.attempts) for row in retried.rows] == [("done", "", 1), ("done", "", 1)]
    assert inspected(tmp_path) == ["com.a.app0", "com.a.app1"]


def test_one_that_fails_again_has_all_its_attempts(tmp_path: Path) -> None:
    run(tmp_path, "deadly", retry=False)
    (row,) = run(tmp_path, "deadly", retry=True).rows
    assert (row.status, row.attempts) == ("failed", 2)


def failed_with_a_case(folder: Path) -> Path:
    """A batch whose only app failed, and left a sealed case."""
    store = SqliteStore(folder / "batch.sqlite")
    store.add([CatalogueRow(line=2, package="com.a.app0", apk="", label="")], [])
    row = store.claim("one", 1)
    assert row is not None
    case = folder / "cases" / "00001-com.a.app0"
    case.parent.mkdir()
    build_sealed(case, steps=1)
    store.finish(row.id, "failed", "every session was cut off", "cases/00001-com.a.app0", 2)
    return case


def test_the_case_of_a_failed_app_is_kept_under_another_name(tmp_path: Path) -> None:
    case = failed_with_a_case(tmp_path)
    (row,) = run(tmp_path, "mended", retry=True).rows
    assert row.status == "done"
    assert inspected(tmp_path) == ["com.a.app0"]
    assert not case.exists()
    assert verify(case.with_name(f"{case.name}.failed-1")).ok


def test_an_app_that_is_no_longer_listed_is_not_begun(tmp_path: Path) -> None:
    case = failed_with_a_case(tmp_path)
    path = tmp_path / "other.csv"
    path.write_text("package\ncom.b.other\n")
    outcome = run_batch(path, tmp_path, workers(tmp_path, "one"), SystemClock(), lambda _: None, retry_failed=True)
    assert {row.package: row.status for row in outcome.rows} == {"com.a.app0": "failed", "com.b.other": "done"}
    assert verify(case).ok


def test_a_case_that_somebody_closed_after_a_kill_is_inspected_again(tmp_path: Path) -> None:
    case = tmp_path / "00001-com.a.app0"
    build_case(case, steps=1)
    close_abandoned(case, KEY, FrozenClock(), "Anna")
    assert resume(case, KEY) is None
    aside = case.with_name(f"{case.name}.interrupted-1")
    assert (aside / "record" / CLOSING_FILE).is_file()
    assert verify(aside).ok


def test_the_parent_of_the_workers_loads_no_eyes_and_ears() -> None:
    code = "import sys, crawler.batch.run; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert not {"cv2", "mitmproxy", "numpy"} & set(done.stdout.split())
