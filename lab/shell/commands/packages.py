"""pm, and `cmd package`."""

import re
from collections.abc import Awaitable, Callable
from uuid import NAMESPACE_DNS, uuid5

from lab.packages import InstallRefused
from lab.shell.context import Command, Context
from lab.shell.dumpsys.package import package_dump
from lab.system.installer import InstallChoices
from lab.system.packages import InstalledPackage
from lab.system.permission_table import RUNTIME

__all__ = ["COMMANDS", "package_command"]

WITH_VALUE = {"--user", "-i", "-S", "-p", "--abi", "--install-location", "--originating-uri", "-a", "-c", "-d-", "-t-"}
UNKNOWN = "Unknown package: "
DENIED = 255
Subcommand = Callable[[Context, list[str]], Awaitable[int]]


async def package_command(context: Context, words: list[str]) -> int:
    """`pm WORDS` and `cmd package WORDS`."""
    name = words[0] if words else "help"
    subcommand = SUBCOMMANDS.get(name)
    if subcommand is None:
        await context.print(f"Unknown command: {name}\n" if words else "Package manager (package) commands:\n  help\n")
        return DENIED if words else 0
    return await subcommand(context, words[1:])


async def _pm(context: Context) -> int:
    return await package_command(context, list(context.arguments[1:]))


def _plain(words: list[str], *, valued: set[str] | None = None) -> list[str]:
    """The words that are neither options nor their values."""
    rest, skip = [], False
    for word in words:
        if skip:
            skip = False
        elif word.startswith("-") and len(word) > 1:
            skip = word in (WITH_VALUE if valued is None else valued)
        else:
            rest.append(word)
    return rest


def _value(words: list[str], option: str) -> str:
    return words[words.index(option) + 1] if option in words[:-1] else ""


async def _list(context: Context, words: list[str]) -> int:
    kind = words[0] if words else ""
    if kind in ("packages", "package"):
        return await _list_packages(context, words[1:])
    if kind == "users":
        await context.print("Users:\n\tUserInfo{0:机主:c13} running\n")
    elif kind == "permissions":
        await context.print("Dangerous Permissions:\n\n" + "".join(f"permission:{name}\n" for name in sorted(RUNTIME)))
    elif kind == "features":
        names = ("android.hardware.camera", "android.hardware.location.gps", "android.hardware.wifi")
        await context.print("".join(f"feature:{name}\n" for name in names))
    elif kind == "libraries":
        await context.print("library:android.test.base\nlibrary:android.test.mock\n")
    else:
        return await context.complain(f"Error: unknown list type '{kind}'", code=DENIED)
    return 0


async def _list_packages(context: Context, words: list[str]) -> int:
    rest = _plain(words, valued={"--user", "--uid"})
    for installed in context.system.packages:
        if ("-3" in words and installed.system) or ("-s" in words and not installed.system) or "-d" in words:
            continue
        if rest and rest[0] not in installed.package:
            continue
        await context.print(_package_line(installed, words))
    return 0


def _package_line(installed: InstalledPackage, words: list[str]) -> str:
    path = f"{installed.apk_path}=" if "-f" in words else ""
    version = f" versionCode:{installed.definition.version_code}" if "--show-versioncode" in words else ""
    uid = f" uid:{installed.uid}" if "-U" in words else ""
    installer = f"  installer={installed.installer or 'null'}" if "-i" in words else ""
    return f"package:{path}{installed.package}{version}{installer}{uid}\n"


async def _path(context: Context, words: list[str]) -> int:
    installed = context.system.packages.get((_plain(words) or [""])[-1])
    if installed is None:
        return 1
    await context.print(f"package:{installed.apk_path}\n")
    if not installed.system:
        beside = context.system.files.listing(installed.code_path)
        splits = (name for name in sorted(beside) if name.startswith("split_"))
        await context.print("".join(f"package:{installed.code_path}/{name}\n" for name in splits))
    return 0


async def _app_links(context: Context, words: list[str]) -> int:
    """`pm get-app-links PACKAGE`, as Android 12 and later print it."""
    installed = context.system.packages.get((_plain(words) or [""])[-1])
    if installed is None:
        return 1
    lines = [f"  {installed.package}:", f"    ID: {uuid5(NAMESPACE_DNS, installed.package)}", "    Signatures: [***]"]
    if installed.definition.links:
        lines += ["    Domain verification state:", *(f"      {host}: none" for host in installed.definition.links)]
    await context.print("".join(line + "\n" for line in lines))
    return 0


async def _install(context: Context, words: list[str]) -> int:
    size = _value(words, "-S")
    rest = _plain(words)
    try:
        if size:
            data = await context.stdin.read_all(int(size))
            if len(data) < int(size):
                raise InstallRefused("INSTALL_FAILED_INVALID_APK", "Stream ended early")
        elif rest:
            data = context.system.files.read(context.path(rest[-1]), uid=0)
        else:
            return await context.complain("Error: must either specify a package size or an APK file", code=1)
        await context.system.installer.install(data, _choices(words))
    except OSError as error:
        text = f"Error: Unable to open file: {rest[-1]}\nConsider using a file under /data/local/tmp/\n{error.strerror}"
        return await context.complain(text, code=1)
    except InstallRefused as refusal:
        await context.print(f"Failure [{refusal.code}: {refusal.message}]\n")
        return 1
    await context.print("Success\n")
    return 0


def _choices(words: list[str]) -> InstallChoices:
    letters = {word for word in words if re.fullmatch(r"-[a-zA-Z]", word)}
    return InstallChoices(
        grant_all="-g" in letters,
        allow_downgrade="-d" in letters,
        installer=_value(words, "-i") or "com.android.shell",
    )


