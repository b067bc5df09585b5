"""`dumpsys appops` and `appops get`: which operations were used, when, in which state."""

from lab.system.appops import Operation
from lab.system.core import System
from lab.system.durations import duration
from lab.system.packages import InstalledPackage
from lab.system.processes import user_name

__all__ = ["appops_dump", "operations_text"]

SETTINGS = """Current AppOps Service state:
  Settings:
    top_state_settle_time=+5s0ms
    fg_service_state_settle_time=+5s0ms
    bg_state_settle_time=+1s0ms

  Op mode watchers:
    Op COARSE_LOCATION:
      #0: ModeCallback{b8f1a14 watchinguid=-1 flags=0x1 op=COARSE_LOCATION from uid=1000 pid=1122}
  Package mode watchers:
    Pkg com.android.systemui:
      #0: ModeCallback{e9062d4 watchinguid=-1 flags=0x1 op=MONITOR_LOCATION from uid=u0a86 pid=1490}

"""
STATES = ("pers", "top", "fgsvc", "fg", "bg", "cch")


def appops_dump(system: System, package: str = "") -> str:
    """The whole service, or one package's part of it."""
    chosen = [each for each in system.packages if not package or each.package == package]
    if package and not chosen:
        return f"Unknown package: {package}\n"
    return SETTINGS + "".join(
        _uid(system, each) for each in chosen if package or system.appops.operations(each.package)
    )


def operations_text(system: System, package: str, op: str = "") -> str:
    """What `cmd appops get PACKAGE [OP]` prints."""
    now = system.clock.wall_ns()
    found = [each for each in system.appops.operations(package) if not op or each.name == op]
    lines = [f"Uid mode: {name}: {mode}" for name, mode in _uid_modes(system, package) if not op]
    lines += [_short(each, now) for each in found]
    if not lines:
        return f"No operations.\nDefault mode: {system.appops.mode(package, op)}\n" if op else "No operations.\n"
    return "\n".join(lines) + "\n"


def _uid_modes(system: System, package: str) -> list[tuple[str, str]]:
    """Runtime permissions live in the uid's modes."""
    installed = system.packages.get(package)
    if installed is None or not {"FINE_LOCATION", "COARSE_LOCATION"} & {
        name.rpartition("ACCESS_")[2] for name in installed.runtime_permissions
    }:
        return []
    return [("COARSE_LOCATION", system.appops.mode(package, "COARSE_LOCATION"))]


def _short(operation: Operation, now: int) -> str:
    text = f"{operation.name}: {operation.mode}"
    if operation.accessed:
        text += f"; time={duration(_ago(max(operation.accessed.values()), now))} ago"
    if operation.rejected:
        text += f"; rejectTime={duration(_ago(max(operation.rejected.values()), now))} ago"
    if operation.running_since is not None:
        return text + " (running)"
    if operation.durations:
        text += f"; duration={duration(max(operation.durations.values()))}"
    return text


def _uid(system: System, installed: InstalledPackage) -> str:
    running = system.applications.running(installed.package) is not None
    state = "top" if running and system.is_foreground(installed.package) else "cch"
    lines = [
        f"  Uid {user_name(installed.uid).replace('_', '')}:",
        f"    state={state}",
        f"    capability={'LCMN' if state == 'top' else '----'}",
        "    appWidgetVisible=false",
        *(f"      {name}: mode={mode}" for name, mode in _uid_modes(system, installed.package)),
        f"    Package {installed.package}:",
    ]
    now = system.clock.wall_ns()
    for operation in system.appops.operations(installed.package):
        lines.append(f"      {operation.name} ({operation.mode}): ")
        lines += _accesses(system, operation, now)
    return "\n".join(lines) + "\n"


def _accesses(system: System, operation: Operation, now: int) -> list[str]:
    inner = []
    for state in STATES:
        if state in operation.accessed:
            when = operation.accessed[state]
            lasted = f" duration={duration(operation.durations[state])}" if state in operation.durations else ""
            inner.append(f"          Access: [{state}-s] {_when(system, when, now)}{lasted}")
    for state in STATES:
        if state in operation.rejected:
            inner.append(f"          Reject: [{state}-s]{_when(system, operation.rejected[state], now)}")
    if operation.running_since is not None:
        inner.append(f"          Running start at: {duration(_ago(operation.running_since, now))}")
    return ["        null=[", *inner, "        ]"] if inner else []


def _when(system: System, when: int, now: int) -> str:
    return f"{system.clock.stamp(when)} ({duration(-_ago(when, now))})"


def _ago(when: int, now: int) -> int:
    return max((now - when) // 1_000_000, 1)
