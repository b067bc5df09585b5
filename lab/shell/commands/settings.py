"""settings, wm, svc, ime, input, screencap, service, uiautomator: small front ends of system services."""

import struct

from lab.shell.context import Command, Context
from lab.system.keys import key_name, press
from lab.system.settings import NAMESPACES

__all__ = ["COMMANDS", "settings_command"]

LONG_PRESS_MS = 800
TAP_MS = 60
SWIPE_MS = 300
PHONE_CALLS = {
    1: "imei", 2: "imei", 4: "imei", 5: "imei", 8: "imsi", 9: "imsi", 10: "imsi",
    12: "iccid", 13: "iccid", 14: "iccid", 15: "phone", 16: "phone",
}  # fmt: skip
"""Transactions of IPhoneSubInfo since Android 11."""
BY_SLOT = (4, 5)


async def settings_command(context: Context, words: list[str]) -> int:
    """`settings WORDS` and `cmd settings WORDS`."""
    while "--user" in words:
        at = words.index("--user")
        del words[at : at + 2]
    action, namespace, *rest = (*words, "", "")
    rest = [word for word in words[2:] if word != "default"]
    if namespace not in NAMESPACES or action not in ("get", "put", "delete", "list", "reset"):
        return await context.complain("Invalid command: " + " ".join(words), code=255)
    settings = context.system.settings
    if action == "list":
        await context.print("".join(f"{name}={value}\n" for name, value in settings.items(namespace)))
    elif not rest:
        return await context.complain("Bad arguments", code=255)
    elif action == "get":
        value = settings.get(namespace, rest[0])
        await context.print(("null" if value is None else value) + "\n")
    elif action == "put":
        if len(rest) < 2:
            return await context.complain("Bad arguments", code=255)
        settings.put(namespace, rest[0], rest[1])
    elif action == "delete":
        await context.print(f"Deleted {int(settings.delete(namespace, rest[0]))} rows\n")
    return 0


async def _settings(context: Context) -> int:
    return await settings_command(context, list(context.arguments[1:]))


async def _wm(context: Context) -> int:
    words = list(context.arguments[1:])
    profile, power = context.system.profile, context.system.power
    if words[:1] == ["size"]:
        await context.print(f"Physical size: {profile.width}x{profile.height}\n")
    elif words[:1] == ["density"]:
        await context.print(f"Physical density: {profile.density}\n")
    elif words[:1] == ["user-rotation"]:
        await context.print(f"{'lock' if power.rotation else 'free'} {power.rotation}\n")
    return 0


async def _svc(context: Context) -> int:
    words = list(context.arguments[1:])
    power = context.system.power
    on = words[-1:] == ["enable"]
    if words[:1] == ["wifi"]:
        power.wifi = on
        context.system.settings.put("global", "wifi_on", str(int(on)))
    elif words[:1] == ["data"]:
        power.mobile_data = on
        context.system.settings.put("global", "mobile_data", str(int(on)))
    elif words[:2] == ["power", "stayon"]:
        context.system.settings.put("global", "stay_on_while_plugged_in", "0" if words[-1] == "false" else "7")
    return 0


async def _ime(context: Context) -> int:
    words = list(context.arguments[1:])
    settings = context.system.settings
    current = settings.get("secure", "default_input_method") or ""
    if words[:1] == ["list"]:
        await context.print(f"{current}\n" if "-s" in words else f"{current}:\n  mId={current} mIsVrOnly=false\n")
    elif words[:1] == ["set"] and len(words) > 1:
        package = words[1].partition("/")[0]
        if context.system.packages.get(package) is None:
            return await context.complain(f"Unknown input method {words[1]} cannot be selected for user #0", code=255)
        settings.put("secure", "default_input_method", words[1])
        await context.print(f"Input method {words[1]} selected for user #0\n")
    elif words[:1] in (["enable"], ["disable"]) and len(words) > 1:
        await context.print(f"Input method {words[1]}: now {words[0]}d for user #0\n")
    return 0


async def _input(context: Context) -> int:
    words = list(context.arguments[1:])
    while words[:1] and (
        words[0] in ("touchscreen", "keyboard", "mouse", "touchpad", "dpad", "stylus") or words[0] == "-d"
    ):
        words = words[2:] if words[0] == "-d" else words[1:]
    surface = context.system.surface
    if surface is None or not words:
        return await context.complain("Usage: input [<source>] [-d DISPLAY_ID] <command> [<arg>...]", code=255)
    action, *rest = words
    try:
        if action == "tap":
            await surface.tap(float(rest[0]), float(rest[1]), TAP_MS)
        elif action in ("swipe", "draganddrop"):
            line = [float(word) for word in rest[:4]]
            await surface.swipe(line[0], line[1], line[2], line[3], int(rest[4]) if len(rest) > 4 else SWIPE_MS)
        elif action == "motionevent":
            await surface.touch(rest[0].lower(), float(rest[1]), float(rest[2]))
        elif action == "text":
            await surface.text(rest[0].replace("%s", " "))
        elif action in ("keyevent", "press"):
            return await _keys(context, rest)
        else:
            return await context.complain(f"Error: Unknown command: {action}", code=255)
    except (IndexError, ValueError):
        return await context.complain(f"Error: Invalid arguments for command: {action}", code=255)
    return 0


