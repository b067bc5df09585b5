"""`inspect` and `judge`."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import typer
from rich.table import Table
from rich.text import Text

from crawler.batch.catalogue import is_package_name
from crawler.cli.output import Exit, fail, home_directory, print_json, printable, say, show, show_table
from crawler.cli.retest import planned_retest
from crawler.device.apk_files import ARCHIVE_SUFFIXES
from crawler.device.driver import DeviceDriver, connect
from crawler.judge.catalogue import load_rules
from crawler.judge.judgement import Judgement
from crawler.judge.model import Verdict
from crawler.judge.rules import RULES
from crawler.session.case import CaseResult, InspectionSettings, Target, inspect_case, judge_again
from crawler.session.equipment import prepare_device
from crawler.session.installation import install_and_name
from crawler.session.pace import PaceUnknown, load_pace
from crawler.session.scenarios import SCENARIOS
from evidence.clock import Clock, SystemClock
from evidence.errors import EvidenceError, storage_failure
from evidence.keyring import sealing_key
from evidence.keys import SigningKey
from evidence.record import CASE_FILE, RECORD
from evidence.seal import seal
from evidence.verify import verify

__all__ = [
    "InspectionWords",
    "chosen_scenarios",
    "inspect_command",
    "inspected",
    "inspection_settings",
    "judge_command",
    "show_judgement",
    "writable_folder",
]

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
        key=sealing_key(home / "keys"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionWords:
    """What was typed to inspect one app."""

    target: str
    device: str | None
    out: Path
    pace: str
    scenario: list[str] | None
    package: str
    upstream: str | None
    upstream_ca: Path | None


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
    retest_of: Path | None = None,
) -> None:
    """Inspect one app; exit 0, 3 when a session is incomplete, else the code of the error.

    Raises DeviceError, EvidenceError. Whatever ends it early, what was recorded is kept, sealed and named.
    """
    words = InspectionWords(
        target=target, device=device, out=out, pace=pace, scenario=scenario, package=package, upstream=upstream,
        upstream_ca=upstream_ca,
    )  # fmt: skip
    result = inspected(words, as_json=as_json, retest_of=retest_of)
    _report(result, as_json)
    if not result.complete:
        failure = next((outcome.failure for outcome in result.outcomes if outcome.failure), None)
        raise typer.Exit(int(getattr(failure, "exit_code", Exit.INCOMPLETE)))


def inspected(words: InspectionWords, *, as_json: bool, retest_of: Path | None = None) -> CaseResult:
    """Inspect one app and leave its case below `words.out`.

    Raises DeviceError, EvidenceError, typer.BadParameter. Whatever ends it early, what was recorded is kept, sealed and named.
    """
    clock = SystemClock()
    target, package = words.target, words.package
    apk = _named_apk(target)
    for name in ((package,) if package else ()) + ((target,) if apk is None else ()):
        if not is_package_name(name):
            raise typer.BadParameter(f"'{name[:200]}' is neither an APK file nor a package name like com.example.app")
    retest = planned_retest(retest_of, as_json) if retest_of is not None else None
    scenarios = words.scenario or (list(retest.scenarios) if retest else None)
    settings = inspection_settings(words.pace, scenarios, words.upstream, words.upstream_ca)
    writable_folder(words.out)
    driver = connect(words.device, clock=clock)
    try:
        app = _to_inspect(driver, target, apk, package)
        app = retest.of(app) if retest is not None else app
        directory = words.out / _case_name(app.package, clock.now().wall_ns)
        with _kept(directory, settings.key):
            return _inspect(driver, app, directory, settings, clock)
    finally:
        driver.close()


def writable_folder(folder: Path) -> None:
    """Make the folder and try it, before anything is done on a device. Raises StorageFailed."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as trial:
            trial.write(b"\0" * 4096)
            trial.flush()
    except OSError as error:
        raise storage_failure(folder, error) from error


def _named_apk(target: str) -> Path | None:
    if target.lower().endswith((".apk", *ARCHIVE_SUFFIXES)):
        return Path(target)
    with suppress(OSError, ValueError):  # a name no file system takes is no file
        return Path(target) if Path(target).is_file() else None
    return None


def _to_inspect(driver: DeviceDriver, target: str, apk: Path | None, package: str) -> Target:
    """The app: named, or named by the device after installing it."""
    if apk is None:
        return Target(package=target)
    if package:
        return Target(package=package, apk=apk)
    return Target(package=install_and_name(driver, apk))


@contextmanager
def _kept(directory: Path, key: SigningKey) -> Iterator[None]:
    """Seal what an inspection that ends early leaves behind, as what it is, and say where it is."""
    try:
        yield
    except BaseException:
        if (directory / RECORD / CASE_FILE).is_file():
            with suppress(EvidenceError):
                seal(directory, key)
            say(f"incomplete: what was recorded until then is kept in {directory}", "yellow")
        raise


def _inspect(
    driver: DeviceDriver, app: Target, directory: Path, settings: InspectionSettings, clock: Clock
) -> CaseResult:
    with prepare_device(driver, home_directory(), settings.confdir, clock) as equipment:
        return inspect_case(
            driver, app, directory, settings, clock, equipment, say=lambda stage: say(f"  {stage}", "dim")
        )


def judge_command(case: Path, as_json: bool) -> None:
    """Judge a case again; a record that is not as it was sealed is not judged. Raises EvidenceError."""
    faults = [fault for fault in verify(case).faults if fault.place == "." or fault.place.startswith(f"{RECORD}/")]
    if faults:
        told = "".join(f"\n{fault}" for fault in faults)
        message = f"{case} cannot be judged: its record is not as it was sealed{told}"
        raise fail(message, faults[0].mend, code=Exit.INPUT, as_json=as_json)
    key = sealing_key(home_directory() / "keys")
    show_judgement(judge_again(case, key, say=lambda stage: say(f"  {stage}", "dim")), case, as_json, {})


def _case_name(package: str, wall_ns: int) -> str:
    moment = datetime.fromtimestamp(wall_ns // 1_000_000_000, UTC).strftime("%Y%m%dT%H%M%SZ")
    safe = re.sub(r"[^A-Za-z0-9._-]", "-", package).strip(".")[:120] or "app"
    return f"{safe}-{moment}"


def _report(result: CaseResult, as_json: bool) -> None:
    sessions = [
        {"session": outcome.name, "complete": outcome.complete, "reason": outcome.reason} for outcome in result.outcomes
    ]
    show_judgement(result.judgement, result.directory, as_json, {"complete": result.complete, "sessions": sessions})
    for outcome in result.outcomes:
        if not outcome.complete:
            say(f"incomplete: {outcome.name}: {outcome.reason}", "yellow")


def show_judgement(judgement: Judgement, directory: Path, as_json: bool, more: dict[str, object]) -> None:
    """What each rule says, and where the report is; or all of it as one document."""
    rules = load_rules()
    rows = [
        (rule, best.verdict if best else Verdict.NOT_TESTABLE, best.summary_en if best else "")
        for rule, best in ((rule, judgement.best(rule)) for rule, _ in RULES)
    ]
    if as_json:
        told = [{"rule": rule, "verdict": verdict.value, "summary": said} for rule, verdict, said in rows]
        print_json({"case": str(directory), "report": str(directory / "report.html"), "rules": told, **more})
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("rule", "verdict", "what was seen"):
        table.add_column(heading)
    for rule, verdict, said in rows:
        style = _STYLES.get(verdict, "green")
        table.add_row(rule, Text(verdict.value, style=style), Text(printable(said or rules[rule].en)))
    show_table(table)
    show(f"report: {directory / 'report.html'}")
