"""Where a command's streams lead after `<`, `>`, `>>`, `2>&1` and here-documents."""

from contextlib import suppress
from posixpath import join, normpath

from lab.shell.context import Streams, Write
from lab.shell.expansion import Expander
from lab.shell.pipes import Pipe
from lab.shell.syntax import Redirect
from lab.system.files import Files

__all__ = ["Redirection", "RedirectionError"]


class RedirectionError(Exception):
    """A file cannot be opened; the message is what the shell says."""


class Redirection:
    """Opens files as `uid`, relative to `directory`."""

    def __init__(self, files: Files, expander: Expander, *, uid: int, directory: str) -> None:
        self._files = files
        self._expander = expander
        self._uid = uid
        self._directory = directory

    async def apply(self, redirects: tuple[Redirect, ...], streams: Streams) -> Streams:
        """The streams after all redirections, in their order. Raises RedirectionError."""
        for redirect in redirects:
            streams = await self._one(redirect, streams)
        return streams

    async def _one(self, redirect: Redirect, streams: Streams) -> Streams:
        stdin, out, err = streams.stdin, streams.out, streams.err
        if redirect.operator in ("<<", "<<<"):
            return Streams(stdin=Pipe(await self._document(redirect)), out=out, err=err)
        target = await self._expander.single(redirect.target)
        if redirect.operator in (">&", "<&"):
            writer = {"1": out, "2": err, "-": _discard}.get(target)
        elif redirect.operator == "<":
            return Streams(stdin=Pipe(self._read(target)), out=out, err=err)
        else:
            writer = self._writer(target, append=redirect.operator == ">>")
        if writer is None:
            return streams
        if redirect.operator == "&>":
            return Streams(stdin=stdin, out=writer, err=writer)
        if redirect.descriptor == 2:
            return Streams(stdin=stdin, out=out, err=writer)
        return Streams(stdin=stdin, out=writer, err=err) if redirect.descriptor == 1 else streams

    async def _document(self, redirect: Redirect) -> bytes:
        if redirect.operator == "<<<":
            return (await self._expander.single(redirect.target) + "\n").encode()
        text = await self._expander.document(redirect.target) if redirect.expand else redirect.target
        return text.encode("utf-8", "surrogateescape")

    def _read(self, target: str) -> bytes:
        if target == "/dev/null":
            return b""
        try:
            return self._files.read(self._path(target), uid=self._uid)
        except OSError as error:
            raise RedirectionError(f"can't open {target}: {error.strerror}") from error

    def _writer(self, target: str, *, append: bool) -> Write:
        path, files, uid = self._path(target), self._files, self._uid
        if path == "/dev/null":
            return _discard
        try:
            files.write(path, b"", uid=uid, append=append)
        except OSError as error:
            raise RedirectionError(f"can't create {target}: {error.strerror}") from error

        async def write(data: bytes) -> None:
            with suppress(OSError):
                files.write(path, data, uid=uid, append=True)

        return write

    def _path(self, name: str) -> str:
        return normpath(join(self._directory, name))


async def _discard(data: bytes) -> None:
    """/dev/null"""
