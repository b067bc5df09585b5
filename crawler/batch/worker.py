"""The session process of one device: takes apps from the store until none is left, and inspects them one after the other.

It ends when its parent does, so that a killed batch leaves nobody behind who still drives a device.
"""

from __future__ import annotations

import faulthandler
import json
import logging
import os
import signal
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from crawler.batch.remains import resume, set_aside
from crawler.batch.store import BatchRow, SqliteStore, Store
from crawler.device.driver import DeviceDriver, connect
from crawler.device.model import (
    ActionUncertain,
    CommandFailed,
    DeviceError,
    DeviceTimeout,
    InstallFailed,
    PackageMissing,
    ServerDied,
)
from crawler.session.case import CaseResult, InspectionSettings, Target, inspect_case
from crawler.session.equipment import Equipment, prepare_device
from crawler.session.installation import install_and_name
from crawler.session.pace import load_pace
from evidence.clock import Clock, SystemClock
from evidence.errors import EvidenceError, StorageFailed, storage_failure
from evidence.keys import load_or_make

__all__ = ["WorkerSettings", "give_back", "main", "run_worker"]

_LOG = logging.getLogger(__name__)
_MAX_ATTEMPTS = 2
_MAX_STRIKES = 2
"""Apps in a row on which the device alone failed: then it is the device, and the catalogue is not wasted on it."""
_APPS_AFFAIR = (InstallFailed, PackageMissing, CommandFailed)
"""The device is in order and says no to this app."""
_PASSING = (ActionUncertain, DeviceTimeout, ServerDied)
"""May be the app's doing or the device's: told apart by whether the next app fares the same."""
_MAX_SAID = 4000


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bench:
    """What the inspections of one worker share."""

    driver: DeviceDriver
    equipment: Equipment
    inspection: InspectionSettings
    batch: Path
    store: Store
    clock: Clock


def run_worker(settings: WorkerSettings, clock: Clock) -> int:
    """Inspect apps until none is pending and return 0. Raises what ends the work early: the device, the disk."""
    home = Path(settings.home)
    inspection = InspectionSettings(
        pace=load_pace(settings.pace),
        scenarios=settings.scenarios,
        confdir=home / "authority",
        upstream=settings.upstream,
        upstream_ca=Path(settings.upstream_ca) if settings.upstream_ca else None,
        key=load_or_make(home / "keys"),
    )
    batch = Path(settings.batch)
    store = SqliteStore(batch / "batch.sqlite")
    driver = connect(settings.serial, clock=clock)
    try:
        with prepare_device(driver, home, inspection.confdir, clock) as equipment:
            _work(
                _Bench(
                    driver=driver, equipment=equipment, inspection=inspection, batch=batch, store=store, clock=clock
                ),
                settings.serial,
            )
    finally:
        driver.close()
    return 0


def _work(bench: _Bench, serial: str) -> None:
    strikes = 0
    while (row := bench.store.claim(serial, bench.clock.now().wall_ns)) is not None:
        failure = _inspect_row(bench, row)
        strikes = strikes + 1 if failure is not None else 0
        if failure is not None and strikes >= _MAX_STRIKES:
            raise failure


def _inspect_row(bench: _Bench, row: BatchRow) -> DeviceError | None:
    """Inspect one app, and return what kept the device from it, if anything did.

    What is wrong with the app is its row's affair. What is wrong with the device or the disk gives the row back; when it
    is sure to be so for every app, it is raised.
    """
    directory = bench.batch / "cases" / f"{row.id:05d}-{_safe(row.package or Path(row.apk).stem)[:50]}"
    try:
        kept = resume(directory, bench.inspection.key)
        if kept is not None:
            _finish(bench, row, "done", kept, directory)
            return None
        result = _inspect(bench, row, directory)
    except _APPS_AFFAIR as error:
        _finish(bench, row, "failed", str(error), directory)
    except DeviceError as error:
        _give_back_case(bench, row, f"{type(error).__name__}: {error}", directory)
        if not isinstance(error, _PASSING):
            raise
        return error
    except StorageFailed as error:
        bench.store.release(row.id, str(error))
        raise
    except OSError as error:
        bench.store.release(row.id, str(error))
        raise storage_failure(directory, error) from error
    except (EvidenceError, ValueError) as error:
        _finish(bench, row, "failed", f"{type(error).__name__}: {error}", directory)
    else:
        return _conclude(bench, row, result)
    return None


