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

from crawler.batch.store import SqliteStore
from crawler.device.driver import connect
from crawler.device.model import DeviceError
from evidence.clock import Clock, SystemClock
from evidence.errors import EvidenceError
from evidence.keyring import sealing_key

__all__ = ["WorkerSettings", "main", "run_worker"]

_LOG = logging.getLogger(__name__)
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


def run_worker(settings: WorkerSettings, clock: Clock) -> int:
    """Inspect apps until none is pending and return 0. Raises what ends the work early: the device, the disk."""
    # Here, so that the parent of all workers, which needs none of it, does not load the eyes and ears as well.
    from crawler.batch.inspection import Bench, inspect_apps
    from crawler.session.case import InspectionSettings
    from crawler.session.equipment import prepare_device
    from crawler.session.pace import load_pace

    home = Path(settings.home)
    inspection = InspectionSettings(
        pace=load_pace(settings.pace),
        scenarios=settings.scenarios,
        confdir=home / "authority",
        upstream=settings.upstream,
        upstream_ca=Path(settings.upstream_ca) if settings.upstream_ca else None,
        key=sealing_key(home / "keys"),
    )
    batch = Path(settings.batch)
    store = SqliteStore(batch / "batch.sqlite")
    driver = connect(settings.serial, clock=clock)
    try:
        with prepare_device(driver, home, inspection.confdir, clock) as equipment:
            bench = Bench(
                driver=driver, equipment=equipment, inspection=inspection, batch=batch, store=store, clock=clock
            )
            inspect_apps(bench, settings.serial)
    finally:
        driver.close()
    return 0


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
