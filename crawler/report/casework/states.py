"""How a case lives: a pure fold over the moves that people signed, and the table of moves that are allowed.

"Overdue" is counted for a day that somebody states, and is never stored: a stored accusation would outlive its reason.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from functools import cache
from importlib import resources
from typing import Any

from crawler.report.casework.review import FindingState, Review
from evidence.canonical import Json
from evidence.decisions import CASE_MOVED, Decision

__all__ = [
    "FIRST_STATE",
    "CaseStanding",
    "Move",
    "State",
    "day_of",
    "days_left",
    "fold_case",
    "is_overdue",
    "load_moves",
    "load_states",
    "move_objection",
    "moves_from",
]

FIRST_STATE = "found"
_AWAITING = frozenset({"noticed", "replied", "public"})
"""States in which it is the developer's turn."""
_OUTCOMES = frozenset({"passed", "failed", "unclear"})
_LONGEST_FIELD = 300
_CHINA = timezone(timedelta(hours=8))
_LAST_WALL = 4_102_444_800 * 1_000_000_000
"""2100: beyond it, a clock is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Where a case can be."""

    id: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A move that is allowed."""

    sources: tuple[str, ...]
    to: str
    needs: tuple[str, ...]
    """What the event has to say besides its day and reason."""
    guard: str
    """Name of what has to hold; "" for nothing."""
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseStanding:
    """Where a case is and how it came there."""

    state: str = FIRST_STATE
    deadline: date | None = None
    """The last day of the latest notice, as its sender said it."""
    outcome: str = ""
    """Of the latest retest: passed, failed or unclear."""
    moves: tuple[Decision, ...] = ()
    """Those that counted, in order."""
    ignored: tuple[tuple[Decision, str], ...] = ()
    """Signed moves that were not allowed where they stand, and why. They change nothing and are never lost."""


@cache
def load_states() -> dict[str, State]:
    """All states by id."""
    return {row["id"]: State(**row) for row in _table()["states"]}


@cache
def load_moves() -> tuple[Move, ...]:
    """All moves. ValueError naming every one that speaks of an unknown state, field or guard."""
    moves = tuple(
        Move(
            sources=tuple(row["from"]),
            to=row["to"],
            needs=tuple(row.get("needs", ())),
            guard=row.get("guard", ""),
            why=row["why"],
        )
        for row in _table()["moves"]
    )
    known = load_states()
    faults = [
        f"moves[{number}]"
        for number, move in enumerate(moves)
        if not {*move.sources, move.to} <= known.keys()
        or not {*move.needs} <= _FIELDS.keys()
        or move.guard not in _GUARDS
    ]
    if faults:
        raise ValueError(f"states.toml: {', '.join(faults)} name what is not there")
    return moves


def moves_from(state: str) -> tuple[Move, ...]:
    """The moves that lead on from a state."""
    return tuple(move for move in load_moves() if state in move.sources)


def fold_case(decisions: Iterable[Decision]) -> CaseStanding:
    """Where a case is after everything that was signed. Total: a move that is not allowed is kept, told and not followed.

    What a move demanded of the findings (all decided, something accepted) was asked when it was signed, not again here.
    """
    standing = CaseStanding()
    for decision in decisions:
        if decision.kind != CASE_MOVED:
            continue
        if trouble := move_objection(standing, decision.data, decision.wall_ns):
            standing = replace(standing, ignored=(*standing.ignored, (decision, trouble)))
            continue
        standing = _moved(standing, decision)
    return standing


def move_objection(
    standing: CaseStanding, data: Mapping[str, Json], signed_wall_ns: int, review: Review | None = None
) -> str:
    """Why a case cannot move so now; "" when it can. What is allowed instead is named.

    `signed_wall_ns`: when the person signs; nobody signs today what shall be true tomorrow.
    """
    to = data.get("to")
    options = [move for move in moves_from(standing.state) if move.to == to]
    if not options:
        allowed = ", ".join(sorted({move.to for move in moves_from(standing.state)})) or "none"
        return f"a case that is '{standing.state}' cannot become '{str(to)[:60]}'; allowed from here: {allowed}"
    on = _day(data, "on")
    if on is None:
        return "`on` is no day like 2026-01-31"
    if on > day_of(signed_wall_ns):
        return f"`on` is {on}, which had not come yet when it was signed"
    troubles = []
    for move in options:
        trouble = "; ".join(filter(None, (_FIELDS[field](data) for field in move.needs)))
        trouble = trouble or _GUARDS[move.guard](standing, data, review)
        if not trouble:
            return ""
        troubles.append(trouble)
    return " / ".join(dict.fromkeys(troubles))


def day_of(wall_ns: int) -> date:
    """The day of a moment in mainland China, where deadlines are counted."""
    return datetime.fromtimestamp(min(wall_ns, _LAST_WALL) // 1_000_000_000, _CHINA).date()


def is_overdue(standing: CaseStanding, on: date) -> bool:
    """Whether on that day the developer is late. Who submitted a version that nobody has retested yet is not."""
    waiting = standing.state in _AWAITING or (standing.state == "retest" and standing.outcome == "failed")
    return waiting and standing.deadline is not None and on > standing.deadline


def days_left(standing: CaseStanding, on: date) -> int | None:
    """Calendar days until the end of the deadline's day; negative when late, None when nothing is awaited."""
    if standing.state not in _AWAITING or standing.deadline is None:
        return None
    return (standing.deadline - on).days


