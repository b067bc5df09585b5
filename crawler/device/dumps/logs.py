"""Lines of the event log that say which process started, which activity came to the front, what crashed.

1666775127.753  1765  1866 I am_proc_start: [0,4660,10000,com.x,next-top-activity,{com.x/com.x.Main}]   -v epoch
10-26 15:05:27.753  1765  1866 I am_proc_start: [0,4660,...]                                            -v threadtime
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["EVENT_TAGS", "LogEvent", "parse_log_line"]

EVENT_TAGS = (
    "am_proc_start",
    "am_proc_died",
    "am_kill",
    "am_crash",
    "am_anr",
    "am_set_resumed_activity",
    "wm_set_resumed_activity",
)
"""What the log reader asks the device for; everything else stays there."""

_MAX_LINE = 2000
_MAX_WORD = 300
_LINE = re.compile(
    r"^\s*(?P<time>\d{1,12}\.\d{3,9}|\d\d-\d\d \d\d:\d\d:\d\d\.\d{3,6})\s+(?:\w+\s+)?\d+\s+\d+ [VDIWEFA] "
    r"(?P<tag>\w{1,60})\s*: (?P<message>.*)$"
)
_COMPONENT_PACKAGE = re.compile(r"\{?([A-Za-z_][\w.]*)/")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEvent:
    """A fact kind of the device lane and its data, without the parts that depend on the session."""

    kind: str
    data: Mapping[str, str | int | None]
    device_time: str
    """As the device wrote it: seconds since the epoch, or month and day without year in local time."""

    @property
    def device_ns(self) -> int | None:
        """Since the epoch by the device's clock; None when the line carries local time."""
        seconds, _, fraction = self.device_time.partition(".")
        if not seconds.isdecimal() or not fraction.isdecimal():
            return None
        return int(seconds) * 1_000_000_000 + int(fraction[:9].ljust(9, "0"))


def parse_log_line(line: str) -> LogEvent | None:
    """None for every line that is not one of EVENT_TAGS in its known form."""
    found = _LINE.match(line[:_MAX_LINE])
    read = _READERS.get(found["tag"]) if found else None
    if found is None or read is None:
        return None
    message = found["message"].strip()
    if not (message.startswith("[") and message.endswith("]")):
        return None
    result = read([word.strip()[:_MAX_WORD] for word in message[1:-1].split(",")])
    if result is None:
        return None
    kind, data = result
    return LogEvent(kind=kind, data=data, device_time=found["time"])


_Read = tuple[str, Mapping[str, str | int | None]] | None


def _proc_start(words: list[str]) -> _Read:
    """[user, pid, uid, process, why, component]; the component names the package when the process does not."""
    if len(words) < 5 or not _numbers(words[:3]):
        return None
    component = ",".join(words[5:])
    why = f"{words[4]} {component}".strip()
    package = _package_of(component, words[3])
    data: dict[str, str | int | None] = {
        "package": package,
        "process": words[3],
        "pid": int(words[1]),
        "uid": int(words[2]),
        "why": why,
    }
    return "ProcessStarted", data


def _proc_died(words: list[str]) -> _Read:
    """[user, pid, process, ...]"""
    if len(words) < 3 or not _numbers(words[:2]):
        return None
    return "ProcessDied", {"package": _process_package(words[2]), "process": words[2], "pid": int(words[1])}


def _crash(words: list[str]) -> _Read:
    """[user, pid, process, flags, exception, message, file, line]; am_crash before Android 5 begins with the pid."""
    if len(words) < 3 or not _numbers(words[:2]):
        return None
    return "AppCrashed", {"package": _process_package(words[2])}


def _anr(words: list[str]) -> _Read:
    """[user, pid, package, flags, reason]"""
    if len(words) < 3 or not _numbers(words[:2]):
        return None
    return "AppNotResponding", {"package": _process_package(words[2])}


def _resumed(words: list[str]) -> _Read:
    """[user, component, reason]"""
    package, slash, activity = words[1].partition("/") if len(words) > 1 else ("", "", "")
    if not slash or not package or not activity:
        return None
    full = package + activity if activity.startswith(".") else activity
    return "ActivityResumed", {"package": package, "activity": full}


_READERS = {
    "am_proc_start": _proc_start,
    "am_proc_died": _proc_died,
    "am_kill": _proc_died,
    "am_crash": _crash,
    "am_anr": _anr,
    "am_set_resumed_activity": _resumed,
    "wm_set_resumed_activity": _resumed,
}


def _numbers(words: list[str]) -> bool:
    return all(re.fullmatch(r"-?[0-9]{1,10}", word) for word in words)


def _package_of(component: str, process: str) -> str:
    found = _COMPONENT_PACKAGE.match(component)
    return found[1] if found else _process_package(process)


def _process_package(process: str) -> str:
    return process.partition(":")[0]
