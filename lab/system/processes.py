"""Who runs on the device: the process table that ps, pidof and kill see."""

import itertools
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

__all__ = ["Process", "Processes", "user_name"]

SYSTEM_PROCESSES = (
    (1, 0, 0, "init"),
    (2, 0, 0, "[kthreadd]"),
    (11, 2, 0, "[rcu_preempt]"),
    (62, 2, 0, "[kworker/u16:1]"),
    (214, 1, 0, "ueventd"),
    (301, 1, 1036, "logd"),
    (305, 1, 1000, "servicemanager"),
    (412, 1, 0, "vold"),
    (518, 1, 0, "zygote64"),
    (519, 1, 0, "zygote"),
    (533, 1, 1000, "surfaceflinger"),
    (547, 1, 0, "netd"),
    (601, 1, 1010, "wificond"),
    (655, 1, 2000, "adbd"),
    (1122, 518, 1000, "system_server"),
    (1490, 518, 10086, "com.android.systemui"),
    (1688, 518, 1001, "com.android.phone"),
    (1733, 518, 10092, "com.android.launcher3"),
    (1871, 518, 10095, "com.android.permissioncontroller"),
    (1920, 518, 10063, "com.android.inputmethod.latin"),
    (2011, 518, 10058, "android.process.acore"),
)
NAMES = {0: "root", 1000: "system", 1001: "radio", 1010: "wifi", 1036: "logd", 2000: "shell", 9999: "nobody"}
FIRST_APPLICATION_UID = 10000


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """A row of ps. `package` is empty for processes that belong to no app."""

    pid: int
    parent: int
    uid: int
    name: str
    package: str = ""
    command: str = ""
    on_kill: Callable[[], None] | None = field(default=None, compare=False)


class Processes:
    """Process numbers grow and leave gaps, as they do."""

    system_server = 1122
    zygote = 518

    def __init__(self, seed: random.Random) -> None:
        self._random = seed
        self._table = {
            pid: Process(pid=pid, parent=parent, uid=uid, name=name, package=name if name.startswith("com.") else "")
            for pid, parent, uid, name in SYSTEM_PROCESSES
        }
        self._numbers = itertools.count(seed.randrange(3000, 6000))

    def add(
        self,
        name: str,
        *,
        uid: int,
        parent: int,
        package: str = "",
        command: str = "",
        on_kill: Callable[[], None] | None = None,
    ) -> Process:
        """Start a process; `on_kill` is what a signal to it does."""
        for _ in range(self._random.randrange(1, 7)):
            pid = next(self._numbers)
        process = Process(
            pid=pid, parent=parent, uid=uid, name=name, package=package, command=command or name, on_kill=on_kill
        )
        self._table[pid] = process
        return process

    def remove(self, pid: int) -> Process | None:
        """Take a process off the table."""
        return self._table.pop(pid, None)

    def get(self, pid: int) -> Process | None:
        """The process with that number."""
        return self._table.get(pid)

    def of_package(self, package: str) -> tuple[Process, ...]:
        """Every process of an app."""
        return tuple(process for process in self._table.values() if process.package == package)

    def named(self, name: str) -> tuple[Process, ...]:
        """Every process called that."""
        return tuple(process for process in self._table.values() if process.name == name)

    def __iter__(self) -> Iterator[Process]:
        return iter(sorted(self._table.values(), key=lambda process: process.pid))


def user_name(uid: int) -> str:
    """`u0_a123` for an app, `shell` for 2000: what ps and ls print."""
    if uid % 100_000 >= FIRST_APPLICATION_UID:
        return f"u{uid // 100_000}_a{uid % 100_000 - FIRST_APPLICATION_UID}"
    return NAMES.get(uid, str(uid))
