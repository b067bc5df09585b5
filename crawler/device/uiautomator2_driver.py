"""The driver for everything that adb can reach: phones, tablets, emulators."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path

from crawler.device import applications
from crawler.device.adb import AdbTransport, ShellStream
from crawler.device.automation import AutomationServer
from crawler.device.driver import Key
from crawler.device.dumps import parse_locale, parse_properties
from crawler.device.errors import CommandFailed, DeviceError, InputRefused
from crawler.device.looking import Looking
from crawler.device.model import Acted, DeviceInfo, Foreground, Observation, PackageInfo, Recovery, ShellResult
from evidence.clock import Clock, SystemClock

__all__ = ["Uiautomator2Driver"]

_SHELL_SECONDS = 10.0
_INPUT_SECONDS = 15
_PUSH_SECONDS = 60
_SWIPE_STEP_MS = 5
_SEPARATOR = "==appwitness=="
_KEY_CODES: dict[Key, int] = {"back": 4, "home": 3, "enter": 66, "recents": 187, "wakeup": 224}
_ROOT_FORMS = ("{command}", "su -c {quoted}", "su 0 sh -c {quoted}")
"""adbd as root; Magisk's and KernelSU's su; the su of AOSP's engineering builds."""


class Uiautomator2Driver:
    """See DeviceDriver. Reading calls may come from any thread, inputs from one at a time."""

    def __init__(self, serial: str, *, clock: Clock | None = None):
        self._clock: Clock = clock or SystemClock()
        self._transport = AdbTransport(serial, clock=self._clock)
        self._server = AutomationServer(self._transport)
        self._looking = Looking(self._transport, self._server)
        self._info: DeviceInfo | None = None
        self._root_form: str | None = None

    @property
    def serial(self) -> str:
        return self._transport.serial

    @property
    def clock(self) -> Clock:
        return self._clock

    def info(self) -> DeviceInfo:
        if self._info is None:
            self._info = self._read_info()
        return self._info

    def observe(self, package: str | None = None) -> Observation:
        info = self.info()
        return self._looking.observe(package, (info.width, info.height))

    def foreground(self) -> Foreground | None:
        return self._looking.windows(None).foreground

    def running(self, package: str) -> bool:
        return applications.running(self._transport, package)

    def tap(self, x: int, y: int) -> Acted:
        return self._input("click", x, y)

    def press(self, key: Key) -> Acted:
        # By code: pressKey waits up to a second for the screen to change and calls it a failure when it does not.
        return self._input("pressKeyCode", _KEY_CODES[key])

    def swipe(self, start: tuple[int, int], end: tuple[int, int], duration_ms: int = 300) -> Acted:
        return self._input("swipe", *start, *end, max(1, duration_ms // _SWIPE_STEP_MS))

    def type_text(self, text: str) -> Acted:
        self.set_clipboard(text)
        return self._input("pasteClipboard")

    def set_clipboard(self, text: str) -> None:
        self._server.act("setClipboard", None, text, seconds=_INPUT_SECONDS)

    def launch(self, package: str) -> Acted:
        return self._acted(lambda: applications.launch(self._transport, package))

    def stop(self, package: str) -> None:
        applications.stop(self._transport, package)

    def install(self, apk_path: Path) -> None:
        applications.install(self._transport, apk_path)

    def uninstall(self, package: str) -> None:
        applications.uninstall(self._transport, package)

    def clear(self, package: str) -> None:
        applications.clear(self._transport, package)

    def package_info(self, package: str) -> PackageInfo:
        return applications.describe(self._transport, package)

    def shell(self, command: str, deadline_seconds: float = _SHELL_SECONDS) -> ShellResult:
        return self._transport.shell(command, deadline_seconds)

    def root_shell(self, command: str, deadline_seconds: float = _SHELL_SECONDS) -> ShellResult:
        if not self.info().rooted or self._root_form is None:
            raise CommandFailed(
                f"device {self.serial} is not rooted", mend="Use a rooted device or emulator (`adb root`) for this."
            )
        return self._transport.shell(_as_root(self._root_form, command), deadline_seconds)

    def stream(self, command: str) -> ShellStream:
        return self._transport.stream(command)

    def push(self, content: bytes, device_path: str, mode: int = 0o644) -> None:
        self._transport.push(content, device_path, mode, _PUSH_SECONDS)

    def reverse(self, host_port: int) -> int:
        return self._transport.reverse(host_port)

    def remove_reverse(self, device_port: int) -> None:
        self._transport.remove_reverse(device_port)

    def reverses(self) -> tuple[tuple[int, int], ...]:
        return self._transport.reverses()

    def take_recoveries(self) -> tuple[Recovery, ...]:
        return self._server.take_recoveries()

    def close(self) -> None:
        self._looking.close()
        self._server.close()

    def _input(self, method: str, *params: object) -> Acted:
        def send() -> None:
            try:
                answer = self._server.act(method, *params, seconds=_INPUT_SECONDS)
            except CommandFailed as error:
                if "INJECT_EVENTS" in str(error) or "SecurityException" in str(error):
                    raise InputRefused(f"device {self.serial} does not let us {method}") from error
                raise
            if answer is False:
                raise InputRefused(f"device {self.serial} did not take the {method}")

        return self._acted(send)

    def _acted(self, act: Callable[[], None]) -> Acted:
        started = self._clock.monotonic_ns()
        act()
        return Acted(started_mono=started, finished_mono=self._clock.monotonic_ns())

    def _read_info(self) -> DeviceInfo:
        commands = ("getprop", "wm size", "settings get system system_locales")
        output = self._transport.shell(f"; echo {_SEPARATOR}; ".join(commands), _SHELL_SECONDS).output
        text, size, locales = ([*output.split(_SEPARATOR), "", ""])[:3]
        properties = parse_properties(text)
        if not properties:
            raise CommandFailed(f"device {self.serial} does not tell its properties")
        self._root_form = self._find_root()
        width, height = _screen_size(size)
        return DeviceInfo(
            serial=self.serial,
            model=properties.get("ro.product.model", ""),
            manufacturer=properties.get("ro.product.manufacturer", ""),
            android=properties.get("ro.build.version.release", ""),
            sdk=_whole_number(properties.get("ro.build.version.sdk", "")),
            build=properties.get("ro.build.fingerprint") or properties.get("ro.build.display.id", ""),
            rooted=self._root_form is not None,
            width=width,
            height=height,
            locale=_first_locale(locales) or parse_locale(properties),
        )

    def _find_root(self) -> str | None:
        """How to become root. A su that asks the owner first counts once the owner has said yes."""
        for form in _ROOT_FORMS:
            try:
                result = self._transport.shell(_as_root(form, "id -u"), _SHELL_SECONDS)
            except DeviceError:
                continue
            if result.ok and result.output.strip() == "0":
                return form
        return None


def _as_root(form: str, command: str) -> str:
    return form.format(command=command, quoted=shlex.quote(command))


def _screen_size(text: str) -> tuple[int, int]:
    """`wm size`: the physical size, then the one that overrides it."""
    sizes = re.findall(r"size: (\d{1,5})x(\d{1,5})", text)
    return (int(sizes[-1][0]), int(sizes[-1][1])) if sizes else (0, 0)


def _first_locale(text: str) -> str:
    first = text.strip().split(",")[0]
    return first if re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", first) and first != "null" else ""


def _whole_number(text: str) -> int:
    return int(text) if re.fullmatch(r"[0-9]{1,4}", text) else 0
