"""`batch run`, `batch status`, and what they share with the demonstration."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import typer
from rich.box import SIMPLE_HEAD
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from crawler.batch.catalogue import CatalogueUnreadable
from crawler.batch.run import BatchBusy, BatchOutcome, run_batch
from crawler.batch.store import BatchRow, SqliteStore
from crawler.batch.worker import WorkerSettings
from crawler.cli.inspection import chosen_scenarios, inspection_settings
from crawler.cli.output import CONSOLE, Exit, fail, home_directory, print_json, printable
from crawler.device.driver import list_devices
from crawler.device.model import DeviceError, NoDevice
from crawler.report.index import write_index
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


def batch_run_command(
    catalogue: Path,
    out: Path,
    devices: tuple[str, ...],
    pace: str,
    scenarios: list[str] | None,
    upstream: str | None,
    upstream_ca: Path | None,
    as_json: bool,
) -> None:
    """Run a batch; exit 0 when everything was inspected, 1 when rows failed or were set aside."""
    try:
        inspection_settings(pace, scenarios, upstream, upstream_ca)
        serials = devices or tuple(device.serial for device in list_devices() if device.usable)
        if not serials:
            raise NoDevice("no usable device is attached")
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
            for serial in serials
        ]
        outcome = run_with_progress(catalogue, out, workers)
    except (DeviceError, EvidenceError) as error:
        raise fail(str(error), str(error.mend or ""), code=error.exit_code, as_json=as_json) from error
    except CatalogueUnreadable as error:
        raise fail(str(error), code=Exit.INPUT, as_json=as_json) from error
    except BatchBusy as error:
        raise fail(str(error), code=Exit.BUSY, as_json=as_json) from error
    tell_batch(outcome.rows, out, as_json, outcome.troubles)
    if outcome.troubles or not outcome.finished or any(row.status in ("failed", "set_aside") for row in outcome.rows):
        raise typer.Exit(Exit.FAULTS)


def batch_status_command(out: Path, as_json: bool) -> None:
    """Say where a batch stands."""
    if not (out / "batch.sqlite").is_file():
        raise fail(
            f"there is no batch in {out}", "Start one with `appwitness batch run`.", code=Exit.INPUT, as_json=as_json
        )
    tell_batch(SqliteStore(out / "batch.sqlite").rows(), out, as_json, ())


def run_with_progress(catalogue: Path, out: Path, workers: Sequence[WorkerSettings]) -> BatchOutcome:
    """Run a batch and show how it goes: a line that moves on a terminal, a line an app elsewhere."""
    out.mkdir(parents=True, exist_ok=True)
    if CONSOLE.is_terminal:
        with Progress(
            TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"), TimeElapsedColumn(),
            console=CONSOLE, transient=True,
        ) as progress:  # fmt: skip
            outcome = run_batch(catalogue, out, workers, SystemClock(), _moving(progress))
    else:
        outcome = run_batch(catalogue, out, workers, SystemClock(), _lines())
    write_index(out, outcome.rows)
    return outcome


def _moving(progress: Progress) -> Callable[[tuple[BatchRow, ...]], None]:
    overall = progress.add_task("apps", total=None)
    tasks: dict[str, TaskID] = {}

    def watch(rows: tuple[BatchRow, ...]) -> None:
        done = sum(row.status in ("done", "failed", "set_aside") for row in rows)
        progress.update(overall, total=len(rows), completed=done)
        for row in rows:
            if row.status == "claimed":
                task = tasks.setdefault(row.device, progress.add_task(row.device, total=1))
                text = f"{row.device}  {row.label or row.package}  {row.stage}"
                progress.update(task, description=printable(text).replace("[", "\\["))

    return watch


def _lines() -> Callable[[tuple[BatchRow, ...]], None]:
    told: set[int] = set()

    def watch(rows: tuple[BatchRow, ...]) -> None:
        for row in rows:
            if row.status in ("done", "failed", "set_aside") and row.id not in told:
                told.add(row.id)
                count = f"[{len(told)}/{len(rows)}]"
                CONSOLE.print(
                    f"{count} {row.status}: {printable(row.label or row.package)} {printable(row.reason)}", markup=False
                )

    return watch


def read_findings(out: Path, row: BatchRow) -> dict[str, str]:
    """Rule → verdict of one finished app; empty when there is no judgement."""
    path = out / row.case_directory / "findings.json"
    if not row.case_directory or not path.is_file():
        return {}
    document = json.loads(path.read_text(encoding="utf-8"))
    return {str(rule["rule"]): str(rule["verdict"]) for rule in document["rules"]}


_MARKS = {
    "confirmed": "[bold red]●[/]",
    "suspected": "[yellow]◐[/]",
    "lead": "[cyan]·[/]",
    "not_testable": "[dim]?[/]",
    "not_observed": "",
}


def findings_table(out: Path, rows: Sequence[BatchRow]) -> Table:
    """App × rule, one mark a cell."""
    found = {row.id: read_findings(out, row) for row in rows}
    rules = sorted({rule for verdicts in found.values() for rule in verdicts})
    table = Table(
        title="● confirmed   ◐ suspected   · lead only   ? not testable   (empty) not observed",
        title_style="dim",
        box=SIMPLE_HEAD,
        padding=(0, 1),
    )
    table.add_column("app", no_wrap=True)
    for rule in rules:
        table.add_column(rule, justify="center", no_wrap=True)
    for row in rows:
        verdicts = found[row.id]
        if row.status == "done":
            cells = [_MARKS.get(verdicts.get(rule, ""), "") for rule in rules]
        else:
            cells = [row.status, *[""] * (len(rules) - 1)] if rules else []
        table.add_row(printable(row.label or row.package).replace("[", "\\["), *cells)
    return table


def tell_batch(rows: Sequence[BatchRow], out: Path, as_json: bool, troubles: Sequence[str]) -> None:
    if as_json:
        print_json(
            {
                "index": str(out / "index.html"),
                "troubles": list(troubles),
                "apps": [
                    {
                        "line": row.line,
                        "package": row.package,
                        "status": row.status,
                        "reason": row.reason,
                        "stage": row.stage,
                        "case": row.case_directory,
                        "findings": read_findings(out, row),
                    }
                    for row in rows
                ],
            }
        )
        return
    CONSOLE.print(findings_table(out, rows))
    for row in rows:
        if row.reason:
            CONSOLE.print(
                f"line {row.line} {printable(row.package)}: {row.status}: {printable(row.reason)}",
                style="yellow",
                markup=False,
            )
    for trouble in troubles:
        CONSOLE.print(f"device {printable(trouble)}", style="bold red", markup=False)
    CONSOLE.print(f"index: {out / 'index.html'}", markup=False)
