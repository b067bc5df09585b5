"""A lab device for tests: in a thread of its own, behind a private adb server, with a screen that draws nothing."""

import asyncio
import io
import os
import subprocess
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import adbutils
from PIL import Image

from lab.device import LabDevice
from lab.profile import load_profile

T = TypeVar("T")
NODE = (
    '<node index="{index}" text="{text}" resource-id="{resource}" class="{kind}" package="{package}" content-desc="" '
    'checkable="false" checked="false" clickable="{clickable}" enabled="true" focusable="true" focused="false" '
    'scrollable="false" long-clickable="false" password="false" selected="false" visible-to-user="true" '
    'bounds="{bounds}" drawing-order="0" hint="" display-id="0"'
)


@dataclass(frozen=True)
class Focus:
    package: str
    activity: str
    task_package: str


@dataclass
class StandInSurface:
    """Implements the system's Surface in memory and notes what it was asked."""

    launcher: str = "com.android.launcher3"
    windows: list[tuple[str, str]] = field(default_factory=list)
    front: str = ""
    calls: list[tuple[Any, ...]] = field(default_factory=list)
    answer: str = "allow"
    typed: str = ""
    is_secure: bool = False
    alert: str = ""

    @property
    def focus(self) -> Focus:
        if self.alert:
            return Focus("android", self.alert, self.front)
        own = [window for window in self.windows if window[0] == self.front]
        package, activity = own[-1] if own else (self.launcher, f"{self.launcher}.Launcher")
        return Focus(package, activity, package)

    @property
    def secure(self) -> bool:
        return self.is_secure

    async def open_window(self, package: str, activity: str, url_path: str) -> None:
        self.windows.append((package, activity))
        self.front = package
        self.calls.append(("open", package, activity, url_path))

    async def close_window(self, package: str, activity: str) -> None:
        self.windows.remove((package, activity))

    async def close_windows(self, package: str) -> None:
        self.windows = [window for window in self.windows if window[0] != package]

    async def bring_to_front(self, package: str) -> None:
        self.front = package

    async def home(self) -> None:
        self.front = ""

    async def recents(self) -> None:
        self.calls.append(("recents",))

    async def key(self, name: str) -> None:
        self.calls.append(("key", name))

    async def tap(self, x: float, y: float, duration_ms: int = 50) -> None:
        self.calls.append(("tap", x, y, duration_ms))

    async def touch(self, action: str, x: float, y: float) -> None:
        self.calls.append(("touch", action, x, y))

    async def swipe(self, x1: float, y1: float, x2: float, y2: float, duration_ms: int) -> None:
        self.calls.append(("swipe", x1, y1, x2, y2, duration_ms))

    async def text(self, text: str) -> None:
        self.typed += text

    async def clear_text(self) -> None:
        self.typed = ""

    async def hierarchy(self) -> str:
        package = self.focus.package
        common = {"package": package, "bounds": "[100,800][300,900]"}
        button = NODE.format(
            index=0, text="同意并继续", resource="", kind="android.widget.Button", clickable="true", **common
        )
        field_ = NODE.format(
            index=1,
            text=self.typed,
            resource=f"{package}:id/name",
            kind="android.widget.EditText",
            clickable="true",
            **common,
        )
        root = NODE.format(
            index=0,
            text="",
            resource="",
            kind="android.widget.FrameLayout",
            clickable="false",
            package=package,
            bounds="[0,0][720,1600]",
        )
        return (
            "<?xml version='1.0' encoding='UTF-8' standalone='yes' ?>\r\n"
            f'<hierarchy rotation="0">{root}>{button} />{field_} /></node></hierarchy>'
        )

    async def screenshot(self, fmt: str, quality: int = 80) -> bytes:
        buffer = io.BytesIO()
        Image.new("RGB", (720, 1600), (20, 40, 80)).save(buffer, fmt)
        return buffer.getvalue()

    async def show_permission_dialog(self, package: str, label: str, permission_group: str) -> str:
        self.calls.append(("permission", package, label, permission_group))
        await asyncio.sleep(0.05)
        return self.answer

    async def show_anr(self, package: str) -> str:
        return self.answer

    async def show_crash(self, package: str) -> None:
        self.calls.append(("crash", package))

    async def show_toast(self, text: str) -> None:
        self.calls.append(("toast", text))

    async def clear_data(self, package: str) -> None:
        self.calls.append(("clear", package))


