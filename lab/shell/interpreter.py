"""Runs shell programs on the device, the way mksh does for what scripts and one-liners use."""

import asyncio
from collections.abc import Mapping
from posixpath import join, normpath

from lab.shell.arithmetic import ExpressionError
from lab.shell.context import Command, Context, Streams
from lab.shell.expansion import Expander, ExpansionError, matches
from lab.shell.jobs import cancel, finish, first_word, outlives
from lab.shell.parser import parse
from lab.shell.pipes import Pipe
from lab.shell.redirection import Redirection, RedirectionError
from lab.shell.state import State
from lab.shell.syntax import (
    AndOr,
    Case,
    For,
    Function,
    Group,
    If,
    Pipeline,
    Redirect,
    Sequence,
    ShellSyntaxError,
    Simple,
    While,
)
from lab.shell.syntax import Command as Node
from lab.system.core import System

__all__ = ["BreakLoop", "ContinueLoop", "ExitShell", "ReturnFunction", "Shell"]

SHELL = "/system/bin/sh"
BROKEN_PIPE_EXIT = 141
KILLED_EXIT = 143
MOST_ITERATIONS_WITHOUT_A_PAUSE = 64


class ExitShell(Exception):
    """`exit`"""

    def __init__(self, code: int) -> None:
        self.code = code
        super().__init__(code)


class ReturnFunction(ExitShell):
    """`return`"""


class BreakLoop(ExitShell):
    """`break`; code counts the loops to leave."""


class ContinueLoop(ExitShell):
    """`continue`"""


