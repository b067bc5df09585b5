"""The files a device is shipped with, and those its services show (/proc, the settings files)."""

import json
from collections.abc import Callable
from xml.sax.saxutils import quoteattr

from lab.profile import Profile
from lab.system.files import Files
from lab.system.identity import SSAID_PATH, Identity
from lab.system.nodes import Node, directory, file, link
from lab.system.processes import Processes
from lab.system.properties import Properties

__all__ = ["SYSTEM_PACKAGES", "build_image"]

SYSTEM, SHELL, EXTERNAL = 1000, 2000, 1015
COMMANDS = (
    "abx2xml am appops awk base64 cat chmod chown chcon cmd content cp cut date dd df dumpsys echo env false find "
    "getprop grep head id ifconfig ime input ip kill killall ln logcat ls md5sum mkdir monkey mount mv nohup pidof "
    "pkill pm printenv printf ps readlink rm rmdir screencap sed seq service setprop settings sh sha1sum sha256sum "
    "sleep sort stat stop svc tail tee test toybox touch tr true umount uname uniq uptime wc which whoami wm xargs"
)
DIRECTORIES = (
    ("/system", 0o755, 0),
    ("/system/bin", 0o751, 0),
    ("/system/etc/security/cacerts", 0o755, 0),
    ("/vendor", 0o755, 0),
    ("/product", 0o755, 0),
    ("/apex", 0o755, 0),
    ("/mnt", 0o755, 0),
    ("/data", 0o771, SYSTEM),
    ("/data/app", 0o771, SYSTEM),
    ("/data/data", 0o771, SYSTEM),
    ("/data/local", 0o751, 0),
    ("/data/local/tmp", 0o771, SHELL),
    ("/data/misc", 0o771, SYSTEM),
    ("/data/misc/user", 0o771, SYSTEM),
    ("/data/misc/user/0", 0o771, SYSTEM),
    ("/data/misc/user/0/cacerts-added", 0o755, SYSTEM),
    ("/data/system", 0o770, SYSTEM),
    ("/data/system/users", 0o770, SYSTEM),
    ("/data/system/users/0", 0o770, SYSTEM),
    ("/data/user", 0o711, SYSTEM),
    ("/storage/emulated/0", 0o770, 0),
    ("/storage/emulated/0/Download", 0o770, 0),
    ("/storage/emulated/0/DCIM", 0o770, 0),
    ("/storage/emulated/0/Pictures", 0o770, 0),
)
SYSTEM_PACKAGES = (
    ("android", "Android 系统", SYSTEM, "/system/framework/framework-res"),
    ("com.android.shell", "Shell", SHELL, "/system/priv-app/Shell"),
    ("com.android.phone", "电话", 1001, "/system/priv-app/TeleService"),
    ("com.android.providers.settings", "设置存储", SYSTEM, "/system/priv-app/SettingsProvider"),
    ("com.android.providers.contacts", "联系人存储", 10058, "/system/priv-app/ContactsProvider"),
    ("com.android.inputmethod.latin", "Android 键盘 (AOSP)", 10063, "/product/app/LatinIME"),
    ("com.android.webview", "Android System WebView", 10070, "/product/app/webview"),
)


def build_image(files: Files, profile: Profile, properties: Properties, *, su: bool) -> None:
    """Fill an empty file system with what the vendor ships."""
    for path, mode, owner in DIRECTORIES:
        files.put(path, directory(mode, owner, EXTERNAL if path.startswith("/storage/emulated/") else owner))
    _contexts(files)
    for path, target in (("/sdcard", "/storage/self/primary"), ("/storage/self/primary", "/storage/emulated/0")):
        files.put(path, link(target))
    for path, target in (("/bin", "/system/bin"), ("/etc", "/system/etc"), ("/data/user/0", "/data/data")):
        files.put(path, link(target))
    for name in COMMANDS.split():
        files.put(f"/system/bin/{name}", file(b"\x7fELF", 0o755))
    if su:
        files.put("/system/xbin/su", file(b"\x7fELF", 0o4750, gid=SHELL))
    text = "".join(f"{name}={value}\n" for name, value in properties if name.startswith("ro."))
    files.put("/system/build.prop", file(text.encode(), 0o600))
    files.put("/system/etc/hosts", file(b"127.0.0.1       localhost\n::1             ip6-localhost\n"))


