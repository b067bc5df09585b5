"""The seam between the program and a device, and the one list of what can stand behind it.

A new driver: implement DeviceDriver, add a loader to DRIVERS, describe it in docs/architecture.md.
Nothing behind this seam taps, grants or dismisses anything on its own.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Literal, Protocol

from crawler.device.model import (
    Acted,
    AttachedDevice,
    DeviceInfo,
    Foreground,
    Observation,
    PackageInfo,
    Recovery,
    ShellResult,
)
from evidence.clock import Clock, SystemClock

__all__ = ["DRIVERS", "DeviceDriver", "Key", "connect", "list_devices"]

Key = Literal["back", "home", "recents", "enter", "wakeup"]


class DeviceDriver(Protocol):
    """One attached device. Every call has a deadline and raises only DeviceError.

    Inputs (tap, press, swipe, type_text) are sent at most once. When the answer to one is lost, ActionUncertain is
    raised: whether it arrived is unknown. Reading calls are repeated after a recovery.
    """

    @property
    def serial(self) -> str: ...

    @property
    def clock(self) -> Clock: ...

    def info(self) -> DeviceInfo:
        """Read once, then remembered."""
        ...

    def observe(self, package: str | None = None) -> Observation:
        """Look at the screen. `package`: whose process `app_running` is about.

        Raises DeviceLost when the device is gone; every lesser failure is written into the observation.
        """
        ...

    def foreground(self) -> Foreground | None:
        """None when no window has the focus (screen off, lock screen, between two activities)."""
        ...

    def running(self, package: str) -> bool: ...

    def tap(self, x: int, y: int) -> Acted: ...

    def press(self, key: Key) -> Acted: ...

    def swipe(self, start: tuple[int, int], end: tuple[int, int], duration_ms: int = 300) -> Acted: ...

    def type_text(self, text: str) -> Acted:
        """Into the field that has the focus, through the clipboard (any script), which is left with that text."""
        ...

    def launch(self, package: str) -> Acted:
        """Start the package's launcher activity, as a tap on its icon does. Does not wait for its first frame.

        Raises PackageMissing, or CommandFailed when the package has nothing to launch.
        """
        ...

    def stop(self, package: str) -> None:
        """Force-stop."""
        ...

    def install(self, apk_path: Path) -> None:
        """Install or replace, granting nothing. Raises NotAnApk before touching the device, else InstallFailed."""
        ...

    def uninstall(self, package: str) -> None: ...

    def clear(self, package: str) -> None:
        """`pm clear`: data, granted permissions and permission answers are as after an installation."""
        ...

    def package_info(self, package: str) -> PackageInfo:
        """Raises PackageMissing."""
        ...

    def set_clipboard(self, text: str) -> None: ...

    def shell(self, command: str, deadline_seconds: float = 10) -> ShellResult:
        """Run one command line. A non-zero exit code is a value, not an error."""
        ...

    def root_shell(self, command: str, deadline_seconds: float = 10) -> ShellResult:
        """The same as root. Raises CommandFailed on a device that is not rooted."""
        ...

    def stream(self, command: str) -> "DeviceStream":
        """Start a long-lived command whose output is read as it comes."""
        ...

    def push(self, content: bytes, device_path: str, mode: int = 0o644) -> None: ...

    def reverse(self, host_port: int) -> int:
        """Let the device reach 127.0.0.1:host_port of the host; returns the port to use on the device."""
        ...

    def remove_reverse(self, device_port: int) -> None:
        """Also when it is already gone."""
        ...

    def reverses(self) -> tuple[tuple[int, int], ...]:
        """Reversed ports in force, ours and others': (port on the device, port on the host)."""
        ...

    def take_recoveries(self) -> tuple[Recovery, ...]:
        """What was mended since the last call, each once. The session writes them down as Trouble."""
        ...

    def close(self) -> None:
        """Let go of the device. What was changed on it is preparation's affair, not the driver's."""
        ...


class DeviceStream(Protocol):
    """A running command: its output, and a way to feed it."""

    def write(self, content: bytes) -> None:
        """To its standard input. Raises DeviceLost."""
        ...

    def read(self, timeout_seconds: float) -> bytes | None:
        """The next piece. b"" when the command has ended; None when nothing came in time. Raises DeviceLost."""
        ...

    def close(self) -> None:
        """Ends the command too. Safe to call twice and from another thread; a waiting read then returns b""."""
        ...


def _uiautomator2(serial: str, clock: Clock) -> DeviceDriver:
    from crawler.device.uiautomator2_driver import Uiautomator2Driver

    return Uiautomator2Driver(serial, clock=clock)


DRIVERS: tuple[tuple[str, Callable[[str, Clock], DeviceDriver]], ...] = (("uiautomator2", _uiautomator2),)
"""Name and loader; the first one is used."""


def list_devices() -> tuple[AttachedDevice, ...]:
    """All attached devices, usable or not, ordered by serial. Raises AdbUnavailable."""
    from crawler.device.adb_server import list_attached

    return list_attached()


def connect(serial: str | None = None, *, clock: Clock | None = None) -> DeviceDriver:
    """The device with this serial, or the only one attached.

    Raises NoDevice, DeviceNotFound, SeveralDevices, DeviceUnusable, AdbUnavailable.
    """
    from crawler.device.adb_server import choose_device

    _, load = DRIVERS[0]
    return load(choose_device(serial), clock or SystemClock())
