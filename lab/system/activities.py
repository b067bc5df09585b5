"""Tasks and activities: who is in front, what started whom, and the log lines Android writes about it."""

import asyncio
import itertools
import random
from dataclasses import dataclass, field

from lab.definition import full_activity_name
from lab.system.applications import Applications
from lab.system.logs import Logs
from lab.system.packages import InstalledPackage, Packages
from lab.system.surface import Surface

__all__ = ["Activities", "ActivityRecord", "Task"]

LAUNCH_FLAGS = 270532608
LAUNCHER_INTENT = "act=android.intent.action.MAIN cat=[android.intent.category.LAUNCHER] flg=0x10200000"
GRANT_ACTIVITY = ".permission.ui.GrantPermissionsActivity"


@dataclass(slots=True, kw_only=True)
class ActivityRecord:
    """One activity instance. `number` is its object number in decimal; dumps print it in hexadecimal."""

    number: int
    package: str
    name: str
    task: "Task"
    uid: int
    pid: int = 0
    state: str = "INITIALIZING"
    launched_from: str = ""
    launched_from_uid: int = 0

    @property
    def component(self) -> str:
        """`package/.Name` as ComponentName.flattenToShortString prints it."""
        short = self.name.removeprefix(self.package) if self.name.startswith(self.package + ".") else self.name
        return f"{self.package}/{short}"

    def __str__(self) -> str:
        return f"ActivityRecord{{{self.number:x} u0 {self.component} t{self.task.identifier}}}"


@dataclass(slots=True, kw_only=True)
class Task:
    """A stack of activities; `affinity` names whose task it is."""

    identifier: int
    package: str
    uid: int
    kind: str = "standard"
    records: list[ActivityRecord] = field(default_factory=list)

    @property
    def affinity(self) -> str:
        return f"{self.uid}:{self.package}"

    @property
    def top(self) -> ActivityRecord:
        return self.records[-1]


