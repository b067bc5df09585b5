"""Installation: from the bytes of an APK to an installed package, in one go or in sessions, with the real refusals."""

import random
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from lab.definition import Activity, AppDefinition
from lab.manifest import Manifest
from lab.packages import InstallRefused, read_apk

if TYPE_CHECKING:
    from lab.system.core import System

__all__ = ["InstallChoices", "Installer", "Session"]

NO_SPACE = "INSTALL_FAILED_INSUFFICIENT_STORAGE"
LARGEST_APK = 512 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallChoices:
    """Options of `pm install`."""

    grant_all: bool = False
    allow_downgrade: bool = False
    installer: str = "com.android.shell"


@dataclass(slots=True, kw_only=True)
class Session:
    """An installation session; `parts` are the written APKs by name."""

    identifier: int
    choices: InstallChoices
    parts: dict[str, bytes] = field(default_factory=dict)


class Installer:
    """`scratch` holds unpacked apps."""

    def __init__(self, system: "System", scratch: Path, seed: random.Random) -> None:
        self._system = system
        self._scratch = scratch
        self._random = seed
        self.sessions: dict[int, Session] = {}

    def create(self, choices: InstallChoices) -> Session:
        """Open a session."""
        session = Session(identifier=self._random.randrange(1 << 24, 1 << 31), choices=choices)
        self.sessions[session.identifier] = session
        return session

    async def commit(self, session: Session) -> None:
        """Install what was written; the base is the part that holds the manifest's package. Raises InstallRefused."""
        self.sessions.pop(session.identifier, None)
        if not session.parts:
            raise InstallRefused("INSTALL_FAILED_INVALID_APK", "Session staged no files")
        base = next((name for name in session.parts if "base" in name), "") or max(
            session.parts, key=lambda name: len(session.parts[name])
        )
        package = await self.install(session.parts.pop(base), session.choices)
        for number, data in enumerate(session.parts.values()):
            self._system.place_split(package, f"split_{number}.apk", data)

    async def install(self, data: bytes, choices: InstallChoices) -> str:
        """The installed package's name. Raises InstallRefused."""
        number = self._random.randrange(10**8, 2 * 10**9)
        path = f"/data/app/vmdl{number}.tmp/base.apk"
        refusal = self._system.faults.refuse_install
        if refusal:
            raise InstallRefused(refusal, "Install canceled by user" if "USER" in refusal else "refused")
        files = self._system.files
        if files.full or files.used() + len(data) > files.capacity:
            raise InstallRefused(NO_SPACE, "Failed to override installation location")
        found = read_apk(data, name=path, unpack_to=self._scratch)
        definition = _foreign(found) if isinstance(found, Manifest) else found
        await self._replace(definition, choices)
        installed = self._system.place(definition, installer=choices.installer, apk=data)
        if choices.grant_all:
            for permission in installed.runtime_permissions:
                self._system.permissions.grant(definition.package, permission, by_user=False)
        self._system.install_companions()
        return definition.package

    async def _replace(self, definition: AppDefinition, choices: InstallChoices) -> None:
        previous = self._system.packages.get(definition.package)
        if previous is None:
            return
        if previous.system:
            raise InstallRefused(
                "INSTALL_FAILED_UPDATE_INCOMPATIBLE", f"Package {definition.package} signatures do not match"
            )
        old, new = previous.definition.version_code, definition.version_code
        if new < old and not choices.allow_downgrade:
            raise InstallRefused(
                "INSTALL_FAILED_VERSION_DOWNGRADE",
                f"Downgrade detected: Update version code {new} is older than current {old}",
            )
        await self._system.force_stop(definition.package, reason="installPackageLI")


def _foreign(manifest: Manifest) -> AppDefinition:
    """A real APK: it is installed and listed, but the lab has nothing to draw for it."""
    activities = tuple(Activity(name=name, page="", main=index == 0) for index, name in enumerate(manifest.activities))
    definition = AppDefinition(
        folder=Path("/nonexistent"),
        package=manifest.package,
        label=manifest.label,
        version_name=manifest.version_name,
        version_code=manifest.version_code,
        category="实用工具",
    )
    return replace(definition, target_sdk=manifest.target_sdk, permissions=manifest.permissions, activities=activities)
