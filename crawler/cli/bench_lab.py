"""`bench lab`: findings held against the lab's answer key, one row for each app and rule."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import typer
from rich.table import Table

from crawler.batch.store import BatchRow
from crawler.cli.batches import read_findings
from crawler.cli.bench_cost import cost_of_sessions, watch_memory
from crawler.cli.demo import inspect_lab, new_directory
from crawler.cli.laboratory import LabFailed, lab_apps, laboratory
from crawler.cli.output import CONSOLE, Exit, fail, print_json, printable
from crawler.judge.rules import RULES
from evidence.clock import SystemClock

__all__ = ["Comparison", "bench_lab_command", "compare", "score"]

_ACCUSING = frozenset({"confirmed", "suspected"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One app and one rule: what is true, what was found."""

    package: str
    rule: str
    expected: bool
    verdict: str
    """ "" when the app was not inspected."""

    @property
    def outcome(self) -> str:
        """true_positive counts confirmed findings only; a mere suspicion of an innocent app is a false positive all the same."""
        if self.expected:
            return "true_positive" if self.verdict == "confirmed" else "false_negative"
        return "false_positive" if self.verdict in _ACCUSING else "true_negative"


def compare(truth: Mapping[str, Sequence[str]], found: Mapping[str, Mapping[str, str]]) -> tuple[Comparison, ...]:
    """Every app and every judged rule. `truth`: package → rules that hold; `found`: package → rule → verdict."""
    return tuple(
        Comparison(package=package, rule=rule, expected=rule in rules, verdict=found.get(package, {}).get(rule, ""))
        for package, rules in sorted(truth.items())
        for rule, _ in RULES
    )


def score(rows: Sequence[Comparison]) -> dict[str, float | int]:
    """Precision and recall over the rows; 1.0 where there was nothing to find and nothing was found."""
    count = {
        name: sum(row.outcome == name for row in rows) for name in ("true_positive", "false_positive", "false_negative")
    }
    found = count["true_positive"] + count["false_positive"]
    there = count["true_positive"] + count["false_negative"]
    return {
        "precision": count["true_positive"] / found if found else 1.0,
        "recall": count["true_positive"] / there if there else 1.0,
        **count,
    }


def bench_lab_command(apps: Path | None, runs: int, count: int, pace: str, out: Path | None, as_json: bool) -> None:
    """Inspect the catalogue, compare, print; exit 1 unless precision and recall are 1.0 in every run."""
    clock = SystemClock()
    directory = new_directory(out, "bench-lab")
    results = []
    try:
        folder = lab_apps(apps)
        truth = _truth(folder)
        for number in range(1, runs + 1):
            started = clock.monotonic_ns()
            run_directory = directory / f"run-{number:02d}"
            run_directory.mkdir()
            with watch_memory() as memory, laboratory(folder, count, run_directory / "lab") as running:
                outcome = inspect_lab(running, folder, run_directory, pace)
                keys = _sent_before_consent(running.answer_keys)
            rows = compare(truth, _found(run_directory, outcome.rows))
            result = {
                "run": number,
                "seconds": (clock.monotonic_ns() - started) // 1_000_000_000,
                **score(rows),
                "memory": memory.as_json(),
                "cost": cost_of_sessions(sorted((run_directory / "cases").glob("*"))),
                "troubles": list(outcome.troubles),
                "key_disagrees": _disagreements(truth, keys),
                "rows": [{**asdict(row), "outcome": row.outcome} for row in rows],
            }
            results.append(result)
            _tell(result, rows)
    except LabFailed as error:
        raise fail(str(error), code=Exit.INPUT, as_json=as_json) from error
    perfect = all(
        result["precision"] == 1.0 and result["recall"] == 1.0 and not result["troubles"] for result in results
    )
    if as_json:
        print_json(results[0] if runs == 1 else {"runs": results, "all_perfect": perfect})
    if not perfect:
        raise typer.Exit(Exit.FAULTS)


def _truth(apps: Path) -> dict[str, tuple[str, ...]]:
    from lab.definition import load_catalogue

    return {definition.package: definition.truth.findings for definition in load_catalogue(apps)}


def _found(directory: Path, rows: Sequence[BatchRow]) -> dict[str, dict[str, str]]:
    return {row.package: read_findings(directory, row) for row in rows if row.status == "done"}


def _sent_before_consent(keys: Sequence[Path]) -> dict[str, set[str]]:
    """Package → identifiers that really left before the user's answer, by the answer keys."""
    sent: dict[str, set[str]] = {}
    for key in keys:
        for line in key.read_text(encoding="utf-8", errors="replace").splitlines() if key.is_file() else ():
            try:
                event = json.loads(line)
            except json.JSONDecodeError:
                continue
            if (
                event.get("event") == "sent"
                and event.get("consent") in ("none", "shown", None)
                and event.get("identifiers")
            ):
                sent.setdefault(str(event.get("package")), set()).update(map(str, event["identifiers"]))
    return sent


def _disagreements(truth: Mapping[str, Sequence[str]], sent: Mapping[str, set[str]]) -> list[str]:
    """Where an app's declared truth and what its network layer saw do not fit: the app is described wrongly."""
    return [
        f"{package}: {'declares' if declared else 'does not declare'} collection before consent, the key says otherwise"
        for package, rules in sorted(truth.items())
        if (declared := bool({"M1-05", "M1-06"} & set(rules))) != bool(sent.get(package))
    ]


def _tell(result: Mapping[str, object], rows: Sequence[Comparison]) -> None:
    table = Table(box=None)
    for heading in ("app", "rule", "true", "found"):
        table.add_column(heading)
    for row in rows:
        if row.expected or row.outcome == "false_positive":
            style = "green" if row.outcome == "true_positive" else "bold red"
            table.add_row(
                printable(row.package), row.rule, "yes" if row.expected else "no", row.verdict or "—", style=style
            )
    CONSOLE.print(table)
    CONSOLE.print(
        f"run {result['run']}: precision {result['precision']}, recall {result['recall']}, {result['seconds']} s",
        markup=False,
    )
    CONSOLE.print(f"  memory {result['memory']}, cost {result['cost']}", markup=False, style="dim")
    for name in ("troubles", "key_disagrees"):
        listed = result[name]
        for line in listed if isinstance(listed, list) else ():
            CONSOLE.print(f"  {printable(str(line))}", style="yellow", markup=False)
