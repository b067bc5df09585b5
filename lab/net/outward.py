"""Connections that leave the device: through the global proxy when one is set, else to the world, which is the sink."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fnmatch
import hashlib
import os
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field

from lab.net.sockets import Socket, SocketTable
from lab.net.streams import PlainStream, Stream, TlsStream, pair
from lab.net.trust import TrustStore
from lab.system.core import System

__all__ = ["Dialer", "Outward", "Place"]

_HEAD_LIMIT = 16384
_CONNECT_SECONDS = 15.0
_LOOPBACK = ("127.0.0.1", "localhost")
_HOST_MACHINE = "10.0.2.2"
"""what an emulator calls the machine it runs on"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a connection goes and for whom."""

    uid: int
    host: str
    port: int
    secure: bool


@dataclass(slots=True, kw_only=True, eq=False)
class Outward:
    """An open connection. `relayed` means that requests on it are written for a proxy (absolute form)."""

    place: Place
    stream: Stream
    relayed: bool
    through_proxy: bool
    idle: asyncio.TimerHandle | None = None
    watch: asyncio.Task[bytes] | None = None
    rows: tuple[Socket, ...] = ()
    on_close: Callable[[Outward], None] = field(default=lambda _outward: None)

    async def close(self) -> None:
        if self.idle is not None:
            self.idle.cancel()
        if self.watch is not None:
            self.watch.cancel()
        self.on_close(self)
        await self.stream.close()


class Dialer:
    """Opens connections as an app of the device would. Raises OSError or ssl.SSLError, as the app would see."""

    def __init__(self, system: System, sockets: SocketTable, trust: TrustStore, world_port: int) -> None:
        self._system = system
        self._sockets = sockets
        self._trust = trust
        self._world_port = world_port

    async def open(self, place: Place, trust: str, *, tunnel: bool) -> Outward:
        """A connection to `place`, secured if it asks for that. With `tunnel`, a plain one goes through CONNECT too."""
        outward = await self.open_plain(place, tunnel=tunnel or place.secure)
        if not place.secure:
            return outward
        try:
            return await self.secure(outward, trust)
        except (OSError, ssl.SSLError, TimeoutError):
            await outward.close()
            raise

    async def open_plain(self, place: Place, *, tunnel: bool) -> Outward:
        """Bytes to `place`, without TLS."""
        self._check_network()
        proxy = None if self._excluded(place.host) else self._system.settings.proxy
        async with asyncio.timeout(_CONNECT_SECONDS):
            if proxy is None:
                return await self._direct(place)
            outward = await self._to_proxy(place, *proxy)
            if not tunnel:
                outward.relayed = True
                return outward
            try:
                await _connect(outward.stream, place)
            except OSError:
                await outward.close()
                raise
            return outward

    async def secure(self, outward: Outward, trust: str) -> Outward:
        """The app's own handshake on an open connection. Raises ssl.SSLError, NotPinned or another OSError."""
        host = outward.place.host
        context = self._trust.client_context(trust)
        stream = TlsStream(outward.stream, context, server_side=False, hostname=host)
        await stream.handshake()
        outward.stream = stream
        if trust == "pinned":
            self._trust.check_pin(stream.tls.getpeercert(binary_form=True))
        return outward

    def _check_network(self) -> None:
        power = self._system.power
        if self._system.settings.get("global", "airplane_mode_on") == "1" or not (power.wifi or power.mobile_data):
            raise OSError(errno.ENETUNREACH, os.strerror(errno.ENETUNREACH))

    def _excluded(self, host: str) -> bool:
        patterns = self._system.settings.get("global", "global_http_proxy_exclusion_list") or ""
        return any(fnmatch.fnmatch(host, pattern.strip()) for pattern in patterns.split(",") if pattern.strip())

    async def _to_proxy(self, place: Place, host: str, port: int) -> Outward:
        if host in _LOOPBACK:
            handler = self._system.reverse_listeners.get(port)
            if handler is None:
                raise ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))
            row = self._sockets.open(place.uid, "127.0.0.1", ("127.0.0.1", port))
            accepted = self._sockets.accept(self._adbd_uid(), row)
            theirs, stream = await pair()
            self._system.spawn(_quietly(handler, *theirs))
            return self._outward(place, stream, row, accepted)
        if host != _HOST_MACHINE:
            raise OSError(errno.EHOSTUNREACH, os.strerror(errno.EHOSTUNREACH))
        stream = PlainStream(*await asyncio.open_connection("127.0.0.1", port))
        row = self._sockets.open(place.uid, self._system.identity.address, (host, port))
        return self._outward(place, stream, row)

    async def _direct(self, place: Place) -> Outward:
        if place.host in _LOOPBACK or not self._world_port:
            raise ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))
        stream = PlainStream(*await asyncio.open_connection("127.0.0.1", self._world_port))
        row = self._sockets.open(place.uid, self._system.identity.address, (_address_of(place.host), place.port))
        return self._outward(place, stream, row, through_proxy=False)

    def _outward(self, place: Place, stream: Stream, *rows: Socket, through_proxy: bool = True) -> Outward:
        return Outward(
            place=place,
            stream=stream,
            relayed=False,
            through_proxy=through_proxy,
            rows=rows,
            on_close=self._forget,
        )

    def _forget(self, outward: Outward) -> None:
        for index, row in enumerate(outward.rows):
            self._sockets.close(row, lingers=index == 0)

    def _adbd_uid(self) -> int:
        return 0 if self._system.profile.adb_root else 2000


async def _quietly(
    handler: Callable[[asyncio.StreamReader, asyncio.StreamWriter], object],
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> None:
    """adbd's end of a reversed connection: when the host goes away, the app sees its connection end."""
    try:
        with contextlib.suppress(OSError):
            await handler(reader, writer)  # type: ignore[misc]  # the handler is a coroutine function
    finally:
        writer.close()


async def _connect(stream: Stream, place: Place) -> None:
    """Asks a proxy for a tunnel."""
    target = f"{place.host}:{place.port}"
    await stream.write(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\nProxy-Connection: Keep-Alive\r\n\r\n".encode())
    head = b""
    while b"\r\n\r\n" not in head:
        data = await stream.read(1)  # byte by byte: what follows the head belongs to the tunnel
        if not data or len(head) > _HEAD_LIMIT:
            raise ConnectionResetError(errno.ECONNRESET, "unexpected end of stream")
        head += data
    status = head.split(b" ", 2)[1:2]
    if status != [b"200"]:
        raise ConnectionError(f"Unexpected response code for CONNECT: {status[0].decode(errors='replace')}")


def _address_of(host: str) -> str:
    """The address a name resolves to in the lab: always the same one, from a range reserved for tests."""
    digest = hashlib.sha256(host.lower().encode()).digest()
    return f"198.{18 + digest[0] % 2}.{digest[1]}.{digest[2] % 254 + 1}"
