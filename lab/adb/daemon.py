"""adbd: listens on a loopback port, and finds the service behind every stream an adb server opens."""

import asyncio
import shlex
import socket
from collections.abc import Callable

from lab.adb.connection import Connection, Service
from lab.adb.reverse_service import Reverses
from lab.adb.shell_service import RunShell, serve_shell
from lab.adb.streams import Stream, splice
from lab.adb.sync_service import serve_sync
from lab.system.core import System

__all__ = ["Daemon"]

FEATURES = "shell_v2,cmd,stat_v2,ls_v2,fixed_push_mkdir,apex,abb,abb_exec,fixed_push_symlink_timestamp,track_app"
# adb servers look for emulators on these and would list the device twice.
EMULATOR_PORTS = range(5555, 5586)
BUFFER = 4 * 1024 * 1024
ROOT_UID, SHELL_UID = 0, 2000
CLOSING_SECONDS = 5
Dial = Callable[[int], Service | None]


class Daemon:
    """`dial` finds what listens on a device port (for `tcp:` streams)."""

    def __init__(self, system: System, run: RunShell, dial: Dial) -> None:
        self._system = system
        self._run = run
        self._dial = dial
        self._server: asyncio.Server | None = None
        self._connections: dict[Connection, asyncio.Task[None]] = {}
        self._reverses = Reverses(system.reverse_listeners)
        self.uid = ROOT_UID if system.profile.adb_root else SHELL_UID
        self._port = 0

    @property
    def port(self) -> int:
        """Where `adb connect` finds the device."""
        return self._port

    async def start(self) -> None:
        """Listen on a free loopback port."""
        refused = []
        while self._server is None:
            server = await asyncio.start_server(self._connected, "127.0.0.1", 0, limit=BUFFER)
            if server.sockets[0].getsockname()[1] in EMULATOR_PORTS:
                refused.append(server)
            else:
                self._server = server
        for server in refused:
            server.close()
        self._port = int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Stop listening and cut every connection."""
        tasks = list(self._connections.values())
        self.unplug()
        # Not cancelled: asyncio before Python 3.12 reports a cancelled connection as an error. A cut one ends by itself.
        if tasks:
            await asyncio.wait(tasks, timeout=CLOSING_SECONDS)

    def drop(self) -> None:
        """Cut every connection, as a pulled cable does."""
        for connection in list(self._connections):
            connection.drop()

    def unplug(self) -> None:
        """Cut every connection and refuse new ones."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self.drop()

    async def plug(self) -> None:
        """Listen again, on the same port. Raises OSError when somebody took it meanwhile."""
        if self._server is None:
            self._server = await asyncio.start_server(self._connected, "127.0.0.1", self._port, limit=BUFFER)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(reader, writer, banner=self._banner(), lookup=self._lookup)
        task = asyncio.current_task()
        if task is not None:
            self._connections[connection] = task
        try:
            await connection.run()
        finally:
            self._connections.pop(connection, None)
            self._reverses.forget(connection)

    def _banner(self) -> bytes:
        properties = self._system.properties
        names = ("ro.product.name", "ro.product.model", "ro.product.device")
        facts = "".join(f"{name}={properties.get(name)};" for name in names)
        return f"device::{facts}features={FEATURES}".encode()

    def _lookup(self, connection: Connection, name: bytes) -> Service | None:
        kind, _, rest = name.decode("utf-8", "surrogateescape").partition(":")
        kind, *options = kind.split(",")
        if kind in ("shell", "exec"):
            terminal = "pty" in options or (kind == "shell" and "v2" not in options and not rest)
            return lambda stream: serve_shell(
                stream, rest, self._run, v2="v2" in options, terminal=terminal, hang_up=kind == "shell"
            )
        if kind in ("abb", "abb_exec"):
            command = "cmd " + shlex.join(argument for argument in rest.split("\0") if argument)
            return lambda stream: serve_shell(stream, command, self._run, v2=kind == "abb", terminal=False)
        if kind == "sync":
            return lambda stream: serve_sync(stream, self._system.files, uid=self.uid)
        if kind == "tcp" and rest.partition(":")[0].isdecimal():
            return self._tcp(int(rest.partition(":")[0]))
        if kind == "reverse":
            return lambda stream: self._reverses.serve(connection, stream, rest)
        if kind in ("track-app", "track-jdwp"):
            return _track
        return self._control(kind)

    def _tcp(self, port: int) -> Service | None:
        handler = self._system.reverse_listeners.get(port)
        if handler is None:
            return self._dial(port)

        async def loop_back(stream: Stream) -> None:
            ours, theirs = await socket_pair()
            asyncio.ensure_future(handler(*theirs))  # noqa: RUF006 - ends with its socket
            await splice(stream, *ours)

        return loop_back

    def _control(self, kind: str) -> Service | None:
        production = self._system.properties.get("ro.debuggable") != "1"
        root = "cannot run as root in production builds" if production else "is already running as root"
        answers = {
            "root": f"adbd {root}\n",
            "unroot": "adbd not running as root\n" if production else "restarting adbd as non root\n",
            "remount": 'Not running as root. Try "adb root" first.\n' if production else "remount succeeded\n",
            "tcpip": "restarting in TCP mode port\n",
            "usb": "restarting in USB mode\n",
            "disable-verity": "verity is already disabled\n",
        }
        if kind not in answers:
            return None

        async def answer(stream: Stream) -> None:
            await stream.write(answers[kind].encode())
            await stream.flushed()

        return answer


async def _track(stream: Stream) -> None:
    await stream.write(b"0000")
    await stream.closed.wait()


Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def socket_pair() -> tuple[Ends, Ends]:
    """Two ends of a connection inside the process."""
    one, other = socket.socketpair()
    return await asyncio.open_connection(sock=one), await asyncio.open_connection(sock=other)
