"""The shell's own commands: those that change the shell or are too small to be programs."""

import asyncio
import re

from lab.shell.arithmetic import evaluate
from lab.shell.conditions import test
from lab.shell.context import Command, Context, Streams
from lab.shell.interpreter import BreakLoop, ContinueLoop, ExitShell, ReturnFunction

__all__ = ["BUILTINS"]

ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "\\": "\\", "e": "\x1b"}
ESCAPE = re.compile(r"\\(?:([ntrabfve\\])|0?([0-7]{1,3})|x([0-9a-fA-F]{1,2})|(c))")
FORMAT = re.compile(r"%(?:%|([-+ #0]*)(\*|\d+)?(?:\.(\d+))?([sdiuxXocbfge]))")


async def _nothing(context: Context) -> int:
    return 0


async def _false(context: Context) -> int:
    return 1


async def _echo(context: Context) -> int:
    words = list(context.arguments[1:])
    newline, plain = True, False
    while words and re.fullmatch(r"-[neE]+", words[0]):
        option = words.pop(0)
        newline = newline and "n" not in option
        plain = plain or "E" in option
    text = " ".join(words)
    if not plain:
        text, stopped = unescape(text)
        newline = newline and not stopped
    await context.print(text + ("\n" if newline else ""))
    return 0


def unescape(text: str) -> tuple[str, bool]:
    """Backslash escapes resolved; True when `\\c` ended the output."""
    before, stopped, _ = text.partition("\\c")

    def replace(match: re.Match[str]) -> str:
        letter, octal, hexadecimal, _ = match.groups()
        if letter:
            return ESCAPES[letter]
        return chr(int(octal, 8) & 255) if octal else chr(int(hexadecimal, 16)) if hexadecimal else ""

    return ESCAPE.sub(replace, before if stopped else text), bool(stopped)


async def _printf(context: Context) -> int:
    if len(context.arguments) < 2:
        return await context.complain("printf: usage: printf format [arguments]")
    template, _ = unescape(context.arguments[1])
    values = list(context.arguments[2:])
    while True:
        had = len(values)
        await context.print(FORMAT.sub(lambda match: _formatted(match, values), template))
        if not values or len(values) == had:
            return 0


def _formatted(match: re.Match[str], values: list[str]) -> str:
    if match[0] == "%%":
        return "%"
    flags, width, precision, kind = match.groups()
    if width == "*":
        width = values.pop(0) if values else "0"
    value = values.pop(0) if values else ""
    form = f"%{flags}{width or ''}" + (f".{precision}" if precision else "")
    if kind in "sb":
        return (form + "s") % (unescape(value)[0] if kind == "b" else value)
    if kind == "c":
        return value[:1]
    if kind in "fge":
        return (form + kind) % float(value or 0)
    number = int(value, 0) if re.fullmatch(r"[-+]?(0[xX][0-9a-fA-F]+|[1-9]\d*|0)", value) else 0
    return str((form + kind.replace("u", "d").replace("i", "d")) % number)


async def _test(context: Context) -> int:
    words = list(context.arguments[1:])
    if context.arguments[0] == "[" and (not words or words.pop() != "]"):
        return await context.complain("sh: [: missing ]", code=2)
    try:
        return int(not test(words, context.system.files, context.path, context.uid))
    except ValueError as error:
        return await context.complain(f"sh: {context.arguments[0]}: {error}", code=2)


async def _export(context: Context) -> int:
    state = context.shell.state
    for word in context.arguments[1:]:
        if word.startswith("-"):
            continue
        name, assigned, value = word.partition("=")
        if assigned:
            state.set(name, value)
        state.exported.add(name)
    return 0


async def _local(context: Context) -> int:
    for word in context.arguments[1:]:
        name, assigned, value = word.partition("=")
        if assigned and not name.startswith("-"):
            context.shell.state.set(name, value)
    return 0


async def _unset(context: Context) -> int:
    for word in context.arguments[1:]:
        context.shell.state.variables.pop(word, None)
        context.shell.state.functions.pop(word, None)
    return 0


async def _set(context: Context) -> int:
    words = list(context.arguments[1:])
    if not words:
        await context.print("".join(f"{k}={v}\n" for k, v in sorted(context.shell.state.variables.items())))
    while words and words[0][:1] in "-+" and words[0] != "--":
        option = words.pop(0)
        if "e" in option:
            context.shell.state.fail_fast = option[0] == "-"
    if words:
        context.shell.state.positional = words[1:] if words[0] == "--" else words
    return 0


async def _shift(context: Context) -> int:
    count = int(context.arguments[1]) if len(context.arguments) > 1 else 1
    del context.shell.state.positional[:count]
    return 0


async def _cd(context: Context) -> int:
    target = context.path(context.arguments[1] if len(context.arguments) > 1 else "/")
    try:
        context.system.files.listing(target, uid=context.uid)
    except OSError as error:
        return await context.complain(f"/system/bin/sh: cd: {context.arguments[1]}: {error.strerror}", code=2)
    context.shell.state.directory = target
    return 0


