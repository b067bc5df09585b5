"""Who has the screen, in the dialects of several Androids. The texts are ours, in the forms that devices write."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.device.dumps import (
    forbids_pictures,
    parse_focused_window,
    parse_foreground,
    parse_resolved_activity,
)
from crawler.device.model import Foreground

ANDROID_10 = """\
Display #0 (activities from top to bottom):
  Stack #7: type=standard mode=fullscreen
    * TaskRecord{3f1c0aa #41 A=com.lanting.shop U=0 StackId=7 sz=2}
      * Hist #1: ActivityRecord{9ad11f2 u0 com.lanting.shop/.GuideActivity t41}
    mResumedActivity: ActivityRecord{9ad11f2 u0 com.lanting.shop/.GuideActivity t41}
"""
ANDROID_12 = """\
Display #0 (activities from top to bottom):
  * Task{8c7a5d1 #57 type=standard A=10123:com.lanting.shop U=0 visible=true mode=fullscreen translucent=false sz=2}
    topResumedActivity=ActivityRecord{71d0b3c u0 com.android.permissioncontroller/.ui.GrantPermissionsActivity t57}
  * Task{1b2c3d4 #3 type=home I=com.android.launcher3/.Launcher U=0 visible=false mode=fullscreen sz=1}
  ResumedActivity: ActivityRecord{71d0b3c u0 com.android.permissioncontroller/.ui.GrantPermissionsActivity t57}
"""
ANDROID_14 = """\
    topResumedActivity=ActivityRecord{71d0b3c u0 com.lanting.shop/com.lanting.base.MainActivity} t57}
  ResumedActivity: ActivityRecord{71d0b3c u0 com.lanting.shop/com.lanting.base.MainActivity} t57}
"""
HOME = """\
  * Task{1b2c3d4 #3 type=home I=com.miui.home/.launcher.Launcher U=0 rootTaskId=1 visible=true sz=1}
    topResumedActivity=ActivityRecord{5d1 u0 com.miui.home/.launcher.Launcher t3}
"""
SECOND_DISPLAY = """\
Display #2 (activities from top to bottom):
    topResumedActivity=ActivityRecord{aa u0 com.android.systemui/.subscreen.SubHomeActivity t9}
"""
CLONE = "    topResumedActivity=ActivityRecord{b330d93 u999 com.lanting.chat/.activity.MainTabActivity t626}\n"
WINDOWS_ANDROID_9 = "  mCurrentFocus=Window{2785a60 u0 com.lanting.shop/com.lanting.shop.MainActivity}\n"
WINDOWS_VIVO = "  mCurrentFocus=Window{dc9225c u0 com.lanting.shop/com.lanting.Main type=1 }\n"
WINDOWS_OLD = "  mCurrentFocus=Window{4330b6c0 com.android.settings/com.android.settings.SubSettings paused=false}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (ANDROID_10, ("com.lanting.shop", "com.lanting.shop.GuideActivity", "com.lanting.shop")),
        (
            ANDROID_12,
            (
                "com.android.permissioncontroller",
                "com.android.permissioncontroller.ui.GrantPermissionsActivity",
                "com.lanting.shop",
            ),
        ),
        (ANDROID_14, ("com.lanting.shop", "com.lanting.base.MainActivity", None)),
        (HOME, ("com.miui.home", "com.miui.home.launcher.Launcher", "com.miui.home")),
        (HOME + SECOND_DISPLAY, ("com.miui.home", "com.miui.home.launcher.Launcher", "com.miui.home")),
        (CLONE, ("com.lanting.chat", "com.lanting.chat.activity.MainTabActivity", None)),
    ],
)
def test_the_resumed_activity_and_the_owner_of_its_task(text: str, expected: tuple[str, str, str | None]) -> None:
    package, activity, task_package = expected
    assert parse_foreground(text) == Foreground(package=package, activity=activity, task_package=task_package)


@pytest.mark.parametrize(
    ("text", "activity"),
    [
        (WINDOWS_ANDROID_9, "com.lanting.shop.MainActivity"),
        (WINDOWS_VIVO, "com.lanting.Main"),
        (WINDOWS_OLD, "com.android.settings.SubSettings"),
        ("  mCurrentFocus=null\n" + WINDOWS_VIVO, "com.lanting.Main"),
    ],
)
def test_without_a_resumed_activity_the_focused_window_counts(text: str, activity: str) -> None:
    found = parse_foreground("", text)
    assert found is not None
    assert found.activity == activity


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  mCurrentFocus=null\n",
        "  mCurrentFocus=Window{91 u0 NotificationShade}\n",
        "  mCurrentFocus=Window{91 u0 Application Not Responding: com.lanting.shop}\n",
        "topResumedActivity=null\n",
    ],
)
def test_a_window_without_an_activity_is_no_foreground(text: str) -> None:
    assert parse_focused_window(text) is None


def test_a_title_cannot_pretend_to_be_the_resumed_activity() -> None:
    title = "  Window{1 u0 topResumedActivity=ActivityRecord{1 u0 com.evil/.Fake t1}}\n"
    assert parse_foreground(title + ANDROID_10) == parse_foreground(ANDROID_10)


def window(number: int, flags: str, *, visibility: str = "0x0", surface: str = "true") -> str:
    return (
        f"  Window #{number} Window{{dc9 u0 com.lanting.shop/com.lanting.Main}}:\n"
        f"    mAttrs={{(0,0)(fillxfill) sim={{adjust=pan}} ty=BASE_APPLICATION\n"
        f"      fl={flags}\n"
        f"    mViewVisibility={visibility} mHaveFrame=true mObscured=false\n"
        f"    mHasSurface={surface} isReadyForDisplay()={surface}\n"
    )


@pytest.mark.parametrize(
    ("flags", "secure"),
    [
        ("LAYOUT_IN_SCREEN SECURE SPLIT_TOUCH HARDWARE_ACCELERATED", True),
        ("LAYOUT_IN_SCREEN FLAG_SECURE", True),
        ("#81812100", True),
        ("#81810100", False),
        ("LAYOUT_IN_SCREEN SPLIT_TOUCH", False),
        ("LAYOUT_INSECURE NOT_SECURE", False),
    ],
)
def test_secure_windows_are_recognised_by_their_flags(flags: str, secure: bool) -> None:
    assert forbids_pictures(window(1, "NOT_FOCUSABLE") + window(2, flags)) is secure


def test_a_secure_window_counts_only_while_it_is_on_the_screen() -> None:
    assert forbids_pictures(window(3, "SECURE", visibility="0x8")) is False
    assert forbids_pictures(window(3, "SECURE", surface="false")) is False
    assert forbids_pictures("  mCurrentFocus=null\n") is None


def test_flags_on_the_line_of_the_attributes_and_after_grep() -> None:
    assert forbids_pictures("  Window #1 Window{1 u0 a/b}:\n    mAttrs={(0,0) ty=1 fl=#2000 wanim=0x1}\n") is True
    assert forbids_pictures("  Window #1 Window{1 u0 a/b}:\n      SECURE SPLIT_TOUCH\n") is True


def test_the_launcher_activity_is_the_last_line() -> None:
    text = "priority=0 preferredOrder=0 match=0x108000 specificIndex=-1 isDefault=false\ncom.lanting.shop/.Splash\n"
    assert parse_resolved_activity(text) == "com.lanting.shop/.Splash"
    assert parse_resolved_activity("No activity found\n") is None


JUNK = st.one_of(
    st.text(),
    st.lists(
        st.sampled_from(
            [
                *ANDROID_12.split(),
                *window(1, "SECURE").split(),
                "\n",
                "{",
                "}",
                "mCurrentFocus=Window{",
                "Window #1 ",
                "fl=#",
                "t99999999999999999999",
                "mViewVisibility=0x",
            ]
        )
    ).map(" ".join),
)


@given(JUNK, JUNK)
def test_nothing_raises_on_junk(one: str, other: str) -> None:
    found = parse_foreground(one, other)
    assert found is None or found.package
    assert forbids_pictures(other) in (True, False, None)
    parse_resolved_activity(one)
