"""The adb server of this host: starting it, asking it, choosing a device.

adbutils opens the connections; what runs over them is read with our deadlines, because its own readers wait up to
ten minutes, ask the server for its version before every call and sleep 10 ms after it.
"""

import os
import re
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import adbutils

from crawler.device.errors import (
    AdbUnavailable,
    CommandFailed,
    DeviceBusy,
    DeviceError,
    DeviceLost,
    DeviceNotFound,
    DeviceTimeout,
    DeviceUnusable,
    NoDevice,
    SeveralDevices,
)
from crawler.device.model import AttachedDevice

__all__ = [
    "TRANSPORT_ERRORS",
    "adb_client",
    "ask_server",
    "choose_device",
    "list_attached",
    "shorten",
    "start_server",
    "state_mend",
    "wrapped",
]

TRANSPORT_ERRORS = (OSError, EOFError, adbutils.AdbError)
"""What adbutils and a socket raise when the other side is gone. Wrapped before they leave this package."""

_SERVER_SECONDS = 20
_LIST_SECONDS = 5
_CONNECT_SECONDS = 10
_REMOTE_SERIAL = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}:\d{1,5}|[\w.-]+:\d{1,5}|\[[0-9a-fA-F:]+\]:\d{1,5}")
_STATE_MENDS = {
    "unauthorized": "Unlock the device and accept its question whether to trust this computer, then run again.",
    "authorizing": "Unlock the device and accept its question whether to trust this computer, then run again.",
    "offline": "Unplug the device and plug it in again (or `adb disconnect` and `adb connect` it), then run again.",
    "recovery": "Start the device into its normal system, then run again.",
    "sideload": "Start the device into its normal system, then run again.",
    "bootloader": "Start the device into its normal system, then run again.",
    "no": "Let your user access USB devices (udev rules of the android-sdk-platform-tools-common package).",
}


def start_server() -> None:
    """Make sure that an adb server runs. Raises AdbUnavailable."""
    if _server_answers():
        return
    try:
        program = adbutils.adb_path()
        # Into a file, not a pipe: the server lives on with our end of a pipe and we would wait for it for ever.
        with tempfile.TemporaryFile() as said:
            ended = subprocess.run(
                [program, "start-server"],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                timeout=_SERVER_SECONDS,
                check=False,
            )
            said.seek(0)
            words = said.read(2000).decode("utf-8", "replace").strip()
    except (adbutils.AdbError, OSError) as error:
        raise AdbUnavailable(f"adb cannot be run: {error}") from error
    except subprocess.TimeoutExpired as error:
        raise AdbUnavailable(f"the adb server did not start within {_SERVER_SECONDS} s") from error
    if ended.returncode != 0 or not _server_answers():
        raise AdbUnavailable(f"the adb server does not start: {words or 'it says nothing'}")


def list_attached() -> tuple[AttachedDevice, ...]:
    """All attached devices, usable or not, ordered by serial. Raises AdbUnavailable."""
    text = ask_server("host:devices-l", _LIST_SECONDS)
    rows = (line.split() for line in text.splitlines())
    return tuple(sorted((_attached(row) for row in rows if len(row) > 1), key=lambda device: device.serial))


def choose_device(serial: str | None) -> str:
    """The serial of the device to use: the named one, else the only usable one."""
    devices = list_attached()
    if serial is None:
        serial = os.environ.get("ANDROID_SERIAL") or None
    if serial is None:
        return _only(devices)
    if all(device.serial != serial for device in devices) and _REMOTE_SERIAL.fullmatch(serial):
        # `adb connect` answers in words and returns success either way: the list of devices tells what came of it.
        with suppress(CommandFailed, DeviceTimeout):
            ask_server(f"host:connect:{serial}", _CONNECT_SECONDS)
        devices = list_attached()
    for device in devices:
        if device.serial == serial:
            return _usable(device).serial
    raise DeviceNotFound(f"device {serial} is not attached", attached=tuple(d.serial for d in devices))


def _only(devices: tuple[AttachedDevice, ...]) -> str:
    usable = [device for device in devices if device.usable]
    if len(usable) > 1:
        serials = tuple(device.serial for device in usable)
        raise SeveralDevices(f"{len(usable)} devices are attached: {', '.join(serials)}", attached=serials)
    if usable:
        return usable[0].serial
    if devices:
        return _usable(devices[0]).serial
    raise NoDevice("no device is attached")


def _usable(device: AttachedDevice) -> AttachedDevice:
    if not device.usable:
        raise DeviceUnusable(
            f"device {device.serial} is attached, but in state {device.state!r}", mend=state_mend(device.state)
        )
    return device


def state_mend(state: str) -> str:
    """What to do about a device that is attached in this state."""
    return _STATE_MENDS.get(state, DeviceUnusable.default_mend)


def _attached(row: list[str]) -> AttachedDevice:
    tags = dict(part.split(":", 1) for part in row[2:] if ":" in part)
    return AttachedDevice(serial=row[0], state=row[1], model=tags.get("model"))


def _server_address() -> tuple[str, int]:
    host = os.environ.get("ANDROID_ADB_SERVER_HOST", "127.0.0.1")
    port = os.environ.get("ANDROID_ADB_SERVER_PORT", "5037")
    if not port.isdigit():
        raise AdbUnavailable(
            f"ANDROID_ADB_SERVER_PORT is {port!r}, not a number", mend="Unset ANDROID_ADB_SERVER_PORT, or set a port."
        )
    return host, int(port)


def _server_answers() -> bool:
    try:
        with socket.create_connection(_server_address(), timeout=3):
            return True
    except OSError:
        return False


def ask_server(service: str, seconds: float) -> str:
    start_server()
    with wrapped(None, service):
        connection = adb_client().make_connection(timeout=seconds)
        with connection.conn:
            connection.send_command(service)
            connection.check_okay()
            return str(connection.read_string_block())


def adb_client() -> adbutils.AdbClient:
    host, port = _server_address()
    return adbutils.AdbClient(host=host, port=port)


@contextmanager
def wrapped(serial: str | None, doing: str) -> Iterator[None]:
    """Turn what adbutils and sockets raise into our own errors."""
    try:
        yield
    except (TimeoutError, adbutils.AdbTimeout) as error:
        raise DeviceTimeout(f"{serial or 'the adb server'} did not answer in time ({shorten(doing)})") from error
    except TRANSPORT_ERRORS as error:
        raise _failure(serial, doing, error) from error
    except ValueError as error:  # adbutils reads lengths with int(): a foreign program may listen on the port
        raise AdbUnavailable(f"what listens on port {_server_address()[1]} is not an adb server") from error


def _failure(serial: str | None, doing: str, error: Exception) -> DeviceError:
    words = str(error).strip() or type(error).__name__
    lower = words.lower()
    if serial is None:
        return AdbUnavailable(f"the adb server failed ({shorten(doing)}): {words}")
    if "unauthorized" in lower or "authorizing" in lower:
        return DeviceUnusable(f"device {serial} does not trust this computer", mend=_STATE_MENDS["unauthorized"])
    if "more than one" in lower:
        return DeviceBusy(f"adb lists {serial} more than once", mend=f"`adb disconnect {serial}` and connect it again.")
    if isinstance(error, adbutils.AdbError) and lower == "closed":
        return CommandFailed(f"device {serial} refused the service {shorten(doing)!r}")
    return DeviceLost(f"device {serial} is gone: {words}")


def shorten(text: str) -> str:
    return text if len(text) <= 80 else text[:77] + "..."
