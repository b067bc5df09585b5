"""Reads personal data for an app: permission first, then the note in the app ops, then the value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lab.bridge.privileges import COARSE, FINE, PRIVILEGES, Privilege
from lab.key import AnswerKey
from lab.system.core import System
from lab.system.packages import InstalledPackage

__all__ = ["PersonalData", "SecurityFault"]

_LEGACY_TARGET = 23
"""below, permissions come with the installation"""
_VISIBLE_TARGET = 30
"""from here on an app sees other packages only with QUERY_ALL_PACKAGES"""
_BACKGROUND = "android.permission.ACCESS_BACKGROUND_LOCATION"


class SecurityFault(Exception):
    """java.lang.SecurityException: the app may not."""


class PersonalData:
    """Every read is in the answer key, whether it was allowed or not."""

    def __init__(self, system: System, key: AnswerKey) -> None:
        self._system = system
        self._key = key
        self._values: dict[str, Callable[[InstalledPackage], Any]] = {
            "androidId": self._android_id,
            "imei": lambda app: system.identity.imei,
            "imsi": lambda app: system.identity.imsi,
            "serial": lambda app: system.identity.serial,
            "phoneNumber": lambda app: system.identity.phone,
            "mac": lambda app: system.identity.mac,
            "oaid": lambda app: system.identity.oaid,
            "ssid": lambda app: f'"{system.identity.ssid}"',
            "bssid": lambda app: system.identity.bssid,
            "location": self._location,
            "contacts": self._contacts,
            "clipboard": lambda app: system.identity.clipboard,
            "installedPackages": self._packages,
            "model": lambda app: system.profile.model,
        }

    def read(self, name: str, app: InstalledPackage) -> Any:
        """The value. Raises SecurityFault."""
        privilege = PRIVILEGES[name]
        foreground = self._system.is_foreground(app.package)
        allowed = self._allowed(privilege, app, foreground=foreground)
        if privilege.op:
            op = self._op(privilege, app)
            self._system.appops.note(app.package, op, foreground=foreground, rejected=not allowed)
        self._key.append(
            {
                "event": "read",
                "package": app.package,
                "uid": app.uid,
                "identifier": privilege.kind,
                "allowed": allowed,
                "foreground": foreground,
            }
        )
        if allowed:
            return self._values[name](app)
        if privilege.raises:
            needed = " or ".join(privilege.permissions)
            raise SecurityFault(f"{name}: uid {app.uid} does not have {needed or 'the right'}.")
        return privilege.otherwise

    def holds(self, app: InstalledPackage, permission: str) -> bool:
        """Granted, or given with the installation to an app older than runtime permissions."""
        definition = app.definition
        if definition.target_sdk < _LEGACY_TARGET and permission in definition.permissions:
            return True
        return self._system.permissions.check(app.package, permission)

    def _allowed(self, privilege: Privilege, app: InstalledPackage, *, foreground: bool) -> bool:
        if app.definition.target_sdk > privilege.last_target or (privilege.foreground_only and not foreground):
            return False
        if not privilege.permissions:
            return True
        if FINE in privilege.permissions and not foreground and not self.holds(app, _BACKGROUND):
            return False
        return any(self.holds(app, permission) for permission in privilege.permissions)

    def _op(self, privilege: Privilege, app: InstalledPackage) -> str:
        if FINE in privilege.permissions and not self.holds(app, FINE) and self.holds(app, COARSE):
            return "COARSE_LOCATION"
        return privilege.op

    def _android_id(self, app: InstalledPackage) -> str:
        return self._system.identity.ssaid(app.package, uid=app.uid, signer=app.signer)

    def _location(self, app: InstalledPackage) -> dict[str, float]:
        identity = self._system.identity
        digits, accuracy = (7, 12.0) if self.holds(app, FINE) else (2, 2000.0)
        return {
            "latitude": round(identity.latitude, digits),
            "longitude": round(identity.longitude, digits),
            "accuracy": accuracy,
        }

    def _contacts(self, _app: InstalledPackage) -> list[dict[str, Any]]:
        return [{"name": each.name, "phones": list(each.phones)} for each in self._system.identity.contacts]

    def _packages(self, app: InstalledPackage) -> list[str]:
        everything = "android.permission.QUERY_ALL_PACKAGES" in app.definition.permissions
        if app.definition.target_sdk >= _VISIBLE_TARGET and not everything:
            return [app.package]
        return [each.package for each in self._system.packages]
