"""One lab device: an Android system with adb in front, a screen and a network behind."""

import asyncio
import hashlib
import shutil
import tempfile
from pathlib import Path

from cryptography import x509

from lab.adb.daemon import Daemon
from lab.bridge import Bridge
from lab.definition import load_catalogue
from lab.key import AnswerKey
from lab.net import Network, Sink
from lab.profile import Profile
from lab.screen import Screen
from lab.shell.programs import Programs
from lab.system.core import System
from lab.system.nodes import file
from lab.system.surface import Surface
from lab.u2.procedures import Procedures
from lab.u2.process import ServerProcess

__all__ = ["LabDevice"]

ROOT_UID, SHELL_UID = 0, 2000
CERTIFICATES = "/system/etc/security/cacerts"


class LabDevice:
    """`adb connect 127.0.0.1:<port>` after `start`. `sink` plays the servers; without one the device has its own.
    A `surface` given replaces screen, network and apps' behaviour (for tests of adb and the system alone)."""

    def __init__(
        self,
        profile: Profile,
        apps: Path,
        key_dir: Path,
        seed: int,
        *,
        sink: Sink | None = None,
        surface: Surface | None = None,
    ) -> None:
        self.profile = profile
        self._scratch = Path(tempfile.mkdtemp(prefix="lab-apps-"))
        self.system = System(profile, seed=seed, scratch=self._scratch)
        self.faults = self.system.faults
        self.system.preinstall(load_catalogue(apps))
        self.key_path = key_dir / f"{self.system.identity.serial}.jsonl"
        self.u2 = ServerProcess(self.system, self.faults, self._procedures)
        uid = ROOT_UID if profile.adb_root else SHELL_UID
        self.programs = Programs(self.system, uid=uid, extra={"app_process": self.u2.app_process})
        self.adb = Daemon(self.system, self.programs.start, self.u2.dial)
        self._seed = seed
        self._sink = sink
        self._surface = surface
        self._behind = _Behind()

    @property
    def port(self) -> int:
        """The adb port."""
        return self.adb.port

    @property
    def serial(self) -> str:
        """What adb calls the device once connected."""
        return f"127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Bring the device up. Raises OSError when there is no browser or no port."""
        if self._surface is None:
            self._surface = await self._behind.start(self.system, self.key_path, self._sink, self._seed)
        self.system.attach(self._surface)
        await self.adb.start()

    async def close(self) -> None:
        """Switch the device off; nothing it started stays."""
        await self.adb.close()
        await self.system.stop()
        await self._behind.close()
        await asyncio.to_thread(shutil.rmtree, self._scratch, True)

    async def reboot(self) -> None:
        """Restart Android: adb goes, processes, logs, mounts and proxies of the moment are forgotten, data stays."""
        self.adb.unplug()
        self.u2.kill()
        await self.system.restart()
        await self.adb.plug()

    def _procedures(self) -> Procedures:
        if self._surface is None:
            raise RuntimeError("the screen is not attached")
        return Procedures(self.system, self._surface, self.faults, self.programs.run)


class _Behind:
    """What makes a picture and traffic: screen, network, bridge, answer key, and a sink if nobody lends one."""

    def __init__(self) -> None:
        self._screen: Screen | None = None
        self._network: Network | None = None
        self._own_sink: Sink | None = None
        self._key: AnswerKey | None = None

    async def start(self, system: System, key_path: Path, sink: Sink | None, seed: int) -> Screen:
        """The running screen."""
        if sink is None:
            sink = self._own_sink = Sink(key_path.parent / "sink")
            await sink.start()
        self._key = AnswerKey(key_path)
        self._network = network = Network(system, self._key, sink, seed=seed)
        self._screen = screen = _Display(system, network, system.profile)
        Bridge(system, screen, network, self._key)
        system.files.put("/proc/net/tcp", file(mode=0o444, generate=lambda: network.tcp().encode()))
        system.files.put("/proc/net/tcp6", file(mode=0o444, generate=lambda: network.tcp6().encode()))
        certificate = sink.ca_path.read_bytes()
        system.files.put(f"{CERTIFICATES}/{_store_name(certificate)}", file(certificate))
        await screen.start()
        return screen

    async def close(self) -> None:
        for part in (self._screen, self._network, self._own_sink):
            if part is not None:
                await part.close()
        if self._key is not None:
            self._key.close()


class _Display(Screen):
    """The screen, whose toasts the system remembers for u2."""

    async def show_toast(self, text: str) -> None:
        self._system.toast = text
        await super().show_toast(text)


def _store_name(pem: bytes) -> str:
    """`<subject_hash_old>.0`, as Android names the files of its store."""
    subject = x509.load_pem_x509_certificate(pem).subject.public_bytes()
    number = int.from_bytes(hashlib.md5(subject, usedforsecurity=False).digest()[:4], "little")
    return f"{number:08x}.0"
