"""ip, ifconfig, netstat, ping, and `cmd` with the services that answer it."""

from lab.shell.commands.activities import activity_command
from lab.shell.commands.dumps import appops_command
from lab.shell.commands.packages import package_command
from lab.shell.commands.settings import settings_command
from lab.shell.context import Command, Context
from lab.shell.dumpsys.devices import wifi_line

__all__ = ["COMMANDS"]

NO_SERVICE_EXIT = 20


async def _ip(context: Context) -> int:
    identity = context.system.identity
    words = [word for word in context.arguments[1:] if not word.startswith("-")]
    if words[:1] in (["route"], ["r"]):
        subnet = identity.address.rpartition(".")[0]
        await context.print(f"{subnet}.0/24 dev wlan0 proto kernel scope link src {identity.address}\n")
        return 0
    if words[-1:] == ["lo"]:
        await context.print("1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536\n    link/loopback 00:00:00:00:00:00\n")
        return 0
    text = (
        "23: wlan0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc mq state UP group default qlen 3000\n"
        f"    link/ether {identity.mac} brd ff:ff:ff:ff:ff:ff\n"
    )
    if words[:1] not in (["link"], ["l"]):
        broadcast = identity.address.rpartition(".")[0]
        text += f"    inet {identity.address}/24 brd {broadcast}.255 scope global wlan0\n       valid_lft forever\n"
    await context.print(text)
    return 0


async def _ifconfig(context: Context) -> int:
    identity = context.system.identity
    broadcast = f"{identity.address.rpartition('.')[0]}.255"
    await context.print(
        f"wlan0     Link encap:Ethernet  HWaddr {identity.mac}\n          inet addr:{identity.address}  "
        f"Bcast:{broadcast}  Mask:255.255.255.0\n          UP BROADCAST RUNNING MULTICAST  MTU:1500\n"
    )
    return 0


async def _ping(context: Context) -> int:
    host = context.arguments[-1]
    await context.print(
        f"PING {host} ({host}) 56(84) bytes of data.\n64 bytes from {host}: icmp_seq=1 ttl=64 time=1.2 ms\n"
    )
    return 0


async def _nsenter(context: Context) -> int:
    """One mount namespace is all there is: runs the rest."""
    words = list(context.arguments[1:])
    while words and words[0].startswith("-"):
        option = words.pop(0)
        if option == "--":
            break
        if option in ("-t", "-m") and words and not words[0].startswith("-"):
            words.pop(0)
    return await context.shell.invoke(words, context.streams) if words else 0


async def _cmd(context: Context) -> int:
    words = list(context.arguments[1:])
    if not words or words[0] in ("-l", "list"):
        await context.print("Currently running services:\n" + "".join(f"  {name}\n" for name in sorted(SERVICES)))
        return 0
    service = SERVICES.get(words[0])
    if service is None:
        return await context.complain(f"cmd: Can't find service: {words[0]}", code=NO_SERVICE_EXIT)
    return await service(context, words[1:])


async def _wifi(context: Context, words: list[str]) -> int:
    if words[:1] != ["status"]:
        if words[:1] == ["set-wifi-enabled"]:
            context.system.power.wifi = words[1:2] in (["enabled"], ["1"])
        return 0
    if not context.system.power.wifi:
        await context.print("Wifi is disabled\nWifi scanning is only available when wifi is enabled\n")
        return 0
    await context.print(
        "Wifi is enabled\nWifi scanning is always available\n==== ClientModeManager instance: "
        f"ConcreteClientModeManager{{id=2 iface=wlan0 role=ROLE_CLIENT_PRIMARY}} ====\n"
        f'Wifi is connected to "{context.system.identity.ssid}"\nWifiInfo: {wifi_line(context.system)}\n'
        "successfulTxPackets: 4122\n"
    )
    return 0


async def _location(context: Context, words: list[str]) -> int:
    identity = context.system.identity
    if words[:2] == ["providers", "set-test-provider-location"] and "--location" in words[:-1]:
        if context.system.appops.mode("com.android.shell", "MOCK_LOCATION") != "allow":
            return await context.complain(
                "java.lang.SecurityException: com.android.shell not allowed to perform MOCK_LOCATION"
            )
        latitude, _, longitude = words[words.index("--location") + 1].partition(",")
        try:
            identity.mock_place(float(latitude), float(longitude))
        except ValueError:
            return await context.complain("java.lang.IllegalArgumentException: Invalid location", code=255)
    elif words[:2] == ["providers", "remove-test-provider"]:
        identity.end_mock()
    elif words[:1] == ["is-location-enabled"]:
        await context.print("true\n")
    return 0


async def _window(context: Context, words: list[str]) -> int:
    return await context.shell.invoke(["wm", *words], context.streams)


async def _input(context: Context, words: list[str]) -> int:
    return await context.shell.invoke(["input", *words], context.streams)


async def _connectivity(context: Context, words: list[str]) -> int:
    if words[:1] == ["airplane-mode"] and len(words) > 1:
        context.system.settings.put("global", "airplane_mode_on", str(int(words[1] == "enable")))
    elif words[:1] == ["airplane-mode"]:
        await context.print("disabled\n")
    return 0


async def _quiet(context: Context, words: list[str]) -> int:
    return 0


SERVICES = {
    "activity": activity_command,
    "appops": appops_command,
    "connectivity": _connectivity,
    "input": _input,
    "input_method": _quiet,
    "jobscheduler": _quiet,
    "location": _location,
    "notification": _quiet,
    "overlay": _quiet,
    "package": package_command,
    "settings": settings_command,
    "statusbar": _quiet,
    "uimode": _quiet,
    "wifi": _wifi,
    "window": _window,
}
COMMANDS: dict[str, Command] = {
    "cmd": _cmd,
    "ifconfig": _ifconfig,
    "ip": _ip,
    "nsenter": _nsenter,
    "ping": _ping,
}
