"""`inspect` and `judge`."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import typer
from rich.table import Table

from crawler.cli.output import CONSOLE, Exit, fail, home_directory, print_json, printable
from crawler.device.driver import connect
from crawler.device.model import DeviceError
from crawler.judge.catalogue import load_rules
from crawler.judge.judgement import Judgement
from crawler.judge.model import Verdict
from crawler.judge.rules import RULES
from crawler.session.case import InspectionSettings, Target, inspect_case, judge_again
from crawler.session.equipment import prepare_device
from crawler.session.installation import install_and_name
from crawler.session.pace import PaceUnknown, load_pace
from crawler.session.scenarios import SCENARIOS
from evidence.clock import SystemClock
from evidence.errors import EvidenceError
from evidence.keys import load_or_make

__all__ = ["chosen_scenarios", "inspect_command", "inspection_settings", "judge_command"]

_STYLES = {
    Verdict.CONFIRMED: "bold red",
    Verdict.SUSPECTED: "yellow",
    Verdict.LEAD: "cyan",
    Verdict.NOT_TESTABLE: "dim",
}


def chosen_scenarios(names: list[str] | None) -> tuple[str, ...]:
    """The scenarios asked for, all when none was named. Raises typer.BadParameter."""
    chosen = tuple(names or SCENARIOS)
    unknown = [name for name in chosen if name not in SCENARIOS]
    if unknown:
        raise typer.BadParameter(f"no scenario {', '.join(unknown)}; there are {', '.join(SCENARIOS)}")
    return chosen


def inspection_settings(
    pace: str, scenarios: list[str] | None, upstream: str | None, upstream_ca: Path | None
) -> InspectionSettings:
    """Settings from the command line; raises typer.BadParameter or EvidenceError."""
    home = home_directory()
    try:
        chosen_pace = load_pace(pace)
    except PaceUnknown as error:
        raise typer.BadParameter(str(error)) from error
    if upstream_ca is not None and not upstream_ca.is_file():
        raise typer.BadParameter(f"there is no certificate file {upstream_ca}")
    return InspectionSettings(
        pace=chosen_pace,
        scenarios=chosen_scenarios(scenarios),
        confdir=home / "authority",
        upstream=upstream,
        upstream_ca=upstream_ca,
        key=load_or_make(home / "keys"),
    )


def inspect_command(
    target: str,
    device: str | None,
    out: Path,
    pace: str,
    scenario: list[str] | None,
    package: str,
    upstream: str | None,
    upstream_ca: Path | None,
    as_json: bool,
) -> None:
    """Inspect one app; exit 0, 3 when a session is incomplete, else the code of the error."""
    clock = SystemClock()
    try:
        settings = inspection_settings(pace, scenario, upstream, upstream_ca)
        driver = connect(device, clock=clock)
        try:
            apk = Path(target) if target.lower().endswith(".apk") or Path(target).is_file() else None
            name = package or (install_and_name(driver, apk) if apk is not None else target)
            out.mkdir(parents=True, exist_ok=True)
            directory = out / _case_name(name, clock.now().wall_ns)
            with prepare_device(driver, home_directory(), settings.confdir, clock) as equipment:
                result = inspect_case(
                    driver,
                    Target(package=name),
                    directory,
                    settings,
                    clock,
                    equipment,
                    say=lambda stage: CONSOLE.print(f"  {stage}", style="dim", markup=False),
                )
        finally:
            driver.close()
    except (DeviceError, EvidenceError) as error:
        raise fail(str(error), str(error.mend or ""), code=error.exit_code, as_json=as_json) from error
    except OSError as error:
        raise fail(
            f"{error}", "Choose a folder that can be written with --out.", code=Exit.STORAGE, as_json=as_json
        ) from error
    _report(result.judgement, result.directory, as_json)
    for outcome in result.outcomes:
        if not outcome.complete:
            CONSOLE.print(f"incomplete: {outcome.name}: {printable(outcome.reason)}", style="yellow", markup=False)
    if not result.complete:
        code = getattr(next((o.failure for o in result.outcomes if o.failure), None), "exit_code", Exit.INCOMPLETE)
        raise typer.Exit(int(code))


def judge_command(case: Path, as_json: bool) -> None:
    """Judge a case again."""
    try:
        key = load_or_make(home_directory() / "keys")
        judgement = judge_again(case, key, say=lambda stage: CONSOLE.print(f"  {stage}", style="dim", markup=False))
    except EvidenceError as error:
        raise fail(str(error), str(error.mend or ""), code=error.exit_code, as_json=as_json) from error
    _report(judgement, case, as_json)


def _case_name(package: str, wall_ns: int) -> str:
    moment = datetime.fromtimestamp(wall_ns // 1_000_000_000, UTC).strftime("%Y%m%dT%H%M%SZ")
    safe = re.sub(r"[^A-Za-z0-9._-]", "-", package).strip(".")[:120] or "app"
    return f"{safe}-{moment}"


def _report(judgement: Judgement, directory: Path, as_json: bool) -> None:
    rules = load_rules()
    if as_json:
        rows = [
            {
                "rule": rule,
                "verdict": best.verdict.value if best else "not_testable",
                "summary": best.summary_en if best else "",
            }
            for rule, best in ((rule, judgement.best(rule)) for rule, _ in RULES)
        ]
        print_json({"case": str(directory), "report": str(directory / "report.html"), "rules": rows})
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("rule", "verdict", "what was seen"):
        table.add_column(heading)
    for rule, _ in RULES:
        best = judgement.best(rule)
        verdict = best.verdict if best else Verdict.NOT_TESTABLE
        said = best.summary_en if best else ""
        table.add_row(
            rule,
            f"[{_STYLES.get(verdict, 'green')}]{verdict.value}[/]",
            printable(said or rules[rule].en).replace("[", "\\["),
        )
    CONSOLE.print(table)
    CONSOLE.print(f"report: {directory / 'report.html'}", markup=False)
