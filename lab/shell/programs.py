"""Every program on the device, and the shells that run them."""

from collections.abc import Awaitable, Mapping
from typing import Final

from lab.shell.builtins import BUILTINS, interact
from lab.shell.commands import (
    activities,
    content,
    dumps,
    files,
    filters,
    logcat,
    machine,
    network,
    packages,
    processes,
    settings,
    storage,
    text,
)
from lab.shell.context import Command, Context, Streams, Write
from lab.shell.interpreter import Shell
from lab.shell.pipes import Pipe
from lab.shell.state import fresh_state
from lab.system.core import System

__all__ = ["Programs"]

TABLES: Final = tuple(
    module.COMMANDS
    for module in (
        text,
        filters,
        files,
        storage,
        processes,
        machine,
        packages,
        activities,
        settings,
        content,
        dumps,
        logcat,
        network,
    )
)


class Programs:
    """`extra` are programs that need more than the system: the device's own."""

    def __init__(self, system: System, *, uid: int, extra: Mapping[str, Command]) -> None:
        self._system = system
        self._uid = uid
        self._commands: dict[str, Command] = {}
        for table in (*TABLES, extra):
            self._commands.update(table)

    def start(self, command: str, *, out: Write, err: Write, interactive: bool) -> tuple[Pipe, Awaitable[int]]:
        """A new shell running one command line (or what comes in, when it is empty); its input, and its exit code to await."""
        stdin = Pipe()
        streams = Streams(stdin=stdin, out=out, err=err)
        return stdin, self._shell(command, streams, interactive=interactive)

    async def run(self, command: str) -> tuple[bytes, int]:
        """Run a command line to its end: output and errors together, and the exit code."""
        collected = bytearray()

        async def collect(data: bytes) -> None:
            collected.extend(data)

        stdin, running = self.start(command, out=collect, err=collect, interactive=False)
        stdin.close()
        code = await running
        return bytes(collected), code

    async def _shell(self, command: str, streams: Streams, *, interactive: bool) -> int:
        process = self._system.processes.add("sh", uid=self._uid, parent=1, command=command or "-/system/bin/sh")
        state = fresh_state(uid=self._uid, pid=process.pid)
        shell = Shell(self._system, state, commands=self._commands, builtins=BUILTINS)
        try:
            if command.strip():
                return await shell.run(command, streams)
            context = Context(arguments=("sh",), environment={}, streams=streams, shell=shell, system=self._system)
            device = self._system.properties.get("ro.product.device")
            return await interact(context, f"{device}:/ {'#' if self._uid == 0 else '$'} " if interactive else "")
        finally:
            self._system.processes.remove(process.pid)
