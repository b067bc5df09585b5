"""`shell:`, `shell,v2:` and `exec:`: runs a command line and carries its input, output and exit code."""

import asyncio
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Protocol

from lab.adb.streams import Stream

__all__ = ["RunShell", "serve_shell"]

STDIN, STDOUT, STDERR, EXIT, CLOSE_STDIN = 0, 1, 2, 3, 4
PACKET = struct.Struct("<BI")
LARGEST_PACKET = 1024 * 1024
HANGUP_EXIT = 129
Write = Callable[[bytes], Awaitable[None]]


class Input(Protocol):
    """Where the service puts what the person types."""

    async def write(self, data: bytes) -> None: ...

    def close(self) -> None: ...


class RunShell(Protocol):
    """Runs one command line; returns its exit code. Cancelling it is a hang-up."""

    def __call__(
        self, command: str, *, out: Write, err: Write, interactive: bool
    ) -> "tuple[Input, Awaitable[int]]": ...


async def serve_shell(
    stream: Stream, command: str, run: RunShell, *, v2: bool, terminal: bool, hang_up: bool = True
) -> None:
    """One shell stream from its first byte to its last. Without `hang_up` a command whose stream was closed goes on
    (`adb exec-in` closes as soon as it has sent its input)."""

    async def out(data: bytes) -> None:
        if data:
            await stream.write(PACKET.pack(STDOUT, len(data)) + data if v2 else data)

    async def err(data: bytes) -> None:
        if data:
            await stream.write(PACKET.pack(STDERR, len(data)) + data if v2 else data)

    stdin, running = run(command, out=out, err=out if terminal else err, interactive=terminal)
    work = asyncio.ensure_future(running)
    feeding = asyncio.create_task(_feed(stream, stdin, v2=v2))
    gone = asyncio.create_task(stream.closed.wait())
    try:
        await asyncio.wait([work, gone] if hang_up else [work], return_when=asyncio.FIRST_COMPLETED)
        code = await _outcome(work)
        if v2 and not stream.closed.is_set():
            await stream.write(PACKET.pack(EXIT, 1) + bytes([code & 255]))
        if not stream.closed.is_set():
            await stream.flushed()
    finally:
        for task in (work, feeding, gone):
            task.cancel()
        await asyncio.gather(work, feeding, gone, return_exceptions=True)


async def _outcome(work: "asyncio.Future[int]") -> int:
    """The exit code; a command still running is hung up, one whose reader left died of a broken pipe."""
    if not work.done():
        work.cancel()
    with suppress(asyncio.CancelledError, ConnectionError, EOFError):
        return await work
    return HANGUP_EXIT


async def _feed(stream: Stream, stdin: Input, *, v2: bool) -> None:
    with suppress(EOFError, ConnectionError):
        while True:
            if not v2:
                data = await stream.read()
                if not data:
                    break
                await stdin.write(data)
                continue
            kind, length = PACKET.unpack(await stream.read_exactly(PACKET.size))
            if length > LARGEST_PACKET:
                break
            data = await stream.read_exactly(length)
            if kind == STDIN:
                await stdin.write(data)
            elif kind == CLOSE_STDIN:
                stdin.close()
    stdin.close()
