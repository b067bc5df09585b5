"""App processes: they start, are killed, crash, stop answering, and tell whoever listens."""

from collections.abc import Callable
from dataclasses import dataclass

from lab.system.clock import DeviceClock
from lab.system.logs import Logs
from lab.system.packages import InstalledPackage
from lab.system.processes import Process, Processes, user_name

__all__ = ["Applications", "Happening"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """`kind` is started, resumed, died, cleared, installed or removed."""

    kind: str
    package: str
    uid: int
    pid: int = 0


class Applications:
    """The activity manager's side of processes. `listeners` hear every Happening."""

    def __init__(self, processes: Processes, logs: Logs, clock: DeviceClock) -> None:
        self.processes = processes
        self.clock = clock
        self.listeners: list[Callable[[Happening], None]] = []
        self.on_killed: Callable[[str], None] = lambda package: None
        self._logs = logs
        self._uids: dict[str, int] = {}

    def running(self, package: str) -> Process | None:
        """The app's main process."""
        return next((each for each in self.processes.of_package(package) if each.name == package), None)

    def ensure(self, installed: InstalledPackage, activity: str, why: str) -> int:
        """The app's process number, started now if need be."""
        process = self.running(installed.package)
        return process.pid if process else self._start(installed, activity, why).pid

    def _start(self, installed: InstalledPackage, activity: str, why: str) -> Process:
        package, uid = installed.package, installed.uid
        process = self.processes.add(
            package,
            uid=uid,
            parent=self.processes.zygote,
            package=package,
            on_kill=lambda: self.on_killed(package),
        )
        installed.stopped = False
        component = f"{{{package}/{activity}}}"
        self._logs.event("am_uid_running", str(uid))
        self._logs.event("am_proc_start", f"0,{process.pid},{uid},{package},{why},{component}")
        self._logs.write(
            "ActivityManager",
            f"Start proc {process.pid}:{package}/{user_name(uid).replace('_', '')} for {why} {component}",
            buffer="system",
        )
        self._logs.event("am_proc_bound", f"0,{process.pid},{package}")
        self._logs.event("am_uid_active", str(uid))
        self._uids[package] = uid
        self.tell("started", installed.package, uid, process.pid)
        return process

    def end(self, package: str, *, reason: str, killed: bool) -> bool:
        """The app's processes end; True when there were any."""
        ended = self.processes.of_package(package)
        for process in ended:
            self.processes.remove(process.pid)
            if killed:
                self._logs.event("am_kill", f"0,{process.pid},{package},0,{reason}")
                self._logs.write(
                    "ActivityManager",
                    f"Killing {process.pid}:{process.name}/{user_name(process.uid).replace('_', '')} (adj 0): {reason}",
                    buffer="system",
                )
            self._logs.event("am_proc_died", f"0,{process.pid},{process.name},0,2")
            self.tell("died", package, process.uid, process.pid)
        return bool(ended)

    def resumed(self, package: str) -> None:
        """The app is in front now."""
        process = self.running(package)
        if process:
            self.tell("resumed", package, process.uid, process.pid)

    def crash(self, package: str, *, exception: str, message: str) -> None:
        """Log a fatal exception; the caller ends the process."""
        process = self.running(package)
        if process is None:
            return
        where = f"com.lab.Bundle.run(Bundle.java:{20 + len(message) % 80})"
        self._logs.event(
            "am_crash",
            f"{process.pid},0,{package},954711620,{exception},{message},Bundle.java,{20 + len(message) % 80}",
        )
        for line in (
            "FATAL EXCEPTION: main",
            f"Process: {package}, PID: {process.pid}",
            f"{exception}: {message}",
            f"\tat {where}",
        ):
            self._logs.write(
                "AndroidRuntime", line, buffer="crash", level="E", pid=process.pid, tid=process.pid, uid=process.uid
            )

    def not_responding(self, package: str, *, why: str) -> None:
        """Log an ANR."""
        process = self.running(package)
        if process is None:
            return
        self._logs.event("am_anr", f"0,{process.pid},{package},954711620,{why}")
        for line in (f"ANR in {package} ({package})", f"PID: {process.pid}", f"Reason: {why}"):
            self._logs.write("ActivityManager", line, level="E", buffer="system")

    def tell(self, kind: str, package: str, uid: int, pid: int = 0) -> None:
        """Inform the listeners."""
        for listener in self.listeners:
            listener(Happening(kind=kind, package=package, uid=uid, pid=pid))
