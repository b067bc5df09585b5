"""Every rule: a case that fires, and the near misses that must not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crawler.judge.catalogue import load_rules
from crawler.judge.model import Verdict, strongest
from crawler.judge.phases import Phase, PhaseSpan
from crawler.judge.readings import OpAccess, SessionReadings
from crawler.judge.rules import RULES
from crawler.judge.sockets import Owner
from screenshots.reading import ScreenReading, TextBox
from tests.crawler.judge.building import (
    RULE,
    SECOND,
    dialog,
    entry,
    hit,
    reading,
    screen,
    session,
    transmission,
    verdict,
)

PROMPT = dialog("privacy_agreement", "accept", "refuse")


def test_every_rule_has_a_text_and_every_text_a_rule() -> None:
    assert set(load_rules()) == {rule for rule, _ in RULES}


@pytest.mark.parametrize("rule", [rule for rule, _ in RULES])
def test_no_rule_says_anything_without_a_session(rule: str) -> None:
    assert verdict(rule) is Verdict.NOT_TESTABLE


@pytest.mark.parametrize("rule", [rule for rule, _ in RULES])
def test_an_incomplete_empty_session_never_accuses(rule: str) -> None:
    found = RULE[rule]([session("S01", complete=False), session("S03", complete=False)])
    assert all(item.verdict is Verdict.NOT_TESTABLE for item in found)


# ---------------------------------------------------------------- M1-01


def watched(*, seconds: float = 31, text: str = "首页", twice: bool = True) -> list[object]:
    return [
        screen(0, 1, reading(None, text, looked_twice=twice)),
        screen(1, 1 + seconds, reading(None, "推荐", looked_twice=twice)),
    ]


def walk(*, until: float = 20, first: str = "首页", led_to: str = "y") -> SessionReadings:
    """A session that tapped its way from one screen to another."""
    screens = [screen(0, 10, reading(None, first)), screen(1, until, replace(reading(None, "我的"), identity=led_to))]
    facts = [
        entry("ui", 10, 12, "StepIntended", {"action": "tap", "purpose": "explore", "screen": 0}),
        entry("ui", 11, until, "Settled", {"reason": "stable", "screen": 1}),
    ]
    return session("S08", screens=screens, facts=facts)


def test_no_prompt_for_half_a_minute_is_confirmed_by_a_walk() -> None:
    assert verdict("M1-01", session(screens=watched()), walk()) is Verdict.CONFIRMED  # type: ignore[arg-type]


def test_who_saw_only_the_first_screen_suspects_at_most() -> None:
    for others in ((), (session("S08", screens=watched()),), (walk(led_to="x"),)):  # type: ignore[arg-type]
        assert verdict("M1-01", session(screens=watched()), *others) is Verdict.SUSPECTED  # type: ignore[arg-type]


@pytest.mark.parametrize(("taps", "said"), [(3, Verdict.CONFIRMED), (2, Verdict.SUSPECTED)])
def test_a_page_on_which_everything_was_tapped_in_vain_is_the_app(taps: int, said: Verdict) -> None:
    facts = []
    for number in range(taps):
        tap = {"action": "tap", "purpose": "explore", "screen": 0, "target": {"text": f"第{number}行"}}
        facts += [entry("ui", 10 + number, 12 + number, "StepIntended", tap)]
        facts += [entry("ui", 20 + number, 12.5 + number, "Settled", {"reason": "stable", "screen": 0})]
    facts += [entry("ui", 30, 20, "StepIntended", {"action": "back", "purpose": "explore", "screen": 0})]
    walked = session("S08", screens=[screen(0, 10, reading(None, "首页"))], facts=facts)
    assert verdict("M1-01", session(screens=watched()), walked) is said  # type: ignore[arg-type]


def guide(label: str) -> ScreenReading:
    """A page of a guide, with the button that leads on."""
    shown = reading(None, "记录每一步")
    button = TextBox(text=label, box=(500, 60, 680, 120), source="hierarchy", clickable=True)
    return replace(shown, texts=(*shown.texts, button))


def test_behind_a_guide_the_app_proper_is_watched_as_long() -> None:
    start = session(screens=[screen(0, 1, guide("跳过")), screen(1, 33, guide("跳过"))])
    assert verdict("M1-01", start, walk()) is Verdict.SUSPECTED
    assert verdict("M1-01", start, walk(until=40)) is Verdict.CONFIRMED


def test_a_walk_within_a_guide_proves_nothing() -> None:
    within = walk()
    pages = [replace(at, reading=replace(guide("下一步"), identity=at.reading.identity)) for at in within.screens]
    assert verdict("M1-01", session(screens=watched()), replace(within, screens=tuple(pages))) is Verdict.SUSPECTED  # type: ignore[arg-type]


def test_a_dialog_of_another_kind_over_the_app_hides_whether_it_asks() -> None:
    push = reading(dialog("notification_prompt", "accept", "refuse", text="是否同意接收消息推送？"))
    screens = [screen(0, 1, push), screen(1, 33, push)]
    assert verdict("M1-01", session(screens=screens)) is Verdict.NOT_TESTABLE
    late = [screen(0, 1, reading(None, "首页")), screen(1, 15, push), screen(2, 33, push)]
    assert verdict("M1-01", session(screens=late)) is Verdict.NOT_TESTABLE


def test_a_dialog_in_the_middle_begins_the_watch_anew() -> None:
    push = reading(dialog("ad_popup", "close", text="限时优惠"))
    screens = [screen(0, 1, reading(None, "首页")), screen(1, 3, push), screen(2, 33, reading(None, "推荐"))]
    assert verdict("M1-01", session(screens=screens)) is Verdict.NOT_TESTABLE


def test_a_dialog_that_went_away_leaves_the_rest_of_the_watch() -> None:
    push = reading(dialog("ad_popup", "close", text="限时优惠"))
    screens = [screen(0, 1, push), *watched(seconds=31)[0:1], screen(2, 33, reading(None, "推荐"))]
    assert verdict("M1-01", session(screens=screens), walk()) is Verdict.CONFIRMED  # type: ignore[arg-type]


def test_no_prompt_without_a_second_look_is_only_suspected() -> None:
    assert verdict("M1-01", session(screens=watched(twice=False))) is Verdict.SUSPECTED  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("unseen", "said"),
    [
        ((2.1,), Verdict.CONFIRMED),
        ((2.1, 3.2), Verdict.CONFIRMED),
        ((3, 4, 5, 5.5, 6), Verdict.SUSPECTED),
        ((32,), Verdict.SUSPECTED),
    ],
)
def test_a_picture_that_was_empty_for_a_moment_hides_no_prompt(unseen: tuple[float, ...], said: Verdict) -> None:
    times = sorted({1, 2, 5.5, 7, 33, *unseen} - {33 if 32 in unseen else 0})
    looks = [screen(index, at, reading(None, "首页", looked_twice=at not in unseen)) for index, at in enumerate(times)]
    assert verdict("M1-01", session(screens=looks), walk()) is said


def test_the_launcher_that_is_still_to_be_seen_is_no_screen_of_the_app() -> None:
    words = TextBox(text="图库", box=(0, 0, 90, 40), source="hierarchy", package="com.android.launcher3")
    launcher = screen(0, 1, replace(reading(None), texts=(words,)))
    app = [screen(1, 2, reading(None, "首页")), screen(2, 33, reading(None, "推荐"))]
    found = strongest(RULE["M1-01"]((session(screens=[launcher, *app]), walk())))
    assert found is not None
    assert found.verdict is Verdict.CONFIRMED
    assert found.at_mono_ns == app[0].mono_ns


def test_a_short_watch_proves_nothing() -> None:
    assert verdict("M1-01", session(screens=watched(seconds=12))) is Verdict.NOT_TESTABLE  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "登录即代表同意《隐私政策》",
        "我們怎麼使用您的資料",
        "Hinweise zum Datenschutz",
        "Was mit deinen Daten geschieht",
        "Vos données restent chez nous",
        "Tus datos, en tus manos",
        "プライバシーポリシーに同意してください",
        "We use cookies.",
    ],
)
def test_words_about_privacy_anywhere_are_taken_for_a_prompt(text: str) -> None:
    assert verdict("M1-01", session(screens=watched(text=text))) is Verdict.NOT_OBSERVED  # type: ignore[arg-type]


def test_a_late_prompt_is_a_prompt() -> None:
    screens = [screen(0, 1, reading(None, "首页")), screen(1, 20, reading(PROMPT)), screen(2, 32, reading(PROMPT))]
    assert verdict("M1-01", session(screens=screens)) is Verdict.NOT_OBSERVED


def test_screens_that_cannot_be_read_prove_nothing() -> None:
    screens = [screen(0, 1, reading(readable=False)), screen(1, 32, reading(readable=False))]
    assert verdict("M1-01", session(screens=screens)) is Verdict.NOT_TESTABLE


def test_a_prompt_in_another_session_speaks_for_the_app() -> None:
    other = session("S05", screens=[screen(0, 1, reading(PROMPT))])
    assert verdict("M1-01", session(screens=watched()), other) is Verdict.NOT_TESTABLE  # type: ignore[arg-type]


# ---------------------------------------------------------------- M1-05, M1-06


def test_a_known_value_of_the_app_before_consent_is_confirmed() -> None:
    found = session(screens=[screen(0, 1, reading(PROMPT))], transmissions=[transmission(2, hit())])
    assert verdict("M1-05", found) is Verdict.CONFIRMED
    assert verdict("M1-06", found) is Verdict.NOT_OBSERVED
    best = strongest(RULE["M1-05"]([found]))
    assert best is not None
    assert best.citations
    assert best.details["host"] == "api.qingteng.test"


def test_the_same_to_an_sdk_is_the_sdk_rule() -> None:
    found = session(transmissions=[transmission(2, hit(), recipient="sdk")])
    assert verdict("M1-06", found) is Verdict.CONFIRMED
    assert verdict("M1-05", found) is Verdict.NOT_OBSERVED


@pytest.mark.parametrize("owner", [Owner.AMBIGUOUS, Owner.UNKNOWN])
def test_a_connection_of_uncertain_owner_is_a_lead(owner: Owner) -> None:
    assert verdict("M1-05", session(transmissions=[transmission(2, hit(), owner=owner)])) is Verdict.LEAD


def test_another_apps_connection_is_nothing() -> None:
    assert verdict("M1-05", session(transmissions=[transmission(2, hit(), owner=Owner.OTHER)])) is Verdict.NOT_OBSERVED


@pytest.mark.parametrize("phase", [Phase.INDETERMINATE, Phase.ACCEPTED, Phase.NOT_STARTED, Phase.REFUSAL_PENDING])
def test_only_before_consent_counts_as_before_consent(phase: Phase) -> None:
    assert verdict("M1-05", session(transmissions=[transmission(2, hit(), phase=phase)])) is Verdict.NOT_OBSERVED


def test_a_value_that_cannot_stand_alone_is_a_lead() -> None:
    assert verdict("M1-05", session(transmissions=[transmission(2, hit(standalone=False))])) is Verdict.LEAD


def test_the_model_is_no_personal_data() -> None:
    assert verdict("M1-05", session(transmissions=[transmission(2, hit("model"))])) is Verdict.NOT_OBSERVED


def test_an_app_that_was_not_reset_may_have_been_agreed_to_before() -> None:
    assert verdict("M1-05", session(fresh=False, transmissions=[transmission(2, hit())])) is Verdict.NOT_TESTABLE


def test_nothing_seen_in_traffic_that_could_not_be_read_is_not_testable() -> None:
    assert verdict("M1-05", session(tls_observable=False)) is Verdict.NOT_TESTABLE


def test_a_guarded_operation_before_consent_alone_is_a_lead() -> None:
    fact = entry("device", 1, 9, "OpsSampled", {})
    access = OpAccess(op="READ_PHONE_STATE", earliest_ns=SECOND, latest_ns=SECOND, phase=Phase.PRE_CONSENT, entry=fact)
    assert verdict("M1-05", session(accesses=[access])) is Verdict.LEAD


# ---------------------------------------------------------------- M1-07


def test_a_permission_dialog_in_the_apps_task_before_consent_is_confirmed() -> None:
    asked = screen(1, 2, reading(dialog("permission", "allow", "deny")), package="com.android.permissioncontroller")
    assert verdict("M1-07", session(screens=[asked])) is Verdict.CONFIRMED


def test_another_apps_permission_dialog_is_a_lead_at_most() -> None:
    asked = screen(1, 2, reading(dialog("permission", "allow", "deny")), task="com.other.app")
    assert verdict("M1-07", session(screens=[asked])) is Verdict.LEAD


def test_a_permission_dialog_after_acceptance_is_nothing() -> None:
    asked = screen(1, 2, reading(dialog("permission", "allow", "deny")), phase=Phase.ACCEPTED)
    assert verdict("M1-07", session(screens=[asked])) is Verdict.NOT_OBSERVED


# ---------------------------------------------------------------- M1-11


def after(phase: Phase) -> tuple[PhaseSpan, ...]:
    return (PhaseSpan(phase=phase, from_ns=SECOND, to_ns=None, why=""),)


@pytest.mark.parametrize("phase", [Phase.REFUSED, Phase.REFUSED_BASIC, Phase.KILLED])
def test_sending_after_refusal_is_confirmed(phase: Phase) -> None:
    refused = session("S03", spans=after(phase), transmissions=[transmission(3, hit(), phase=phase)])
    assert verdict("M1-11", refused) is Verdict.CONFIRMED


@pytest.mark.parametrize("phase", [Phase.INDETERMINATE, Phase.REFUSAL_PENDING, Phase.PRE_CONSENT])
def test_sending_around_the_refusal_is_not(phase: Phase) -> None:
    refused = session("S03", spans=after(Phase.REFUSED_BASIC), transmissions=[transmission(3, hit(), phase=phase)])
    assert verdict("M1-11", refused) is Verdict.NOT_OBSERVED


def test_a_refusal_that_did_not_come_about_is_not_testable() -> None:
    assert verdict("M1-11", session("S03", spans=after(Phase.INDETERMINATE))) is Verdict.NOT_TESTABLE


# ---------------------------------------------------------------- M1-12


def refusing(*kinds: str) -> object:
    """A refusal after which dialogs of these kinds came up, one after each further refusing tap."""
    facts, screens = [], []
    for number, kind in enumerate(kinds):
        at = 2.0 + number
        facts.append(
            entry("ui", 10 * number, at, "StepIntended", {"purpose": "refuse" if not number else "refuse_again"})
        )
        facts.append(entry("ui", 10 * number + 1, at + 0.1, "ActionDone", {"ok": True}))
        facts.append(entry("ui", 10 * number + 2, at + 0.5, "Settled", {"reason": "stable", "screen": number}))
        shown = reading(None, "首页") if kind == "plain" else reading(dialog(kind, "accept", "refuse"))
        screens.append(screen(number, at + 0.4, shown, phase=Phase.REFUSAL_PENDING))
    return session("S03", facts=facts, screens=screens, spans=after(Phase.REFUSED_BASIC))


def test_being_asked_twice_after_refusing_is_confirmed() -> None:
    assert verdict("M1-12", refusing("retention", "retention", "plain")) is Verdict.CONFIRMED


def test_one_retention_dialog_is_common() -> None:
    assert verdict("M1-12", refusing("retention", "plain")) is Verdict.NOT_OBSERVED


def test_leaving_at_once_is_not_asking() -> None:
    assert verdict("M1-12", refusing("plain")) is Verdict.NOT_OBSERVED


def coming_back(*shown: str, times: int = 2, by_wording: bool = False) -> object:
    """Refusing taps after each of which the dialog was gone, and then these screens were seen while nothing was touched."""
    facts, screens, number = [], [], 0
    for round_number in range(times):
        at = 2.0 + 10 * round_number
        step = 100 * round_number
        facts.append(entry("ui", step, at, "StepIntended", {"purpose": "refuse" if not step else "refuse_again"}))
        facts.append(entry("ui", step + 1, at + 0.1, "ActionDone", {"ok": True}))
        for place, kind in enumerate(("plain", *shown)):
            asking = dialog(kind, "accept", "refuse", by_wording=by_wording)
            looked = reading(None, "首页") if kind == "plain" else reading(asking)
            screens.append(screen(number, at + 0.4 + place, looked, phase=Phase.REFUSAL_PENDING))
            facts.append(entry("ui", step + 2 + 2 * place, at + 0.4 + place, "ScreenSeen", {"screen": number}))
            if not place:
                facts.append(entry("ui", step + 3, at + 0.5, "Settled", {"reason": "stable", "screen": number}))
            number += 1
    return session("S03", facts=facts, screens=screens, spans=after(Phase.REFUSED_BASIC))


def test_a_dialog_that_comes_back_by_itself_twice_is_asking_again() -> None:
    asking = ("plain", "privacy_agreement", "privacy_agreement", "privacy_agreement")
    assert verdict("M1-12", coming_back(*asking)) is Verdict.CONFIRMED
    assert verdict("M1-12", coming_back(*asking, times=1)) is Verdict.NOT_OBSERVED


def test_asking_again_in_words_that_no_rule_knows_is_only_suspected() -> None:
    asking = ("plain", "privacy_agreement", "privacy_agreement", "privacy_agreement")
    assert verdict("M1-12", coming_back(*asking, by_wording=True)) is Verdict.SUSPECTED


def test_a_screen_misread_once_asks_for_nothing() -> None:
    assert verdict("M1-12", coming_back("privacy_agreement", "plain", "privacy_agreement")) is Verdict.NOT_OBSERVED
