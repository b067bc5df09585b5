"""Programs about the machine itself: its clocks, properties, kernel and log."""

import asyncio
from datetime import UTC, datetime

from lab.shell.commands.processes import LONGEST_SLEEP, as_seconds
from lab.shell.context import Command, Context

__all__ = ["COMMANDS"]


async def _date(context: Context) -> int:
    words = [word for word in context.arguments[1:] if word != "-u"]
    now = context.system.clock.wall_ns()
    form = next((word[1:] for word in words if word.startswith("+")), "%a %b %e %H:%M:%S %Z %Y")
    if words[:1] == ["-d"] and words[1:2] and words[1].startswith("@"):
        now = int(float(words[1][1:]) * 10**9)
    local = context.system.clock.local(now)
    if "-u" in context.arguments:
        local = local.astimezone(UTC)
    form = form.replace("%N", f"{now % 10**9:09d}").replace("%s", str(now // 10**9))
    form = form.replace("%Z", "UTC" if "-u" in context.arguments else _zone(local)).replace("%e", f"{local.day:>2}")
    await context.print(local.strftime(form) + "\n")
    return 0


def _zone(local: datetime) -> str:
    return "CST" if local.strftime("%z") == "+0800" else local.strftime("GMT%z")


async def _uptime(context: Context) -> int:
    seconds = context.system.clock.uptime_ns() // 10**9
    days, rest = divmod(seconds, 86400)
    since = f"{days} days, " if days else ""
    if "-s" in context.arguments:
        await context.print(context.system.clock.stamp(context.system.clock.wall_ns() - seconds * 10**9)[:19] + "\n")
        return 0
    now = context.system.clock.local().strftime("%H:%M:%S")
    await context.print(
        f" {now} up {since}{rest // 3600:>2}:{rest // 60 % 60:02d},  0 users,  load average: 1.12, 1.04, 0.97\n"
    )
    return 0


async def _uname(context: Context) -> int:
    if "-a" in context.arguments:
        await context.print("Linux localhost 5.10.107-android13-4 #1 SMP PREEMPT aarch64 Toybox\n")
    else:
        await context.print(
            {"-r": "5.10.107-android13-4", "-m": "aarch64", "-n": "localhost"}.get(context.arguments[-1], "Linux")
            + "\n"
        )
    return 0


async def _getprop(context: Context) -> int:
    words = [word for word in context.arguments[1:] if not word.startswith("-")]
    if words:
        default = words[1] if len(words) > 1 else ""
        await context.print((context.system.properties.get(words[0]) or default) + "\n")
    else:
        await context.print("".join(f"[{name}]: [{value}]\n" for name, value in context.system.properties))
    return 0


async def _setprop(context: Context) -> int:
    if len(context.arguments) != 3:
        return await context.complain("setprop: Need 2 arguments")
    name, value = context.arguments[1:]
    if context.uid != 0 and not name.startswith(("debug.", "log.", "persist.log.", "vendor.debug.")):
        return await context.complain(f"Failed to set property '{name}' to '{value}'.\nSee dmesg for error reason.")
    if not context.system.properties.set(name, value):
        return await context.complain(f"Failed to set property '{name}' to '{value}'.\nSee dmesg for error reason.")
    return 0


def _says(text: str) -> Command:
    async def say(context: Context) -> int:
        await context.print(text)
        return 0

    return say


async def _log(context: Context) -> int:
    words = list(context.arguments[1:])
    level, tag = "I", "log"
    while words and words[0].startswith("-"):
        option = words.pop(0)
        value = words.pop(0) if words else ""
        level = value[:1].upper() if option == "-p" else level
        tag = value if option == "-t" else tag
    context.system.logs.write(tag, " ".join(words), level=level, pid=context.shell.state.pid, uid=context.uid)
    return 0


async def _sleep(context: Context) -> int:
    if len(context.arguments) < 2:
        return await context.complain("sleep: Need 1 argument")
    try:
        total = sum(as_seconds(word) for word in context.arguments[1:])
    except ValueError:
        return await context.complain(f"sleep: bad time '{context.arguments[1]}'")
    await asyncio.sleep(min(total, LONGEST_SLEEP))
    return 0


async def _usleep(context: Context) -> int:
    await asyncio.sleep(int(context.arguments[1]) / 1_000_000)
    return 0


COMMANDS: dict[str, Command] = {
    "date": _date,
    "getenforce": _says("Enforcing\n"),
    "getprop": _getprop,
    "log": _log,
    "nproc": _says("8\n"),
    "setenforce": _says(""),
    "setprop": _setprop,
    "sleep": _sleep,
    "uname": _uname,
    "uptime": _uptime,
    "usleep": _usleep,
}
