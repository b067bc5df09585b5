"""One adb server's connection to the device: the handshake, and the streams opened in either direction."""

import asyncio
import itertools
import logging
import socket
from collections.abc import Awaitable, Callable

from lab.adb.streams import Stream
from lab.adb.wire import CLSE, CNXN, HEADER, MAXIMUM_PAYLOAD, OKAY, OPEN, VERSION, WRTE, Header, encode

__all__ = ["Connection", "Service"]

log = logging.getLogger(__name__)
OPEN_SECONDS = 10
Service = Callable[[Stream], Awaitable[None]]
Lookup = Callable[["Connection", bytes], Service | None]


class Connection:
    """`banner` is what the device says of itself; `lookup` finds the service behind an OPEN, None refuses it."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, banner: bytes, lookup: Lookup
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._banner = banner
        self._lookup = lookup
        self._streams: dict[int, Stream] = {}
        self._numbers = itertools.count(1)
        self._checksum = True
        self._largest = 4096
        self._tasks: set[asyncio.Task[None]] = set()
        connected = writer.get_extra_info("socket")
        if connected is not None:
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    async def run(self) -> None:
        """Serve until the peer leaves or speaks nonsense."""
        try:
            while True:
                header = Header.decode(await self._reader.readexactly(HEADER.size))
                payload = await self._reader.readexactly(header.length) if header.length else b""
                self._dispatch(header, payload)
                await self._writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, ValueError) as error:
            log.debug("connection ended: %r", error)
        finally:
            self._end()

    def drop(self) -> None:
        """Cut the connection, as a pulled cable does."""
        self._writer.transport.abort()

    async def open(self, destination: str) -> Stream | None:
        """Open a stream to a service on the host (`tcp:8080`), as a reversed port does. None when refused."""
        stream = self._new(0)
        self._send(OPEN, stream.local, 0, destination.encode() + b"\0")
        try:
            opened = await asyncio.wait_for(stream.opened, OPEN_SECONDS)
        except TimeoutError:
            opened = False
        if not opened:
            self._streams.pop(stream.local, None)
        return stream if opened else None

    def _dispatch(self, header: Header, payload: bytes) -> None:
        if header.command == CNXN:
            self._checksum = header.first < VERSION
            self._largest = min(header.second, MAXIMUM_PAYLOAD)
            self._send(CNXN, VERSION, MAXIMUM_PAYLOAD, self._banner)
        elif header.command == OPEN:
            self._opened(header.first, payload)
        elif header.command == WRTE:
            stream = self._streams.get(header.second)
            if stream is None:
                self._send(CLSE, 0, header.first)
            else:
                stream.fed(payload)
        elif header.command == OKAY:
            stream = self._streams.get(header.second)
            if stream is not None:
                stream.acknowledged(header.first)
        elif header.command == CLSE:
            stream = self._streams.pop(header.second, None)
            if stream is not None:
                stream.ended()

    def _opened(self, remote: int, payload: bytes) -> None:
        name = payload[:-1] if payload.endswith(b"\0") else payload
        service = self._lookup(self, name)
        log.debug("open %r%s", name[:200], "" if service else " refused")
        if service is None:
            self._send(CLSE, 0, remote)
            return
        stream = self._new(remote)
        stream.opened.set_result(True)
        stream.accept()
        task = asyncio.create_task(self._serve(service, stream))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, service: Service, stream: Stream) -> None:
        try:
            await service(stream)
        except (ConnectionError, EOFError) as error:
            log.debug("service ended early: %r", error)
        except Exception:  # the boundary of a stream: a fault in one service must not end the device
            log.exception("a service failed")
        finally:
            self._streams.pop(stream.local, None)
            stream.close()

    def _new(self, remote: int) -> Stream:
        stream = Stream(next(self._numbers), remote, self._send, largest=self._largest)
        self._streams[stream.local] = stream
        return stream

    def _send(self, command: int, first: int, second: int, payload: bytes = b"") -> None:
        if not self._writer.is_closing():
            self._writer.write(encode(command, first, second, payload, checksum=self._checksum))

    def _end(self) -> None:
        for stream in list(self._streams.values()):
            stream.ended()
        self._streams.clear()
        for task in list(self._tasks):
            task.cancel()
        self._writer.close()
