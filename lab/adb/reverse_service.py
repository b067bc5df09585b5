"""`reverse:`: ports on the device that lead to the host."""

import asyncio

from lab.adb.connection import Connection
from lab.adb.streams import Stream, splice
from lab.system.core import ReverseHandler

__all__ = ["Reverses"]

FIRST_FREE_PORT = 40001
LAST_PORT = 65535


class Reverses:
    """`listeners` is the device's table of ports that something listens on; reversed ports are entered there."""

    def __init__(self, listeners: dict[int, ReverseHandler]) -> None:
        self._listeners = listeners
        self._rules: dict[int, tuple[Connection, str]] = {}

    async def serve(self, connection: Connection, stream: Stream, request: str) -> None:
        """One request: forward, list-forward, killforward, killforward-all."""
        await stream.write(self._answer(connection, request))
        await stream.flushed()

    def forget(self, connection: Connection) -> None:
        """The host is gone, and its rules with it."""
        for port in [port for port, (owner, _) in self._rules.items() if owner is connection]:
            self._remove(port)

    def _answer(self, connection: Connection, request: str) -> bytes:
        if request == "list-forward":
            return _text("".join(f"UsbFfs tcp:{port} {local}\n" for port, (_, local) in self._rules.items()))
        if request == "killforward-all":
            for port in list(self._rules):
                self._remove(port)
            return b"OKAY"
        if request.startswith("killforward:"):
            remote = request.removeprefix("killforward:")
            port = _port(remote)
            if port not in self._rules:
                return b"FAIL" + _text(f"listener '{remote}' not found")
            self._remove(port)
            return b"OKAY"
        if request.startswith("forward:"):
            return self._forward(connection, request.removeprefix("forward:"))
        return b"FAIL" + _text(f"unknown reverse request {request}")

    def _forward(self, connection: Connection, rule: str) -> bytes:
        keep = rule.startswith("norebind:")
        remote, _, local = rule.removeprefix("norebind:").partition(";")
        port = _port(remote)
        if port < 0 or not local:
            return b"FAIL" + _text(f"bad forward: {rule}")
        if port == 0:
            port = next(free for free in range(FIRST_FREE_PORT, LAST_PORT) if free not in self._listeners)
        elif port in self._rules and keep:
            return b"FAIL" + _text("cannot rebind existing socket")
        elif port in self._listeners and port not in self._rules:
            return b"FAIL" + _text("cannot bind listener: Address already in use")
        self._rules[port] = (connection, local)
        self._listeners[port] = self._handler(connection, local)
        return b"OKAY" + (_text(str(port)) if _port(remote) == 0 else b"")

    def _handler(self, connection: Connection, local: str) -> ReverseHandler:
        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            stream = await connection.open(local)
            if stream is None:
                writer.close()
                return
            await splice(stream, reader, writer)

        return handle

    def _remove(self, port: int) -> None:
        self._rules.pop(port, None)
        self._listeners.pop(port, None)


def _port(specification: str) -> int:
    kind, _, number = specification.partition(":")
    return int(number) if kind == "tcp" and number.isdecimal() and int(number) <= LAST_PORT else -1


def _text(message: str) -> bytes:
    encoded = message.encode()
    return b"%04x" % len(encoded) + encoded