async def _pwd(context: Context) -> int:
    await context.print(context.shell.state.directory + "\n")
    return 0


def _leave(kind: type[ExitShell]) -> Command:
    async def leave(context: Context) -> int:
        given = context.arguments[1:2]
        default = 1 if kind in (BreakLoop, ContinueLoop) else context.shell.state.status
        raise kind(int(given[0]) & 255 if given and given[0].isdecimal() else default)

    return leave


async def _read(context: Context) -> int:
    names = [word for word in context.arguments[1:] if not word.startswith("-")] or ["REPLY"]
    line = (await context.stdin.read_line()).decode("utf-8", "surrogateescape")
    words = line.rstrip("\n").split(None, len(names) - 1) if len(names) > 1 else [line.rstrip("\n").strip()]
    for index, name in enumerate(names):
        context.shell.state.set(name, words[index].strip() if index < len(words) else "")
    return 0 if line.endswith("\n") else 1


async def _eval(context: Context) -> int:
    from lab.shell.parser import parse

    return await context.shell.sequence(parse(" ".join(context.arguments[1:])), context.streams)


async def _exec(context: Context) -> int:
    if len(context.arguments) > 1:
        raise ExitShell(await context.shell.invoke(list(context.arguments[1:]), context.streams))
    return 0


async def _source(context: Context) -> int:
    from lab.shell.parser import parse

    name = context.arguments[1]
    try:
        text = context.system.files.read(context.path(name), uid=context.uid).decode("utf-8", "replace")
    except OSError as error:
        return await context.complain(f"/system/bin/sh: .: {name}: {error.strerror}")
    return await context.shell.sequence(parse(text), context.streams)


async def _wait(context: Context) -> int:
    jobs = context.shell.jobs
    wanted = [int(word) for word in context.arguments[1:] if word.isdecimal()] or list(jobs)
    status = 0
    for pid in wanted:
        task = jobs.get(pid)
        if task is not None:
            await asyncio.wait([task])
            status = 143 if task.cancelled() else task.result()
    return status if context.arguments[1:] else 0


async def _type(context: Context) -> int:
    names = [word for word in context.arguments[1:] if not word.startswith("-")]
    if "-v" not in context.arguments and context.arguments[0] == "command":
        return await context.shell.invoke(names, context.streams) if names else 0
    status = 0
    for name in names:
        if name in context.shell.builtins or name in context.shell.state.functions:
            await context.print(f"{name}\n")
        elif name in context.shell.commands:
            await context.print(f"/system/bin/{name}\n")
        else:
            status = 1
    return status


async def _let(context: Context) -> int:
    value = 0
    lookup = context.shell.state.get
    for word in context.arguments[1:]:
        name, assigned, expression = word.partition("=")
        value = evaluate(expression if assigned else word, lambda key: lookup(key) or "")
        if assigned:
            context.shell.state.set(name, str(value))
    return int(value == 0)


async def _umask(context: Context) -> int:
    await context.print("" if len(context.arguments) > 1 else "0077\n")
    return 0


async def _time(context: Context) -> int:
    return await context.shell.invoke(list(context.arguments[1:]), context.streams)


async def interact(context: Context, prompt: str) -> int:
    """Read lines and run them until `exit` or the end of input; without a prompt this is `sh` reading a script."""
    shell, streams = context.shell, context.streams
    source = Streams(stdin=streams.stdin, out=streams.out, err=streams.err)
    while True:
        await context.print(prompt)
        line = await streams.stdin.read_line()
        if not line:
            return shell.state.status
        text = line.decode("utf-8", "replace").replace("\r", "\n")
        if prompt:
            await context.print(line)
        if text.strip() == "exit" or re.fullmatch(r"exit\s+\d+\s*", text):
            return int(text.split()[1]) & 255 if len(text.split()) > 1 else shell.state.status
        await shell.run(text, source)


BUILTINS: dict[str, Command] = {
    ".": _source,
    ":": _nothing,
    "[": _test,
    "alias": _nothing,
    "break": _leave(BreakLoop),
    "cd": _cd,
    "command": _type,
    "continue": _leave(ContinueLoop),
    "echo": _echo,
    "eval": _eval,
    "exec": _exec,
    "exit": _leave(ExitShell),
    "export": _export,
    "false": _false,
    "let": _let,
    "local": _local,
    "printf": _printf,
    "pwd": _pwd,
    "read": _read,
    "return": _leave(ReturnFunction),
    "set": _set,
    "shift": _shift,
    "source": _source,
    "test": _test,
    "time": _time,
    "trap": _nothing,
    "true": _nothing,
    "type": _type,
    "typeset": _local,
    "ulimit": _nothing,
    "umask": _umask,
    "unset": _unset,
    "wait": _wait,
}
