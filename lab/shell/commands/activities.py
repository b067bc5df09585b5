"""am, monkey, and `cmd activity`."""

import asyncio
import shlex

from lab.definition import full_activity_name
from lab.shell.context import Command, Context

__all__ = ["COMMANDS", "activity_command"]

WITH_VALUE = {
    "-a", "-d", "-t", "-c", "-n", "-f", "-p", "--user", "--display", "-P", "--receiver-permission", "-i", "-r",
}  # fmt: skip
EXTRAS = ("--es", "-e", "--ez", "--ei", "--el", "--ef", "--eu", "--ecn", "--eia", "--esa")
NO_ACTIVITIES = "** No activities found to run, monkey aborted.\n"
NO_ACTIVITIES_EXIT = 252
SHELL_PACKAGE = "com.android.shell"


class _Intent:
    """The words of an intent specification."""

    def __init__(self, words: list[str]) -> None:
        self.values: dict[str, str] = {}
        self.categories: list[str] = []
        self.extras: dict[str, str] = {}
        self.flags: set[str] = set()
        self.rest: list[str] = []
        words = list(words)
        while words:
            word = words.pop(0)
            if word in EXTRAS and len(words) > 1:
                self.extras[words.pop(0)] = words.pop(0)
            elif word == "-c" and words:
                self.categories.append(words.pop(0))
            elif word in WITH_VALUE and words:
                self.values[word] = words.pop(0)
            elif word.startswith("-"):
                self.flags.add(word)
            else:
                self.rest.append(word)

    @property
    def component(self) -> tuple[str, str]:
        """package and activity; both empty when none is named."""
        text = self.values.get("-n", "")
        if not text and self.rest and "/" in self.rest[0] and "://" not in self.rest[0]:
            text = self.rest[0]
        package, _, activity = text.partition("/")
        return package, full_activity_name(package, activity) if activity else ""

    @property
    def data(self) -> str:
        return self.values.get("-d", "") or next((word for word in self.rest if "://" in word), "")

    def describe(self) -> str:
        """As Intent.toString prints it."""
        parts = [f"act={self.values['-a']}"] if "-a" in self.values else []
        parts += [f"cat=[{','.join(self.categories)}]"] if self.categories else []
        parts += [f"dat={self.data}"] if self.data else []
        parts += [f"flg={self.values['-f']}"] if "-f" in self.values else []
        parts += [f"pkg={self.values['-p']}"] if "-p" in self.values else []
        package, activity = self.component
        if package:
            short = activity.removeprefix(package) if activity.startswith(package + ".") else activity
            parts.append(f"cmp={package}/{short}")
        return f"Intent {{ {' '.join(parts)}{' (has extras)' if self.extras else ''} }}"


async def activity_command(context: Context, words: list[str]) -> int:
    """`am WORDS` and `cmd activity WORDS`."""
    name = words[0] if words else ""
    subcommand = SUBCOMMANDS.get(name)
    if subcommand is None:
        return await context.complain(
            f"Unknown command: {name}" if name else "Activity manager (activity) commands:", code=255
        )
    return await subcommand(context, words[1:])


async def _am(context: Context) -> int:
    return await activity_command(context, list(context.arguments[1:]))


