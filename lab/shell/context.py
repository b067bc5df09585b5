"""What a command sees when it runs: its arguments, its three streams, who it is, and the device."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from posixpath import join, normpath
from typing import TYPE_CHECKING

from lab.shell.pipes import Pipe
from lab.system.core import System

if TYPE_CHECKING:
    from lab.shell.interpreter import Shell

__all__ = ["Command", "Context", "Streams", "Write"]

Write = Callable[[bytes], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Streams:
    """Standard input, output and error."""

    stdin: Pipe
    out: Write
    err: Write


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """`arguments[0]` is the command's name."""

    arguments: tuple[str, ...]
    environment: dict[str, str]
    streams: Streams
    shell: "Shell"
    system: System

    @property
    def name(self) -> str:
        return self.arguments[0].rpartition("/")[2]

    @property
    def uid(self) -> int:
        return self.shell.state.uid

    @property
    def stdin(self) -> Pipe:
        return self.streams.stdin

    def path(self, name: str) -> str:
        """An absolute path, from the shell's directory."""
        return normpath(join(self.shell.state.directory, name))

    def with_arguments(self, *arguments: str) -> "Context":
        """The same context for another command."""
        return replace(self, arguments=arguments)

    async def print(self, text: str | bytes) -> None:
        """Write to standard output."""
        data = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
        if data:
            await self.streams.out(data)

    async def complain(self, text: str, *, code: int = 1) -> int:
        """Write a line to standard error and return the exit code."""
        await self.streams.err(text.encode("utf-8", "surrogateescape") + b"\n")
        return code

    async def complain_of(self, error: OSError, path: str) -> int:
        """`name: path: reason` as toybox says it."""
        return await self.complain(f"{self.name}: {path}: {error.strerror}")


Command = Callable[[Context], Awaitable[int]]
