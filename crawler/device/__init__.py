"""The hands: everything that touches a device. No judgement, no choice of what to touch."""

from crawler.device.driver import DeviceDriver, DeviceStream, connect, list_devices
from crawler.device.model import (
    Acted,
    AttachedDevice,
    DeviceError,
    DeviceInfo,
    Foreground,
    Observation,
    PackageInfo,
    Permission,
    Recovery,
    ShellResult,
)

__all__ = [
    "Acted",
    "AttachedDevice",
    "DeviceDriver",
    "DeviceError",
    "DeviceInfo",
    "DeviceStream",
    "Foreground",
    "Observation",
    "PackageInfo",
    "Permission",
    "Recovery",
    "ShellResult",
    "connect",
    "list_devices",
]
