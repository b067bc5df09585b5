"""`demo` and `lab start`: what the lab offers, inspected as any attached device is."""

from __future__ import annotations

import signal
import threading
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

import typer

from crawler.batch.run import BatchOutcome
from crawler.batch.worker import WorkerSettings
from crawler.cli.batches import run_with_progress, tell_batch
from crawler.cli.laboratory import LabFailed, Laboratory, catalogue_csv, lab_apps, laboratory
from crawler.cli.output import CONSOLE, Exit, fail, home_directory, print_json
from crawler.session.pace import PaceUnknown, load_pace
from crawler.session.scenarios import SCENARIOS
from evidence.clock import SystemClock

__all__ = ["demo_command", "inspect_lab", "lab_start_command", "new_directory"]

_LAB_MEND = "docs/lab.md describes the lab; `appwitness doctor` checks this machine."


def demo_command(apps: Path | None, out: Path | None, count: int, pace: str, as_json: bool) -> None:
    """A batch over the lab's catalogue, then the table and the path of the report."""
    clock = SystemClock()
    started = clock.monotonic_ns()
    try:
        load_pace(pace)
        directory = new_directory(out, "demo")
        folder = lab_apps(apps)
        with laboratory(folder, count, directory / "lab") as running:
            CONSOLE.print(
                f"{count} lab devices are attached to adb; inspecting the apps in {folder}", style="dim", markup=False
            )
            outcome = inspect_lab(running, folder, directory, pace)
    except LabFailed as error:
        raise fail(str(error), _LAB_MEND, code=Exit.INPUT, as_json=as_json) from error
    except PaceUnknown as error:
        raise typer.BadParameter(str(error)) from error
    tell_batch(outcome.rows, directory, as_json, outcome.troubles)
    seconds = (clock.monotonic_ns() - started) // 1_000_000_000
    CONSOLE.print(
        f"{len(outcome.rows)} apps inspected in {seconds // 60} min {seconds % 60} s", style="dim", markup=False
    )
    if outcome.troubles or any(row.status != "done" for row in outcome.rows):
        raise typer.Exit(Exit.FAULTS)


def inspect_lab(running: Laboratory, apps: Path, directory: Path, pace: str) -> BatchOutcome:
    """Inspect the lab's catalogue on its devices. Raises LabFailed for faulty apps."""
    workers = [
        WorkerSettings(
            batch=str(directory),
            serial=serial,
            pace=pace,
            scenarios=tuple(SCENARIOS),
            upstream=running.upstream,
            upstream_ca=str(running.upstream_ca),
            home=str(home_directory().resolve()),
        )
        for serial in running.serials
    ]
    return run_with_progress(catalogue_csv(apps, directory / "catalogue.csv"), directory, workers)


def lab_start_command(apps: Path | None, count: int, profile: str, directory: Path | None, as_json: bool) -> None:
    """Run lab devices until Ctrl-C and say how to reach them."""
    ended = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        ended.set()

    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, end)
    try:
        with laboratory(lab_apps(apps), count, new_directory(directory, "lab"), profile=profile) as running:
            if as_json:
                print_json(
                    {
                        "serials": list(running.serials),
                        "adb_server_port": running.adb_port,
                        "upstream_proxy": running.upstream,
                        "upstream_ca": str(running.upstream_ca),
                        "answer_keys": [str(path) for path in running.answer_keys],
                    }
                )
            CONSOLE.print(
                f"lab devices: {', '.join(running.serials)}\n"
                "in another terminal:\n"
                f"  export ANDROID_ADB_SERVER_PORT={running.adb_port}\n"
                f"  appwitness inspect PACKAGE --device {running.serials[0]} \\\n"
                f"    --upstream-proxy {running.upstream} --upstream-ca {running.upstream_ca}\n"
                f"answer keys: {', '.join(str(path) for path in running.answer_keys)}\n"
                "Ctrl-C ends the lab.",
                markup=False,
            )
            ended.wait()
    except LabFailed as error:
        raise fail(str(error), _LAB_MEND, code=Exit.INPUT, as_json=as_json) from error


def new_directory(named: Path | None, word: str) -> Path:
    """The folder named, or a new one named after the moment; made when it is not there."""
    if named is None:
        moment = datetime.fromtimestamp(SystemClock().now().wall_ns // 1_000_000_000, UTC)
        named = Path(f"{word}-{moment:%Y%m%dT%H%M%SZ}")
    named.mkdir(parents=True, exist_ok=True)
    return named.resolve()
