"""Phases follow from facts; whatever is uncertain is INDETERMINATE."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from crawler.judge.phases import Phase, PhaseSpan, fold_phases, phase_at
from evidence.lanes import Entry
from tests.crawler.judge.building import SECOND, entry

KINDS = {0: ("privacy_agreement",), 1: ("plain",), 2: ("retention",), 3: None}


def intended(seq: int, at: float, action: str, purpose: str, bears: bool) -> Entry:
    return entry(
        "ui", seq, at, "StepIntended", {"step": seq, "action": action, "purpose": purpose, "bears_on_consent": bears}
    )


def settled(seq: int, at: float, screen: int | None, reason: str = "stable") -> Entry:
    return entry("ui", seq, at, "Settled", {"step": seq, "reason": reason, "screen": screen})


def seen(seq: int, at: float, screen: int, running: bool | None = True) -> Entry:
    return entry("ui", seq, at, "ScreenSeen", {"screen": screen, "app_running": running})


LAUNCH = [intended(0, 1, "launch", "open", False), settled(1, 1.1, None), seen(2, 2, 0)]


def phases(facts: list[Entry], *moments: float) -> list[Phase]:
    spans = fold_phases(facts, KINDS)
    return [phase_at(spans, round(moment * SECOND)) for moment in moments]


def test_nothing_is_before_consent_until_the_app_is_opened() -> None:
    assert phases(LAUNCH, 0.5, 1.5, 99) == [Phase.NOT_STARTED, Phase.PRE_CONSENT, Phase.PRE_CONSENT]


def test_from_plan_to_rest_an_accepting_tap_is_indeterminate() -> None:
    facts = [*LAUNCH, intended(3, 5, "tap", "accept", True), seen(4, 5.6, 1), settled(5, 6, 1)]
    assert phases(facts, 4.99, 5.03, 5.9, 6.1) == [
        Phase.PRE_CONSENT,
        Phase.INDETERMINATE,
        Phase.INDETERMINATE,
        Phase.ACCEPTED,
    ]


def test_a_dialog_that_stays_after_accepting_is_not_acceptance() -> None:
    facts = [*LAUNCH, intended(3, 5, "tap", "accept", True), settled(4, 6, 0)]
    assert phases(facts, 6.5) == [Phase.INDETERMINATE]


def test_a_failed_tap_clouds_everything_that_follows() -> None:
    facts = [*LAUNCH, intended(3, 5, "tap", "accept", True), settled(4, 6, None, "failed"), seen(5, 7, 1)]
    assert phases(facts, 6.5, 8) == [Phase.INDETERMINATE, Phase.INDETERMINATE]


def test_an_unread_screen_after_a_refusal_is_indeterminate() -> None:
    facts = [*LAUNCH, intended(3, 5, "tap", "refuse", True), seen(4, 5.5, 3), settled(5, 6, 3)]
    assert phases(facts, 6.5) == [Phase.INDETERMINATE]


def test_refusal_is_pending_while_the_app_asks_again_and_final_when_it_goes_on() -> None:
    facts = [
        *LAUNCH,
        intended(3, 5, "tap", "refuse", True),
        seen(4, 5.4, 2),
        settled(5, 6, 2),
        intended(6, 7, "tap", "refuse_again", True),
        seen(7, 7.4, 1),
        settled(8, 8, 1),
    ]
    assert phases(facts, 5.5, 6.5, 7.5, 9) == [
        Phase.INDETERMINATE,
        Phase.REFUSAL_PENDING,
        Phase.INDETERMINATE,
        Phase.REFUSED_BASIC,
    ]


def test_an_app_that_leaves_after_refusal_is_gone() -> None:
    facts = [*LAUNCH, intended(3, 5, "tap", "refuse", True), seen(4, 5.4, 1, False), settled(5, 6, 1, "process_gone")]
    assert phases(facts, 7) == [Phase.KILLED]


def test_a_tap_of_unknown_meaning_before_consent_ends_all_accusation() -> None:
    facts = [*LAUNCH, intended(3, 5, "tap", "explore", False), settled(4, 6, 1), seen(5, 7, 1)]
    assert phases(facts, 4, 5.5, 8) == [Phase.PRE_CONSENT, Phase.INDETERMINATE, Phase.INDETERMINATE]


def test_denying_a_permission_is_no_consent() -> None:
    facts = [*LAUNCH, intended(3, 5, "tap", "deny_permission", False), settled(4, 6, 0)]
    assert phases(facts, 5.5, 7) == [Phase.PRE_CONSENT, Phase.PRE_CONSENT]


def test_walking_after_acceptance_stays_accepted() -> None:
    facts = [
        *LAUNCH,
        intended(3, 5, "tap", "accept", True),
        settled(4, 6, 1),
        intended(5, 7, "tap", "explore", False),
        settled(6, 8, 1),
    ]
    assert phases(facts, 7.5, 9) == [Phase.ACCEPTED, Phase.ACCEPTED]


PURPOSES = ["open", "accept", "refuse", "refuse_again", "tick", "explore", "deny_permission", "stop", ""]
SCREENS = [0, 1, 2, 3, 9, None]
REASONS = ["stable", "deadline", "failed", "process_gone"]
facts_strategy = st.lists(
    st.one_of(
        st.tuples(
            st.just("StepIntended"),
            st.sampled_from(["tap", "launch", "back"]),
            st.sampled_from(PURPOSES),
            st.booleans(),
        ),
        st.tuples(st.just("Settled"), st.sampled_from(REASONS), st.sampled_from(SCREENS), st.booleans()),
        st.tuples(st.just("ScreenSeen"), st.sampled_from(SCREENS), st.sampled_from([True, False, None]), st.booleans()),
    ),
    max_size=30,
)


def facts_from(rows: list[tuple[str, object, object, bool]]) -> list[Entry]:
    made = []
    for seq, (kind, first, second, flag) in enumerate(rows):
        if kind == "StepIntended":
            data: dict[str, object] = {"action": first, "purpose": second, "bears_on_consent": flag}
        elif kind == "Settled":
            data = {"reason": first, "screen": second}
        else:
            data = {"screen": first, "app_running": second}
        made.append(entry("ui", seq, seq + 1, kind, data))
    return made


@given(facts_strategy)
def test_the_fold_is_total_ordered_and_without_gaps(rows: list[tuple[str, object, object, bool]]) -> None:
    spans = fold_phases(facts_from(rows), KINDS)
    assert spans[0].from_ns == 0 or spans[0].phase is not Phase.NOT_STARTED
    assert spans[-1].to_ns is None
    for before, after in pairwise(spans):
        assert before.to_ns == after.from_ns
        assert before.from_ns < after.from_ns


@given(facts_strategy)
def test_before_consent_never_comes_back_after_a_consent_bearing_tap(
    rows: list[tuple[str, object, object, bool]],
) -> None:
    spans = fold_phases(facts_from(rows), KINDS)
    bearing = [
        n + 1
        for n, row in enumerate(rows)
        if row[0] == "StepIntended" and row[2] in ("accept", "tick", "refuse", "refuse_again")
    ]
    if bearing:
        at = bearing[0] * SECOND
        assert all(span.phase is not Phase.PRE_CONSENT for span in spans if span.from_ns >= at)


def test_phase_before_the_record_is_not_started() -> None:
    assert phase_at((PhaseSpan(phase=Phase.ACCEPTED, from_ns=10, to_ns=None, why=""),), 5) is Phase.NOT_STARTED


def test_leaving_a_guide_is_uncertain_until_the_app_asks() -> None:
    facts = [*LAUNCH, intended(3, 5, "tap", "advance", False), settled(4, 6, 1), seen(5, 7, 1), seen(6, 9, 0)]
    assert phases(facts, 4, 5.5, 8, 9.1) == [
        Phase.PRE_CONSENT,
        Phase.INDETERMINATE,
        Phase.INDETERMINATE,
        Phase.PRE_CONSENT,
    ]
    assert phases(facts[:-1], 99) == [Phase.INDETERMINATE]


def test_a_prompt_that_stands_when_the_guide_is_left_asks_as_well() -> None:
    facts = [*LAUNCH, intended(3, 5, "tap", "advance", False), settled(4, 6, 0)]
    refused = [*facts, intended(5, 8, "tap", "refuse", True), settled(6, 9, 1)]
    assert phases(refused, 6.5, 8.5, 9.5) == [Phase.PRE_CONSENT, Phase.INDETERMINATE, Phase.REFUSED_BASIC]
    unread = [*LAUNCH, intended(3, 5, "tap", "advance", False), settled(4, 6, 3)]
    assert phases(unread, 6.5) == [Phase.INDETERMINATE]
