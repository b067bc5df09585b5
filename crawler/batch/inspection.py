"""Inspects the apps of a batch on one prepared device, and decides what a failure speaks about: app, device or disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from crawler.batch.remains import resume, set_aside
from crawler.batch.store import MAX_ATTEMPTS, BatchRow, Store
from crawler.device.driver import DeviceDriver
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
from crawler.session.equipment import Equipment
from crawler.session.installation import install_and_name
from evidence.clock import Clock
from evidence.errors import EvidenceError, StorageFailed, storage_failure

__all__ = ["Bench", "inspect_apps"]

_MAX_STRIKES = 2
"""Apps in a row on which the device alone failed: then it is the device, and the catalogue is not wasted on it."""
_APPS_AFFAIR = (InstallFailed, PackageMissing, CommandFailed)
"""The device is in order and says no to this app."""
_PASSING = (ActionUncertain, DeviceTimeout, ServerDied)
"""May be the app's doing or the device's: told apart by whether the next app fares the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What the inspections on one device share."""

    driver: DeviceDriver
    equipment: Equipment
    inspection: InspectionSettings
    batch: Path
    store: Store
    clock: Clock


def inspect_apps(bench: Bench, serial: str) -> None:
    """Inspect apps until none is pending. Raises DeviceError or StorageFailed when the work ends early."""
    strikes = 0
    while (row := bench.store.claim(serial, bench.clock.now().wall_ns)) is not None:
        failure = _inspect_row(bench, row)
        strikes = strikes + 1 if failure is not None else 0
        if failure is not None and strikes >= _MAX_STRIKES:
            raise failure


def _inspect_row(bench: Bench, row: BatchRow) -> DeviceError | None:
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


def _inspect(bench: Bench, row: BatchRow, directory: Path) -> CaseResult:
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


def _conclude(bench: Bench, row: BatchRow, result: CaseResult) -> DeviceError | None:
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


def _finish(bench: Bench, row: BatchRow, status: str, reason: str, directory: Path) -> None:
    case = str(directory.relative_to(bench.batch)) if directory.exists() else ""
    bench.store.finish(row.id, status, reason, case, bench.clock.now().wall_ns)


def _give_back_case(bench: Bench, row: BatchRow, reason: str, directory: Path) -> None:
    """Give a row back. What was recorded stays: under a name of its own, or as the row's case when it was the last try."""
    if row.attempts < MAX_ATTEMPTS:
        set_aside(directory, bench.inspection.key)
        bench.store.release(row.id, reason)
    else:
        _finish(bench, row, "failed", reason, directory)


def _safe(name: str) -> str:
    """A name fit for a folder."""
    kept = "".join(character if character.isalnum() or character in "._" else "-" for character in name)
    return kept.strip(".") or "app"