async def _keys(context: Context, words: list[str]) -> int:
    surface = context.system.surface
    for word in words:
        if word.startswith("--") or surface is None:
            continue
        await press(context.system, surface, key_name(word))
    return 0


async def _screencap(context: Context) -> int:
    words = list(context.arguments[1:])
    if "-d" in words[:-1]:
        at = words.index("-d")
        del words[at : at + 2]
    targets = [word for word in words if not word.startswith("-")]
    surface = context.system.surface
    if surface is None or context.system.faults.screenshot_fails:
        return await context.complain("Failed to take screenshot. Status: -1")
    if "-p" in words or (targets and targets[0].endswith(".png")):
        picture = await surface.screenshot("png")
    elif targets and targets[0].endswith((".jpg", ".jpeg")):
        picture = await surface.screenshot("jpeg")
    else:
        picture = await surface.screenshot("png")
    if not targets:
        await context.print(picture)
        return 0
    try:
        context.system.files.write(context.path(targets[0]), picture, uid=context.uid)
    except OSError as error:
        return await context.complain(f"Error opening file: {targets[0]} ({error.strerror})")
    return 0


async def _service(context: Context) -> int:
    words = list(context.arguments[1:])
    if words[:1] == ["list"]:
        await context.print("Found 1 services:\n0\tiphonesubinfo: [com.android.internal.telephony.IPhoneSubInfo]\n")
        return 0
    if words[:1] == ["check"] and len(words) > 1:
        await context.print(f"Service {words[1]}: found\n")
        return 0
    if len(words) < 3 or words[0] != "call" or not words[2].isdecimal():
        return await context.complain("service: Bad arguments", code=10)
    if words[1] != "iphonesubinfo":
        await context.print("Result: Parcel(00000000    '....')\n")
        return 0
    await context.print(parcel(_phone_answer(context, int(words[2]), words[3:])))
    return 0


def _phone_answer(context: Context, code: int, words: list[str]) -> str | None:
    kind = PHONE_CALLS.get(code)
    if kind is None or "s16" not in words:
        return None
    slot = int(words[words.index("i32") + 1]) if "i32" in words[:-1] else 0
    if kind == "imei" and code in BY_SLOT and slot == (1 if code == 4 else 2):
        kind = "imei2"
    return str(getattr(context.system.identity, kind))


def parcel(text: str | None) -> str:
    """A reply with one string as `service call` prints it; None is an exception-free null string."""
    if text is None:
        return "Result: Parcel(00000000 ffffffff   '........')\n"
    encoded = text.encode("utf-16-le") + b"\0\0"
    body = struct.pack("<II", 0, len(text)) + encoded + bytes(-len(encoded) % 4)
    words = struct.unpack(f"<{len(body) // 4}I", body)
    lines = []
    for start in range(0, len(words), 4):
        row = body[start * 4 : start * 4 + 16]
        readable = "".join(chr(byte) if 32 <= byte < 127 and byte not in (39, 92) else "." for byte in row)
        numbers = " ".join(f"{word:08x}" for word in words[start : start + 4])
        lines.append(f"  0x{start * 4:08x}: {numbers:<35} '{readable}'")
    return "Result: Parcel(\n" + "\n".join(lines) + ")\n"


async def _uiautomator(context: Context) -> int:
    words = [word for word in context.arguments[1:] if not word.startswith("--")]
    surface = context.system.surface
    if words[:1] != ["dump"] or surface is None:
        return await context.complain("Unsupported command", code=1)
    target = words[1] if len(words) > 1 else "/sdcard/window_dump.xml"
    tree = await surface.hierarchy()
    if target == "/dev/tty":
        await context.print(tree)
    else:
        try:
            context.system.files.write(context.path(target), tree.encode("utf-8", "replace"), uid=0)
        except OSError as error:
            return await context.complain(f"ERROR: could not write {target}: {error.strerror}")
    await context.print(f"UI hierchary dumped to: {target}\n")
    return 0


COMMANDS: dict[str, Command] = {
    "ime": _ime,
    "input": _input,
    "screencap": _screencap,
    "service": _service,
    "settings": _settings,
    "svc": _svc,
    "uiautomator": _uiautomator,
    "wm": _wm,
}
