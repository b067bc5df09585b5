"""Programs about processes, users, time and the system itself."""

import asyncio
import re
from contextlib import suppress

from lab.shell.builtins import interact
from lab.shell.commands.text import simple
from lab.shell.context import Command, Context
from lab.shell.options import Options
from lab.system.processes import NAMES, Process, user_name

__all__ = ["COMMANDS", "LONGEST_SLEEP", "as_seconds"]

SHELL_GROUPS = (
    "1004(input),1007(log),1011(adb),1015(sdcard_rw),1028(sdcard_r),1078(ext_data_rw),1079(ext_obb_rw),"
    "3001(net_bt_admin),3002(net_bt),3003(inet),3006(net_bw_stats),3009(readproc),3011(uhid)"
)
SUFFIXES = {"s": 1, "m": 60, "h": 3600, "d": 86400}
LONGEST_SLEEP = 7 * 86400


@simple("unGg")
async def _id(context: Context, options: Options) -> int:
    name = user_name(context.uid)
    if options.has("u") or options.has("g") or options.has("G"):
        await context.print(f"{name if options.has('n') else context.uid}\n")
        return 0
    domain = "u:r:su:s0" if context.uid == 0 else "u:r:shell:s0"
    groups = f"{context.uid}({name})," + SHELL_GROUPS
    await context.print(f"uid={context.uid}({name}) gid={context.uid}({name}) groups={groups} context={domain}\n")
    return 0


async def _whoami(context: Context) -> int:
    await context.print(user_name(context.uid) + "\n")
    return 0


async def _su(context: Context) -> int:
    words = list(context.arguments[1:])
    if not context.system.profile.su or context.uid not in (0, 2000):
        return await context.complain("/system/bin/sh: su: inaccessible or not found", code=127)
    who = "root"
    while words and words[0] in ("-", "-l", "-p", "-m", "-mm", "--mount-master"):
        words.pop(0)
    if words and words[0] != "-c":
        who = words.pop(0)
    command = ""
    if words[:1] == ["-c"]:
        command = " ".join(words[1:])
    elif words:
        child = context.shell.subshell(uid=_uid(who))
        return await child.invoke(words, context.streams)
    child = context.shell.subshell(uid=_uid(who))
    if command:
        return await child.run(command, context.streams)
    return await interact(
        Context(
            arguments=("su",),
            environment=context.environment,
            streams=context.streams,
            shell=child,
            system=context.system,
        ),
        "",
    )


def _uid(name: str) -> int:
    if name.isdecimal():
        return int(name)
    return {text: number for number, text in NAMES.items()}.get(name, 0)


async def _sh(context: Context) -> int:
    words = list(context.arguments[1:])
    child = context.shell.subshell()
    while words and words[0] in ("-e", "-x", "-l", "-i"):
        child.state.fail_fast = child.state.fail_fast or words.pop(0) == "-e"
    if words[:1] == ["-c"]:
        child.state.set("0", words[2] if len(words) > 2 else "sh")
        child.state.positional = words[3:]
        return await child.run(words[1] if len(words) > 1 else "", context.streams)
    if words:
        try:
            text = context.system.files.read(context.path(words[0]), uid=context.uid).decode("utf-8", "replace")
        except OSError as error:
            return await context.complain(f"/system/bin/sh: {words[0]}: {error.strerror}", code=127)
        child.state.set("0", words[0])
        child.state.positional = words[1:]
        return await child.run(text, context.streams)
    text = (await context.stdin.read_all()).decode("utf-8", "replace")
    return await child.run(text, context.streams)


async def _toybox(context: Context) -> int:
    if len(context.arguments) == 1:
        await context.print(" ".join(sorted(context.shell.commands)) + "\n")
        return 0
    name = context.arguments[1]
    command = context.shell.commands.get(name) or context.shell.builtins.get(name)
    if command is None:
        return await context.complain(f"toybox: Unknown command {name}", code=127)
    return await command(context.with_arguments(*context.arguments[1:]))


async def _prefix(context: Context) -> int:
    """nohup, setsid, nice, ionice, stdbuf: run the rest."""
    words = list(context.arguments[1:])
    while words and words[0].startswith("-"):
        words.pop(0)
        if context.name in ("nice", "ionice", "stdbuf") and words and words[0].lstrip("-").isdecimal():
            words.pop(0)
    return await context.shell.invoke(words, context.streams) if words else 0


async def _timeout(context: Context) -> int:
    words = list(context.arguments[1:])
    while words and words[0].startswith("-"):
        if words.pop(0) in ("-k", "-s"):
            words.pop(0)
    if len(words) < 2:
        return await context.complain("timeout: Needs 2 arguments")
    with suppress(TimeoutError):
        async with asyncio.timeout(as_seconds(words[0])):
            return await context.shell.invoke(words[1:], context.streams)
    return 124


async def _env(context: Context) -> int:
    words = list(context.arguments[1:])
    child = context.shell.subshell()
    while words and (words[0] in ("-i", "-") or re.match(r"\w+=", words[0])):
        name, _, value = words.pop(0).partition("=")
        if value or name not in ("-i", "-"):
            child.state.set(name, value)
            child.state.exported.add(name)
    if words:
        return await child.invoke(words, context.streams)
    await context.print("".join(f"{name}={value}\n" for name, value in sorted(child.state.environment().items())))
    return 0


