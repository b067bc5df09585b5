"""Runtime permissions: grants, the user's refusals, and the dialog that asks.

Two refusals are final: from then on a request is refused without a dialog (Android 11 and later).
"""

import asyncio
from collections.abc import Awaitable, Callable

from lab.system.packages import InstalledPackage, Packages
from lab.system.permission_table import RUNTIME, group_of, is_runtime

__all__ = ["Permissions"]

USER_SET, USER_FIXED, ONE_TIME = "USER_SET", "USER_FIXED", "ONE_TIME"
Asker = Callable[[InstalledPackage, str], Awaitable[str]]


class Permissions:
    """`ask` shows the dialog for (package, group) and returns allow, allow_once, allow_foreground or deny."""

    def __init__(self, packages: Packages, ask: Asker) -> None:
        self._packages = packages
        self._ask = ask
        self._dialog = asyncio.Lock()

    def check(self, package: str, permission: str) -> bool:
        """May the app use it now?"""
        installed = self._packages.get(package)
        if installed is None or permission not in installed.definition.permissions:
            return False
        return permission in installed.granted if is_runtime(permission) else True

    def may_ask(self, package: str, permission: str) -> bool:
        """Would a request show a dialog?"""
        installed = self._packages.get(package)
        return (
            installed is not None
            and permission in installed.runtime_permissions
            and permission not in installed.granted
            and USER_FIXED not in installed.flags.get(permission, set())
        )

    async def request(self, package: str, permission: str) -> str:
        """An app asks: `granted` or `denied`, with a dialog only when the rules call for one."""
        async with self._dialog:
            installed = self._packages.get(package)
            if installed is None or self.check(package, permission):
                return "granted" if installed is not None else "denied"
            if not self.may_ask(package, permission):
                return "denied"
            if self._group_granted(installed, permission):
                self.grant(package, permission)
                return "granted"
            answer = await self._ask(installed, group_of(permission))
            if answer == "deny":
                self.deny(package, permission)
                return "denied"
            self.grant(package, permission, once=answer == "allow_once")
            return "granted"

    def grant(self, package: str, permission: str, *, once: bool = False, by_user: bool = True) -> bool:
        """Grant; False when the app does not declare it or it is no runtime permission."""
        installed = self._packages.get(package)
        if installed is None or permission not in installed.runtime_permissions:
            return False
        flags = installed.flags.setdefault(permission, set())
        flags -= {USER_FIXED, ONE_TIME}
        flags |= ({USER_SET} if by_user else set()) | ({ONE_TIME} if once else set())
        installed.granted.add(permission)
        return True

    def deny(self, package: str, permission: str) -> None:
        """The person refused in the dialog; the second refusal is fixed, for the whole group."""
        installed = self._packages.get(package)
        if installed is None:
            return
        for name in installed.runtime_permissions:
            if group_of(name) != group_of(permission):
                continue
            flags = installed.flags.setdefault(name, set())
            fixed = bool(flags & {USER_SET, USER_FIXED})
            flags -= {USER_SET, USER_FIXED, ONE_TIME}
            flags.add(USER_FIXED if fixed else USER_SET)
            installed.granted.discard(name)

    def revoke(self, package: str, permission: str) -> bool:
        """What `pm revoke` does."""
        installed = self._packages.get(package)
        if installed is None or permission not in installed.runtime_permissions:
            return False
        installed.granted.discard(permission)
        return True

    def reset(self, package: str) -> None:
        """Forget grants and refusals (`pm clear`, `pm reset-permissions`)."""
        installed = self._packages.get(package)
        if installed is not None:
            installed.granted.clear()
            installed.flags.clear()

    def end_once(self, package: str) -> None:
        """The process ended: grants for this time only are over."""
        installed = self._packages.get(package)
        if installed is None:
            return
        for name, flags in installed.flags.items():
            if ONE_TIME in flags:
                flags -= {ONE_TIME, USER_SET}
                installed.granted.discard(name)

    def op_mode(self, package: str, op: str) -> str:
        """The app-op mode that follows from the grants: allow, ignore (refused) or foreground."""
        controlling = [name for name, runtime in RUNTIME.items() if runtime.op == op]
        if not controlling:
            return "allow"
        granted = any(self.check(package, name) for name in controlling)
        if not granted:
            return "ignore"
        while_in_use = any(RUNTIME[name].foreground_choice for name in controlling)
        return "foreground" if while_in_use else "allow"

    def _group_granted(self, installed: InstalledPackage, permission: str) -> bool:
        group = group_of(permission)
        return any(
            group_of(name) == group and ONE_TIME not in installed.flags.get(name, set()) for name in installed.granted
        )