class Shell:
    """One shell process. `commands` are the programs on the device, `builtins` the shell's own."""

    def __init__(
        self, system: System, state: State, *, commands: Mapping[str, Command], builtins: Mapping[str, Command]
    ) -> None:
        self.system = system
        self.state = state
        self.commands = commands
        self.builtins = builtins
        self.jobs: dict[int, asyncio.Task[int]] = {}

    def subshell(self, *, uid: int | None = None) -> "Shell":
        """A child with a copy of the state, possibly as somebody else."""
        child = Shell(self.system, self.state.copy(), commands=self.commands, builtins=self.builtins)
        if uid is not None:
            child.state.uid = uid
        return child

    async def run(self, text: str, streams: Streams) -> int:
        """Run a program text; its exit code."""
        try:
            program = parse(text)
        except ShellSyntaxError as error:
            await streams.err(f"{SHELL}: syntax error: {error}\n".encode())
            return 1
        try:
            return await self.sequence(program, streams)
        except ExitShell as leaving:
            self.state.status = leaving.code
            return leaving.code
        except RecursionError:
            await streams.err(f"{SHELL}: stack overflow\n".encode())
            return 1
        finally:
            await self._hang_up()

    async def sequence(self, program: Sequence, streams: Streams) -> int:
        """Run lists one after the other."""
        for item in program.items:
            if item.background:
                self._background(item, streams)
                self.state.status = 0
            else:
                self.state.status = await self._and_or(item, streams)
                if self.state.fail_fast and self.state.status and not item.rest:
                    raise ExitShell(self.state.status)
        return self.state.status

    async def invoke(self, arguments: list[str], streams: Streams) -> int:
        """Run one command that is already expanded: function, builtin, program or script."""
        name = arguments[0]
        function = self.state.functions.get(name)
        if function is not None:
            return await self._call(function, arguments, streams)
        command = self.builtins.get(name) or self._program(name)
        if command is None:
            return await self._script(arguments, streams)
        context = Context(
            arguments=tuple(arguments),
            environment=self.state.environment(),
            streams=streams,
            shell=self,
            system=self.system,
        )
        try:
            return await command(context)
        except BrokenPipeError:
            return BROKEN_PIPE_EXIT
        except (ValueError, IndexError, KeyError):
            await streams.err(f"{name.rpartition('/')[2]}: bad arguments: {' '.join(arguments[1:])}\n".encode())
            return 1

    def glob(self, pattern: str) -> list[str]:
        """Paths that match, sorted; hidden names only when asked for."""
        absolute = pattern.startswith("/")
        found = ["/"] if absolute else [""]
        for part in [part for part in pattern.split("/") if part]:
            found = [path for base in found for path in self._matching(base, part)]
        return sorted(found)

    def _matching(self, base: str, part: str) -> list[str]:
        folder = normpath(join(self.state.directory, base))
        if not set("*?[") & set(part):
            return [join(base, part)] if self.system.files.exists(join(folder, part)) else []
        try:
            names = self.system.files.listing(folder, uid=self.state.uid)
        except OSError:
            return []
        return [
            join(base, name) for name in names if matches(name, part) and (part[0] == "." or not name.startswith("."))
        ]

    def _program(self, name: str) -> Command | None:
        if "/" not in name:
            return self.commands.get(name)
        folder, _, base = normpath(join(self.state.directory, name)).rpartition("/")
        return self.commands.get(base) if folder.endswith("bin") else None

    async def _script(self, arguments: list[str], streams: Streams) -> int:
        name = arguments[0]
        path = normpath(join(self.state.directory, name))
        if "/" not in name or not self.system.files.exists(path):
            reason = "inaccessible or not found"
            await streams.err(f"{SHELL}: {name}: {reason}\n".encode())
            return 127
        node = self.system.files.node(path)
        if node.is_directory or not node.mode & 0o111:
            await streams.err(f"{SHELL}: {name}: can't execute: Permission denied\n".encode())
            return 126
        child = self.subshell()
        child.state.positional = arguments[1:]
        child.state.set("0", name)
        return await child.run(node.content().decode("utf-8", "replace"), streams)

    async def _call(self, function: Node, arguments: list[str], streams: Streams) -> int:
        previous, self.state.positional = self.state.positional, arguments[1:]
        try:
            return await self._command(function, streams)
        except ReturnFunction as returned:
            return returned.code
        finally:
            self.state.positional = previous

    def _background(self, item: AndOr, streams: Streams) -> None:
        child = self.subshell()
        quiet = Streams(stdin=Pipe(b""), out=streams.out, err=streams.err)

        async def work() -> int:
            try:
                return await child._and_or(AndOr(item.first, item.rest), quiet)
            except ExitShell as leaving:
                return leaving.code
            except asyncio.CancelledError:
                return KILLED_EXIT

        task = asyncio.create_task(work())
        process = self.system.processes.add(
            "sh",
            uid=self.state.uid,
            parent=self.state.pid,
            command=first_word(item),
            on_kill=lambda: cancel(task),
        )
        # Not in the job itself: one that is killed before its first step never runs a line.
        task.add_done_callback(lambda _: self.system.processes.remove(process.pid))
        child.state.pid = process.pid
        if outlives(item):
            self.system.adopt(task)
        self.jobs[process.pid] = task
        self.state.last_background = process.pid

    async def _hang_up(self) -> None:
        ending = [task for task in self.jobs.values() if not task.done() and not self.system.adopted(task)]
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)

    async def _and_or(self, item: AndOr, streams: Streams) -> int:
        status = await self._pipeline(item.first, streams)
        for joiner, pipeline in item.rest:
            if (status == 0) == (joiner == "&&"):
                self.state.status = status
                status = await self._pipeline(pipeline, streams)
        return status

    async def _pipeline(self, pipeline: Pipeline, streams: Streams) -> int:
        if len(pipeline.commands) == 1:
            status = await self._command(pipeline.commands[0], streams)
        else:
            status = await self._piped(pipeline.commands, streams)
        return int(status == 0) if pipeline.negate else status

    async def _piped(self, commands: tuple[Node, ...], streams: Streams) -> int:
        source = streams.stdin
        tasks = []
        for command in commands[:-1]:
            pipe = Pipe()
            part = Streams(stdin=source, out=pipe.write, err=streams.err)
            tasks.append(asyncio.create_task(self.subshell()._piece(command, part, source, pipe)))
            source = pipe
        try:
            return await self._command(commands[-1], Streams(stdin=source, out=streams.out, err=streams.err))
        finally:
            source.abandon()
            await finish(tasks)

    async def _piece(self, command: Node, streams: Streams, source: Pipe, target: Pipe) -> int:
        try:
            return await self._command(command, streams)
        except ExitShell as leaving:
            return leaving.code
        except BrokenPipeError:
            return BROKEN_PIPE_EXIT
        finally:
            target.close()
            source.abandon()

    async def _command(self, command: Node, streams: Streams) -> int:
        if isinstance(command, Simple):
            return await self._simple(command, streams)
        if isinstance(command, Function):
            self.state.functions[command.name] = command.body
            return 0
        redirected = await self._redirect(command.redirects, streams)
        if redirected is None:
            return 1
        if isinstance(command, Group):
            return await self._group(command, redirected)
        if isinstance(command, If):
            return await self._if(command, redirected)
        if isinstance(command, Case):
            return await self._case(command, redirected)
        return await self._loop(command, redirected)

    async def _group(self, command: Group, streams: Streams) -> int:
        if not command.subshell:
            return await self.sequence(command.body, streams)
        try:
            return await self.subshell().sequence(command.body, streams)
        except ExitShell as leaving:
            return leaving.code

    async def _if(self, command: If, streams: Streams) -> int:
        for condition, body in command.branches:
            if await self.sequence(condition, streams) == 0:
                return await self.sequence(body, streams)
        return await self.sequence(command.otherwise, streams) if command.otherwise else 0

    async def _case(self, command: Case, streams: Streams) -> int:
        expander = self._expander(streams)
        word = await expander.single(command.word)
        for patterns, body in command.branches:
            for pattern in patterns:
                if matches(word, await expander.pattern(pattern)):
                    return await self.sequence(body, streams)
        return 0

    async def _loop(self, command: While | For, streams: Streams) -> int:
        status = 0
        turns = 0
        words: list[str] = []
        if isinstance(command, For):
            written = command.words
            words = list(self.state.positional if written is None else await self._expander(streams).arguments(written))
        while await self._again(command, words, streams):
            turns += 1
            if turns % MOST_ITERATIONS_WITHOUT_A_PAUSE == 0:
                await asyncio.sleep(0)
            try:
                status = await self.sequence(command.body, streams)
            except (BreakLoop, ContinueLoop) as leaving:
                if leaving.code > 1:
                    raise type(leaving)(leaving.code - 1) from None
                if isinstance(leaving, BreakLoop):
                    return 0
        return status

    async def _again(self, command: While | For, words: list[str], streams: Streams) -> bool:
        if isinstance(command, For):
            if words:
                self.state.set(command.variable, words.pop(0))
                return True
            return False
        return (await self.sequence(command.condition, streams) == 0) != command.until

    async def _simple(self, command: Simple, streams: Streams) -> int:
        expander = self._expander(streams)
        try:
            arguments = await expander.arguments(command.words)
            values = [(name, await expander.single(value)) for name, value in command.assignments]
        except (ExpansionError, ExpressionError) as error:
            await streams.err(f"{SHELL}: {error}\n".encode())
            raise ExitShell(1) from error
        redirected = await self._redirect(command.redirects, streams)
        if redirected is None:
            return 1
        if not arguments:
            for name, value in values:
                self.state.set(name, value)
            return self.state.status if _substitutes(command) else 0
        saved = {name: self.state.variables.get(name) for name, _ in values}
        exported = set(self.state.exported)
        for name, value in values:
            self.state.set(name, value)
            self.state.exported.add(name)
        try:
            return await self.invoke(arguments, redirected)
        finally:
            self._restore(saved, exported)

    def _restore(self, saved: dict[str, str | None], exported: set[str]) -> None:
        if not saved:
            return
        self.state.exported = exported
        for name, value in saved.items():
            if value is None:
                self.state.variables.pop(name, None)
            else:
                self.state.variables[name] = value

    async def _redirect(self, redirects: tuple[Redirect, ...], streams: Streams) -> Streams | None:
        if not redirects:
            return streams
        opening = Redirection(
            self.system.files, self._expander(streams), uid=self.state.uid, directory=self.state.directory
        )
        try:
            return await opening.apply(redirects, streams)
        except RedirectionError as error:
            await streams.err(f"{SHELL}: {error}\n".encode())
            return None

    def _expander(self, streams: Streams) -> Expander:
        async def substitute(text: str) -> str:
            collected = bytearray()

            async def collect(data: bytes) -> None:
                collected.extend(data)

            child = self.subshell()
            inner = Streams(stdin=streams.stdin, out=collect, err=streams.err)
            self.state.status = await child.run(text, inner)
            return collected.decode("utf-8", "surrogateescape")

        return Expander(self.state, substitute, self.glob)


def _substitutes(command: Simple) -> bool:
    return any("$(" in value or "`" in value for _, value in command.assignments)
