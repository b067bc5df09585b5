"""The scenarios on a device of paper: what is touched, in which order it is said, and what ends them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from crawler.device.model import Acted, ActionUncertain, DeviceLost
from crawler.session.scenarios import SCENARIOS
from crawler.session.stage import SessionBroken
from evidence.lanes import read_lane
from tests.crawler.session.storyboard import Paper, Shown, consent, page, permission, play

S01, S03, S05, S08 = (SCENARIOS[name].play for name in ("S01", "S03", "S05", "S08"))


# ------------------------------------------------------------------ what is touched


@pytest.mark.parametrize("start", [consent({"refuse": "page"}), page(), permission()])
def test_a_cold_start_touches_nothing(tmp_path: Path, start: Shown) -> None:
    played = play(S01, {"start": start, "page": page()}, tmp_path)
    assert played.device.taps == []
    assert played.purposes() == ["open"]
    assert "QuietWaited" in played.kinds()


def test_refusing_goes_on_until_nobody_asks_any_more(tmp_path: Path) -> None:
    story = {
        "start": consent({"refuse": "again"}),
        "again": consent({"refuse": "page"}, refuse="仍不同意", accept="同意并继续", title="您需要同意才能继续使用"),
        "page": page(),
    }
    played = play(S03, story, tmp_path)
    assert played.device.taps == [("start", "refuse"), ("again", "refuse")]
    assert played.purposes() == ["open", "refuse", "refuse_again"]
    assert played.said == "refused 2 times"


def test_an_app_that_leaves_when_refused(tmp_path: Path) -> None:
    played = play(S03, {"start": consent({"refuse": ""}, refuse="不同意并退出")}, tmp_path)
    assert played.device.taps == [("start", "refuse")]
    assert played.said == "refused 1 times"
    settled = [entry.data["reason"] for entry in played.lane.entries if entry.kind == "Settled"]
    assert settled[-1] == "process_gone"


def test_a_dialog_that_cannot_be_refused_is_not_touched(tmp_path: Path) -> None:
    played = play(S03, {"start": consent({"accept": "page"}, refuse="", accept="同意并继续"), "page": page()}, tmp_path)
    assert played.device.taps == []
    assert "no control that clearly refuses" in played.said


def test_an_acceptance_without_effect_is_not_repeated_for_ever(tmp_path: Path) -> None:
    played = play(S05, {"start": consent()}, tmp_path)
    assert played.device.taps == [("start", "accept")] * 2
    assert played.said == "the accepting tap had no effect"


class SlowPaper(Paper):
    """A device that shows what a tap did only after some more looks."""

    looks_to_react = 4

    def tap(self, x: int, y: int) -> Acted:
        before = self.here
        acted = super().tap(x, y)
        after, self.here = self.here, before
        looks = iter(range(self.looks_to_react))

        def react() -> None:
            if next(looks, None) is None:
                self.here, self.before_look = after, lambda: None

        self.before_look = react
        return acted


def test_a_device_that_reacts_late_is_not_touched_twice(tmp_path: Path) -> None:
    story = {
        "start": consent({"refuse": "again"}),
        "again": consent({"refuse": "page"}, refuse="仍不同意", accept="同意并继续", title="您需要同意才能继续使用"),
        "page": page(),
    }
    played = play(S03, story, tmp_path, device=SlowPaper(story), reaction_ms=60_000, settle_seconds=60)
    assert played.device.taps == [("start", "refuse"), ("again", "refuse")]
    assert played.said == "refused 2 times"


def test_a_dialog_that_comes_back_by_itself_is_refused_again(tmp_path: Path) -> None:
    story = {"start": consent({"refuse": "page"}), "page": page()}
    device = Paper(story)
    looks = [0]

    def nag() -> None:
        looks[0] += device.here == "page"
        if looks[0] >= 5 and len(device.taps) < 3:
            device.here, looks[0] = "start", 0

    device.before_look = nag
    played = play(S03, story, tmp_path, device=device, after_refusal_seconds=30)
    assert played.purposes()[:4] == ["open", "refuse", "refuse_again", "refuse_again"]
    assert played.said == "refused 3 times"


UPDATE = "发现新版本 2.0"


def test_what_is_not_about_consent_is_put_aside(tmp_path: Path) -> None:
    update = consent({"refuse": "start2"}, refuse="稍后再说", accept="立即更新", title=UPDATE)
    update = replace(update, tree=update.tree.replace("用户协议", "新功能").replace("隐私政策", "更新说明"))
    story = {"start": update, "start2": consent({"refuse": ""}, refuse="不同意并退出")}
    played = play(S03, story, tmp_path)
    assert played.device.taps[0] == ("start", "refuse")
    assert "accept" not in [label for _, label in played.device.taps]
    assert played.said == "refused 1 times"


def test_a_refusal_without_effect_is_not_repeated_for_ever(tmp_path: Path) -> None:
    played = play(S03, {"start": consent()}, tmp_path)
    assert 1 <= len(played.device.taps) <= 2
    assert "no effect" in played.said


def test_accepting_taps_once_and_then_nothing(tmp_path: Path) -> None:
    played = play(S05, {"start": consent({"accept": "page"}), "page": page()}, tmp_path)
    assert played.device.taps == [("start", "accept")]
    assert played.said == "accepted and watched"
    bearing = [entry.data["bears_on_consent"] for entry in played.lane.entries if entry.kind == "StepIntended"]
    assert bearing == [False, True]


def test_permissions_on_the_way_to_the_prompt_are_denied(tmp_path: Path) -> None:
    story = {"start": permission({"deny": "ask"}), "ask": consent({"accept": "page"}), "page": page()}
    played = play(S05, story, tmp_path)
    assert played.device.taps == [("start", "deny"), ("ask", "accept")]
    assert played.purposes() == ["open", "deny_permission", "accept"]


def test_the_walk_visits_what_there_is_and_allows_permissions(tmp_path: Path) -> None:
    story = {
        "start": consent({"accept": "home"}),
        "home": page("附近", "立即购买", leads={"附近": "asked"}),
        "asked": permission({"allow": "near"}),
        "near": page("收藏"),
    }
    played = play(S08, story, tmp_path, explore_actions=4)
    assert ("asked", "allow") in played.device.taps
    assert ("near", "收藏") in played.device.taps
    assert not [tap for tap in played.device.taps if tap[1] == "立即购买"]


def test_the_walk_stops_before_a_consent_dialog(tmp_path: Path) -> None:
    story = {
        "start": consent({"accept": "home"}),
        "home": page("详情", leads={"详情": "again"}),
        "again": consent({"accept": "home"}),
    }
    played = play(S08, story, tmp_path, explore_actions=5)
    assert not [tap for tap in played.device.taps if tap[0] == "again"]
    assert "a consent dialog came up" in played.said


@pytest.mark.parametrize("scenario", [S03, S05])
def test_without_a_prompt_nothing_is_answered(tmp_path: Path, scenario: object) -> None:
    played = play(scenario, {"start": page()}, tmp_path, prompt_wait_seconds=2)  # type: ignore[arg-type]
    assert played.device.taps == []


def test_without_a_prompt_the_walk_goes_on_and_counts_as_no_consent(tmp_path: Path) -> None:
    story = {"start": page("首页", "我的", leads={"我的": "mine"}), "mine": page("设置", "返回")}
    played = play(S08, story, tmp_path, prompt_wait_seconds=2)
    assert ("start", "我的") in played.device.taps
    assert set(played.purposes()) == {"open", "explore"}
    assert played.said.startswith("no prompt to accept; walked")


GUIDE = {
    "start": page("记录每一步", "下一步", leads={"下一步": "second"}),
    "second": page("跟着计划练", "立即体验", leads={"立即体验": "asks"}),
    "asks": consent({"refuse": "page", "accept": "page"}),
    "page": page(),
}


@pytest.mark.parametrize(("scenario", "answer"), [(S03, "refuse"), (S05, "accept")])
def test_a_guide_before_the_prompt_is_left(tmp_path: Path, scenario: object, answer: str) -> None:
    played = play(scenario, GUIDE, tmp_path)  # type: ignore[arg-type]
    assert played.device.taps == [("start", "下一步"), ("second", "立即体验"), ("asks", answer)]
    assert played.purposes() == ["open", "advance", "advance", answer]


@pytest.mark.parametrize("told", ["登录即代表同意《用户协议》", "免费试用 3 天，之后 ¥68/年", "请输入手机号"])
def test_a_page_that_speaks_of_consent_money_or_an_account_is_not_left(tmp_path: Path, told: str) -> None:
    played = play(
        S03, {"start": page(told, "继续", leads={"继续": "page"}), "page": page()}, tmp_path, prompt_wait_seconds=5
    )
    assert "advance" not in played.purposes()


def test_a_prompt_behind_the_walk_is_not_answered_there(tmp_path: Path) -> None:
    story = {"start": page("首页", "我的", leads={"首页": "asks", "我的": "asks"}), "asks": consent()}
    played = play(S08, story, tmp_path, prompt_wait_seconds=2)
    assert played.said == "a prompt came after 1 actions"
    assert [tap for tap in played.device.taps if tap[0] == "asks"] == []


@pytest.mark.parametrize("scenario", [S01, S03, S05, S08])
def test_an_app_that_draws_nothing_is_left_alone(tmp_path: Path, scenario: object) -> None:
    played = play(scenario, {}, tmp_path, prompt_wait_seconds=2)  # type: ignore[arg-type]
    assert played.said == "no readable screen"
    assert played.device.taps == []


# ------------------------------------------------------------------ what is said, and when


def test_every_action_is_said_before_it_is_done_and_its_end_after(tmp_path: Path) -> None:
    played = play(S03, {"start": consent({"refuse": "page"}), "page": page()}, tmp_path)
    steps = [entry for entry in played.lane.entries if entry.kind in ("StepIntended", "ActionDone", "Settled")]
    assert [entry.kind for entry in steps] == ["StepIntended", "ActionDone", "Settled"] * (len(steps) // 3)
    numbers = [int(str(entry.data["step"])) for entry in steps]
    assert numbers == sorted(numbers)
    screens = [entry.data["screen"] for entry in played.lane.entries if entry.kind == "ScreenSeen"]
    assert screens == list(range(len(screens)))
    assert played.lane.faults == ()


def test_a_screen_seen_before_says_so(tmp_path: Path) -> None:
    played = play(S01, {"start": consent()}, tmp_path)
    same = [entry.data["same_as"] for entry in played.lane.entries if entry.kind == "ScreenSeen"]
    assert same[0] is None
    assert set(same[1:]) == {0}


@pytest.mark.parametrize("error", [DeviceLost("unplugged"), ActionUncertain("the answer was lost")])
def test_a_tap_that_fails_is_a_fact_before_it_is_an_error(tmp_path: Path, error: Exception) -> None:
    device = Paper({"start": consent({"accept": "page"}), "page": page()})

    def fail() -> None:
        raise error

    device.before_tap = fail
    with pytest.raises(type(error)):
        play(S05, device.story, tmp_path, device=device)
    entries = read_lane(tmp_path / "ui.jsonl").entries
    done = [entry for entry in entries if entry.kind == "ActionDone"][-1]
    assert done.data["ok"] is False
    assert done.data["error"] == str(error)
    assert entries[-1].kind == "Settled"
    assert entries[-1].data["reason"] == "failed"


def test_a_dead_capture_ends_the_session(tmp_path: Path) -> None:
    device = Paper({"start": consent()})
    looked: list[bool] = []
    device.before_look = lambda: looked.append(True)
    with pytest.raises(SessionBroken, match="capture"):
        play(S01, device.story, tmp_path, device=device, alive=lambda: not looked, quiet_seconds=9)


def test_a_device_lost_while_looking_ends_the_session(tmp_path: Path) -> None:
    device = Paper({"start": consent()})

    def lose() -> None:
        if device.here:
            raise DeviceLost("unplugged")

    device.before_look = lose
    with pytest.raises(DeviceLost):
        play(S01, device.story, tmp_path, device=device)
