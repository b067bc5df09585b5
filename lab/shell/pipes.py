"""Byte channels between commands: bounded, with an end, and broken when nobody reads any more."""

import asyncio

__all__ = ["Pipe"]

CAPACITY = 64 * 1024


class Pipe:
    """One writer side, one reader side. A writer waits while more than a pipeful is unread."""

    def __init__(self, data: bytes | None = None) -> None:
        self._buffer = bytearray(data or b"")
        self._ended = data is not None
        self._abandoned = False
        self._changed = asyncio.Event()

    async def write(self, data: bytes) -> None:
        """Raises BrokenPipeError when the reader has gone."""
        while len(self._buffer) >= CAPACITY and not self._abandoned:
            await self._wait()
        if self._abandoned:
            raise BrokenPipeError("broken pipe")
        self._buffer += data
        self._notify()

    def close(self) -> None:
        """The writer is done."""
        self._ended = True
        self._notify()

    def abandon(self) -> None:
        """The reader is done."""
        self._abandoned = True
        self._buffer.clear()
        self._notify()

    async def read(self, limit: int = CAPACITY) -> bytes:
        """Some bytes; empty at the end."""
        while not self._buffer:
            if self._ended:
                return b""
            await self._wait()
        data = bytes(self._buffer[:limit])
        del self._buffer[:limit]
        self._notify()
        return data

    async def read_all(self, limit: int = 1 << 62) -> bytes:
        """Everything up to the end, or `limit` bytes."""
        pieces, missing = [], limit
        while missing > 0 and (piece := await self.read(min(CAPACITY, missing))):
            pieces.append(piece)
            missing -= len(piece)
        return b"".join(pieces)

    async def read_line(self) -> bytes:
        """One line with its newline; the rest without one at the end; empty when there is nothing."""
        while (end := self._buffer.find(b"\n")) < 0 and not self._ended:
            await self._wait()
        line = bytes(self._buffer[: end + 1] if end >= 0 else self._buffer)
        del self._buffer[: len(line)]
        self._notify()
        return line

    def _notify(self) -> None:
        self._changed.set()

    async def _wait(self) -> None:
        self._changed.clear()
        await self._changed.wait()