def _inspect(bench: _Bench, row: BatchRow, directory: Path) -> CaseResult:
    apk = Path(row.apk) if row.apk else None
    package = row.package
    if apk is not None and not package:
        bench.store.note(row.id, "installing")
        package, apk = install_and_name(bench.driver, apk), None
    return inspect_case(
        bench.driver,
        Target(package=package, apk=apk, label=row.label),
        directory,
        bench.inspection,
        bench.clock,
        bench.equipment,
        say=lambda stage: bench.store.note(row.id, stage),
    )


def _conclude(bench: _Bench, row: BatchRow, result: CaseResult) -> DeviceError | None:
    """A case with one whole session is done, and says which are not. Without any, what failed decides."""
    incomplete = "; ".join(f"{outcome.name}: {outcome.reason}" for outcome in result.outcomes if not outcome.complete)
    failures = [outcome.failure for outcome in result.outcomes]
    full = next((failure for failure in failures if isinstance(failure, StorageFailed)), None)
    if full is not None:
        set_aside(result.directory, bench.inspection.key)
        bench.store.release(row.id, incomplete)
        raise full
    device = [failure for failure in failures if isinstance(failure, DeviceError)]
    if not device or len(device) < len(failures):
        _finish(bench, row, "done", incomplete, result.directory)
        return None
    if any(isinstance(failure, _APPS_AFFAIR) for failure in device):
        _finish(bench, row, "failed", incomplete, result.directory)
        return None
    _give_back_case(bench, row, incomplete, result.directory)
    if not all(isinstance(failure, _PASSING) for failure in device):
        raise device[-1]
    return device[-1]


def _finish(bench: _Bench, row: BatchRow, status: str, reason: str, directory: Path) -> None:
    case = str(directory.relative_to(bench.batch)) if directory.exists() else ""
    bench.store.finish(row.id, status, reason, case, bench.clock.now().wall_ns)


def _give_back_case(bench: _Bench, row: BatchRow, reason: str, directory: Path) -> None:
    """Give a row back. What was recorded stays: under a name of its own, or as the row's case when it was the last try."""
    if row.attempts < _MAX_ATTEMPTS:
        set_aside(directory, bench.inspection.key)
        bench.store.release(row.id, reason)
    else:
        _finish(bench, row, "failed", reason, directory)


def give_back(store: Store, row: BatchRow, reason: str, clock: Clock) -> None:
    """Let a row be tried again, unless it has been tried often enough."""
    if row.attempts < _MAX_ATTEMPTS:
        store.release(row.id, reason)
    else:
        store.finish(row.id, "failed", reason, "", clock.now().wall_ns)


def _safe(name: str) -> str:
    """A name fit for a folder."""
    kept = "".join(character if character.isalnum() or character in "._" else "-" for character in name)
    return kept.strip(".") or "app"


def _end_with_parent() -> None:
    """End this process when the parent's end of our standard input closes."""

    def watch() -> None:
        with suppress(OSError):
            while os.read(0, 4096):
                pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent watch", daemon=True).start()


def _terminate(number: int, frame: object) -> None:
    # Once: a second signal must not break off the bringing back of the device that the first one began.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise SystemExit(128 + number)


def _own_output() -> int:
    """A descriptor for our last words. Standard output becomes the log: whatever a library prints must not fill a pipe
    that nobody reads before we have ended."""
    ours = os.dup(1)
    os.dup2(2, 1)
    return ours


def main() -> int:
    """The process's boundary: an error becomes one JSON line on standard output and an exit code."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    faulthandler.enable()
    output = _own_output()
    settings = WorkerSettings.from_json(sys.argv[1])
    signal.signal(signal.SIGTERM, _terminate)
    _end_with_parent()
    try:
        return run_worker(settings, SystemClock())
    except Exception as error:  # the named boundary of the worker process
        if not isinstance(error, (DeviceError, EvidenceError)):
            _LOG.exception("worker %s", settings.serial)
        line = {
            "serial": settings.serial,
            "error": str(error)[:_MAX_SAID] or type(error).__name__,
            "mend": str(getattr(error, "mend", "") or "")[:_MAX_SAID],
        }
        os.write(output, json.dumps(line).encode("ascii") + b"\n")
        return int(getattr(error, "exit_code", 70))


if __name__ == "__main__":
    sys.exit(main())