class Loop:
    """An event loop in a thread, for devices that tests drive from outside."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Callable[[], Awaitable[T]], seconds: float = 30) -> T:
        async def wrapped() -> T:
            return await work()

        return asyncio.run_coroutine_threadsafe(wrapped(), self.loop).result(seconds)

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(5)
        self.loop.close()


def write_app(folder: Path, package: str = "com.example.app", label: str = "示例", **more: str) -> Path:
    """A minimal app folder."""
    (folder / "web").mkdir(parents=True)
    (folder / "web" / "index.html").write_text("<h1>hello</h1>", encoding="utf-8")
    extra = "\n".join(f"{key} = {value}" for key, value in more.items())
    (folder / "app.toml").write_text(
        f'package = "{package}"\nlabel = "{label}"\nversion_name = "1.2.3"\nversion_code = 123\ncategory = "网上购物"\n'
        f'{extra}\n[[activities]]\nname = ".MainActivity"\npage = "index.html"\nmain = true\n',
        encoding="utf-8",
    )
    return folder


PERMISSIONS = '["android.permission.INTERNET", "android.permission.CAMERA", "android.permission.READ_CONTACTS"]'


@dataclass(frozen=True)
class AdbServer:
    """An adb server of our own: nobody's devices are seen, nobody sees ours."""

    port: int
    home: Path

    @property
    def environment(self) -> dict[str, str]:
        own = {"ANDROID_ADB_SERVER_PORT": str(self.port), "ADB_MDNS_OPENSCREEN": "0", "HOME": str(self.home)}
        return {**{name: value for name, value in os.environ.items() if name != "ANDROID_SERIAL"}, **own}

    def run(self, *arguments: str, data: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
        command = [adbutils.adb_path(), *arguments]
        return subprocess.run(command, input=data, capture_output=True, timeout=60, env=self.environment, check=False)

    def open(self, *arguments: str) -> subprocess.Popen[bytes]:
        command = [adbutils.adb_path(), *arguments]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, env=self.environment)


@dataclass
class Bench:
    """A running device, and the real adb that speaks to it."""

    device: LabDevice
    surface: StandInSurface
    loop: Loop
    server: AdbServer

    @property
    def serial(self) -> str:
        return self.device.serial

    def adb(self, *arguments: str, data: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
        return self.server.run("-s", self.serial, *arguments, data=data)

    def shell(self, command: str) -> str:
        """What the command wrote to standard output."""
        return self.adb("shell", command).stdout.decode()

    def run(self, work: Callable[[], Awaitable[T]]) -> T:
        return self.loop.run(work)

    @property
    def adbutils(self) -> adbutils.AdbDevice:
        return adbutils.AdbClient(host="127.0.0.1", port=self.server.port).device(self.serial)


@contextmanager
def running_device(directory: Path, server: AdbServer, *, profile: str = "aosp13", seed: int = 7) -> Iterator[Bench]:
    """A device with two plain apps, connected."""
    apps = directory / "apps"
    if not apps.exists():
        write_app(apps / "example", permissions=PERMISSIONS)
        write_app(apps / "other", package="com.example.other", label="另一个")
    loop = Loop()
    surface = StandInSurface()

    async def start() -> LabDevice:
        made = LabDevice(load_profile(profile), apps, directory, seed, surface=surface)
        await made.start()
        return made

    device = loop.run(start)
    try:
        connected = server.run("connect", device.serial)
        assert connected.stdout.startswith(b"connected"), connected
        yield Bench(device, surface, loop, server)
    finally:
        server.run("disconnect", device.serial)
        loop.run(device.close)
        loop.close()
