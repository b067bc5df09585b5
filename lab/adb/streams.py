"""One multiplexed stream inside an adb connection, with its flow control: one unacknowledged write at a time."""

import asyncio
from collections.abc import Callable

from lab.adb.wire import CLSE, OKAY, WRTE

__all__ = ["Stream", "splice"]

READ_AHEAD = 4 * 1024 * 1024
"""A peer may run this far ahead of the reader; then its writes stay unacknowledged, as with real adbd."""
CHUNK = 64 * 1024


class Stream:
    """`send(command, local, remote, payload)` puts a packet on the connection."""

    def __init__(self, local: int, remote: int, send: Callable[..., None], *, largest: int) -> None:
        self.local = local
        self.remote = remote
        self.opened: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.closed = asyncio.Event()
        self._send = send
        self._largest = largest
        self._credit = asyncio.Event()
        self._buffer = bytearray()
        self._arrived = asyncio.Event()
        self._unacknowledged = False

    def accept(self) -> None:
        """Tell the peer that its OPEN succeeded."""
        self._credit.set()
        self._send(OKAY, self.local, self.remote)

    def fed(self, payload: bytes) -> None:
        """A WRTE arrived."""
        self._buffer += payload
        self._arrived.set()
        if len(self._buffer) < READ_AHEAD:
            self._send(OKAY, self.local, self.remote)
        else:
            self._unacknowledged = True

    def acknowledged(self, remote: int) -> None:
        """An OKAY arrived: the stream is open, or our last write was taken."""
        if not self.opened.done():
            self.remote = remote
            self.opened.set_result(True)
        self._credit.set()

    def ended(self) -> None:
        """The peer closed, or the connection is gone: readers drain the buffer, writers fail."""
        self.closed.set()
        self._credit.set()
        self._arrived.set()
        if not self.opened.done():
            self.opened.set_result(False)

    async def read(self, limit: int = CHUNK) -> bytes:
        """Some bytes; empty at the end."""
        while not self._buffer:
            if self.closed.is_set():
                return b""
            self._arrived.clear()
            await self._arrived.wait()
        data = bytes(self._buffer[:limit])
        del self._buffer[:limit]
        if self._unacknowledged and len(self._buffer) < READ_AHEAD:
            self._unacknowledged = False
            self._send(OKAY, self.local, self.remote)
        return data

    async def read_exactly(self, count: int) -> bytes:
        """Raises EOFError when the stream ends before."""
        pieces, missing = [], count
        while missing:
            piece = await self.read(missing)
            if not piece:
                raise EOFError("the stream ended")
            pieces.append(piece)
            missing -= len(piece)
        return b"".join(pieces)

    async def write(self, data: bytes | bytearray | memoryview) -> None:
        """Raises ConnectionResetError when the stream is closed."""
        view = memoryview(data)
        for start in range(0, len(view), self._largest):
            await self._credit.wait()
            if self.closed.is_set():
                raise ConnectionResetError("the stream is closed")
            self._credit.clear()
            self._send(WRTE, self.local, self.remote, bytes(view[start : start + self._largest]))

    async def flushed(self) -> None:
        """Return once the last write was acknowledged (or the stream closed)."""
        await self._credit.wait()

    def close(self) -> None:
        """Close from our side; closing twice is nothing."""
        if not self.closed.is_set():
            self._send(CLSE, self.local, self.remote)
            self.ended()


async def splice(stream: Stream, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Join a stream and a socket until either side ends; adb knows no half-closed streams."""

    async def outward() -> None:
        while data := await stream.read():
            writer.write(data)
            await writer.drain()

    async def inward() -> None:
        while data := await reader.read(CHUNK):
            await stream.write(data)
        await stream.flushed()

    tasks = [asyncio.create_task(outward()), asyncio.create_task(inward())]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        stream.close()
        writer.close()