def show_services(files: Files, identity: Identity, processes: Processes, uptime: Callable[[], int]) -> None:
    """Files whose content is made when read."""
    put = files.put
    put(SSAID_PATH, file(mode=0o600, uid=SYSTEM, generate=lambda: _binary(identity)))
    put("/sys/class/net/wlan0/address", file(generate=lambda: identity.mac.encode() + b"\n"))
    put("/sys/class/net/lo/address", file(b"00:00:00:00:00:00\n"))
    put("/proc/uptime", file(generate=lambda: f"{uptime() / 1e9:.2f} {uptime() / 1.3e9:.2f}\n".encode()))
    put("/proc/version", file(b"Linux version 5.10.107-android13-4 (build@lab) #1 SMP PREEMPT\n"))
    put("/proc/cpuinfo", file(b"Processor\t: AArch64 Processor rev 1 (aarch64)\n"))
    put(
        "/proc/meminfo",
        file(b"MemTotal:        5871276 kB\nMemFree:          712032 kB\nMemAvailable:    2853524 kB\n"),
    )
    put("/proc/mounts", file(generate=lambda: mount_lines(files).encode()))
    put("/dev/null", file(mode=0o666))
    put("/proc", files.node("/proc")).enumerate = lambda: _process_directories(processes)


def mount_lines(files: Files) -> str:
    """What /proc/mounts and mount show."""
    return "".join(
        f"{m.source} {m.path} {m.kind} {'ro' if m.read_only else 'rw'},seclabel,relatime 0 0\n" for m in files.mounts
    )


def ssaid_document(identity: Identity) -> str:
    """settings_ssaid.xml as text: what abx2xml prints."""
    rows = [("userkey", identity.user_key, "android")]
    rows += [(str(uid), value, package) for (uid, package), (_, value) in identity.ssaids.items()]
    lines = [
        f'  <setting id="{index}" name={quoteattr(name)} value={quoteattr(value)} package={quoteattr(package)} '
        f'defaultValue={quoteattr(value)} defaultSysSet="{"true" if package == "android" else "false"}" />\n'
        for index, (name, value, package) in enumerate(rows)
    ]
    return (
        "<?xml version='1.0' encoding='UTF-8' standalone='yes' ?>\n"
        f'<settings version="-1">\n{"".join(lines)}</settings>\n'
    )


def _binary(identity: Identity) -> bytes:
    # Android 12+ writes these files as binary XML; the content behind the magic is ours, only abx2xml reads it.
    return b"ABX\x00" + json.dumps(ssaid_document(identity)).encode("utf-16-le")


def from_binary(data: bytes) -> str:
    """Undo `_binary`: what abx2xml does. Raises ValueError for anything else."""
    if not data.startswith(b"ABX\x00"):
        raise ValueError("Unexpected magic")
    return str(json.loads(data[4:].decode("utf-16-le")))


def _process_directories(processes: Processes) -> dict[str, Node]:
    found = {}
    for process in processes:
        node = found[str(process.pid)] = directory(0o555, process.uid, process.uid)
        command = (process.command or process.name).replace(" ", "\0").encode() + b"\0"
        node.children["cmdline"] = file(command, 0o444)
        status = (
            f"Name:\t{process.name[-15:]}\nState:\tS (sleeping)\nTgid:\t{process.pid}\nPid:\t{process.pid}\n"
            f"PPid:\t{process.parent}\nUid:\t{process.uid}\t{process.uid}\t{process.uid}\t{process.uid}\n"
            f"VmRSS:\t  121324 kB\nThreads:\t31\n"
        )
        node.children["status"] = file(status.encode(), 0o444)
    return found


def _contexts(files: Files) -> None:
    for path, context in (
        ("/data/local/tmp", "u:object_r:shell_data_file:s0"),
        ("/data", "u:object_r:system_data_root_file:s0"),
        ("/data/app", "u:object_r:apk_data_file:s0"),
        ("/data/misc/user/0/cacerts-added", "u:object_r:misc_user_data_file:s0"),
        ("/storage/emulated/0", "u:object_r:fuse:s0"),
    ):
        files.node(path).context = context
