"""`app_process / com.wetest.uia2.Main`: the u2 server as a process that lives and dies like one."""

import asyncio
from collections.abc import Callable

from lab.adb.connection import Service
from lab.faults import Faults
from lab.shell.context import Context
from lab.system.core import System
from lab.u2.automator import Automator
from lab.u2.procedures import Procedures
from lab.u2.server import Server

__all__ = ["ServerProcess"]

MAIN = "com.wetest.uia2.Main"
DEFAULT_PORT = 9008
ALREADY_REGISTERED = (
    "java.lang.IllegalStateException: UiAutomationService "
    "android.accessibilityservice.IAccessibilityServiceClient$Stub$Proxy@5deffd5already registered!\n"
)
KILLED_EXIT = 137


class ServerProcess:
    """At most one server runs; `dial` finds it by its port."""

    def __init__(self, system: System, faults: Faults, procedures: Callable[[], Procedures]) -> None:
        self._system = system
        self._faults = faults
        self._procedures = procedures
        self._server: Server | None = None
        self._port = 0
        self._pid = 0

    @property
    def alive(self) -> bool:
        """Is a server running?"""
        return self._server is not None

    def dial(self, port: int) -> Service | None:
        """The service behind `tcp:port`."""
        return self._server.serve if self._server is not None and port == self._port else None

    def kill(self) -> bool:
        """What `kill -9` does; False when none runs."""
        process = self._system.processes.get(self._pid)
        if process is None or process.on_kill is None:
            return False
        process.on_kill()
        return True

    async def app_process(self, context: Context) -> int:
        """The program `app_process`."""
        jar = context.environment.get("CLASSPATH", "")
        if MAIN not in context.arguments or not context.system.files.exists(jar or "/nowhere"):
            return await context.complain(f"Error: Could not find class '{' '.join(context.arguments[2:3])}'")
        await context.print("[server] INFO: [UiAutomator2Server] Starting Server\n")
        if self._faults.u2_taken or self._server is not None:
            await context.print(ALREADY_REGISTERED)
            return 1
        return await self._run(context)

    async def _run(self, context: Context) -> int:
        words = context.arguments
        server = Server(Automator(self._procedures()), self._faults)
        killed = asyncio.Event()
        process = self._system.processes.add(
            "app_process",
            uid=context.uid,
            parent=context.shell.state.pid,
            command=" ".join(words),
            on_kill=killed.set,
        )
        self._server, self._pid = server, process.pid
        self._port = int(words[words.index("-p") + 1]) if "-p" in words else DEFAULT_PORT
        stopped = asyncio.ensure_future(server.stopped.wait())
        try:
            await asyncio.wait([asyncio.ensure_future(killed.wait()), stopped], return_when=asyncio.FIRST_COMPLETED)
            return KILLED_EXIT if killed.is_set() else 0
        finally:
            stopped.cancel()
            killed.set()
            self._system.processes.remove(process.pid)
            self._server = None
            server.stop()