class Activities:
    """`tasks` is ordered from back to front. The first one is the home screen and never empties."""

    def __init__(
        self, packages: Packages, applications: Applications, logs: Logs, seed: random.Random, *, launcher: str
    ) -> None:
        self._packages = packages
        self._applications = applications
        self._logs = logs
        self._random = seed
        self._task_numbers = itertools.count(seed.randrange(9, 30))
        self._surface: Surface | None = None
        package, _, name = launcher.partition("/")
        self.home_task = Task(identifier=2, package=package, uid=10092, kind="home")
        self.home_task.records.append(self._record(self.home_task, package, full_activity_name(package, name), 10092))
        self.home_task.top.pid, self.home_task.top.state = 1733, "RESUMED"
        self.tasks = [self.home_task]
        self._changing = asyncio.Lock()

    def attach(self, surface: Surface) -> None:
        """Windows are drawn here from now on."""
        self._surface = surface

    @property
    def top(self) -> ActivityRecord:
        """The resumed activity."""
        return self.tasks[-1].top

    def task_of(self, package: str) -> Task | None:
        """The package's own task."""
        return next((task for task in self.tasks if task.package == package), None)

    def in_foreground(self, package: str) -> bool:
        """Does the front task belong to the package?"""
        return self.tasks[-1].package == package

    async def start(
        self,
        package: str,
        activity: str | None = None,
        *,
        caller: str = "com.android.launcher3",
        caller_uid: int = 10092,
        data: str = "",
    ) -> bool:
        """Start (or bring back) an app; returns when it is drawn. `data` is a URL to open instead of the activity's
        page. False when package or activity does not exist."""
        installed = self._packages.get(package)
        if installed is None or not installed.definition.activities:
            return False
        declared = installed.definition.activity(activity) if activity else installed.definition.main_activity
        if declared is None:
            return False
        name = full_activity_name(package, declared.name)
        async with self._changing:
            record = await self._start(installed, name, caller, caller_uid, fresh=bool(data))
        if record is not None:
            await self._draw(record, data or declared.page)
        return True

    async def _start(
        self, installed: InstalledPackage, name: str, caller: str, caller_uid: int, *, fresh: bool
    ) -> ActivityRecord | None:
        """The new activity, whose window must be drawn; None when an existing one came to the front."""
        task = self.task_of(installed.package)
        short = f"{installed.package}/{name.removeprefix(installed.package)}"
        self._logs.write(
            "ActivityTaskManager",
            f"START u0 {{{LAUNCHER_INTENT} cmp={short}}} with LAUNCH_SINGLE_TOP from uid {caller_uid}",
            buffer="system",
        )
        main = full_activity_name(installed.package, installed.definition.main_activity.name)
        existing = task is not None and (name == main or any(record.name == name for record in task.records))
        self._pause(self.top)
        if task is not None and existing and not fresh and self._applications.running(installed.package):
            await self._to_front(task)
            return None
        if task is None:
            task = Task(identifier=next(self._task_numbers), package=installed.package, uid=installed.uid)
            self._logs.event("wm_task_created", f"{task.identifier},-1")
            self._logs.event("wm_create_task", f"0,{task.identifier}")
        else:
            self.tasks.remove(task)
        self.tasks.append(task)
        self._logs.event("wm_task_moved", f"{task.identifier},1,{len(self.tasks)}")
        self._logs.event("wm_task_to_front", f"0,{task.identifier}")
        record = self._record(task, installed.package, name, installed.uid)
        record.launched_from, record.launched_from_uid = caller, caller_uid
        task.records.append(record)
        self._create(installed, record)
        return record

    def _create(self, installed: InstalledPackage, record: ActivityRecord) -> None:
        logs, number, task = self._logs, record.number, record.task.identifier
        logs.event(
            "wm_create_activity",
            f"0,{number},{task},{record.component},android.intent.action.MAIN,NULL,NULL,{LAUNCH_FLAGS}",
        )
        record.pid = self._applications.ensure(installed, record.name, "next-top-activity")
        record.state = "RESUMED"
        logs.event("wm_restart_activity", f"0,{number},{task},{record.component}")
        logs.event("wm_set_resumed_activity", f"0,{record.component},minimalResumeActivityLocked")

    async def _draw(self, record: ActivityRecord, page: str) -> None:
        """Outside the lock: a page that loads slowly must not hold up the home key."""
        logs, number = self._logs, record.number
        started = self._applications.clock.uptime_ns()
        for step, reason in (("create", "performCreate"), ("start", "handleStartActivity")):
            logs.event(f"wm_on_{step}_called", f"{number},{record.name},{reason}", pid=record.pid)
        self._resumed(record, reason="RESUME_ACTIVITY")
        if self._surface is None:
            return
        await self._surface.open_window(record.package, record.name, page)
        if record not in record.task.records or record.task not in self.tasks:
            await self._surface.close_window(record.package, record.name)
            return
        elapsed = (self._applications.clock.uptime_ns() - started) // 1_000_000
        logs.event("wm_activity_launch_time", f"0,{number},{record.component},{elapsed}")
        logs.write("ActivityTaskManager", f"Displayed {record.component}: +{elapsed}ms", buffer="system")

    async def _to_front(self, task: Task) -> None:
        if task is not self.tasks[-1]:
            self.tasks.remove(task)
            self.tasks.append(task)
            self._logs.event("wm_task_to_front", f"0,{task.identifier}")
        if self._surface is not None:
            await (self._surface.home() if task.kind == "home" else self._surface.bring_to_front(task.package))
        self._resumed(task.top, reason="RESUME_ACTIVITY")

    async def go_home(self) -> None:
        """The home key."""
        async with self._changing:
            if self.tasks[-1] is not self.home_task:
                self._pause(self.top)
            await self._to_front(self.home_task)

    async def finish_top(self, package: str) -> None:
        """Back that nobody handled, or the app's own finish(): the package's top activity ends."""
        async with self._changing:
            task = self.task_of(package)
            if task is None or task.kind == "home":
                return
            record = task.records.pop()
            self._logs.event(
                "wm_finish_activity", f"0,{record.number},{task.identifier},{record.component},app-request"
            )
            self._pause(record)
            if self._surface is not None:
                await self._surface.close_window(package, record.name)
            self._logs.event(
                "wm_destroy_activity", f"0,{record.number},{task.identifier},{record.component},finish-imm"
            )
            was_front = self.tasks[-1] is task
            if not task.records:
                self._remove(task)
            if was_front:
                await self._to_front(task if task.records else self.home_task)

    async def drop(self, package: str) -> None:
        """The process is gone: its task leaves the stack and whatever is below shows."""
        async with self._changing:
            task = self.task_of(package)
            if self._surface is not None:
                await self._surface.close_windows(package)
            if task is None or task.kind == "home":
                return
            was_front = self.tasks[-1] is task
            self._remove(task)
            if was_front:
                await self._to_front(self.home_task)

    def push_permission_dialog(self, package: str, controller: str) -> ActivityRecord | None:
        """The permission controller's activity opens inside the asking app's task."""
        task = self.task_of(package)
        holder = self._packages.get(controller)
        if task is None or holder is None:
            return None
        record = self._record(task, controller, controller + GRANT_ACTIVITY, holder.uid)
        record.launched_from, record.launched_from_uid = package, task.uid
        self._pause(task.top)
        task.records.append(record)
        running = self._applications.processes.named(controller)
        record.pid = running[0].pid if running else 0
        self._logs.event(
            "wm_create_activity",
            f"0,{record.number},{task.identifier},{record.component},"
            "android.content.pm.action.REQUEST_PERMISSIONS,NULL,NULL,0",
        )
        self._resumed(record, reason="RESUME_ACTIVITY")
        return record

    def pop_permission_dialog(self, record: ActivityRecord) -> None:
        """The dialog was answered."""
        task = record.task
        if record not in task.records:
            return
        task.records.remove(record)
        self._logs.event("wm_finish_activity", f"0,{record.number},{task.identifier},{record.component},app-request")
        if task.records and self.tasks[-1] is task:
            self._resumed(task.top, reason="RESUME_ACTIVITY")

    def _pause(self, record: ActivityRecord) -> None:
        if record.state != "RESUMED":
            return
        record.state = "STOPPED"
        self._logs.event("wm_pause_activity", f"0,{record.number},{record.component},userLeaving=true,pauseBackTasks")
        self._logs.event("wm_on_paused_called", f"{record.number},{record.name},performPause", pid=record.pid)

    def _resumed(self, record: ActivityRecord, *, reason: str) -> None:
        if record.state != "RESUMED":
            self._logs.event("wm_set_resumed_activity", f"0,{record.component},resumeTopActivity")
        record.state = "RESUMED"
        self._logs.event("wm_on_resume_called", f"{record.number},{record.name},{reason}", pid=record.pid)
        self._logs.event(
            "wm_on_top_resumed_gained_called",
            f"{record.number},{record.name},topStateChangedWhenResumed",
            pid=record.pid,
        )
        self._applications.resumed(record.package)

    def _remove(self, task: Task) -> None:
        if task in self.tasks:
            self.tasks.remove(task)
        self._logs.event("wm_task_removed", f"{task.identifier},{len(self.tasks)}")

    def _record(self, task: Task, package: str, name: str, uid: int) -> ActivityRecord:
        return ActivityRecord(
            number=self._random.randrange(1 << 20, 1 << 28), package=package, name=name, task=task, uid=uid
        )
