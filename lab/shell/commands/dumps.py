"""dumpsys, appops, and `cmd` for the services that are not commands of their own."""

from lab.shell.context import Command, Context
from lab.shell.dumpsys.activity import activities_dump, processes_dump, top_dump
from lab.shell.dumpsys.appops import appops_dump, operations_text
from lab.shell.dumpsys.devices import SERVICES, display_id
from lab.shell.dumpsys.package import package_dump
from lab.shell.dumpsys.window import displays_dump, policy_dump, window_dump, windows_dump
from lab.system.core import System

__all__ = ["COMMANDS", "appops_command"]

ACTIVITY = {
    "activities": activities_dump,
    "a": activities_dump,
    "top": top_dump,
    "processes": processes_dump,
    "p": processes_dump,
}
WINDOW = {
    "windows": windows_dump,
    "w": windows_dump,
    "displays": displays_dump,
    "d": displays_dump,
    "policy": policy_dump,
    "p": policy_dump,
}
NAMES = sorted([*SERVICES, "SurfaceFlinger", "activity", "appops", "package", "window"])


async def _dumpsys(context: Context) -> int:
    words = list(context.arguments[1:])
    while words[:1] and words[0] in ("-t", "-T"):
        words = words[2:]
    if not words:
        everything = "".join(
            f"{'-' * 79}\nDUMP OF SERVICE {name}:\n{_dump(context.system, name, [])}" for name in NAMES
        )
        await context.print("Currently running services:\n" + "".join(f"  {name}\n" for name in NAMES) + everything)
        return 0
    if words[0] in ("-l", "--list"):
        await context.print("Currently running services:\n" + "".join(f"  {name}\n" for name in NAMES))
        return 0
    text = _dump(context.system, words[0], [word for word in words[1:] if word != "-a"])
    if text is None:
        return await context.complain(f"Can't find service: {words[0]}")
    await context.print(text)
    return 0


def _dump(system: System, service: str, words: list[str]) -> str | None:
    if service == "activity":
        if not words:
            return activities_dump(system) + processes_dump(system)
        dump = ACTIVITY.get(words[0])
        return dump(system) if dump else f"No services match: {words[0]}\nUse -h for help.\n"
    if service == "window":
        return WINDOW.get(words[0] if words else "", window_dump)(system)
    if service == "package":
        return package_dump(system, next((word for word in words if not word.startswith("-") and "." in word), ""))
    if service == "appops":
        chosen = words[words.index("--package") + 1] if "--package" in words[:-1] else ""
        return appops_dump(system, chosen)
    if service == "SurfaceFlinger":
        return display_id(system) if "--display-id" in words else "Build configuration: [sf HAS_CONTEXT_PRIORITY=1]\n"
    known = SERVICES.get(service)
    return known(system) if known else None


async def _appops(context: Context) -> int:
    return await appops_command(context, list(context.arguments[1:]))


async def appops_command(context: Context, words: list[str]) -> int:
    """`appops WORDS` and `cmd appops WORDS`."""
    system = context.system
    action = words.pop(0) if words else ""
    while words and words[0] in ("--user", "--uid", "--attribution"):
        words = words[1:] if words[0] == "--uid" else words[2:]
    if action == "reset":
        for installed in system.packages:
            if not words or words[0] == installed.package:
                system.appops.reset(installed.package)
        await context.print("Reset all modes for: " + (words[0] if words else "all users, all packages") + "\n")
        return 0
    if action not in ("get", "set", "start", "stop", "query-op") or not words:
        return await context.complain("AppOps service (appops) commands:\n  help", code=255)
    if action == "query-op":
        wanted = [each for each in system.packages if system.appops.mode(each.package, _op(words[0])) == words[-1]]
        await context.print("".join(f"{each.package}\n" for each in wanted) or "No operations.\n")
        return 0
    package = words[0]
    if system.packages.get(package) is None:
        return await context.complain(f"Error: No UID for {package} in user 0", code=255)
    if action == "set" and len(words) == 3:
        system.appops.set_mode(package, _op(words[1]), words[2])
    elif action == "get":
        await context.print(operations_text(system, package, _op(words[1]) if len(words) > 1 else ""))
    return 0


def _op(name: str) -> str:
    """`android:mock_location` and `MOCK_LOCATION` are the same."""
    return name.removeprefix("android:").upper()


COMMANDS: dict[str, Command] = {"appops": _appops, "dumpsys": _dumpsys}
