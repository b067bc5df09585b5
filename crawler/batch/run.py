"""Runs a batch: one worker process for each device, all taking from one store; killed and started again, it goes on."""

from __future__ import annotations

import fcntl
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, ClassVar

from crawler.batch.aside import put_aside
from crawler.batch.catalogue import read_catalogue
from crawler.batch.store import ENDED, BatchRow, SqliteStore, give_back
from crawler.batch.worker import WorkerSettings
from crawler.device.settle import wait_for
from evidence.clock import Clock, Deadline
from evidence.errors import storage_failure

__all__ = ["BatchBusy", "BatchOutcome", "run_batch"]

_WORKER = (sys.executable, "-m", "crawler.batch.worker")
_POLL_SECONDS = 0.4
_END_SECONDS = 45.0
"""For a worker to close its record, stop its capture and bring its device back."""
_FORMER_SECONDS = 60.0
"""For the workers of a killed run to notice, and to do the same."""

Say = Callable[[str], None]


class BatchBusy(RuntimeError):
    """Another process is running this batch."""

    exit_code: ClassVar[int] = 75
    mend: ClassVar[str] = "Wait until it has ended, or end it; `appwitness batch status` says how far it is."


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchOutcome:
    """Where the batch stands when its workers have ended."""

    rows: tuple[BatchRow, ...]
    troubles: tuple[str, ...]
    """What ended a worker before the work was done, with what to do about it."""

    @property
    def finished(self) -> bool:
        """Nothing is left to inspect."""
        return all(row.status in ENDED for row in self.rows)


def run_batch(
    catalogue: Path,
    directory: Path,
    workers: Sequence[WorkerSettings],
    clock: Clock,
    watch: Callable[[tuple[BatchRow, ...]], None],
    say: Say = lambda _: None,
    *,
    retry_failed: bool = False,
) -> BatchOutcome:
    """Inspect every app of the catalogue once, on all devices in parallel, and return when nothing moves any more.

    Started again with the same folder, it goes on where it was. `watch` gets the rows twice a second and at the end, `say`
    a sentence whenever people would wonder what is waited for. With `retry_failed`, apps that failed are begun anew, and
    their cases kept under other names. Raises BatchBusy, CatalogueUnreadable, EvidenceError.
    """
    good, faulty = read_catalogue(catalogue)
    _make_folders(directory)
    with _alone(directory, clock, say) as lock:
        store = SqliteStore(directory / "batch.sqlite")
        _take_back(store)
        store.add(good, faulty)
        if retry_failed:
            _retry_failed(store, directory)
        posts = [_Post(settings, directory, lock) for settings in workers]
        try:
            _tend(posts, store, clock, watch)
        except BaseException:
            say("ending: the devices are brought back first")
            raise
        finally:
            _end(posts, clock)
        _take_back(store)
        rows = store.rows()
        watch(rows)
    return BatchOutcome(rows=rows, troubles=tuple(filter(None, (post.trouble for post in posts))))


class _Post:
    """The place of one device: its worker process, and the one that follows when that dies over an app."""

    def __init__(self, settings: WorkerSettings, directory: Path, lock: IO[str]) -> None:
        self.serial = settings.serial
        self.process: subprocess.Popen[str] | None = None
        self.trouble = ""
        name = "".join(character if character.isalnum() else "-" for character in settings.serial)
        self._log = directory / "logs" / f"worker-{name}.log"
        self._lock = lock
        self._settings = settings

    def start(self) -> None:
        """Start a worker. It holds the lock for as long as it lives, even when we are gone."""
        try:
            with self._log.open("a", encoding="utf-8") as errors:
                # A session of its own: Ctrl-C must not reach a worker that is bringing its device back.
                self.process = subprocess.Popen(
                    [*_WORKER, self._settings.to_json()],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    text=True,
                    pass_fds=[self._lock.fileno()],
                    start_new_session=True,
                )
        except OSError as error:
            raise storage_failure(self._log, error) from error

    def last_words(self) -> str:
        """What an ended worker said on its way out; "" when it ended well."""
        process = self.process
        if process is None or process.returncode == 0:
            return ""
        for line in reversed(process.stdout.read().splitlines() if process.stdout is not None else ()):
            with suppress(ValueError, AttributeError):
                told = json.loads(line)
                return f"{told.get('serial')}: {told.get('error')} {told.get('mend')}".strip()
        return f"{self.serial}: the worker ended with code {process.returncode}; see {self._log}"

    def close(self) -> None:
        for stream in (self.process.stdin, self.process.stdout) if self.process is not None else ():
            if stream is not None:
                stream.close()


