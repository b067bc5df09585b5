"""What can go wrong between us and a device, and what a person can do about it.

    DeviceError
    ├── AdbUnavailable         no usable adb program, or its server does not start
    ├── NoDevice               nothing is attached
    │   └── DeviceNotFound     the named one is not attached
    ├── SeveralDevices         more than one attached and none named
    ├── DeviceUnusable         attached, but unauthorized, offline, in recovery ...
    ├── DeviceBusy             another program holds it (retryable)
    ├── DeviceLost             it was there and went away (retryable)
    ├── DeviceTimeout          it did not answer within its deadline (retryable)
    ├── ServerDied             the automation server is gone and could not be healed (retryable)
    ├── CommandFailed          the device answered a command with an error
    ├── InputRefused           the device does not let us tap or type
    ├── ActionUncertain        an input was sent and its answer lost: nobody knows whether it arrived
    ├── InstallFailed          the package installer said no; `.reason` is its own word
    │   └── NotAnApk           a file that no installer would take
    ├── PackageMissing         the named package is not installed
    └── PreparationFailed      the device could not be prepared for (or brought back after) a session

What an app does (crash, hang, draw nothing, forbid screenshots) is never an error: it is a fact.
"""

from typing import ClassVar

__all__ = [
    "ActionUncertain",
    "AdbUnavailable",
    "CommandFailed",
    "DeviceBusy",
    "DeviceError",
    "DeviceLost",
    "DeviceNotFound",
    "DeviceTimeout",
    "DeviceUnusable",
    "InputRefused",
    "InstallFailed",
    "NoDevice",
    "NotAnApk",
    "PackageMissing",
    "PreparationFailed",
    "ServerDied",
    "SeveralDevices",
]


class DeviceError(Exception):
    """Base of everything this package raises on purpose."""

    exit_code: ClassVar[int] = 70
    retryable: ClassVar[bool] = False
    default_mend: ClassVar[str] = "Run `appwitness doctor`; if it finds nothing, report this with the message above."

    def __init__(self, message: str, *, mend: str | None = None):
        super().__init__(message)
        self.mend = mend or self.default_mend


class AdbUnavailable(DeviceError):
    exit_code = 69
    default_mend = "Install adb (it also comes with the adbutils package) and check with `adb start-server`."


class NoDevice(DeviceError):
    exit_code = 69
    default_mend = "Attach a phone with USB debugging switched on, or `adb connect HOST:PORT`, then `adb devices`."


class DeviceNotFound(NoDevice):
    """`.attached` lists what is there instead."""

    default_mend = "Name one of the attached devices, or attach the missing one; `appwitness devices` lists them."

    def __init__(self, message: str, *, attached: tuple[str, ...] = (), mend: str | None = None):
        super().__init__(message, mend=mend)
        self.attached = attached


class SeveralDevices(DeviceError):
    """`.attached` lists the candidates."""

    exit_code = 64
    default_mend = "Name one of them with --device SERIAL."

    def __init__(self, message: str, *, attached: tuple[str, ...] = (), mend: str | None = None):
        super().__init__(message, mend=mend)
        self.attached = attached


class DeviceUnusable(DeviceError):
    exit_code = 77
    default_mend = "Unlock the device, accept its debugging question, and check with `adb devices`."


class DeviceBusy(DeviceError):
    exit_code = 75
    retryable = True
    default_mend = "Stop the other program that drives this device (another session, Appium, a uiautomator dump)."


class DeviceLost(DeviceError):
    exit_code = 75
    retryable = True
    default_mend = "Check cable, power and network of the device, wait until `adb devices` shows it, then run again."


class DeviceTimeout(DeviceError):
    exit_code = 75
    retryable = True
    default_mend = "See whether the device still reacts to touch; restart it if not, then run again."


class ServerDied(DeviceError):
    exit_code = 75
    retryable = True
    default_mend = "Restart the device and run again; something keeps killing the automation server."


class CommandFailed(DeviceError):
    default_mend = "Read the device's own words above; a vendor system may forbid this command."


class InputRefused(DeviceError):
    exit_code = 77
    default_mend = (
        "Allow simulated input in the developer options (on Xiaomi phones: 'USB debugging (Security settings)')."
    )


class ActionUncertain(DeviceError):
    """Never repeated by the driver: a second tap could be a second consent."""

    exit_code = 75
    default_mend = "Run this session again from a fresh state."


class InstallFailed(DeviceError):
    exit_code = 65
    default_mend = "Read the installer's reason above; `adb install` of the same file shows the same."

    def __init__(self, message: str, *, reason: str = "UNKNOWN", mend: str | None = None):
        super().__init__(message, mend=mend)
        self.reason = reason


class NotAnApk(InstallFailed):
    default_mend = (
        "Give an .apk (a zip archive with an AndroidManifest.xml), or an .apks, .xapk or .apkm with all its parts."
    )

    def __init__(self, message: str, *, mend: str | None = None):
        super().__init__(message, reason="NOT_AN_APK", mend=mend)


class PackageMissing(DeviceError):
    exit_code = 66
    default_mend = "Install the app first, or check the package name; `adb shell pm list packages` lists all."


class PreparationFailed(DeviceError):
    default_mend = "Run `appwitness device restore`, then try again."
