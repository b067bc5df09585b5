"""One lab device: an Android system with adb in front, a screen and a network behind."""

import shutil
import tempfile
from pathlib import Path

from lab.adb.daemon import Daemon
from lab.definition import AppDefinition, load_catalogue
from lab.profile import Profile
from lab.shell.programs import Programs
from lab.system.core import System
from lab.system.surface import Surface
from lab.u2.procedures import Procedures
from lab.u2.process import ServerProcess

__all__ = ["LabDevice"]


class LabDevice:
    """`adb connect 127.0.0.1:<port>` after `start`."""

    def __init__(self, profile: Profile, apps: Path, key_dir: Path, seed: int) -> None:
        self.profile = profile
        self._scratch = Path(tempfile.mkdtemp(prefix="lab-apps-"))
        self.system = System(profile, seed=seed, scratch=self._scratch)
        self._catalogue: tuple[AppDefinition, ...] = load_catalogue(apps)
        self._key_dir = key_dir
        self.faults = self.system.faults
        self.system.preinstall(self._catalogue)
        self.surface: Surface | None = None
        self.u2 = ServerProcess(self.system, self.faults, self._procedures)
        uid = 0 if profile.adb_root else 2000
        self.programs = Programs(self.system, uid=uid, extra={"app_process": self.u2.app_process})
        self._daemon = Daemon(self.system, self.programs.start, self.u2.dial)

    @property
    def port(self) -> int:
        """The adb port."""
        return self._daemon.port

    @property
    def serial(self) -> str:
        """What adb calls the device once connected."""
        return f"127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Bring the device up."""
        await self._daemon.start()

    async def close(self) -> None:
        """Switch the device off."""
        await self._daemon.close()
        await self.system.stop()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def _procedures(self) -> Procedures:
        if self.surface is None:
            raise RuntimeError("the screen is not attached")
        return Procedures(self.system, self.surface, self.faults, self.programs.run)
