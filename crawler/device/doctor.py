"""What is missing on this machine and on its devices, and how to mend it.

Looks and changes nothing, but for one thing: an adb server that does not run is started, since without it nothing
can be said about devices.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import adbutils

from crawler.device.adb_server import choose_device, list_attached, start_server, state_mend
from crawler.device.driver import DeviceDriver, connect
from crawler.device.errors import DeviceError
from crawler.device.model import AttachedDevice

__all__ = [
    "Check",
    "check_adb",
    "check_adb_server",
    "check_device",
    "check_devices",
    "check_disk",
    "check_libraries",
    "check_machine",
    "check_python",
    "check_tesseract",
]

_SECONDS = 10
_PYTHONS = ((3, 11), (3, 14))
_LEAST_SDK = 24
_LEAST_FREE_BYTES = 2 * 1024**3
_LANGUAGES = ("chi_sim", "eng")
_LIBRARIES: Mapping[str, str] = {
    "mitmproxy": "reads the traffic",
    "cv2": "looks at screenshots",
    "onnxruntime": "runs the quick text reader",
    "rapidocr": "reads text in screenshots",
    "uiautomator2": "drives the device",
    "cryptography": "signs the record",
}
_SET_UP = "Run `make setup` in the project's folder."


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at."""

    name: str
    ok: bool
    found: str
    mend: str = ""
    """What to do. Empty when nothing needs to be done."""


def check_machine(serial: str | None = None) -> tuple[Check, ...]:
    """Everything about this machine, and about one device: the named one, or the only one attached."""
    checks = [check_python(), *check_libraries(), check_tesseract(), check_disk(Path.cwd()), check_adb()]
    if not checks[-1].ok:
        return tuple(checks)
    checks.append(check_adb_server())
    if not checks[-1].ok:
        return tuple(checks)
    attached = list_attached()
    checks += check_devices(attached)
    usable = [device.serial for device in attached if device.usable]
    if serial is not None or len(usable) == 1:
        checks += _check_one(serial)
    return tuple(checks)


def check_python(version: tuple[int, int] = (sys.version_info[0], sys.version_info[1])) -> Check:
    least, beyond = _PYTHONS
    return Check(
        name="Python",
        ok=least <= version < beyond,
        found=".".join(str(number) for number in version),
        mend="Make the environment anew with Python 3.11, 3.12 or 3.13: `make setup PYTHON=python3.12`.",
    )


def check_libraries(names: Mapping[str, str] = _LIBRARIES) -> tuple[Check, ...]:
    """Only the missing ones, or one line when all are there."""
    missing = [name for name in names if importlib.util.find_spec(name) is None]
    if not missing:
        return (Check(name="libraries", ok=True, found=", ".join(names)),)
    return tuple(
        Check(name=f"library {name}", ok=False, found=f"missing: {names[name]}", mend=_SET_UP) for name in missing
    )


def check_tesseract(languages: tuple[str, ...] = _LANGUAGES) -> Check:
    """The second, independent reader of screenshots, with the languages of the apps."""
    packages = "tesseract-ocr " + " ".join(f"tesseract-ocr-{name.replace('_', '-')}" for name in languages)
    mend = f"Install it: `apt-get install {packages}` (or let `make setup` do it)."
    program = shutil.which("tesseract")
    if program is None:
        return Check(name="tesseract", ok=False, found="not installed", mend=mend)
    try:
        listed = subprocess.run(
            [program, "--list-langs"], capture_output=True, text=True, timeout=_SECONDS, check=False, errors="replace"
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Check(name="tesseract", ok=False, found=f"cannot be run: {error}", mend=mend)
    there = set((listed.stdout + listed.stderr).split())
    missing = [name for name in languages if name not in there]
    found = f"lacks {', '.join(missing)}" if missing else f"with {', '.join(languages)}"
    return Check(name="tesseract", ok=not missing, found=found, mend=mend)


def check_disk(directory: Path, least_bytes: int = _LEAST_FREE_BYTES) -> Check:
    mend = "Free some space, or run in a folder on another disk and one that you may write to."
    try:
        free = shutil.disk_usage(directory).free
    except OSError as error:
        return Check(name="disk", ok=False, found=f"{directory}: {error.strerror or error}", mend=mend)
    writable = os.access(directory, os.W_OK)
    found = f"{free / 1024**3:.1f} GiB free in {directory}" + ("" if writable else ", which is not writable")
    return Check(name="disk", ok=writable and free >= least_bytes, found=found, mend=mend)


def check_adb() -> Check:
    mend = "Install adb: `apt-get install adb`, or reinstall the adbutils package, which brings one."
    try:
        program = adbutils.adb_path()
        said = subprocess.run(
            [program, "version"], capture_output=True, text=True, timeout=_SECONDS, check=False, errors="replace"
        )
    except (adbutils.AdbError, OSError, subprocess.TimeoutExpired) as error:
        return Check(name="adb", ok=False, found=str(error), mend=mend)
    version = re.search(r"Version (\S+)|version (\S+)", said.stdout)
    found = f"{program} {version[1] or version[2]}" if version else f"{program} does not tell its version"
    return Check(name="adb", ok=said.returncode == 0, found=found, mend=mend)


def check_adb_server() -> Check:
    try:
        start_server()
    except DeviceError as error:
        return Check(name="adb server", ok=False, found=str(error), mend=error.mend)
    return Check(name="adb server", ok=True, found="running")


def check_devices(attached: tuple[AttachedDevice, ...]) -> tuple[Check, ...]:
    """One line for each attached device; one that says so when there is none."""
    if not attached:
        return (
            Check(
                name="devices",
                ok=False,
                found="none attached",
                mend="Attach a phone with USB debugging switched on, or `adb connect HOST:PORT`.",
            ),
        )
    return tuple(
        Check(
            name=f"device {device.serial}",
            ok=device.usable,
            found=f"{device.state}, {device.model}" if device.model else device.state,
            mend="" if device.usable else state_mend(device.state),
        )
        for device in attached
    )


def check_device(driver: DeviceDriver) -> tuple[Check, ...]:
    """What one usable device can be used for. Raises DeviceError when it goes away meanwhile."""
    info = driver.info()
    return (
        Check(
            name="Android",
            ok=info.sdk >= _LEAST_SDK,
            found=f"{info.android} on {info.manufacturer} {info.model}",
            mend="Use a device with Android 7 or newer.",
        ),
        Check(
            name="root",
            ok=info.rooted,
            found="commands can be run as root" if info.rooted else "no root: what apps send over TLS cannot be read",
            mend="Use a rooted device or an emulator for TLS; without, such traffic is reported as not observable.",
        ),
        _check_storage(driver),
    )


def _check_storage(driver: DeviceDriver) -> Check:
    text = driver.shell("df -k /data").output
    found = re.search(r"^\S+\s+\d+\s+\d+\s+(\d+)\s+\d+%", text, re.MULTILINE)
    if found is None:
        return Check(name="storage", ok=True, found="the device does not tell")
    free = int(found[1]) * 1024
    return Check(
        name="storage",
        ok=free >= _LEAST_FREE_BYTES // 2,
        found=f"{free / 1024**3:.1f} GiB free on the device",
        mend="Free some storage on the device; with a full one installations and screenshots fail.",
    )


def _check_one(serial: str | None) -> tuple[Check, ...]:
    try:
        driver = connect(choose_device(serial))
        try:
            return check_device(driver)
        finally:
            driver.close()
    except DeviceError as error:
        return (Check(name=f"device {serial or ''}".strip(), ok=False, found=str(error), mend=error.mend),)
