"""Runs a batch: one worker process for each device, all taking from one store; killed and started again, it goes on."""

from __future__ import annotations

import fcntl
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from crawler.batch.catalogue import read_catalogue
from crawler.batch.store import BatchRow, SqliteStore
from crawler.batch.worker import WorkerSettings
from crawler.device.settle import wait_for
from evidence.clock import Clock, Deadline

__all__ = ["BatchBusy", "BatchOutcome", "run_batch"]

_POLL_SECONDS = 0.4
_END_SECONDS = 20.0


class BatchBusy(RuntimeError):
    """Another process is running this batch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchOutcome:
    """Where the batch stands when its workers have ended."""

    rows: tuple[BatchRow, ...]
    troubles: tuple[str, ...]
    """What ended a worker before the work was done, with what to do about it."""

    @property
    def finished(self) -> bool:
        """Nothing is left to inspect."""
        return all(row.status in ("done", "failed", "set_aside") for row in self.rows)


def run_batch(
    catalogue: Path,
    directory: Path,
    workers: Sequence[WorkerSettings],
    clock: Clock,
    watch: Callable[[tuple[BatchRow, ...]], None],
) -> BatchOutcome:
    """Inspect every app of the catalogue once, on all devices in parallel, and return when nothing moves any more.

    Started again with the same folder, it goes on where it was. Raises BatchBusy, CatalogueUnreadable.
    """
    good, faulty = read_catalogue(catalogue)
    (directory / "cases").mkdir(parents=True, exist_ok=True)
    with _exclusive(directory / "batch.lock"):
        store = SqliteStore(directory / "batch.sqlite")
        store.add(good, faulty)
        _take_back(store)
        processes = [_start(settings, directory) for settings in workers]
        try:
            while not _all_ended(processes):
                watch(store.rows())
                wait_for(lambda: _all_ended(processes), clock=clock, seconds=_POLL_SECONDS)
        finally:
            _end(processes, clock)
        troubles = tuple(filter(None, (_trouble(process) for process in processes)))
        _take_back(store)
        rows = store.rows()
        watch(rows)
    return BatchOutcome(rows=rows, troubles=troubles)


def _all_ended(processes: Sequence[subprocess.Popen[str]]) -> bool:
    return all(process.poll() is not None for process in processes)


def _take_back(store: SqliteStore) -> None:
    """Apps that a worker had when it died are pending again."""
    for row in store.rows():
        if row.status == "claimed":
            store.release(row.id, "the inspection was interrupted")


def _start(settings: WorkerSettings, directory: Path) -> subprocess.Popen[str]:
    log = directory / "logs"
    log.mkdir(exist_ok=True)
    name = "".join(character if character.isalnum() else "-" for character in settings.serial)
    with (log / f"worker-{name}.log").open("a", encoding="utf-8") as errors:
        return subprocess.Popen(
            [sys.executable, "-m", "crawler.batch.worker", settings.to_json()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )


def _end(processes: Sequence[subprocess.Popen[str]], clock: Clock) -> None:
    """Let workers end by themselves, then insist: closing their standard input is the sign to go."""
    for process in processes:
        if process.stdin is not None:
            process.stdin.close()
    deadline = Deadline(clock, _END_SECONDS)
    for process in processes:
        try:
            process.wait(timeout=max(0.1, deadline.remaining()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _trouble(process: subprocess.Popen[str]) -> str:
    """What a worker said on its way out, when it did not end well."""
    said = process.stdout.read() if process.stdout is not None else ""
    if process.stdout is not None:
        process.stdout.close()
    if process.returncode == 0:
        return ""
    for line in reversed(said.splitlines()):
        try:
            told = json.loads(line)
        except json.JSONDecodeError:
            continue
        return f"{told.get('serial')}: {told.get('error')} {told.get('mend')}".strip()
    return f"a worker ended with code {process.returncode}; its log is in the folder 'logs'"


@contextmanager
def _exclusive(path: Path) -> Iterator[None]:
    with path.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BatchBusy(f"another process is running the batch in {path.parent}; wait for it or end it") from error
        yield
