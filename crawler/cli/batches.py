"""`batch run`, `batch status`, and what they share with the demonstration."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

import typer
from rich.box import SIMPLE_HEAD
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from crawler.batch.catalogue import read_catalogue
from crawler.batch.run import BatchOutcome, run_batch
from crawler.batch.store import ENDED, BatchRow, read_rows
from crawler.batch.worker import WorkerSettings
from crawler.cli.inspection import chosen_scenarios, inspection_settings
from crawler.cli.output import CONSOLE, Exit, fail, home_directory, print_json, printable, say, show, show_table
from crawler.device.adb_server import choose_device
from crawler.device.driver import list_devices
from crawler.report.index import read_verdicts, write_index
from evidence.clock import SystemClock
from evidence.errors import EvidenceError

__all__ = [
    "batch_run_command",
    "batch_status_command",
    "findings_table",
    "read_findings",
    "run_with_progress",
    "tell_batch",
]

_STORE = "batch.sqlite"


def batch_run_command(
    catalogue: Path,
    out: Path,
    devices: tuple[str, ...],
    pace: str,
    scenarios: list[str] | None,
    upstream: str | None,
    upstream_ca: Path | None,
    as_json: bool,
    retry_failed: bool = False,
) -> None:
    """Run a batch; exit 0 when everything was inspected, 1 when rows failed or were set aside.

    Raises DeviceError, EvidenceError, CatalogueUnreadable, BatchBusy.
    """
    inspection_settings(pace, scenarios, upstream, upstream_ca)
    read_catalogue(catalogue)
    workers = [
        WorkerSettings(
            batch=str(out.resolve()),
            serial=serial,
            pace=pace,
            scenarios=chosen_scenarios(scenarios),
            upstream=upstream,
            upstream_ca=str(upstream_ca.resolve()) if upstream_ca else None,
            home=str(home_directory().resolve()),
        )
        for serial in _serials(devices)
    ]
    outcome = run_with_progress(catalogue, out, workers, retry_failed=retry_failed)
    tell_batch(outcome.rows, out, as_json, outcome.troubles)
    if outcome.troubles or any(row.status != "done" for row in outcome.rows):
        raise typer.Exit(Exit.FAULTS)


def _serials(named: tuple[str, ...]) -> tuple[str, ...]:
    """The devices to use, each once: those named, else all that can be used. Raises DeviceError when one cannot."""
    if named:
        return tuple(dict.fromkeys(choose_device(serial) for serial in named))
    attached = list_devices()
    usable = tuple(device.serial for device in attached if device.usable)
    if not usable:
        return (choose_device(None),)
    for device in attached:
        if not device.usable:
            say(f"not used: {device.serial} is {device.state}", "yellow")
    return usable


def batch_status_command(out: Path, as_json: bool) -> None:
    """Say where a batch stands. Raises EvidenceError."""
    if not (out / _STORE).is_file():
        raise fail(
            f"there is no batch in {out}", "Start one with `appwitness batch run`.", code=Exit.INPUT, as_json=as_json
        )
    tell_batch(read_rows(out / _STORE), out, as_json, ())


def run_with_progress(
    catalogue: Path, out: Path, workers: Sequence[WorkerSettings], *, retry_failed: bool = False
) -> BatchOutcome:
    """Run a batch and show how it goes: a line that moves on a terminal, a line an app elsewhere.

    The index is written however the run ends. Raises what run_batch raises.
    """
    begin = partial(run_batch, catalogue, out, workers, SystemClock(), retry_failed=retry_failed)
    try:
        if CONSOLE.is_terminal:
            columns = (BarColumn(), TextColumn("{task.completed}/{task.total}"), TimeElapsedColumn())
            named = TextColumn("{task.description}", markup=False)
            with Progress(named, *columns, console=CONSOLE, transient=True) as progress:
                outcome = begin(_moving(progress), _sentence)
        else:
            outcome = begin(_lines(), _sentence)
    except BaseException:
        with suppress(EvidenceError):
            if (out / _STORE).is_file():
                write_index(out, read_rows(out / _STORE))
        raise
    write_index(out, outcome.rows)
    return outcome


def _sentence(text: str) -> None:
    say(text, "dim")


def _moving(progress: Progress) -> Callable[[tuple[BatchRow, ...]], None]:
    """One line for the whole batch and one for each device at work."""
    overall = progress.add_task("apps", total=None)
    tasks: dict[str, TaskID] = {}

    def watch(rows: tuple[BatchRow, ...]) -> None:
        progress.update(overall, total=len(rows), completed=sum(row.status in ENDED for row in rows))
        at_work = {row.device: row for row in rows if row.status == "claimed"}
        for device in at_work.keys() - tasks.keys():
            tasks[device] = progress.add_task(printable(device), total=1)
        for device, task in tasks.items():
            row = at_work.get(device)
            if row is not None:
                text = printable(f"{device}  {_name(row)}  {row.stage}")
                progress.update(task, description=text[:120], visible=True)
            else:
                progress.update(task, visible=False)

    return watch


def _lines() -> Callable[[tuple[BatchRow, ...]], None]:
    told: set[int] = set()

    def watch(rows: tuple[BatchRow, ...]) -> None:
        for row in rows:
            if row.status in ENDED and row.id not in told:
                told.add(row.id)
                say(f"[{len(told)}/{len(rows)}] {row.status}: {_name(row)} {row.reason}".rstrip())

    return watch


def _name(row: BatchRow) -> str:
    return row.label or row.package or Path(row.apk).name


def read_findings(out: Path, row: BatchRow) -> dict[str, str]:
    """Rule → verdict of one finished app; empty when there is no judgement."""
    return read_verdicts(out / row.case_directory / "findings.json") if row.case_directory else {}


_MARKS = {
    "confirmed": ("●", "bold red"),
    "suspected": ("◐", "yellow"),
    "lead": ("·", "cyan"),
    "not_testable": ("?", "dim"),
}


def findings_table(out: Path, rows: Sequence[BatchRow]) -> Table:
    """App × rule, one mark a cell."""
    found = {row.id: read_findings(out, row) for row in rows}
    rules = sorted({rule for verdicts in found.values() for rule in verdicts})
    unfinished = any(row.status != "done" for row in rows)
    table = Table(box=SIMPLE_HEAD, padding=(0, 1))
    table.add_column("app", no_wrap=True, min_width=10)
    for rule in rules:
        table.add_column(rule, justify="center", no_wrap=True)
    if unfinished:
        table.add_column("state")
    for row in rows:
        marks = [Text(*_MARKS.get(found[row.id].get(rule, ""), ("", ""))) for rule in rules]
        state = [Text(row.status.replace("_", " "))] if unfinished else []
        table.add_row(_cell(_name(row)), *marks, *state)
    return table


def _cell(text: str) -> Text:
    return Text(printable(text if len(text) <= 60 else f"{text[:59]}…"))


def tell_batch(rows: Sequence[BatchRow], out: Path, as_json: bool, troubles: Sequence[str]) -> None:
    """The table, what went wrong, and where the index is; or all of it as one document."""
    index = out / "index.html"
    if as_json:
        apps = [_plain(row, read_findings(out, row)) for row in rows]
        print_json({"index": str(index), "troubles": list(troubles), "apps": apps})
        return
    show_table(findings_table(out, rows))
    show("● confirmed   ◐ suspected   · lead only   ? not testable   (empty) not observed", "dim")
    for row in rows:
        if row.reason:
            say(f"line {row.line} {_name(row)[:60]}: {row.status.replace('_', ' ')}: {row.reason}", "yellow")
    for trouble in troubles:
        say(f"device {trouble}", "bold red")
    if index.is_file():
        show(f"index: {index}")


def _plain(row: BatchRow, findings: dict[str, str]) -> dict[str, object]:
    return {
        "line": row.line,
        "package": row.package,
        "apk": row.apk,
        "label": row.label,
        "status": row.status,
        "reason": row.reason,
        "device": row.device,
        "stage": row.stage,
        "case": row.case_directory,
        "findings": findings,
    }
