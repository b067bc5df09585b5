"""The waits of a session: data that is whole, and never shorter than a rule's own figure where that would accuse."""

from __future__ import annotations

from dataclasses import fields

import pytest

from crawler.judge.rules import prompting
from crawler.session.pace import Pace, PaceUnknown, load_pace, pace_names
from crawler.session.scenarios import SCENARIOS
from evidence.canonical import to_line


@pytest.mark.parametrize("name", pace_names())
def test_every_pace_sets_everything(name: str) -> None:
    pace = load_pace(name)
    assert pace.name == name
    for field in fields(Pace):
        value = getattr(pace, field.name)
        assert isinstance(value, str) if field.name == "name" else type(value) is int, field.name
    assert all(value >= 0 for value in pace.as_fact().values() if isinstance(value, int))
    to_line(pace.as_fact())  # fit for the record


@pytest.mark.parametrize("name", pace_names())
def test_a_late_prompt_is_waited_for_as_long_as_the_rule_asks(name: str) -> None:
    pace = load_pace(name)
    assert pace.prompt_watch_seconds >= prompting._WATCH_SECONDS
    assert pace.cold_start_cap_seconds >= pace.first_screen_seconds + pace.prompt_watch_seconds


@pytest.mark.parametrize(("shorter", "longer"), [("quick", "brisk"), ("brisk", "standard")])
def test_a_quicker_pace_never_waits_longer(shorter: str, longer: str) -> None:
    less, more = load_pace(shorter).as_fact(), load_pace(longer).as_fact()
    assert {name for name in less if name != "name" and int(less[name]) > int(more[name])} == set()


def test_settings_can_be_changed_one_by_one() -> None:
    assert load_pace("quick", explore_actions=2).explore_actions == 2


@pytest.mark.parametrize("name", ["", "slow", "../quick"])
def test_an_unknown_pace_names_those_there_are(name: str) -> None:
    with pytest.raises(PaceUnknown, match="standard, brisk, quick"):
        load_pace(name)


def test_an_unknown_setting_names_those_there_are() -> None:
    with pytest.raises(PaceUnknown, match=r"nap_seconds.*idle_seconds"):
        load_pace("quick", nap_seconds=1)


def test_scenarios_are_known_by_their_own_id_and_can_name_a_folder() -> None:
    for key, scenario in SCENARIOS.items():
        assert key == scenario.id
        assert f"{scenario.id}-{scenario.slug}".replace("-", "").isalnum()
