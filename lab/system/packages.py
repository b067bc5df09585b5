"""The package manager's memory: what is installed, under which uid, with which grants."""

import base64
import hashlib
import random
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from lab.definition import Activity, AppDefinition
from lab.system.permission_table import is_runtime

__all__ = ["InstalledPackage", "Packages"]

FIRST_LAB_UID = 10200
SHELL_INSTALLER = "com.android.shell"


@dataclass(slots=True, kw_only=True)
class InstalledPackage:
    """One package on the device. `granted` and `flags` hold runtime permissions."""

    definition: AppDefinition
    uid: int
    system: bool
    code_path: str
    signer: str
    """sha256 hex of the signing certificate"""
    installed_ns: int
    updated_ns: int
    installer: str = ""
    granted: set[str] = field(default_factory=set)
    flags: dict[str, set[str]] = field(default_factory=dict)
    hidden: bool = False
    """A companion: it has a uid and sends, but no icon."""
    stopped: bool = True
    apk: Callable[[], bytes] = bytes

    @property
    def package(self) -> str:
        return self.definition.package

    @property
    def label(self) -> str:
        return self.definition.label

    @property
    def data_directory(self) -> str:
        return f"/data/user/0/{self.package}"

    @property
    def apk_path(self) -> str:
        return f"{self.code_path}/base.apk" if not self.system else f"{self.code_path}/{Path(self.code_path).name}.apk"

    @property
    def install_permissions(self) -> tuple[str, ...]:
        """Declared permissions that were granted at installation."""
        return tuple(name for name in self.definition.permissions if not is_runtime(name))

    @property
    def runtime_permissions(self) -> tuple[str, ...]:
        """Declared permissions that must be asked for."""
        return tuple(name for name in self.definition.permissions if is_runtime(name))

    @property
    def identity_hash(self) -> str:
        """The hexadecimal object number that dumps print beside a name."""
        return f"{struct.unpack('>I', hashlib.sha256(self.package.encode()).digest()[:4])[0] & 0xFFFFFFF:x}"


class Packages:
    """Uids are given out in order and never reused while the device lives."""

    def __init__(self, seed: random.Random, *, now: Callable[[], int]) -> None:
        self._random = seed
        self._now = now
        self._installed: dict[str, InstalledPackage] = {}
        self._next_uid = FIRST_LAB_UID

    def get(self, package: str) -> InstalledPackage | None:
        """The installed package, or None."""
        return self._installed.get(package)

    def by_uid(self, uid: int) -> tuple[InstalledPackage, ...]:
        """The packages running under a uid."""
        return tuple(each for each in self._installed.values() if each.uid == uid)

    def __iter__(self) -> Iterator[InstalledPackage]:
        return iter(sorted(self._installed.values(), key=lambda each: each.package))

    def launchable(self) -> tuple[InstalledPackage, ...]:
        """Apps with an icon on the home screen."""
        return tuple(each for each in self if not each.system and not each.hidden and each.definition.activities)

    def install(
        self,
        definition: AppDefinition,
        *,
        apk: Callable[[], bytes],
        installer: str = SHELL_INSTALLER,
        signer: str = "",
        hidden: bool = False,
        system: tuple[int, str] | None = None,
    ) -> InstalledPackage:
        """Install, or replace keeping uid, grants and data. `system` gives a fixed uid and code path."""
        now = self._now()
        previous = self._installed.get(definition.package)
        installed = InstalledPackage(
            definition=definition,
            uid=previous.uid if previous else system[0] if system else self._uid(),
            system=system is not None,
            code_path=system[1] if system else self._code_path(definition.package),
            signer=signer or signer_of(definition.package),
            installed_ns=previous.installed_ns if previous else now,
            updated_ns=now,
            installer="" if system else installer,
            hidden=hidden,
            apk=apk,
        )
        if previous:
            kept = set(installed.runtime_permissions)
            installed.granted = previous.granted & kept
            installed.flags = {name: flags for name, flags in previous.flags.items() if name in kept}
        self._installed[definition.package] = installed
        return installed

    def remove(self, package: str) -> InstalledPackage | None:
        """Forget a package."""
        return self._installed.pop(package, None)

    def _uid(self) -> int:
        self._next_uid += self._random.randrange(1, 4)
        return self._next_uid

    def _code_path(self, package: str) -> str:
        def token() -> str:
            return base64.urlsafe_b64encode(self._random.randbytes(16)).decode()

        return f"/data/app/~~{token()}/{package}-{token()}"


def signer_of(package: str) -> str:
    """The stand-in for a signing certificate: apps of one vendor (first two name parts) share it."""
    return hashlib.sha256(".".join(package.split(".")[:2]).encode()).hexdigest()


def headless(package: str, label: str, *, activities: Iterable[str] = ()) -> AppDefinition:
    """A definition for a package that has no bundle: system apps and companions."""
    return AppDefinition(
        folder=Path("/nonexistent"),
        package=package,
        label=label,
        version_name="13",
        version_code=33,
        category="实用工具",
        activities=tuple(Activity(name=name, page="", main=index == 0) for index, name in enumerate(activities)),
    )