def _moved(standing: CaseStanding, decision: Decision) -> CaseStanding:
    to = str(decision.data["to"])
    needs = {field for move in load_moves() if move.to == to for field in move.needs}
    return replace(
        standing,
        state=to,
        deadline=_day(decision.data, "deadline") if "deadline" in needs else standing.deadline,
        outcome=str(decision.data["outcome"]) if "outcome" in needs else standing.outcome,
        moves=(*standing.moves, decision),
    )


# ------------------------------------------------------------------ what an event has to say


def _day(data: Mapping[str, Json], field: str) -> date | None:
    value = data.get(field)
    try:
        day = date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return day if day is not None and day.isoformat() == value else None


def _needs_day(data: Mapping[str, Json]) -> str:
    deadline, on = _day(data, "deadline"), _day(data, "on")
    if deadline is None:
        return "`deadline` is no day like 2026-01-31"
    return "the deadline lies before the day of the notice" if on is not None and deadline < on else ""


def _needs_text(field: str) -> Callable[[Mapping[str, Json]], str]:
    def check(data: Mapping[str, Json]) -> str:
        value = data.get(field)
        good = isinstance(value, str) and value.strip() and value.isprintable() and len(value) <= _LONGEST_FIELD
        return "" if good else f"`{field}` is not said"

    return check


def _needs_outcome(data: Mapping[str, Json]) -> str:
    return "" if data.get("outcome") in _OUTCOMES else f"`outcome` is none of {', '.join(sorted(_OUTCOMES))}"


_FIELDS: dict[str, Callable[[Mapping[str, Json]], str]] = {
    "deadline": _needs_day,
    "version": _needs_text("version"),
    "case": _needs_text("case"),
    "outcome": _needs_outcome,
}


# ------------------------------------------------------------------ what has to hold

_Guard = Callable[[CaseStanding, Mapping[str, Json], "Review | None"], str]


def _all_decided(_: CaseStanding, __: Mapping[str, Json], review: Review | None) -> str:
    waiting = review.undecided if review is not None else ()
    named = ", ".join(f"{at.finding.rule} {at.finding.id[:12]} ({at.state.value})" for at in waiting[:5])
    return f"{len(waiting)} findings await a decision: {named}" if waiting else ""


def _something_accepted(_: CaseStanding, __: Mapping[str, Json], review: Review | None) -> str:
    if review is None or any(at.state is FindingState.ACCEPTED for at in review.findings):
        return ""
    return "no finding is accepted, so there is nothing to write about"


def _overdue(standing: CaseStanding, data: Mapping[str, Json], _: Review | None) -> str:
    on = _day(data, "on")
    if on is not None and is_overdue(standing, on):
        return ""
    until = f"the deadline is {standing.deadline}" if standing.deadline is not None else "no deadline was ever set"
    return f"it is not overdue on {on}: {until}"


def _ground(*grounds: str) -> _Guard:
    def check(_: CaseStanding, data: Mapping[str, Json], __: Review | None) -> str:
        return "" if data.get("ground") in grounds else f"it needs a ground: {', '.join(grounds)}"

    return check


def _overdue_or_ground(standing: CaseStanding, data: Mapping[str, Json], review: Review | None) -> str:
    late = _overdue(standing, data, review)
    ground = _ground("evasion", "repeat")(standing, data, review)
    return f"{late}; without that {ground}" if late and ground else ""


def _passed(standing: CaseStanding, _: Mapping[str, Json], __: Review | None) -> str:
    return "" if standing.outcome == "passed" else f"the retest was not passed but {standing.outcome or 'never made'}"


def _not_passed(standing: CaseStanding, _: Mapping[str, Json], __: Review | None) -> str:
    return "the retest was passed" if standing.state.endswith("retest") and standing.outcome == "passed" else ""


_GUARDS: dict[str, _Guard] = {
    "": lambda _, __, ___: "",
    "all_decided": _all_decided,
    "something_accepted": _something_accepted,
    "overdue": _overdue,
    "overdue_or_ground": _overdue_or_ground,
    "passed": _passed,
    "not_passed": _not_passed,
    "mistake": _ground("mistake"),
    "ban_ground": _ground("refusal", "fraud"),
}


@cache
def _table() -> dict[str, Any]:
    text = resources.files("crawler.report.casework").joinpath("data/states.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
