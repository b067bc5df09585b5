"""`dumpsys window`: the windows, the focus and the display as Android 13 prints them."""

from dataclasses import dataclass
from zlib import crc32

from lab.system.core import System

__all__ = ["displays_dump", "policy_dump", "window_dump", "windows_dump"]

NO_FLAGS = "NOT_FOCUSABLE HARDWARE_ACCELERATED DRAWS_SYSTEM_BAR_BACKGROUNDS"
APP_FLAGS = "LAYOUT_IN_SCREEN LAYOUT_INSET_DECOR SPLIT_TOUCH HARDWARE_ACCELERATED DRAWS_SYSTEM_BAR_BACKGROUNDS"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Window:
    number: int
    title: str
    package: str
    uid: int
    kind: str
    flags: str
    visible: bool
    top: int = 0
    bottom: int = 0

    @property
    def name(self) -> str:
        return f"Window{{{self.number:x} u0 {self.title}}}"


def windows_dump(system: System) -> str:
    """`dumpsys window windows`. Since Android 10 it does not name the focus."""
    lines = ["WINDOW MANAGER WINDOWS (dumpsys window windows)"]
    for index, window in enumerate(_windows(system)):
        lines += _describe(system, index, window)
    lines += [
        "",
        "  mHasPermanentDpad=false",
        "  mTopFocusedDisplayId=0",
        "  mBlurEnabled=true",
        "  mLastDisplayFreezeDuration=0",
        "  mDisableSecureWindows=false",
    ]
    return "\n".join(lines) + "\n"


def displays_dump(system: System) -> str:
    """`dumpsys window displays`: here is the focus."""
    profile = system.profile
    size = f"{profile.width}x{profile.height}"
    return "\n".join(
        [
            "WINDOW MANAGER DISPLAY CONTENTS (dumpsys window displays)",
            "  Display: mDisplayId=0",
            (
                f"    init={size} {profile.density}dpi cur={size} app={size} rng={profile.width}x{profile.width - 48}-"
                f"{profile.height}x{profile.height - 48}"
            ),
            "    deferred=false mLayoutNeeded=false mTouchExcludeRegion=SkRegion()",
            f"  mCurrentFocus={_focus(system)}",
            f"  mFocusedApp={system.activities.top}",
            "  mHoldScreenWindow=null",
            "  mObscuringWindow=null",
            f"    mRotation={system.power.rotation}",
            "",
        ]
    )


def policy_dump(system: System) -> str:
    """`dumpsys window policy`."""
    awake = system.power.awake
    return (
        "WINDOW MANAGER POLICY STATE (dumpsys window policy)\n"
        f"    mSafeMode=false mSystemReady=true mSystemBooted=true\n    mAwake={str(awake).lower()} mScreenOnEarly="
        f"{str(awake).lower()} mScreenOnFully={str(awake).lower()}\n    showing=false\n    inputRestricted=false\n"
        "    mShowingLockscreen=false mShowingDream=false mDreamingLockscreen=false\n"
    )


def window_dump(system: System) -> str:
    """`dumpsys window` without words: all of it."""
    return "".join(
        (
            "WINDOW MANAGER LAST ANR (dumpsys window lastanr)\n  <no ANR has occurred since boot>\n\n",
            policy_dump(system),
            "\n",
            displays_dump(system),
            "\n",
            windows_dump(system),
        )
    )


def _focus(system: System) -> str:
    if system.surface is None:
        return "null"
    alert = _alert(system)
    if alert is not None:
        return alert.name
    focus = system.surface.focus
    return _activity_window(system, focus.package, focus.activity, visible=True).name


def _alert(system: System) -> _Window | None:
    """The system's own window over the activities ("Application Not Responding: ..."), when one has the focus."""
    focus = system.surface.focus if system.surface is not None else None
    if focus is None or focus.package in {
        record.package for task in system.activities.tasks for record in task.records
    }:
        return None
    component = " " not in focus.activity
    title = f"{focus.package}/{focus.activity}" if component else focus.activity
    return _Window(
        number=crc32(title.encode()) & 0xFFFFFFF,
        title=title,
        package=focus.package,
        uid=1000,
        kind="SYSTEM_ALERT",
        flags="LAYOUT_IN_SCREEN ALT_FOCUSABLE_IM HARDWARE_ACCELERATED",
        visible=True,
        top=system.profile.height // 3,
        bottom=system.profile.height * 2 // 3,
    )


