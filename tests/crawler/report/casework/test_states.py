"""How a case moves: only as the table allows, by somebody's signed word, with nothing lost and nothing accused by a clock."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.report.casework.review import Review, review_state
from crawler.report.casework.states import (
    FIRST_STATE,
    CaseStanding,
    day_of,
    days_left,
    fold_case,
    is_overdue,
    load_moves,
    load_states,
    move_objection,
    moves_from,
)
from evidence.canonical import Json
from evidence.decisions import CASE_MOVED, FINDING_ACCEPTED, RERUN_ASKED, Anchor, Decision, DecisionsReading, Person
from tests.crawler.report.casework.making import decision, judged

DAY_ONE = date(2026, 3, 2)
WALL = 1_772_409_600_000_000_000  # 2026-03-02 00:00 UTC
DAY_NS = 86_400 * 1_000_000_000


def move(to: str, day: int = 0, seq: int = 0, **more: Json) -> Decision:
    """A move signed on the given day after the second of March 2026."""
    data: dict[str, Json] = {"to": to, "reason": "because", "on": (DAY_ONE + timedelta(days=day)).isoformat(), **more}
    return Decision(
        seq=seq,
        prev="0" * 64,
        wall_ns=WALL + day * DAY_NS,
        kind=CASE_MOVED,
        person=Person(name="Anna", public_key="a" * 64),
        anchor=Anchor(record_seal="e" * 64, findings="f" * 64),
        torn=None,
        data=data,
        digest=f"{seq:064x}",
    )


NOTICED = [move("reviewed"), move("noticed", deadline="2026-03-09")]
RETEST = {"case": "case-2", "outcome": "passed"}
FAILED = {"case": "case-2", "outcome": "failed"}


def states_of(*moves: Decision) -> tuple[str, int]:
    standing = fold_case(moves)
    return standing.state, len(standing.ignored)


@pytest.mark.parametrize(
    ("moves", "state"),
    [
        ([], "found"),
        ([move("reviewed"), move("closed")], "closed"),
        (
            [
                *NOTICED,
                move("replied", 1),
                move("fixed_version", 2, version="2"),
                move("retest", 3, **RETEST),
                move("closed", 3),
            ],
            "closed",
        ),
        (
            [
                *NOTICED,
                move("fixed_version", 2, version="2"),
                move("retest", 3, **FAILED),
                move("noticed", 3, deadline="2026-03-20"),
            ],
            "noticed",
        ),
        (
            [
                *NOTICED,
                move("public", 8),
                move("delisted", 9),
                move("relist_requested", 10),
                move("relist_retest", 11, **RETEST),
                move("relisted", 12),
            ],
            "relisted",
        ),
        ([*NOTICED, move("delisted", 1, ground="evasion")], "delisted"),
        ([*NOTICED, move("account_ban", 1, ground="fraud"), move("delisted", 2)], "delisted"),
        ([*NOTICED, move("public", 8), move("closed", 9, ground="mistake")], "closed"),
        ([move("reviewed"), move("closed"), move("reviewed", 5)], "reviewed"),
    ],
)
def test_ways_a_case_may_go(moves: list[Decision], state: str) -> None:
    assert states_of(*moves) == (state, 0)


@pytest.mark.parametrize(
    ("moves", "words"),
    [
        ([move("noticed", deadline="2026-03-09")], "'found' cannot become 'noticed'; allowed from here: reviewed"),
        ([*NOTICED, move("public", 7)], "not overdue on 2026-03-09: the deadline is 2026-03-09"),
        ([*NOTICED, move("delisted", 1)], "it needs a ground: evasion, repeat"),
        ([*NOTICED, move("fixed_version", 1)], "`version` is not said"),
        ([*NOTICED, move("fixed_version", 1, version="2"), move("public", 30)], "cannot become 'public'"),
        (
            [*NOTICED, move("fixed_version", 1, version="2"), move("retest", 2, case="x", outcome="fine")],
            "`outcome` is none of",
        ),
        (
            [*NOTICED, move("fixed_version", 1, version="2"), move("retest", 2, **FAILED), move("closed", 3)],
            "not passed but failed",
        ),
        (
            [*NOTICED, move("fixed_version", 1, version="2"), move("retest", 2, **RETEST), move("public", 30)],
            "not overdue",
        ),
        ([*NOTICED, move("account_ban", 1, ground="evasion")], "refusal, fraud"),
        ([move("reviewed"), move("noticed", 1, deadline="2026-03-01")], "before the day of the notice"),
        ([move("reviewed"), move("noticed", 1, deadline="soon")], "no day like"),
        ([move("reviewed", 0, on="2026-03-04")], "had not come yet"),
        ([move("reviewed", 0, on="20260302")], "`on` is no day"),
        ([move("elsewhere")], "cannot become 'elsewhere'"),
    ],
)
def test_what_is_not_allowed_is_told_and_changes_nothing(moves: list[Decision], words: str) -> None:
    standing = fold_case(moves)
    assert standing.moves == tuple(moves[:-1])
    ((refused, why),) = standing.ignored
    assert refused == moves[-1]
    assert words in why


def review_of(*states: str) -> Review:
    findings = [judged(session=f"S0{number}") for number in range(len(states))]
    said = [
        decision(FINDING_ACCEPTED if state == "accepted" else RERUN_ASKED, finding, seq=number)
        for number, (finding, state) in enumerate(zip(findings, states, strict=True))
        if state != "open"
    ]
    reviewed = review_state(findings, said)
    return Review(judged=None, reading=DecisionsReading(), findings=reviewed, keys_checked=False, unplaced=())  # type: ignore[arg-type]


def test_a_case_is_reviewed_when_every_finding_is_decided() -> None:
    standing = CaseStanding()
    data = move("reviewed").data
    assert "1 findings await a decision: M1-01" in move_objection(standing, data, WALL, review_of("accepted", "open"))
    assert move_objection(standing, data, WALL, review_of("accepted", "rerun_asked")) == ""
    assert move_objection(standing, data, WALL, review_of()) == ""


def test_a_notice_needs_an_accepted_finding() -> None:
    standing = fold_case(NOTICED[:1])
    assert "nothing to write about" in move_objection(standing, NOTICED[1].data, WALL, review_of("rerun_asked"))
    assert move_objection(standing, NOTICED[1].data, WALL, review_of("accepted", "rerun_asked")) == ""


# ------------------------------------------------------------------ deadlines


def test_overdue_is_counted_for_a_stated_day_and_never_stored() -> None:
    standing = fold_case(NOTICED)
    assert [is_overdue(standing, date(2026, 3, day)) for day in (8, 9, 10)] == [False, False, True]
    assert [days_left(standing, date(2026, 3, day)) for day in (8, 9, 10)] == [1, 0, -1]
    assert "overdue" not in load_states()


def test_who_submitted_a_version_is_not_overdue_until_its_retest_failed() -> None:
    submitted = [*NOTICED, move("fixed_version", 2, version="2")]
    later = date(2026, 5, 1)
    assert not is_overdue(fold_case(submitted), later)
    assert not is_overdue(fold_case([*submitted, move("retest", 3, case="x", outcome="unclear")]), later)
    assert not is_overdue(fold_case([*submitted, move("retest", 3, **RETEST)]), later)
    assert is_overdue(fold_case([*submitted, move("retest", 3, **FAILED)]), later)


def test_a_later_deadline_takes_the_place_of_the_earlier_one() -> None:
    standing = fold_case([*NOTICED, move("replied", 1), move("noticed", 2, deadline="2026-03-20")])
    assert standing.deadline == date(2026, 3, 20)
    assert not is_overdue(standing, date(2026, 3, 20))


def test_days_are_those_of_mainland_china() -> None:
    assert day_of(WALL - 8 * 3600 * 10**9 - 1) == date(2026, 3, 1)
    assert day_of(WALL - 8 * 3600 * 10**9) == DAY_ONE
    assert day_of(2**64 - 1).year == 2100


# ------------------------------------------------------------------ the table


def test_every_state_can_be_reached_and_every_move_has_its_reason() -> None:
    reached = {FIRST_STATE}
    while more := {move.to for state in reached for move in moves_from(state)} - reached:
        reached |= more
    assert reached == set(load_states())
    assert all(move.why for move in load_moves())


def test_from_every_state_a_way_leads_to_the_end_of_the_case() -> None:
    def reaches(state: str, seen: frozenset[str]) -> bool:
        return state == "closed" or any(
            reaches(m.to, seen | {state}) for m in moves_from(state) if m.to not in seen | {state}
        )

    assert [state for state in load_states() if not reaches(state, frozenset())] == []


FIELDS: Mapping[str, st.SearchStrategy[Json]] = {
    "deadline": st.sampled_from(["2026-03-09", "2026-04-01", "never", None]),
    "version": st.sampled_from(["2.0", "", None]),
    "case": st.sampled_from(["case-2", None]),
    "outcome": st.sampled_from(["passed", "failed", "unclear", "whatever"]),
    "ground": st.sampled_from(["evasion", "repeat", "refusal", "fraud", "mistake", None]),
}
moves = st.builds(
    lambda to, day, more: move(to, day, **more),
    st.sampled_from([*load_states(), "elsewhere"]),
    st.integers(0, 60),
    st.fixed_dictionaries(dict(FIELDS)),
)


@given(st.lists(moves, max_size=25))
@settings(max_examples=300, deadline=None)
def test_random_moves_lead_only_where_the_table_allows_and_none_is_lost(events: list[Decision]) -> None:
    standing = fold_case(events)
    assert fold_case(list(events)) == standing
    told = [*standing.moves, *(refused for refused, _ in standing.ignored)]
    assert sorted(map(id, told)) == sorted(map(id, events))
    assert all(why for _, why in standing.ignored)
    state = FIRST_STATE
    for event in standing.moves:
        assert event.data["to"] in {move.to for move in moves_from(state)}
        state = str(event.data["to"])
    assert standing.state == state


@given(st.lists(moves, max_size=25), st.integers(0, 25))
@settings(max_examples=150, deadline=None)
def test_a_case_is_where_its_later_events_find_it(events: list[Decision], cut: int) -> None:
    """Folding is one event after the other: what comes later changes nothing of what was before."""
    before, whole = fold_case(events[:cut]), fold_case(events)
    assert whole.moves[: len(before.moves)] == before.moves
    assert whole.ignored[: len(before.ignored)] == before.ignored


@given(st.lists(moves, max_size=25))
@settings(max_examples=150, deadline=None)
def test_nobody_is_named_or_delisted_before_a_notice_or_without_a_ground(events: list[Decision]) -> None:
    standing = fold_case(events)
    seen: list[str] = []
    for event in standing.moves:
        to = event.data["to"]
        if to == "public":
            assert "noticed" in seen
        if to == "delisted" and "noticed" not in seen:
            assert event.data["ground"] in ("evasion", "repeat")
        seen.append(str(to))