async def _install_create(context: Context, words: list[str]) -> int:
    if context.system.files.full:
        await context.complain("Error: java.io.IOException: Requested internal only, but not enough space")
        return DENIED
    session = context.system.installer.create(_choices(words))
    await context.print(f"Success: created install session [{session.identifier}]\n")
    return 0


async def _install_write(context: Context, words: list[str]) -> int:
    rest = _plain(words)
    number = int(rest[0]) if rest and rest[0].isdecimal() else 0
    session = context.system.installer.sessions.get(number)
    if session is None or len(rest) < 2:
        return await context.complain(f"Error: java.lang.SecurityException: Caller has no access to session {number}")
    try:
        if len(rest) > 2 and rest[2] != "-":
            data = context.system.files.read(context.path(rest[2]), uid=0)
        else:
            data = await context.stdin.read_all(int(_value(words, "-S") or 1 << 40))
    except OSError as error:
        return await context.complain(f"Error: failed to write; {error.strerror}")
    session.parts[rest[1]] = data
    await context.print(f"Success: streamed {len(data)} bytes\n")
    return 0


async def _install_commit(context: Context, words: list[str]) -> int:
    rest = _plain(words)
    session = context.system.installer.sessions.get(int(rest[0]) if rest and rest[0].isdecimal() else 0)
    if session is None:
        return await context.complain(f"Error: java.lang.SecurityException: Caller has no access to session {rest[:1]}")
    try:
        await context.system.installer.commit(session)
    except InstallRefused as refusal:
        await context.print(f"Failure [{refusal.code}: {refusal.message}]\n")
        return 1
    await context.print("Success\n")
    return 0


async def _install_abandon(context: Context, words: list[str]) -> int:
    rest = _plain(words)
    context.system.installer.sessions.pop(int(rest[0]) if rest and rest[0].isdecimal() else 0, None)
    await context.print("Success\n")
    return 0


async def _uninstall(context: Context, words: list[str]) -> int:
    package = (_plain(words) or [""])[0]
    done = await context.system.uninstall(package, keep_data="-k" in words)
    await context.print("Success\n" if done else "Failure [DELETE_FAILED_INTERNAL_ERROR]\n")
    return int(not done)


async def _clear(context: Context, words: list[str]) -> int:
    done = await context.system.clear((_plain(words) or [""])[0])
    await context.print("Success\n" if done else "Failed\n")
    return int(not done)


async def _grant(context: Context, words: list[str]) -> int:
    return await _permission(context, words, "grant")


async def _revoke(context: Context, words: list[str]) -> int:
    return await _permission(context, words, "revoke")


async def _permission(context: Context, words: list[str], what: str) -> int:
    rest = _plain(words)
    package, permission = (*rest, "", "")[:2]
    permissions = context.system.permissions
    if context.system.packages.get(package) is None:
        return await _exception(context, what, f"java.lang.IllegalArgumentException: {UNKNOWN}{package}")
    done = (
        permissions.grant(package, permission, by_user=False)
        if what == "grant"
        else permissions.revoke(package, permission)
    )
    if not done:
        reason = f"Package {package} has not requested permission {permission}"
        return await _exception(context, what, f"java.lang.SecurityException: {reason}")
    if what == "revoke":
        await context.system.force_stop(package, reason="permissions revoked")
    return 0


async def _exception(context: Context, what: str, text: str) -> int:
    where = "\tat com.android.server.pm.permission.PermissionManagerServiceImpl.java:1264"
    return await context.complain(f"\nException occurred while executing '{what}':\n{text}\n{where}", code=DENIED)


async def _reset_permissions(context: Context, words: list[str]) -> int:
    for installed in context.system.packages:
        context.system.permissions.reset(installed.package)
    return 0


async def _dump(context: Context, words: list[str]) -> int:
    await context.print(package_dump(context.system, words[0] if words else ""))
    return 0


async def _resolve_activity(context: Context, words: list[str]) -> int:
    package = (_plain(words, valued={"-a", "-c", "-d", "-t", "-n", "-f", "--user", "-p"}) or [_value(words, "-p")])[-1]
    installed = context.system.packages.get(package)
    if installed is None or not installed.definition.activities:
        await context.print("No activity found\n")
        return 0
    activity = installed.definition.main_activity.name
    name = activity.removeprefix(package)
    if "--brief" in words:
        await context.print("priority=0 preferredOrder=0 match=0x108000 specificIndex=-1 isDefault=true\n")
        await context.print(f"{package}/{name}\n")
        return 0
    await context.print(f"ActivityInfo:\n    name={package}{name}\n    packageName={package}\n    enabled=true\n")
    return 0


async def _says_success(context: Context, words: list[str]) -> int:
    await context.print(f"Package {(_plain(words) or [''])[0]} new state: enabled\n")
    return 0


async def _install_location(context: Context, words: list[str]) -> int:
    await context.print("0[auto]\n")
    return 0


async def _compile(context: Context, words: list[str]) -> int:
    await context.print("Success\n")
    return 0


SUBCOMMANDS: dict[str, Subcommand] = {
    "bg-dexopt-job": _compile,
    "clear": _clear,
    "compile": _compile,
    "disable-user": _says_success,
    "dump": _dump,
    "enable": _says_success,
    "get-app-links": _app_links,
    "get-install-location": _install_location,
    "grant": _grant,
    "install": _install,
    "install-abandon": _install_abandon,
    "install-commit": _install_commit,
    "install-create": _install_create,
    "install-write": _install_write,
    "list": _list,
    "path": _path,
    "reset-permissions": _reset_permissions,
    "resolve-activity": _resolve_activity,
    "revoke": _revoke,
    "uninstall": _uninstall,
}
COMMANDS: dict[str, Command] = {"pm": _pm}
