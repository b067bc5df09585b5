"""Installs an APK and finds out, from the device itself, which package it is."""

from __future__ import annotations

import re
from pathlib import Path

from crawler.device.driver import DeviceDriver
from crawler.device.model import InstallFailed

__all__ = ["install_and_name"]

_UPDATED = re.compile(r"^\s+Package \[([^\]]+)\]|^\s+lastUpdateTime=(.+)$", re.M)


def install_and_name(driver: DeviceDriver, apk: Path) -> str:
    """Install an APK, granting nothing, and return its package name.

    The device is asked before and after: the package that is new, or whose update time changed, is the one.
    Raises InstallFailed when the device does not tell them apart.
    """
    before = _update_times(driver)
    driver.install(apk)
    after = _update_times(driver)
    changed = [package for package, time in after.items() if before.get(package) != time]
    if len(changed) != 1:
        raise InstallFailed(
            f"{apk.name} was installed, but the device does not tell which package it is",
            reason="package not named",
            mend="Name it with --package.",
        )
    return changed[0]


def _update_times(driver: DeviceDriver) -> dict[str, str]:
    """Last update time of every package, as the package service prints it."""
    result = driver.shell("dumpsys package packages | grep -E 'Package \\[|lastUpdateTime='", deadline_seconds=20)
    times: dict[str, str] = {}
    package = ""
    for match in _UPDATED.finditer(result.output):
        if match.group(1):
            package = match.group(1)
        elif package:
            times[package] = match.group(2).strip()
    return times
