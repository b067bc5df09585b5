"""Values that pass between a device and the rest of the program.

Frozen, without behaviour and without a handle to the device they came from: any of them can be read again tomorrow.
"""

from dataclasses import dataclass

from crawler.device.errors import (
    ActionUncertain,
    AdbUnavailable,
    CommandFailed,
    DeviceBusy,
    DeviceError,
    DeviceLost,
    DeviceNotFound,
    DeviceTimeout,
    DeviceUnusable,
    InputRefused,
    InstallFailed,
    NoDevice,
    NotAnApk,
    PackageMissing,
    PreparationFailed,
    ServerDied,
    SeveralDevices,
)

__all__ = [
    "Acted",
    "ActionUncertain",
    "AdbUnavailable",
    "AttachedDevice",
    "CommandFailed",
    "DeviceBusy",
    "DeviceError",
    "DeviceInfo",
    "DeviceLost",
    "DeviceNotFound",
    "DeviceTimeout",
    "DeviceUnusable",
    "Foreground",
    "InputRefused",
    "InstallFailed",
    "NoDevice",
    "NotAnApk",
    "Observation",
    "PackageInfo",
    "PackageMissing",
    "Permission",
    "PreparationFailed",
    "Recovery",
    "ServerDied",
    "SeveralDevices",
    "ShellResult",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachedDevice:
    """A row of `adb devices`: attached, but not necessarily usable."""

    serial: str
    state: str
    """adb's own word: "device" is the only one that can be driven; else "unauthorized", "offline", "recovery" ..."""
    model: str | None
    """As adb tells it, words joined by underscores. None when the device does not say (it is not usable then)."""

    @property
    def usable(self) -> bool:
        return self.state == "device"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceInfo:
    """What device this is. An empty string means that the device does not say."""

    serial: str
    """The name adb knows it by (what --device takes), not the number printed on the box."""
    model: str
    manufacturer: str
    android: str
    """ro.build.version.release, for instance "13"."""
    sdk: int
    build: str
    """ro.build.fingerprint, else the display id."""
    rooted: bool
    """True when commands can be run as root, through adbd itself or a working `su`."""
    width: int
    height: int
    """Pixels of the screen in its natural orientation."""
    locale: str
    """BCP 47, for instance "zh-CN"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreground:
    """The activity that has the screen."""

    package: str
    activity: str | None
    """Full class name. None when only a window without an activity is known to have the focus."""
    task_package: str | None
    """Who owns the task it stands in: a permission dialog stands in the task of the app that asked. None: unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One look at the device: picture, hierarchy and foreground, taken at the same time.

    A part that could not be had is None and its failure says why; nothing is ever replaced by something made up.
    """

    shot: bytes | None
    """Lossless PNG, whole and readable; None when the device gives none."""
    shot_failure: str | None
    hierarchy: str | None
    """The XML as the device wrote it: possibly with illegal characters, possibly without any node."""
    hierarchy_failure: str | None
    foreground: Foreground | None
    foreground_failure: str | None
    secure: bool | None
    """True: a window forbids pictures of itself (then shot is None). False: the picture shows the screen.
    None: nobody knows."""
    app_running: bool | None
    """Whether the package asked about has its process. None: not asked, or not known."""
    width: int
    height: int
    """Pixels of the picture, or of the screen where there is none."""
    started_mono: int
    finished_mono: int
    device_ns: int
    """How long the slowest of the device's own answers took: what this look cost beyond it is ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acted:
    """An input that the device confirmed. Host monotonic nanoseconds before sending and after the answer."""

    started_mono: int
    finished_mono: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """Something broke between us and the device and was mended without the caller noticing."""

    what: str
    """One sentence: what was found broken and what was done."""
    started_mono: int
    finished_mono: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """A runtime permission as the package service holds it."""

    name: str
    granted: bool
    flags: tuple[str, ...]
    """For instance USER_SET, USER_FIXED; sorted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageInfo:
    """An installed package as the device describes it. None: the device does not say."""

    package: str
    version_name: str | None
    version_code: int | None
    target_sdk: int | None
    uid: int | None
    label: str | None
    """The app's name for people. Most devices do not tell it over adb."""
    apk_paths: tuple[str, ...]
    """On the device; the base APK first."""
    apk_sha256: str | None
    """Of the base APK, computed on the device."""
    requested_permissions: tuple[str, ...]
    permissions: tuple[Permission, ...]
    """Runtime permissions of the first user."""
    signer: str | None
    """The device's own short mark of the signing certificate; compare it only with marks of the same device."""
    system: bool
    """Part of the system image: it cannot be uninstalled, its data can be cleared."""
    links: tuple[str, ...] = ()
    """Web domains whose addresses the app claims to open. Empty also where the device cannot tell (before Android 12)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShellResult:
    """What a command on the device printed (standard output and error together) and how it ended."""

    output: str
    exit_code: int
    truncated: bool = False
    """The output was longer than the bound; the rest was not read and the exit code is not known (-1)."""

    @property
    def ok(self) -> bool:
        return self.exit_code == 0
