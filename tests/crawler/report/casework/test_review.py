"""What people decided about findings: counted for the very content it was said of, by as many people as it takes."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.report.casework.judged import FindingsUnreadable, finding_id, read_judged
from crawler.report.casework.review import (
    FindingState,
    accepted_findings,
    decision_data,
    matching,
    objection,
    open_review,
    review_state,
    same_person,
)
from crawler.report.casework.settings import CaseworkSettings, SettingsFaulty, load_settings
from crawler.report.casework.states import day_of
from evidence.clock import FrozenClock
from evidence.deciding import DecisionsDamaged, Signer, append_decision
from evidence.decisions import DECISIONS_FILE, FINDING_ACCEPTED, FINDING_DISMISSED, RERUN_ASKED, Person
from tests.crawler.report.casework.making import ANNA, BO, decision, document, judge_as, judged, judged_case, row

FINDING = judged()
STATES = {
    (): FindingState.OPEN,
    (FINDING_ACCEPTED,): FindingState.ACCEPTED,
    (FINDING_DISMISSED,): FindingState.DISMISSED,
    (RERUN_ASKED,): FindingState.RERUN_ASKED,
    (FINDING_ACCEPTED, FINDING_DISMISSED): FindingState.DISMISSED,
    (FINDING_DISMISSED, FINDING_ACCEPTED): FindingState.ACCEPTED,
    (FINDING_ACCEPTED, RERUN_ASKED): FindingState.RERUN_ASKED,
    (RERUN_ASKED, FINDING_ACCEPTED): FindingState.ACCEPTED,
}


@pytest.mark.parametrize("kinds", STATES)
def test_the_last_word_counts(kinds: tuple[str, ...]) -> None:
    (at,) = review_state([FINDING], [decision(kind, FINDING, seq=n) for n, kind in enumerate(kinds)])
    assert at.state is STATES[kinds]
    assert accepted_findings([at]) == ((FINDING,) if at.state is FindingState.ACCEPTED else ())
    assert len(at.decisions) == len(kinds)


def test_four_eyes_need_two_different_people() -> None:
    once = [decision(FINDING_ACCEPTED, FINDING, ANNA)]
    (at,) = review_state([FINDING], once, {"high"})
    assert at.state is FindingState.NEEDS_SECOND_PERSON
    assert accepted_findings([at]) == ()
    (at,) = review_state([FINDING], [*once, decision(FINDING_ACCEPTED, FINDING, ANNA, 1)], {"high"})
    assert at.state is FindingState.NEEDS_SECOND_PERSON
    (at,) = review_state([FINDING], [*once, decision(FINDING_ACCEPTED, FINDING, BO, 1)], {"high"})
    assert at.state is FindingState.ACCEPTED
    assert [person.name for person in at.accepted_by] == ["Anna", "Bo"]


def test_four_eyes_begin_anew_after_a_dismissal() -> None:
    said = [
        decision(FINDING_ACCEPTED, FINDING, ANNA, 0),
        decision(FINDING_DISMISSED, FINDING, BO, 1),
        decision(FINDING_ACCEPTED, FINDING, BO, 2),
    ]
    assert review_state([FINDING], said, {"high"})[0].state is FindingState.NEEDS_SECOND_PERSON


def test_four_eyes_hold_for_the_severities_that_are_named_only() -> None:
    mild = judged("M4-02", severity="medium")
    said = [decision(FINDING_ACCEPTED, FINDING), decision(FINDING_ACCEPTED, mild, seq=1)]
    assert [at.state for at in review_state([FINDING, mild], said, {"high"})] == [
        FindingState.NEEDS_SECOND_PERSON,
        FindingState.ACCEPTED,
    ]


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (Person(name="Anna", public_key="b" * 64), True),
        (Person(name="ＡＮＮＡ ", public_key="b" * 64), True),
        (Person(name="Someone else", public_key="a" * 64), True),
        (Person(name="Bo", public_key="b" * 64), False),
    ],
)
def test_two_keys_of_one_person_are_one_pair_of_eyes(other: Person, same: bool) -> None:
    assert same_person(Person(name="Anna", public_key="a" * 64), other) is same


def test_the_same_person_twice_is_refused_by_name() -> None:
    (at,) = review_state([FINDING], [decision(FINDING_ACCEPTED, FINDING, ANNA)], {"high"})
    assert "Anna accepted it before" in objection(FINDING_ACCEPTED, at, Person(name="Anna", public_key=BO.key.public))
    assert objection(FINDING_ACCEPTED, at, Person(name="Bo", public_key=BO.key.public)) == ""
    assert objection(FINDING_DISMISSED, at, Person(name="Anna", public_key=ANNA.key.public)) == ""


@pytest.mark.parametrize("verdict", ["lead", "not_observed", "not_testable"])
def test_what_says_nothing_against_the_app_can_never_be_accepted(verdict: str) -> None:
    innocent = judged(verdict=verdict)
    (at,) = review_state([innocent], [decision(FINDING_ACCEPTED, innocent)])
    assert at.state is FindingState.OPEN
    assert accepted_findings([at]) == ()
    assert verdict in objection(FINDING_ACCEPTED, at, Person(name="Bo", public_key=BO.key.public))
    assert objection(RERUN_ASKED, at, Person(name="Bo", public_key=BO.key.public)) == ""


@pytest.mark.parametrize(
    "change",
    [
        {"summary_en": "other words"},
        {"at_mono_ns": 7},
        {"verdict": "suspected"},
        {"details": {"host": "other.example"}},
        {"citations": [{"seq": 1}]},
    ],
)
def test_a_finding_that_changed_is_another_one(change: dict[str, object]) -> None:
    plain = row()
    changed = {**plain, **change}
    assert finding_id(changed) != finding_id(plain)
    now = judged(**change)  # type: ignore[arg-type]
    (at,) = review_state([now], [decision(FINDING_ACCEPTED, FINDING)])
    assert at.state is FindingState.OPEN
    assert [earlier.finding for earlier in at.earlier] == [FINDING.id]


def test_the_order_of_keys_makes_no_other_finding() -> None:
    plain = row()
    assert finding_id(dict(reversed(plain.items()))) == finding_id(plain)


kinds = st.sampled_from([FINDING_ACCEPTED, FINDING_DISMISSED, RERUN_ASKED])
people = st.sampled_from([ANNA, BO, Signer(name="anna", key=BO.key)])


@given(st.lists(st.tuples(kinds, people), max_size=12), st.booleans())
def test_accepted_is_only_what_enough_people_said_last(said: list[tuple[str, Signer]], four_eyes: bool) -> None:
    decisions = [decision(kind, FINDING, who, n) for n, (kind, who) in enumerate(said)]
    (at,) = review_state([FINDING], decisions, {"high"} if four_eyes else ())
    assert at == review_state([FINDING], decisions, {"high"} if four_eyes else ())[0]
    run = []
    for kind, who in reversed(said):
        if kind != FINDING_ACCEPTED:
            break
        run.append(Person(name=who.name, public_key=who.key.public))
    pairs = any(not same_person(one, other) for one in run for other in run)
    assert (at.state is FindingState.ACCEPTED) == (pairs if four_eyes else bool(run))
    assert (at.state is FindingState.OPEN) == (not said)


def test_a_name_is_as_much_of_the_digest_as_it_takes() -> None:
    other = judged("M1-05")
    reviewed = review_state([FINDING, other], [])
    assert [at.finding for at in matching(reviewed, FINDING.id[:8].upper())] == [FINDING]
    assert [at.finding for at in matching(reviewed, f"M1-05-{other.id[:6]}")] == [other]
    assert [at.finding for at in matching(reviewed, "m1-0")] == [FINDING, other]
    assert matching(reviewed, FINDING.id[:3]) == ()


# ------------------------------------------------------------------ on disk


def decide(case: Path, kind: str, who: Signer = ANNA, number: int = 0) -> None:
    finding = read_judged(case).findings[number]
    append_decision(case, kind, decision_data(finding, "because"), who, clock=FrozenClock())


def test_a_case_is_reviewed_from_its_files(tmp_path: Path) -> None:
    case = judged_case(tmp_path / "case", document([row(), row("M1-05"), row("M5-01", "lead")]))
    decide(case, FINDING_ACCEPTED)
    review = open_review(case, CaseworkSettings())
    assert [at.state.value for at in review.findings] == ["accepted", "open", "open"]
    assert len(review.undecided) == 2
    assert not review.keys_checked


def test_a_judgement_that_leaves_a_finding_as_it_was_keeps_its_decision(tmp_path: Path) -> None:
    case = judged_case(tmp_path / "case", document([row(), row("M1-05")]))
    decide(case, FINDING_ACCEPTED, number=0)
    decide(case, FINDING_DISMISSED, number=1)
    judge_as(case, {**document([row(), row("M1-05", summary_en="said otherwise")]), "judge": "2"})
    review = open_review(case, CaseworkSettings())
    first, second = review.findings
    assert first.state is FindingState.ACCEPTED
    assert second.state is FindingState.OPEN
    assert [earlier.data["summary_en"] for earlier in second.earlier] == ["M1-05 in words"]
    judge_as(case, document([row()]))
    review = open_review(case, CaseworkSettings())
    assert [decision.kind for decision in review.unplaced] == [FINDING_DISMISSED]


def test_nothing_rests_on_decisions_by_people_who_may_not_decide(tmp_path: Path) -> None:
    case = judged_case(tmp_path / "case", document([row()]))
    decide(case, FINDING_ACCEPTED, BO)
    only_anna = CaseworkSettings(people=((ANNA.key.fingerprint, "Anna"),))
    with pytest.raises(DecisionsDamaged, match="not known here"):
        open_review(case, only_anna)
    both = CaseworkSettings(people=((ANNA.key.fingerprint, "Anna"), (BO.key.fingerprint, "Bo")))
    assert open_review(case, both).keys_checked


def test_nothing_rests_on_damaged_decisions(tmp_path: Path) -> None:
    case = judged_case(tmp_path / "case", document([row()]))
    decide(case, FINDING_ACCEPTED)
    decide(case, FINDING_DISMISSED)
    path = case / DECISIONS_FILE
    path.write_bytes(path.read_bytes().replace(b"FindingDismissed", b"FindingAccepted!"))
    with pytest.raises(DecisionsDamaged):
        open_review(case, CaseworkSettings())


@pytest.mark.parametrize("content", [b"", b"[]", b'{"rules": 3}', b'{"rules": [{"rule": 1}]}', b"[" * 100_000, b"\xff"])
def test_findings_that_are_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "findings.json").write_bytes(content)
    with pytest.raises(FindingsUnreadable):
        read_judged(tmp_path)


def test_no_findings_at_all(tmp_path: Path) -> None:
    with pytest.raises(FindingsUnreadable, match="No such file"):
        read_judged(tmp_path)


# ------------------------------------------------------------------ settings


def test_settings_say_who_may_decide(tmp_path: Path) -> None:
    path = tmp_path / "casework.toml"
    assert load_settings(path) == CaseworkSettings()
    path.write_text(
        f'second_person = ["high"]\n[[people]]\nname = "安娜"\nfingerprint = "{"a" * 64}"\n', encoding="utf-8"
    )
    settings = load_settings(path)
    assert settings.second_person == {"high"}
    assert settings.known_keys == {"a" * 64: "安娜"}


def test_who_left_decides_no_more(tmp_path: Path) -> None:
    case = judged_case(tmp_path / "case", document([row()]))
    decide(case, FINDING_ACCEPTED, BO)
    signed = day_of(FrozenClock().now().wall_ns)
    path = tmp_path / "casework.toml"
    for until, counts in ((signed, True), (signed - timedelta(days=1), False)):
        path.write_text(f'[[people]]\nname = "Bo"\nfingerprint = "{BO.key.fingerprint}"\nuntil = {until}\n')
        if counts:
            assert open_review(case, load_settings(path)).findings[0].state is FindingState.ACCEPTED
        else:
            with pytest.raises(DecisionsDamaged, match="time as one who decides had ended"):
                open_review(case, load_settings(path))


def test_every_fault_of_the_settings_is_listed(tmp_path: Path) -> None:
    path = tmp_path / "casework.toml"
    people = [
        {"name": "", "fingerprint": "x", "until": "soon"},
        {"name": "Bo"},
        {"name": "Bo", "fingerprint": "b" * 64},
    ] * 2
    rows = "".join(
        "[[people]]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in one.items()) for one in people
    )
    path.write_text(f'second_person = ["grave"]\ncolour = 1\n{rows}')
    with pytest.raises(SettingsFaulty) as caught:
        load_settings(path)
    told = str(caught.value)
    for words in (
        "colour",
        "second_person",
        "people[0]: `until` is no day",
        "`name` is no name",
        "people[1]: not exactly",
        "people[5]: this key belongs",
    ):
        assert words in told
    path.write_text("=")
    with pytest.raises(SettingsFaulty):
        load_settings(path)
