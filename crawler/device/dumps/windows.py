"""Who has the screen: `dumpsys activity activities` and `dumpsys window`, in the dialects of Android 7 to 15.

    Android <= 10   mResumedActivity: ActivityRecord{5b2 u0 pkg/.Act t12}      * TaskRecord{a1 #12 A=pkg U=0 sz=1}
    Android >= 11   topResumedActivity=ActivityRecord{...}, ResumedActivity:   * Task{a1 #12 type=standard A=10123:pkg}
    any             mCurrentFocus=Window{c3 u0 pkg/pkg.Act}   (vivo: Window{c3 u0 pkg/pkg.Act type=1 })

Pure functions over text from a device: they take anything and raise nothing.
"""

import re

from crawler.device.model import Foreground

__all__ = [
    "ACTIVITY_LINES",
    "WINDOW_LINES",
    "forbids_pictures",
    "parse_focused_window",
    "parse_foreground",
    "parse_resolved_activity",
]

ACTIVITY_LINES = r"esumedActivity|Task(Record)?\{"
"""What to keep of `dumpsys activity activities`: a `grep -E` pattern, run on the device to spare the wire."""
WINDOW_LINES = r"mCurrentFocus|Window #|SECURE|fl=#|mViewVisibility|mHasSurface"
"""What to keep of `dumpsys window`."""

_MAX_LINE = 2000
_COMPONENT = r"(?P<package>[A-Za-z_][\w.]{0,254})/(?P<activity>[\w.$]{1,254})"
_RESUMED = (
    re.compile(r"^\s*topResumedActivity=ActivityRecord\{\w+ u\d+ " + _COMPONENT + r",?(?: [^}]*?t(?P<task>\d+))?"),
    re.compile(
        r"(?:m|\b)ResumedActivity[:=] ?ActivityRecord\{\w+ u\d+ " + _COMPONENT + r",?(?: [^}]*?t(?P<task>\d+))?"
    ),
)
_TASK = re.compile(r"Task(?:Record)?\{\w+ #(?P<task>\d+)\b[^}]*?\b(?P<kind>[AI])=(?P<owner>[^\s}]{1,300})")
_WINDOW = re.compile(r"^\s*mCurrentFocus=Window\{(?P<words>[^}]{1,400})\}?")
_WINDOW_COMPONENT = re.compile(r"(?:^|\s)" + _COMPONENT + r"(?:\s|$)")
_WINDOW_HEAD = re.compile(r"Window #\d+ ")
_FLAGS = re.compile(r"\bfl=(?P<flags>[^}]*)")
_OLD_SECURE_FLAG = 0x2000
_RESOLVED = re.compile(r"^\s*" + _COMPONENT + r"\s*$")


def parse_foreground(activities: str, windows: str = "") -> Foreground | None:
    """The resumed activity; else, when there is none, the activity whose window has the focus."""
    lines = [line[:_MAX_LINE] for line in activities.splitlines()]
    for pattern in _RESUMED:
        for line in lines:
            found = pattern.search(line)
            if found:
                package, activity = found["package"], _full_name(found["package"], found["activity"])
                owner = _task_owner(lines, found["task"])
                return Foreground(package=package, activity=activity, task_package=owner)
    return parse_focused_window(windows)


def parse_focused_window(windows: str) -> Foreground | None:
    """The activity whose window has the input focus. A window without an activity (status bar, ANR) gives None."""
    for line in windows.splitlines():
        found = _WINDOW.search(line[:_MAX_LINE])
        component = _WINDOW_COMPONENT.search(found["words"]) if found else None
        if component:
            package = component["package"]
            return Foreground(package=package, activity=_full_name(package, component["activity"]), task_package=None)
    return None


def forbids_pictures(windows: str) -> bool | None:
    """Whether a visible window has FLAG_SECURE. None when the text describes no window at all."""
    blocks = _WINDOW_HEAD.split(windows)[1:]
    if not blocks:
        return None
    return any(_is_secure(block) and _is_visible(block) for block in blocks)


def parse_resolved_activity(text: str) -> str | None:
    """The component that `cmd package resolve-activity --brief` names, as `package/activity`."""
    for line in reversed(text.splitlines()):
        found = _RESOLVED.match(line[:_MAX_LINE])
        if found:
            return f"{found['package']}/{found['activity']}"
    return None


def _full_name(package: str, activity: str) -> str:
    return package + activity if activity.startswith(".") else activity


def _task_owner(lines: list[str], task: str | None) -> str | None:
    """The package a task belongs to: its affinity (`A=10123:pkg`, `A=pkg`), else the activity it began with (`I=`)."""
    if task is None:
        return None
    for line in lines:
        found = _TASK.search(line)
        if found and found["task"] == task:
            owner = found["owner"]
            package = owner.partition("/")[0] if found["kind"] == "I" else owner.rpartition(":")[2]
            return package or None
    return None


def _is_secure(block: str) -> bool:
    for found in _FLAGS.finditer(block):
        words = found["flags"].split()
        if "SECURE" in words or "FLAG_SECURE" in words:
            return True
        # Android <= 8 prints the flags as one number.
        if words and re.fullmatch(r"#[0-9a-fA-F]{1,8}", words[0]) and int(words[0][1:], 16) & _OLD_SECURE_FLAG:
            return True
    # After grep the line that lists the flags may begin anywhere.
    return any(re.search(r"^\s+(?:[A-Z_]+ )*(?:FLAG_)?SECURE(?: [A-Z_]+)*\s*$", line) for line in block.splitlines())


def _is_visible(block: str) -> bool:
    """Visible unless the dump says otherwise."""
    visibility = re.search(r"mViewVisibility=0x(\w{1,8})", block)
    surface = re.search(r"mHasSurface=(true|false)", block)
    hidden = visibility is not None and visibility[1].strip("0") != ""
    return not hidden and (surface is None or surface[1] == "true")
