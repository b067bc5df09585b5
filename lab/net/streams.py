"""Byte streams with one face, whether plain or TLS: so that a handshake can run over anything that carries bytes."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable
from typing import Protocol

__all__ = ["PlainStream", "Resumed", "Stream", "TlsStream", "pair", "splice"]

CHUNK = 65536


class Stream(Protocol):
    """`read` gives b"" at the end. `close` never raises."""

    async def read(self, size: int = CHUNK) -> bytes: ...

    async def write(self, data: bytes) -> None: ...

    async def close(self) -> None: ...


class PlainStream:
    """An asyncio pair of reader and writer."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def read(self, size: int = CHUNK) -> bytes:
        try:
            return await self._reader.read(size)
        except ConnectionError:
            return b""

    async def write(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def close(self) -> None:
        with contextlib.suppress(OSError, asyncio.CancelledError):
            self._writer.close()
            await self._writer.wait_closed()


class Resumed:
    """A stream from which some bytes were read ahead: they are read again first."""

    def __init__(self, under: Stream, ahead: bytes) -> None:
        self._under = under
        self._ahead = ahead

    async def read(self, size: int = CHUNK) -> bytes:
        if self._ahead:
            data, self._ahead = self._ahead[:size], self._ahead[size:]
            return data
        return await self._under.read(size)

    async def write(self, data: bytes) -> None:
        await self._under.write(data)

    async def close(self) -> None:
        await self._under.close()


class TlsStream:
    """TLS over another stream. A failed handshake has sent its alert when `handshake` raises ssl.SSLError."""

    def __init__(
        self, under: Stream, context: ssl.SSLContext, *, server_side: bool, hostname: str | None = None
    ) -> None:
        self._under = under
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self.tls = context.wrap_bio(
            self._incoming, self._outgoing, server_side=server_side, server_hostname=hostname or None
        )

    async def handshake(self, seconds: float = 20.0) -> None:
        """Raises ssl.SSLError, ConnectionError or TimeoutError."""
        async with asyncio.timeout(seconds):
            while True:
                try:
                    self.tls.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    await self._flush()
                    await self._fill()
                except ssl.SSLError:
                    with contextlib.suppress(OSError):
                        await self._flush()
                    raise
            await self._flush()

    async def read(self, size: int = CHUNK) -> bytes:
        while True:
            try:
                return self.tls.read(size)
            except ssl.SSLWantReadError:
                try:
                    await self._flush()
                    await self._fill()
                except OSError:
                    return b""
            except ssl.SSLError:
                return b""

    async def write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            written = self.tls.write(view[:CHUNK])
            view = view[written:]
            await self._flush()

    async def close(self) -> None:
        with contextlib.suppress(ssl.SSLError, OSError):
            self.tls.unwrap()
        with contextlib.suppress(OSError):
            await self._flush()
        await self._under.close()

    async def _flush(self) -> None:
        data = self._outgoing.read()
        if data:
            await self._under.write(data)

    async def _fill(self) -> None:
        data = await self._under.read()
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()


async def pair() -> tuple[tuple[asyncio.StreamReader, asyncio.StreamWriter], PlainStream]:
    """Two ends of one connection inside this process: the first for a server's handler, the second for its client."""
    here, there = socket.socketpair()
    theirs = await asyncio.open_connection(sock=there)
    return theirs, PlainStream(*await asyncio.open_connection(sock=here))


async def splice(one: Stream, other: Stream, heard: Callable[[bytes], None] = lambda data: None) -> tuple[int, int]:
    """Carries bytes both ways until either side ends; how many went up and down. `heard` is told what `one` says."""

    async def pump(source: Stream, target: Stream, tell: Callable[[bytes], None]) -> int:
        count = 0
        while data := await source.read():
            count += len(data)
            tell(data)
            try:
                await target.write(data)
            except (OSError, ssl.SSLError):
                break
        return count

    tasks = [
        asyncio.create_task(pump(one, other, heard)),
        asyncio.create_task(pump(other, one, lambda data: None)),
    ]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await one.close()
        await other.close()
        counts = await asyncio.gather(*tasks)
    return counts[0], counts[1]