def as_seconds(text: str) -> float:
    """`1.5`, `2m`. Raises ValueError."""
    unit = SUFFIXES.get(text[-1:], 0)
    return float(text[:-1] if unit else text) * (unit or 1)


@simple("aAeflTo:p:u:wZ")
async def _ps(context: Context, options: Options) -> int:
    everything = options.has("A") or options.has("e")
    rows = [p for p in context.system.processes if everything or p.uid == context.uid or options.has("p")]
    if options.has("p"):
        rows = [process for process in rows if str(process.pid) in options.values["p"].split(",")]
    if options.has("o"):
        columns = [column.partition("=")[0] for column in options.values["o"].lower().split(",")]
        await context.print(" ".join(column.upper() for column in columns) + "\n")
        await context.print("".join(" ".join(_column(process, name) for name in columns) + "\n" for process in rows))
        return 0
    await context.print("USER           PID  PPID     VSZ    RSS WCHAN            ADDR S NAME                       \n")
    await context.print("".join(_ps_row(process) for process in rows))
    return 0


def _ps_row(process: Process) -> str:
    kernel = process.name.startswith("[")
    size, resident = (0, 0) if kernel else (14_000_000 + process.pid, 120_000 + process.pid % 90_000)
    wait = "0" if kernel else "do_epoll_wait"
    return (
        f"{user_name(process.uid):<12} {process.pid:>5} {process.parent:>5} {size:>7} {resident:>6} "
        f"{wait:<16} {'0':>4} S {process.name}\n"
    )


def _column(process: Process, name: str) -> str:
    values = {
        "pid": str(process.pid),
        "ppid": str(process.parent),
        "user": user_name(process.uid),
        "uid": str(process.uid),
        "name": process.name,
        "args": process.command or process.name,
        "cmd": process.name,
        "cmdline": process.command or process.name,
        "comm": process.name,
    }
    return values.get(name, "?")


async def _pidof(context: Context) -> int:
    names = [word for word in context.arguments[1:] if not word.startswith("-")]
    found = [str(process.pid) for name in names for process in reversed(context.system.processes.named(name))]
    if found:
        await context.print(" ".join(found[:1] if "-s" in context.arguments else found) + "\n")
    return int(not found)


@simple("flaxno:")
async def _pgrep(context: Context, options: Options) -> int:
    found = _matching(context, options)
    for process in found:
        name = (
            f" {process.command if options.has('a') else process.name}" if options.has("l") or options.has("a") else ""
        )
        await context.print(f"{process.pid}{name}\n")
    return int(not found)


def _matching(context: Context, options: Options) -> list[Process]:
    pattern = re.compile(options.words[0] if options.words else ".")
    return [
        process
        for process in context.system.processes
        if pattern.search((process.command or process.name) if options.has("f") else process.name)
    ]


async def _kill(context: Context) -> int:
    status = 0
    words = [word for word in context.arguments[1:] if not re.fullmatch(r"-(\w+)", word) or word[1:].isspace()]
    if "-l" in context.arguments:
        await context.print("HUP INT QUIT KILL TERM\n")
        return 0
    if "-s" in context.arguments:
        words = words[1:]
    for word in words:
        process = context.system.processes.get(int(word)) if word.isdecimal() else None
        status = await _signal(context, process, word) or status
    return status


async def _signal(context: Context, process: Process | None, word: str) -> int:
    if process is None:
        return await context.complain(f"/system/bin/sh: kill: {word}: No such process")
    if context.uid not in (0, process.uid) or process.pid == 1:
        return await context.complain(f"/system/bin/sh: kill: {word}: Operation not permitted")
    if "-0" in context.arguments:
        return 0
    if process.on_kill is not None:
        process.on_kill()
    return 0


async def _killall(context: Context) -> int:
    names = [word for word in context.arguments[1:] if not word.startswith("-")]
    status = 0
    for name in names:
        found = context.system.processes.named(name)
        if not found:
            status = await context.complain(f"killall: {name}: No such process")
        for process in found:
            status = await _signal(context, process, str(process.pid)) or status
    return status


async def _pkill(context: Context) -> int:
    words = [word for word in context.arguments[1:] if not re.fullmatch(r"-(\d+|[A-Z]+)", word)]
    options = Options(frozenset("f" if "-f" in words else ""), {}, tuple(w for w in words if not w.startswith("-")))
    found = [process for process in _matching(context, options) if process.pid > 2]
    for process in found:
        await _signal(context, process, str(process.pid))
    return int(not found)


async def _which(context: Context) -> int:
    status = 0
    for name in context.arguments[1:]:
        if name in context.shell.commands and (name != "su" or context.system.profile.su):
            await context.print(f"/system/{'xbin' if name == 'su' else 'bin'}/{name}\n")
        else:
            status = 1
    return status


COMMANDS: dict[str, Command] = {
    "env": _env,
    "id": _id,
    "ionice": _prefix,
    "kill": _kill,
    "killall": _killall,
    "mksh": _sh,
    "nice": _prefix,
    "nohup": _prefix,
    "pgrep": _pgrep,
    "pidof": _pidof,
    "pkill": _pkill,
    "printenv": _env,
    "ps": _ps,
    "setsid": _prefix,
    "sh": _sh,
    "stdbuf": _prefix,
    "su": _su,
    "timeout": _timeout,
    "toybox": _toybox,
    "which": _which,
    "whoami": _whoami,
}
