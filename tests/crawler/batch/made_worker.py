"""A worker process without a device, for the tests of the batch: it takes rows as the real one does.

An app's label says what happens over it: "slow" lasts until the worker is told to end, "deadly" kills the worker,
"chatty" prints a lot, "lost" is given back because the device is gone.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

from crawler.batch import worker
from crawler.batch.store import BatchRow, SqliteStore
from crawler.device.model import DeviceLost
from evidence.clock import Clock, SystemClock


def run(settings: worker.WorkerSettings, clock: Clock) -> int:
    batch = Path(settings.batch)
    store = SqliteStore(batch / "batch.sqlite")
    with (batch / "pids").open("a") as pids:
        pids.write(f"{os.getpid()}\n")
    while (row := store.claim(settings.serial, clock.now().wall_ns)) is not None:
        inspect(store, row, batch)
    return 0


def inspect(store: SqliteStore, row: BatchRow, batch: Path) -> None:
    try:
        if row.label == "deadly":
            os.kill(os.getpid(), signal.SIGKILL)
        if row.label == "lost":
            store.release(row.id, "the device was lost")
            raise DeviceLost("device x is gone")
        if row.label == "chatty":
            sys.stdout.write("x" * 1_000_000)
            sys.stdout.flush()
        while row.label == "slow" and not (batch / "hurry").exists():
            time.sleep(0.01)
        time.sleep(0.02)
    finally:
        # As bringing a device back takes a while.
        with suppress(KeyboardInterrupt):
            time.sleep(0.1 if row.label == "slow" else 0)
    with (batch / "inspected").open("a") as inspected:
        inspected.write(f"{row.package}\n")
    store.finish(row.id, "done", "", "", SystemClock().now().wall_ns)


if __name__ == "__main__":
    worker.run_worker = run
    sys.exit(worker.main())
