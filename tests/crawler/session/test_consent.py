"""The consent plan: what it taps says clearly what is wanted; in doubt it taps nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.judge.phases import _ACCEPTING, _REFUSING
from crawler.session.consent import (
    PlannedTap,
    asks_consent,
    permission_dialog,
    plan_accept,
    plan_dismiss,
    plan_permission,
    plan_refuse,
)
from screenshots.reading import CONSENT_KINDS, KINDS, ROLES, Checkbox, Control, Dialog, ScreenReading, read_screen
from tests.screenshots import trees

BOX = (100, 100, 300, 200)


def control(role: str, *, clear: bool = True, text: str = "") -> Control:
    return Control(role=role, text=text or role, box=BOX, point=(200, 150), clear=clear, resource_id="com.a:id/x")


def checkbox(state: str, *, required: bool | None = None) -> Checkbox:
    return Checkbox(state=state, label="我已阅读并同意", box=(10, 10, 50, 50), point=(30, 30), required=required)


def reading(kind: str, controls: Sequence[Control] = (), checkboxes: Sequence[Checkbox] = ()) -> ScreenReading:
    dialog = Dialog(
        kind=kind,
        box=(0, 0, 720, 1600),
        title="",
        text="",
        controls=tuple(controls),
        links=(),
        checkboxes=tuple(checkboxes),
        source="hierarchy",
        certain=True,
        agreed_by=("hierarchy",),
    )
    return ScreenReading(
        readable=True,
        unreadable_reason=None,
        kinds=(kind,),
        dialog=dialog,
        texts=(),
        source="hierarchy",
        identity="x",
    )


def named_by_model(kind: str, controls: Sequence[Control]) -> ScreenReading:
    shown = reading(kind, controls)
    assert shown.dialog is not None
    return replace(shown, dialog=replace(shown.dialog, by_wording=True))


PLAIN = ScreenReading(
    readable=True, unreadable_reason=None, kinds=("plain",), dialog=None, texts=(), source="hierarchy", identity="x"
)


# ------------------------------------------------------------------ words, read from a real hierarchy


def dialog_of(refuse: str, accept: str) -> ScreenReading:
    xml = trees.hierarchy(trees.window(trees.over(trees.feed(), trees.card(refuse, accept))))
    return read_screen(None, xml, package=trees.APP, ocr=())


@pytest.mark.parametrize(
    ("refuse", "accept"),
    [
        ("不同意", "同意"),
        ("不同意并退出", "同意并继续"),
        ("暂不同意", "我已阅读并同意"),
        ("拒绝", "接受"),
        ("残忍拒绝", "同意并进入小鱼阅读"),
        ("不使用", "同意并使用"),
        ("Disagree", "Agree"),
        ("I do not accept", "I accept"),
        ("Do not agree and close", "AGREE AND CONTINUE"),
        ("不 同 意", "同 意"),
    ],
)
def test_a_negation_is_never_taken_for_agreement(refuse: str, accept: str) -> None:
    seen = dialog_of(refuse, accept)
    assert asks_consent(seen)
    accepting, refusing = plan_accept(seen), plan_refuse(seen, round_number=0)
    assert accepting is not None
    assert refusing is not None
    # Accept stands on the right in this card, refuse on the left.
    assert 370 <= accepting.point[0] < 620
    assert 100 <= refusing.point[0] < 350
    assert (accepting.purpose, accepting.bears_on_consent) == ("accept", True)
    assert (refusing.purpose, refusing.bears_on_consent) == ("refuse", True)


@pytest.mark.parametrize("label", ["不同意并退出", "拒绝", "暂不使用"])
def test_a_dialog_with_nothing_but_refusals_is_not_accepted(label: str) -> None:
    seen = dialog_of(label, "退出应用")
    assert plan_accept(seen) is None


def test_a_dialog_without_a_way_to_refuse_is_not_refused() -> None:
    seen = dialog_of("", "同意并继续")
    assert plan_refuse(seen, round_number=0) is None


# ------------------------------------------------------------------ order of what is tapped


def test_a_required_box_is_ticked_before_accepting() -> None:
    controls = [control("accept")]
    assert purpose(plan_accept(reading("privacy_agreement", controls, [checkbox("unticked")]))) == "tick"
    assert purpose(plan_accept(reading("privacy_agreement", controls, [checkbox("unticked", required=True)]))) == "tick"
    assert purpose(plan_accept(reading("privacy_agreement", controls, [checkbox("ticked")]))) == "accept"
    assert (
        purpose(plan_accept(reading("privacy_agreement", controls, [checkbox("unticked", required=False)]))) == "accept"
    )
    assert purpose(plan_accept(reading("privacy_agreement", controls, [checkbox("unknown")]))) == "accept"


def test_every_box_is_ticked_one_after_the_other() -> None:
    boxes = [checkbox("ticked"), checkbox("unticked")]
    planned = plan_accept(reading("login_with_agreement", [control("accept")], boxes))
    assert planned is not None
    assert (planned.purpose, planned.point, planned.role, planned.bears_on_consent) == (
        "tick",
        (30, 30),
        "checkbox",
        True,
    )


def test_a_mere_notice_is_acknowledged_when_accepting() -> None:
    planned = plan_accept(reading("notice_only", [control("acknowledge")]))
    assert purpose(planned) == "accept"


def test_refusing_prefers_the_plainest_refusal() -> None:
    roles = ["basic_mode", "later", "skip", "close", "exit", "refuse"]
    for left in range(len(roles), 0, -1):
        planned = plan_refuse(reading("privacy_agreement", [control(role) for role in roles[:left]]), round_number=0)
        assert planned is not None
        assert planned.role == roles[left - 1] if left > 1 else "basic_mode"


def test_a_second_refusal_is_called_so() -> None:
    planned = plan_refuse(reading("retention", [control("refuse")]), round_number=1)
    assert purpose(planned) == "refuse_again"


def purpose(planned: PlannedTap | None) -> str | None:
    return planned.purpose if planned is not None else None


# ------------------------------------------------------------------ permissions


def test_a_permission_is_denied_or_allowed_as_asked() -> None:
    seen = reading("permission", [control("allow_foreground"), control("allow_once"), control("deny")])
    denied, allowed = plan_permission(seen, allow=False), plan_permission(seen, allow=True)
    assert denied is not None
    assert allowed is not None
    assert (denied.role, denied.purpose, denied.bears_on_consent) == ("deny", "deny_permission", False)
    assert (allowed.role, allowed.purpose, allowed.bears_on_consent) == ("allow_foreground", "allow_permission", False)


@pytest.mark.parametrize(
    ("roles", "expected"),
    [
        (["allow", "allow_once", "allow_foreground"], "allow_foreground"),
        (["allow", "allow_once"], "allow_once"),
        (["allow", "deny"], "allow"),
        (["deny"], None),
    ],
)
def test_the_narrowest_grant_is_given(roles: list[str], expected: str | None) -> None:
    planned = plan_permission(reading("permission", [control(role) for role in roles]), allow=True)
    assert (planned.role if planned else None) == expected


def test_a_permission_dialog_is_no_consent_dialog() -> None:
    seen = reading("permission", [control(role) for role in ROLES])
    assert permission_dialog(seen) is not None
    assert not asks_consent(seen)
    assert plan_accept(seen) is None
    assert plan_refuse(seen, round_number=0) is None


# ------------------------------------------------------------------ in doubt, nothing

ANY_DIALOG = st.builds(
    reading,
    st.sampled_from(KINDS),
    st.lists(st.builds(control, st.sampled_from(ROLES), clear=st.booleans()), max_size=6),
    st.lists(
        st.builds(
            checkbox, st.sampled_from(["ticked", "unticked", "unknown"]), required=st.sampled_from([None, True, False])
        ),
        max_size=3,
    ),
)


@given(ANY_DIALOG, st.integers(0, 3))
def test_nothing_unclear_is_ever_tapped_and_no_plan_says_the_opposite(seen: ScreenReading, round_number: int) -> None:
    assert seen.dialog is not None
    clear = {one.role for one in seen.dialog.controls if one.clear}
    accepting = plan_accept(seen)
    refusing = plan_refuse(seen, round_number=round_number)
    if accepting is not None:
        assert seen.dialog.kind in (*CONSENT_KINDS, "login_with_agreement")
        assert accepting.purpose in _ACCEPTING
        assert accepting.role == "checkbox" or accepting.role in clear & {"accept", "acknowledge"}
        assert accepting.bears_on_consent
    if refusing is not None:
        assert seen.dialog.kind in CONSENT_KINDS
        assert refusing.purpose in _REFUSING
        assert refusing.role in clear & {"refuse", "exit", "close", "skip", "later", "basic_mode"}
        assert refusing.bears_on_consent
    for allow in (True, False):
        answer = plan_permission(seen, allow=allow)
        if answer is not None:
            assert seen.dialog.kind == "permission"
            assert answer.role in clear & ({"allow", "allow_once", "allow_foreground"} if allow else {"deny"})


def test_where_there_is_no_dialog_nothing_is_planned() -> None:
    assert not asks_consent(PLAIN)
    assert plan_accept(PLAIN) is None
    assert plan_refuse(PLAIN, round_number=0) is None
    assert plan_permission(PLAIN, allow=True) is None


def test_what_only_the_wording_model_named_is_not_put_aside() -> None:
    later = [control("later")]
    assert plan_dismiss(reading("update", later)) is not None
    assert plan_dismiss(named_by_model("update", later)) is None
