"""`case show`, `case event`: where a case stands, and signing that it moves on."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import typer

from crawler.cli.output import print_json, say, show
from crawler.cli.retest import compared
from crawler.cli.review import as_sealed, casework_settings, plain_decision, shown_day, signer_from
from crawler.report.casework.review import open_review
from crawler.report.casework.states import (
    CaseStanding,
    day_of,
    days_left,
    fold_case,
    is_overdue,
    load_states,
    move_objection,
    moves_from,
)
from crawler.report.deadlines import working_days_after
from evidence.canonical import Json
from evidence.clock import SystemClock
from evidence.deciding import DecisionRefused, anchor_of, append_decision
from evidence.decisions import CASE_MOVED, DecisionsReading
from evidence.errors import storage_failure
from evidence.files import digest_file
from evidence.record import read_info

__all__ = ["case_event_command", "case_show_command"]


def case_show_command(case: Path, on: str | None, as_json: bool) -> None:
    """Say where a case stands, as of a day. Raises EvidenceError."""
    as_sealed(case, as_json)
    review = open_review(case, casework_settings())
    standing = fold_case(review.reading.decisions)
    day = _day(on, "--on") or day_of(SystemClock().now().wall_ns)
    if as_json:
        print_json({"case": str(case), "undecided": len(review.undecided), **_plain(standing, day)})
        return
    state = load_states()[standing.state]
    show(f"{case}: {state.en} ({state.zh})", "bold")
    if standing.deadline is not None:
        left = days_left(standing, day)
        counted = "" if left is None else f", {left} days left" if left >= 0 else f", {-left} days past"
        show(f"deadline {standing.deadline}, seen on {day}{counted}", "yellow" if is_overdue(standing, day) else "")
    for decision in standing.moves:
        said = f"{decision.data['on']}  {decision.data['to']}  by {decision.person.name}: {decision.reason}"
        show(f"  {said}  (signed {shown_day(decision.wall_ns)})")
    for decision, why in standing.ignored:
        show(f"  not followed: {decision.data['to']} by {decision.person.name}: {why}", "yellow")
    for move in moves_from(standing.state):
        needs = f" (say --{', --'.join(move.needs)})" if move.needs else ""
        show(f"  may become {move.to}{needs}: {move.why}", "dim")
    if review.undecided:
        show(f"{len(review.undecided)} findings await a decision", "dim")


def case_event_command(
    case: Path,
    to: str,
    name: str,
    key: Path | None,
    reason: str,
    on: str | None,
    more: dict[str, str],
    retest: Path | None,
    document: Path | None,
    working_days: int | None,
    as_json: bool,
) -> None:
    """Sign that a case moves on; refused with the moves that are allowed. Raises EvidenceError, CalendarEnds."""
    if to not in load_states():
        raise typer.BadParameter(f"no state '{to[:60]}'; there are {', '.join(load_states())}")
    settings = casework_settings()
    as_sealed(case, as_json)
    signer = signer_from(name, key, settings)
    day = _day(on, "--on") or day_of(SystemClock().now().wall_ns)
    data: dict[str, Json] = {"to": to, "reason": reason.strip(), "on": day.isoformat(), **more}
    if working_days is not None:
        data["deadline"] = _deadline(day, working_days, more)
    if retest is not None:
        data |= _retest(case, retest, str(more.get("outcome", "")), as_json)
    if document is not None:
        data["document"] = {"name": document.name, "sha256": _digest(document)}

    def allowed(reading: DecisionsReading, _: object) -> None:
        review = open_review(case, settings)
        trouble = move_objection(fold_case(reading.decisions), data, SystemClock().now().wall_ns, review)
        if trouble:
            raise DecisionRefused(trouble, mend="See where the case stands with `appwitness case show CASE`.")

    allowed(open_review(case, settings).reading, None)
    made = append_decision(case, CASE_MOVED, data, signer, allow=allowed)
    standing = fold_case(open_review(case, settings).reading.decisions)
    _tell_moved(case, plain_decision(made), standing, day, as_json)


def _tell_moved(case: Path, event: dict[str, object], standing: CaseStanding, day: date, as_json: bool) -> None:
    if as_json:
        print_json({"case": str(case), "event": event, **_plain(standing, day)})
        return
    show(f"{case}: {load_states()[standing.state].en}", "bold")
    if standing.deadline is not None and standing.state == "noticed":
        say(f"the deadline is {standing.deadline}")


def _deadline(day: date, working_days: int, more: dict[str, str]) -> str:
    if "deadline" in more:
        raise typer.BadParameter("one deadline only: --deadline or --working-days")
    return working_days_after(day, working_days).isoformat()


def _retest(case: Path, retest: Path, outcome: str, as_json: bool) -> dict[str, Json]:
    """What the event says of a retest's case. Raises RetestRefused for a case of another app."""
    as_sealed(retest, as_json)
    proposal = compared(case, retest).proposal
    if outcome and outcome != proposal:
        say(f"the comparison of the rounds proposes '{proposal}', you say '{outcome}': both are recorded", "yellow")
    return {
        "case": str(read_info(retest).get("case", "")),
        "case_seal": anchor_of(retest).record_seal,
        "proposal": proposal,
    }


def _day(text: str | None, option: str) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{option} is no day like 2026-01-31: {text[:40]}") from error


def _digest(path: Path) -> str:
    try:
        return digest_file(path)[0]
    except OSError as error:
        raise storage_failure(path, error) from error


def _plain(standing: CaseStanding, day: date) -> dict[str, object]:
    return {
        "state": standing.state,
        "deadline": standing.deadline.isoformat() if standing.deadline is not None else None,
        "on": day.isoformat(),
        "overdue": is_overdue(standing, day),
        "days_left": days_left(standing, day),
        "events": [plain_decision(decision) for decision in standing.moves],
        "not_followed": [{"event": plain_decision(decision), "why": why} for decision, why in standing.ignored],
        "allowed": [
            {"to": move.to, "needs": list(move.needs), "guard": move.guard, "why": move.why}
            for move in moves_from(standing.state)
        ],
    }