def _tend(
    posts: Sequence[_Post], store: SqliteStore, clock: Clock, watch: Callable[[tuple[BatchRow, ...]], None]
) -> None:
    """Start the workers, show how they fare, and put another in the place of one that died over an app."""
    for post in posts:
        post.start()
    working = list(posts)
    while working:
        watch(store.rows())
        wait_for(lambda: any(_has_ended(post) for post in working), clock=clock, seconds=_POLL_SECONDS)
        for post in [post for post in working if _has_ended(post)]:
            post.trouble = post.last_words()
            post.close()
            if post.trouble and _died_over_an_app(post, store, clock):
                post.trouble = ""  # the app's row tells it
                if any(row.status == "pending" for row in store.rows()):
                    post.start()
                    continue
            working.remove(post)


def _has_ended(post: _Post) -> bool:
    return post.process is not None and post.process.poll() is not None


def _died_over_an_app(post: _Post, store: SqliteStore, clock: Clock) -> bool:
    """Whether the worker still held an app. Such an app is tried once more, then failed.

    A worker that leaves because of its device or the disk gives its app back before; it is not followed by another.
    """
    held = [row for row in store.rows() if row.status == "claimed" and row.device == post.serial]
    for row in held:
        give_back(store, row, f"the worker process died over this app ({post.trouble})", clock)
    return bool(held)


def _take_back(store: SqliteStore) -> None:
    """Apps that a worker had when it was killed are pending again. Nobody works on them: the lock of the workers is ours."""
    for row in store.rows():
        if row.status == "claimed":
            store.release(row.id, "the inspection was interrupted")


def _retry_failed(store: SqliteStore, directory: Path) -> None:
    """Begin failed apps anew. First the folder, then the row: a case that is still in its place counts as inspected."""
    for row in store.failed():
        if row.case_directory:
            put_aside(directory / row.case_directory, "failed")
        store.retry(row.id)


def _end(posts: Sequence[_Post], clock: Clock) -> None:
    """Let workers end by themselves, then insist: closing their standard input is the sign to go."""
    processes = [post.process for post in posts if post.process is not None]
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
    for post in posts:
        post.close()


def _make_folders(directory: Path) -> None:
    for folder in (directory / "cases", directory / "logs"):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise storage_failure(folder, error) from error


@contextmanager
def _alone(directory: Path, clock: Clock, say: Say) -> Iterator[IO[str]]:
    """Nobody else runs this batch, and no worker of a killed run is still busy with it. Yields the lock that workers hold."""
    with ExitStack() as stack:
        parents, workers = (
            stack.enter_context(_lock_file(directory / name)) for name in ("batch.lock", "workers.lock")
        )
        if not _locked(parents):
            raise BatchBusy(f"another process is running the batch in {directory}")
        if not _locked(workers):
            say("waiting for the workers of an earlier run to end")
            if wait_for(lambda: _locked(workers), clock=clock, seconds=_FORMER_SECONDS) is None:
                raise BatchBusy(f"workers of an earlier run in {directory} do not end; look for crawler.batch.worker")
        yield workers


def _lock_file(path: Path) -> IO[str]:
    try:
        return path.open("w")
    except OSError as error:
        raise storage_failure(path, error) from error


def _locked(handle: IO[str]) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
