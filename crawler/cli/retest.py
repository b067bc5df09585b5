"""`retest`: two rounds of one app side by side; and what `inspect --retest-of` has to know of the earlier one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import typer
from rich.table import Table
from rich.text import Text

from crawler.cli.output import print_json, printable, say, show, show_table
from crawler.cli.review import as_sealed, casework_settings
from crawler.report.casework.judged import read_judged
from crawler.report.casework.retest import Outcome, RoundsCompared, compare_rounds, retest_scenarios
from crawler.report.casework.retest_page import OUTCOMES, comparison_document, write_comparison
from crawler.report.casework.review import FindingState, accepted_findings, open_review
from crawler.session.case import EarlierRound, Target
from crawler.session.scenarios import SCENARIOS
from evidence.deciding import anchor_of

__all__ = ["Retest", "compared", "planned_retest", "retest_command"]

_STYLES = {Outcome.STILL_THERE: "bold red", Outcome.NEW: "bold red", Outcome.FIXED: "green"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Retest:
    """What follows an earlier round."""

    earlier: EarlierRound
    package: str
    scenarios: tuple[str, ...]
    """Those that a retest has to play."""

    def of(self, target: Target) -> Target:
        """The app to inspect as the later round. Raises typer.BadParameter for another app."""
        if target.package != self.package:
            raise typer.BadParameter(f"the earlier case is about {self.package}, not about {target.package}")
        return replace(target, retest_of=self.earlier)


def planned_retest(old: Path, as_json: bool) -> Retest:
    """The retest of a case that is as it was sealed. Raises EvidenceError."""
    as_sealed(old, as_json)
    judged = read_judged(old)
    number = judged.info.get("round")
    return Retest(
        earlier=EarlierRound(
            case=str(judged.info.get("case", "")),
            record_seal=anchor_of(old).record_seal,
            round=number if isinstance(number, int) else 1,
        ),
        package=str(judged.info.get("package", "")),
        scenarios=retest_scenarios(judged, tuple(SCENARIOS)),
    )


def retest_command(old: Path, new: Path, html: Path | None, as_json: bool) -> None:
    """Compare an earlier and a later round. Raises EvidenceError, RetestRefused."""
    for case in (old, new):
        as_sealed(case, as_json)
    rounds = compared(old, new)
    if html is not None:
        write_comparison(rounds, html)
    if as_json:
        print_json(comparison_document(rounds))
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("rule", "earlier", "later", "compared"):
        table.add_column(heading)
    for row in rounds.rules:
        sides = [Text(verdict.value if verdict is not None else "not judged") for verdict in (row.old, row.new)]
        mark = " *" if row.in_question else " (dismissed)" if row.dismissed else ""
        rule = Text(printable(row.rule[:40]) + mark)
        table.add_row(rule, *sides, Text(OUTCOMES[row.outcome][1], style=_STYLES.get(row.outcome, "")))
    show_table(table)
    show("* was to be corrected; (dismissed): people held nothing of it against the app", "dim")
    show(f"proposed outcome: {rounds.proposal}")
    for _, note in rounds.notes:
        say(note, "yellow")
    if html is not None:
        show(f"page: {html}")


def compared(old: Path, new: Path) -> RoundsCompared:
    """The rounds; in question is what people accepted in the earlier one, if anybody has decided anything there."""
    review = open_review(old, casework_settings())
    accusing = [at for at in review.findings if at.finding.accuses]
    accepted = {finding.rule for finding in accepted_findings(accusing)}
    standing = {at.finding.rule for at in accusing if at.state is not FindingState.DISMISSED}
    dismissed = {at.finding.rule for at in accusing} - standing
    decided = any(at.decisions for at in review.findings)
    return compare_rounds(review.judged, read_judged(new), accepted if decided else None, dismissed)