def _windows(system: System) -> list[_Window]:
    profile, system_ui = system.profile, system.profile.system_ui
    bar = round(24 * profile.scale)
    found = [
        _bar(system_ui, 0x9C1, "NavigationBar0", "NAVIGATION_BAR", top=profile.height - bar, bottom=profile.height),
        _bar(system_ui, 0xB3CE339, "NotificationShade", "NOTIFICATION_SHADE", bottom=profile.height, visible=False),
        _bar(system_ui, 0x29EDD63, "StatusBar", "STATUS_BAR", bottom=bar),
    ]
    alert = _alert(system)
    found += [alert] if alert is not None else []
    front = system.activities.tasks[-1]
    for task in reversed(system.activities.tasks):
        for record in reversed(task.records):
            covered = task is not front or record is not task.top
            below_dialog = (
                task is front and task.top.package == profile.permission_controller and record is not task.top
            )
            found.append(_activity_window(system, record.package, record.name, visible=not covered or below_dialog))
    return found


def _bar(
    package: str, number: int, title: str, kind: str, *, bottom: int, top: int = 0, visible: bool = True
) -> _Window:
    return _Window(
        number=number,
        title=title,
        package=package,
        uid=10086,
        kind=kind,
        flags=NO_FLAGS,
        visible=visible,
        top=top,
        bottom=bottom,
    )


def _activity_window(system: System, package: str, activity: str, *, visible: bool) -> _Window:
    installed = system.packages.get(package)
    secure = visible and system.surface is not None and system.surface.secure and system.is_foreground(package)
    number = next(
        (
            r.number
            for task in system.activities.tasks
            for r in task.records
            if (r.package, r.name) == (package, activity)
        ),
        len(activity) * 7919,
    )
    return _Window(
        number=number ^ 0x3C3C3C,
        title=f"{package}/{activity}",
        package=package,
        uid=installed.uid if installed else 1000,
        kind="BASE_APPLICATION",
        flags=APP_FLAGS.replace("SPLIT_TOUCH", "SECURE SPLIT_TOUCH") if secure else APP_FLAGS,
        visible=visible,
        bottom=system.profile.height,
    )


def _describe(system: System, index: int, window: _Window) -> list[str]:
    profile = system.profile
    visible = str(window.visible).lower()
    box = f"[0,{window.top}][{profile.width},{window.bottom}]"
    task = 1 if window.kind == "BASE_APPLICATION" else -1
    session = f"Session{{{window.number >> 4:x} 1490:u0a{10000 + window.uid}}}"
    size = "fillxfill" if window.kind == "BASE_APPLICATION" else f"fillx{window.bottom - window.top}"
    return [
        f"  Window #{index} {window.name}:",
        f"    mDisplayId=0 rootTaskId={task} mSession={session} mClient=android.os.BinderProxy@{window.number:x}",
        f"    mOwnerUid={window.uid} showForAllUsers=false package={window.package} appop=NONE",
        f"    mAttrs={{(0,0)({size}) sim={{adjust=pan}} ty={window.kind} fmt=TRANSLUCENT wanim=0x10302fe",
        f"      fl={window.flags}",
        "      pfl=NO_MOVE_ANIMATION FORCE_DRAW_STATUS_BAR_BACKGROUND USE_BLAST FIT_INSETS_CONTROLLED",
        "      bhv=DEFAULT}",
        f"    Requested w={profile.width} h={window.bottom - window.top} mLayoutSeq=421",
        f"    mBaseLayer=21000 mSubLayer=0    mToken=ActivityRecord{{{window.number ^ 0x3C3C3C:x} u0 {window.title}}}",
        f"    mViewVisibility={'0x0' if window.visible else '0x8'} mHaveFrame=true mObscured=false",
        "    mGivenContentInsets=[0,0][0,0] mGivenVisibleInsets=[0,0][0,0]",
        f"    mHasSurface={visible} isReadyForDisplay()={visible} mWindowRemovalAllowed=false",
        f"    Frames: containing={box} parent={box} display={box} frame={box} last={box}",
        f"    isOnScreen={visible}",
        f"    isVisible={visible}",
    ]
