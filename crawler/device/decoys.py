"""Decoy apps: harmless APKs of the operator's choice, installed so that a list of installed apps has something to show.

Their names are read back with every other package the owner installed, and are known to the matcher from then on.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from crawler.device.driver import DeviceDriver
from crawler.device.dumps.packages import parse_packages
from crawler.device.errors import DeviceError, DeviceLost
from crawler.device.journal import Change, Journal

__all__ = ["DECOY_LIMIT", "Decoy", "install_decoys"]

DECOY_LIMIT = 20
_SECONDS = 30.0
_NAME = re.compile(r"(?P<package>[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*?)+)(?:_\d+)?\.apk")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoy:
    """One file of the folder: the package that is on the device now, or why it is not."""

    file: str
    package: str
    failure: str | None = None


def install_decoys(driver: DeviceDriver, journal: Journal, folder: Path) -> tuple[Decoy, ...]:
    """Install each `PACKAGE.apk` or `PACKAGE_VERSION.apk` of the folder that the device does not have yet.

    What was there before is left as it is, now and at the end. A folder that is not there holds no decoys. Raises
    DeviceLost only.
    """
    files = sorted(folder.glob("*.apk"))[:DECOY_LIMIT] if folder.is_dir() else []
    return tuple(_install(driver, journal, file) for file in files)


def _install(driver: DeviceDriver, journal: Journal, file: Path) -> Decoy:
    named = _NAME.fullmatch(file.name)
    if named is None:
        return Decoy(file=file.name, package="", failure="a decoy's file is called PACKAGE.apk or PACKAGE_VERSION.apk")
    package = named["package"]
    try:
        if package not in _third_party(driver):
            journal.note(Change(kind="decoy", detail={"package": package}))
            driver.install(file)
            if package not in _third_party(driver):
                return Decoy(file=file.name, package=package, failure="the file holds a package of another name")
    except DeviceLost:
        raise
    except DeviceError as error:
        return Decoy(file=file.name, package=package, failure=str(error))
    return Decoy(file=file.name, package=package)


def _third_party(driver: DeviceDriver) -> tuple[str, ...]:
    return parse_packages(driver.shell("pm list packages -3", _SECONDS).output)
