"""The session process of one device: takes apps from the store until none is left, and inspects them one after the other.

It ends when its parent does, so that a killed batch leaves nobody behind who still drives a device.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from crawler.batch.store import BatchRow, SqliteStore
from crawler.device.driver import DeviceDriver, connect
from crawler.device.model import DeviceError, DeviceLost
from crawler.session.case import InspectionSettings, Target, inspect_case
from crawler.session.equipment import Equipment, prepare_device
from crawler.session.installation import install_and_name
from crawler.session.pace import load_pace
from evidence.clock import Clock, SystemClock
from evidence.errors import EvidenceError
from evidence.keys import load_or_make
from evidence.verify import verify

__all__ = ["WorkerSettings", "main", "run_worker"]

_LOG = logging.getLogger(__name__)
_MAX_ATTEMPTS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSettings:
    """Everything a worker needs; passed as JSON on its command line."""

    batch: str
    """The batch's folder."""
    serial: str
    pace: str
    scenarios: tuple[str, ...]
    upstream: str | None
    upstream_ca: str | None
    home: str
    """Where keys, the certificate authority and the device journals live."""

    def to_json(self) -> str:
        """One line for the command line."""
        return json.dumps({name: getattr(self, name) for name in self.__slots__})

    @classmethod
    def from_json(cls, text: str) -> WorkerSettings:
        """The reverse of to_json."""
        values = json.loads(text)
        return cls(**{**values, "scenarios": tuple(values["scenarios"])})


def run_worker(settings: WorkerSettings, clock: Clock) -> int:
    """Inspect apps until none is pending. Returns the exit code: 0, or that of the error that ended the work."""
    batch = Path(settings.batch)
    store = SqliteStore(batch / "batch.sqlite")
    home = Path(settings.home)
    inspection = InspectionSettings(
        pace=load_pace(settings.pace),
        scenarios=settings.scenarios,
        confdir=home / "authority",
        upstream=settings.upstream,
        upstream_ca=Path(settings.upstream_ca) if settings.upstream_ca else None,
        key=load_or_make(home / "keys"),
    )
    with _only_one(batch / f"worker-{_safe(settings.serial)}.lock"):
        driver = connect(settings.serial, clock=clock)
        try:
            with prepare_device(driver, home, inspection.confdir, clock) as equipment:
                while (row := store.claim(settings.serial, clock.now().wall_ns)) is not None:
                    _inspect_row(driver, row, batch, inspection, clock, equipment, store)
        finally:
            driver.close()
    return 0


def _inspect_row(
    driver: DeviceDriver,
    row: BatchRow,
    batch: Path,
    inspection: InspectionSettings,
    clock: Clock,
    equipment: Equipment,
    store: SqliteStore,
) -> None:
    """Inspect one app. What is wrong with the app is its row's affair; what is wrong with the device ends the worker."""
    try:
        apk = Path(row.apk) if row.apk else None
        directory = batch / "cases" / f"{row.line:05d}-{_safe(row.package or Path(row.apk).stem)[:80]}"
        if _finished(directory):
            store.finish(row.id, "done", "", str(directory.relative_to(batch)), clock.now().wall_ns)
            return
        _set_interrupted_aside(directory)
        package = row.package
        if apk is not None and not package:
            store.note(row.id, "installing")
            package, apk = install_and_name(driver, apk), None
        result = inspect_case(
            driver,
            Target(package=package, apk=apk, label=row.label),
            directory,
            inspection,
            clock,
            equipment,
            say=lambda stage: store.note(row.id, stage),
        )
    except DeviceLost as error:
        _give_back(store, row, f"the device was lost: {error}", clock)
        raise
    except (DeviceError, EvidenceError, OSError, ValueError) as error:
        store.finish(row.id, "failed", f"{error}", "", clock.now().wall_ns)
        return
    incomplete = [f"{outcome.name}: {outcome.reason}" for outcome in result.outcomes if not outcome.complete]
    store.finish(row.id, "done", "; ".join(incomplete), str(result.directory.relative_to(batch)), clock.now().wall_ns)


def _give_back(store: SqliteStore, row: BatchRow, reason: str, clock: Clock) -> None:
    if row.attempts >= _MAX_ATTEMPTS:
        store.finish(row.id, "failed", reason, "", clock.now().wall_ns)
    else:
        store.release(row.id, reason)


def _finished(directory: Path) -> bool:
    """Whether a case was sealed and judged before: killed between the seal and the note of it, it is not inspected again."""
    return (directory / "derived-seal.json").is_file() and verify(directory).ok


def _set_interrupted_aside(directory: Path) -> None:
    """Keep what an interrupted inspection left, under a name of its own."""
    if not directory.exists():
        return
    number = 1
    while (aside := directory.with_name(f"{directory.name}.interrupted-{number}")).exists():
        number += 1
    directory.rename(aside)


def _safe(serial: str) -> str:
    return (
        "".join(character if character.isalnum() or character in "._" else "-" for character in serial).strip(".")
        or "app"
    )


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    """Hold the lock of this device's worker; a worker of a killed batch that is still ending is waited for."""
    with path.open("w") as handle:
        signal.alarm(60)
        fcntl.flock(handle, fcntl.LOCK_EX)
        signal.alarm(0)
        yield


def _end_with_parent() -> None:
    """End this process when the parent's end of our standard input closes."""

    def watch() -> None:
        while os.read(sys.stdin.fileno(), 4096):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent watch", daemon=True).start()


def _terminate(number: int, frame: object) -> None:
    raise SystemExit(128 + number)


def main() -> int:
    """The process's boundary: an error becomes one JSON line on standard output and an exit code."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    settings = WorkerSettings.from_json(sys.argv[1])
    signal.signal(signal.SIGTERM, _terminate)
    _end_with_parent()
    try:
        return run_worker(settings, SystemClock())
    except Exception as error:  # the named boundary of the worker process
        if not isinstance(error, (DeviceError, EvidenceError)):
            _LOG.exception("worker %s", settings.serial)
        line = {"serial": settings.serial, "error": str(error), "mend": str(getattr(error, "mend", "") or "")}
        sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
        return int(getattr(error, "exit_code", 70))


if __name__ == "__main__":
    sys.exit(main())