async def _start(context: Context, words: list[str]) -> int:
    intent = _Intent(words)
    system = context.system
    package, activity = intent.component
    if not package:
        package, activity = _resolve(context, intent)
    if intent.flags & {"-S"}:
        await context.print(f"Stopping: {package}\n")
        await system.force_stop(package)
    await context.print(f"Starting: {intent.describe()}\n")
    installed = system.packages.get(package)
    if installed is None or (activity and installed.definition.activity(activity) is None):
        if not intent.component[0]:
            return await context.complain(f"Error: Activity not started, unable to resolve {intent.describe()}")
        named = f"{package}/{activity}"
        return await context.complain(f"Error type 3\nError: Activity class {{{named}}} does not exist.")
    front = system.activities.in_foreground(package) and system.applications.running(package) is not None
    data = intent.data if package == system.profile.browser.partition("/")[0] else ""
    started = system.clock.uptime_ns()
    starting = system.activities.start(
        package, activity or None, caller=SHELL_PACKAGE, caller_uid=context.uid, data=data
    )
    if "-W" in intent.flags:
        await starting
        return await _report(context, package, (system.clock.uptime_ns() - started) // 1_000_000)
    system.spawn(_ignore(starting))
    await asyncio.sleep(0)
    if front and not data:
        await context.streams.err(
            b"Warning: Activity not started, intent has been delivered to currently running top-most instance.\n"
        )
    return 0


def _resolve(context: Context, intent: _Intent) -> tuple[str, str]:
    """Who answers an implicit intent: a named package, the settings, or the browser for a web address."""
    profile = context.system.profile
    package = intent.values.get("-p", "") or next((word for word in intent.rest if "://" not in word), "")
    if package:
        return package, ""
    if intent.values.get("-a", "").startswith("android.settings."):
        return profile.settings_app.partition("/")[0], ""
    if "android.intent.category.HOME" in intent.categories:
        return profile.launcher.partition("/")[0], ""
    if intent.data.startswith(("http://", "https://")):
        return profile.browser.partition("/")[0], ""
    return "", ""


async def _ignore(work: "asyncio.Future[bool] | object") -> None:
    await work  # type: ignore[misc]


async def _report(context: Context, package: str, milliseconds: int) -> int:
    await context.print(
        f"Status: ok\nLaunchState: COLD\nActivity: {context.system.activities.top.component}\n"
        f"TotalTime: {milliseconds}\nWaitTime: {milliseconds + 3}\nComplete\n"
    )
    return 0


async def _force_stop(context: Context, words: list[str]) -> int:
    package = _Intent(words).rest[:1]
    if package:
        await context.system.force_stop(package[0])
    return 0


async def _kill(context: Context, words: list[str]) -> int:
    """Only what is in the background may be killed this way."""
    for package in _Intent(words).rest[:1]:
        if not context.system.is_foreground(package):
            await context.system.force_stop(package, reason="kill background")
    return 0


async def _kill_all(context: Context, words: list[str]) -> int:
    for installed in context.system.packages:
        if not installed.system:
            await _kill(context, [installed.package])
    return 0


async def _broadcast(context: Context, words: list[str]) -> int:
    intent = _Intent(words)
    await context.print(f"Broadcasting: {intent.describe()}\nBroadcast completed: result=0\n")
    return 0


async def _crash(context: Context, words: list[str]) -> int:
    for package in _Intent(words).rest[:1]:
        message = "shell-induced crash"
        crashing = context.system.crash(package, exception="android.app.RemoteServiceException", message=message)
        context.system.spawn(crashing)
    return 0


async def _current_user(context: Context, words: list[str]) -> int:
    await context.print("0\n")
    return 0


async def _user_state(context: Context, words: list[str]) -> int:
    await context.print("RUNNING_UNLOCKED\n")
    return 0


async def _stack(context: Context, words: list[str]) -> int:
    for task in reversed(context.system.activities.tasks):
        shown = " ".join(record.component for record in task.records)
        await context.print(f"RootTask id={task.identifier} type={task.kind}\n  taskId={task.identifier}: {shown}\n")
    return 0


async def _nothing(context: Context, words: list[str]) -> int:
    return 0


SUBCOMMANDS = {
    "broadcast": _broadcast,
    "crash": _crash,
    "force-stop": _force_stop,
    "get-current-user": _current_user,
    "get-started-user-state": _user_state,
    "idle-maintenance": _nothing,
    "kill": _kill,
    "kill-all": _kill_all,
    "set-debug-app": _nothing,
    "stack": _stack,
    "start": _start,
    "start-activity": _start,
    "startservice": _nothing,
    "task": _nothing,
    "wait-for-broadcast-idle": _nothing,
}


async def _monkey(context: Context) -> int:
    words = list(context.arguments[1:])
    packages = [words[index + 1] for index, word in enumerate(words[:-1]) if word == "-p"]
    quoted = ", ".join(words)
    await context.streams.err(
        (
            f"  bash arg: {shlex.join(words)}\nargs: [{quoted}]\n" + "".join(f' arg: "{word}"\n' for word in words)
        ).encode()
    )
    system = context.system
    installed = system.packages.get(packages[0]) if packages else None
    if installed is None or not installed.definition.activities:
        await context.print(NO_ACTIVITIES)
        return NO_ACTIVITIES_EXIT
    system.spawn(_ignore(system.activities.start(installed.package, caller=SHELL_PACKAGE, caller_uid=context.uid)))
    await asyncio.sleep(0)
    await context.print(
        "Events injected: 1\n## Network stats: elapsed time=24ms (0ms mobile, 0ms wifi, 24ms not connected)\n"
    )
    return 0


COMMANDS: dict[str, Command] = {"am": _am, "monkey": _monkey}
