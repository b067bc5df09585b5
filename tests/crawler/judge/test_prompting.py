"""The rules about the prompt itself: a box that is ticked already (M1-09), and no clear choice (M1-10)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crawler.judge.model import Verdict
from crawler.judge.phases import Phase
from crawler.judge.readings import SessionReadings
from screenshots.reading import Checkbox
from screenshots.tricks import Trick
from tests.crawler.judge.building import RULE, dialog, reading, screen, session, verdict

PROMPT = dialog("privacy_agreement", "accept", "refuse")


# ---------------------------------------------------------------- M1-09


def box(state: str, label: str = "我已阅读并同意《隐私政策》", source: str = "hierarchy") -> Checkbox:
    return Checkbox(state=state, label=label, box=(80, 1200, 110, 1230), point=(95, 1215), source=source)


def ticked(checkbox: Checkbox, phase: Phase = Phase.PRE_CONSENT) -> object:
    return screen(0, 1, reading(dialog("login_with_agreement", "accept", checkboxes=[checkbox])), phase=phase)


def test_a_ticked_agreement_is_confirmed() -> None:
    assert verdict("M1-09", session(screens=[ticked(box("ticked"))])) is Verdict.CONFIRMED  # type: ignore[list-item]


@pytest.mark.parametrize("checkbox", [box("unticked"), box("ticked", "记住我"), box("unknown")])
def test_unticked_unknown_or_foreign_boxes_are_not(checkbox: Checkbox) -> None:
    found = verdict("M1-09", session(screens=[ticked(checkbox)]))  # type: ignore[list-item]
    assert found in (Verdict.NOT_OBSERVED, Verdict.NOT_TESTABLE)


def test_a_box_ticked_by_ourselves_is_not_ticked_by_default() -> None:
    screens = [ticked(box("ticked"), Phase.INDETERMINATE)]
    assert verdict("M1-09", session(screens=screens)) is Verdict.NOT_OBSERVED  # type: ignore[arg-type]


def test_a_tick_measured_on_pixels_needs_two_sessions() -> None:
    once = session(screens=[ticked(box("ticked", source="pixels"))])  # type: ignore[list-item]
    again = session("S03", screens=[ticked(box("ticked", source="pixels"))])  # type: ignore[list-item]
    assert verdict("M1-09", once) is Verdict.LEAD
    assert verdict("M1-09", once, again) is Verdict.CONFIRMED


def test_a_tick_whose_place_alone_says_that_it_is_a_box_confirms_nothing() -> None:
    placed = ticked(replace(box("ticked", source="pixels"), by_place=True))
    assert verdict("M1-09", session(screens=[placed]), session("S03", screens=[placed])) is Verdict.LEAD  # type: ignore[list-item]


def test_what_its_place_alone_tells_stays_a_lead_beside_what_the_system_says() -> None:
    placed = ticked(replace(box("ticked", source="pixels"), by_place=True))
    told = ticked(box("ticked"))
    found = RULE["M1-09"]((session(screens=[placed]), session("S03", screens=[told])))  # type: ignore[list-item]
    assert sorted((item.session, item.verdict) for item in found) == sorted(
        [(session("S03").session, Verdict.CONFIRMED), (session().session, Verdict.LEAD)]
    )


def drawn(scenario: str, *states: str) -> SessionReadings:
    """A session whose looks at a prompt with both answers measured whether the refusal can be seen."""
    looks = [
        replace(screen(index, 1 + index, reading(PROMPT)), tricks=(Trick(name="invisible_refusal", state=state),))
        for index, state in enumerate(states)
    ]
    return session(scenario, screens=looks)


@pytest.mark.parametrize(
    ("looks", "said"),
    [
        ([("S01", "unknown", "seen"), ("S03", "seen")], Verdict.CONFIRMED),
        ([("S01", "seen")], Verdict.LEAD),
        ([("S01", "seen"), ("S03", "not_seen", "seen")], Verdict.NOT_OBSERVED),
        ([("S01", "unknown"), ("S03", "unknown")], Verdict.NOT_OBSERVED),
    ],
)
def test_a_refusal_in_the_colour_of_its_ground(looks: list[tuple[str, ...]], said: Verdict) -> None:
    assert verdict("M1-10", *(drawn(*look) for look in looks)) is said


def test_what_was_measured_on_the_screen_stands_in_the_evidence_and_changes_no_verdict() -> None:
    seen = replace(ticked(box("ticked")), tricks=(Trick(name="weaker_refusal", state="seen"),))  # type: ignore[type-var]
    found = RULE["M1-09"]((session(screens=[seen]),))  # type: ignore[list-item]
    assert found[0].verdict is Verdict.CONFIRMED
    assert found[0].details["tricks"][0]["name"] == "weaker_refusal"  # type: ignore[index]
    plain = replace(screen(0, 1, reading(dialog("privacy_agreement", "accept", "refuse"))), tricks=seen.tricks)  # type: ignore[attr-defined]
    assert verdict("M1-10", session(screens=[plain])) is Verdict.NOT_OBSERVED


# ---------------------------------------------------------------- M1-10


def test_a_notice_that_can_only_be_acknowledged_is_confirmed() -> None:
    assert (
        verdict("M1-10", session(screens=[screen(0, 1, reading(dialog("notice_only", "acknowledge")))]))
        is Verdict.CONFIRMED
    )


def test_without_a_second_look_it_is_only_suspected() -> None:
    shown = reading(dialog("notice_only", "acknowledge"), looked_twice=False)
    assert verdict("M1-10", session(screens=[screen(0, 1, shown)])) is Verdict.SUSPECTED


def test_a_prompt_that_only_the_wording_model_named_confirms_nothing() -> None:
    shown = reading(dialog("notice_only", "acknowledge", by_wording=True))
    assert verdict("M1-10", session(screens=[screen(0, 1, shown)])) is Verdict.SUSPECTED


def test_an_answer_whose_meaning_was_guessed_may_refuse() -> None:
    shown = dialog("privacy_agreement", "accept", "acknowledge")
    guessed = replace(shown, controls=(shown.controls[0], replace(shown.controls[1], clear=False)))
    assert verdict("M1-10", session(screens=[screen(0, 1, reading(guessed))])) is Verdict.NOT_OBSERVED
    assert verdict("M1-10", session(screens=[screen(0, 1, reading(shown))])) is Verdict.CONFIRMED


@pytest.mark.parametrize("role", ["refuse", "exit", "close", "later", "basic_mode", "other"])
def test_anything_that_may_refuse_is_a_choice(role: str) -> None:
    shown = reading(dialog("privacy_agreement", "accept", role))
    assert verdict("M1-10", session(screens=[screen(0, 1, shown)])) is Verdict.NOT_OBSERVED


def test_a_refusal_that_was_drawn_later_counts() -> None:
    screens = [screen(0, 1, reading(dialog("privacy_agreement", "accept"))), screen(1, 2, reading(PROMPT))]
    assert verdict("M1-10", session(screens=screens)) is Verdict.NOT_OBSERVED
