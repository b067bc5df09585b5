"""A whole Android system in memory: its services wired together, without screen, network or adb."""

import asyncio
import random
import tempfile
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from pathlib import Path

from lab.definition import MANIFEST_NAME, AppDefinition, full_activity_name
from lab.faults import Faults
from lab.packages import build_apk, build_bare_apk
from lab.profile import Profile
from lab.system.activities import Activities
from lab.system.applications import Applications
from lab.system.appops import DEFAULT_MODES, AppOps
from lab.system.clock import DeviceClock
from lab.system.files import Files
from lab.system.identity import make_identity
from lab.system.image import SYSTEM_PACKAGES, build_image, show_services
from lab.system.installer import Installer
from lab.system.logs import BUFFERS, Logs
from lab.system.nodes import directory, file
from lab.system.packages import InstalledPackage, Packages, headless
from lab.system.permissions import Permissions
from lab.system.power import Power
from lab.system.processes import Processes
from lab.system.properties import Properties
from lab.system.settings import Settings
from lab.system.surface import Surface

__all__ = ["ReverseHandler", "System"]

STORAGE_BYTES = 96 * 1024 * 1024
ReverseHandler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class System:
    """`reverse_listeners` maps a device port to the handler of `adb reverse`; the network connects through it.
    Installed apps are unpacked below `scratch`."""

    def __init__(self, profile: Profile, *, seed: int, scratch: Path | None = None) -> None:
        source = random.Random(seed)  # noqa: S311 - a reproducible device, no secret
        self.profile = profile
        self.clock = DeviceClock(
            offset_ms=profile.clock_offset_ms,
            utc_offset_minutes=profile.utc_offset_minutes,
            uptime_seconds=source.randrange(20_000, 900_000),
        )
        self.identity = make_identity(source)
        self.properties = Properties(profile, serial=self.identity.serial)
        self.settings = Settings(
            profile,
            android_id=self.identity.android_id,
            oaid=self.identity.oaid,
            bluetooth=self.identity.bluetooth_mac,
        )
        self.files = Files(now=lambda: self.clock.wall_ns() // 1_000_000_000, capacity=STORAGE_BYTES)
        self.processes = Processes(source)
        self.logs = Logs(self.clock, system_pid=Processes.system_server)
        self.packages = Packages(source, now=self.clock.wall_ns)
        self.permissions = Permissions(self.packages, self._ask_permission)
        self.appops = AppOps(now=self.clock.wall_ns, mode_of=self._op_mode)
        self.applications = Applications(self.processes, self.logs, self.clock)
        self.activities = Activities(self.packages, self.applications, self.logs, source, launcher=profile.launcher)
        self.installer = Installer(self, scratch or Path(tempfile.gettempdir()), source)
        self.power = Power()
        self.faults = Faults()
        self.toast: str | None = None
        """The last toast anybody showed."""
        self.reverse_listeners: dict[int, ReverseHandler] = {}
        self.surface: Surface | None = None
        self._background: set[asyncio.Task[None]] = set()
        self._adopted: set[asyncio.Task[int]] = set()
        self.applications.on_killed = lambda package: self.spawn(self._after_kill(package))
        build_image(self.files, profile, self.properties, su=profile.su)
        show_services(self.files, self.identity, self.processes, self.clock.uptime_ns)
        self._install_system_packages()

    def attach(self, surface: Surface) -> None:
        """The screen is there."""
        self.surface = surface
        self.activities.attach(surface)

    def spawn(self, work: Awaitable[None]) -> None:
        """Run something beside the caller; cancelled when the system stops."""
        task = asyncio.ensure_future(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    def adopt(self, task: "asyncio.Task[int]") -> None:
        """Keep a shell's job alive beyond its shell."""
        self._adopted.add(task)
        task.add_done_callback(self._adopted.discard)

    def adopted(self, task: "asyncio.Task[int]") -> bool:
        """Does the job outlive its shell?"""
        return task in self._adopted

    async def stop(self) -> None:
        """End everything that runs beside."""
        tasks = [*self._background, *self._adopted]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def preinstall(self, definitions: Iterable[AppDefinition]) -> None:
        """Put the catalogue on the device, with the companions it names."""
        for definition in definitions:
            self.place(definition, installer="com.android.vending")
        self.install_companions()

    def place(
        self, definition: AppDefinition, *, installer: str, apk: bytes | None = None, hidden: bool = False
    ) -> InstalledPackage:
        """Install a package and lay out its files."""
        previous = self.packages.get(definition.package)
        if previous is not None:
            self._remove_code(previous)
        make = partial(bytes, apk) if apk is not None else partial(_pack, definition)
        installed = self.packages.install(definition, apk=make, installer=installer, hidden=hidden)
        self.files.put(installed.code_path, directory(0o755, 1000, 1000))
        self.files.put(installed.apk_path, file(mode=0o644, uid=1000, gid=1000, generate=installed.apk))
        if not self.files.exists(f"/data/data/{definition.package}"):
            self.files.put(f"/data/data/{definition.package}", directory(0o700, installed.uid, installed.uid))
        self.applications.tell("installed", definition.package, installed.uid)
        return installed

    def place_split(self, package: str, name: str, apk: bytes) -> None:
        """Lay a further APK beside the base of an installed package: `pm path` lists it, nothing of it is run."""
        installed = self.packages.get(package)
        if installed is not None:
            generate = partial(bytes, apk)
            self.files.put(f"{installed.code_path}/{name}", file(mode=0o644, uid=1000, gid=1000, generate=generate))

    def install_companions(self) -> None:
        """Give every companion package named by an installed app a uid of its own."""
        for installed in list(self.packages):
            for companion in installed.definition.companions:
                if self.packages.get(companion.package) is None:
                    definition = headless(companion.package, companion.label or companion.package)
                    self.place(definition, hidden=True, installer="com.android.vending")

    async def uninstall(self, package: str, *, keep_data: bool = False) -> bool:
        """Remove an app with its data; False when it is absent or part of the system."""
        installed = self.packages.get(package)
        if installed is None or installed.system:
            return False
        await self.force_stop(package, reason=f"uninstall {package}")
        if not keep_data and self.surface is not None:
            await self.surface.clear_data(package)
        self._remove_code(installed)
        self.files.remove(f"/data/data/{package}", recursive=True)
        self.packages.remove(package)
        self.appops.forget(package)
        self.identity.forget_ssaid(package)
        self.applications.tell("removed", package, installed.uid)
        return True

    async def clear(self, package: str) -> bool:
        """What `pm clear` does: stop, forget data and grants; the Android ID stays."""
        installed = self.packages.get(package)
        if installed is None:
            return False
        await self.force_stop(package, reason="clear data")
        if self.surface is not None:
            await self.surface.clear_data(package)
        self.permissions.reset(package)
        if self.files.exists(f"/data/data/{package}"):
            self.files.node(f"/data/data/{package}").children.clear()
        self.applications.tell("cleared", package, installed.uid)
        return True

    async def force_stop(self, package: str, *, reason: str = "stop") -> None:
        """End the app's processes and take its task off the stack."""
        installed = self.packages.get(package)
        if installed is not None:
            installed.stopped = True
        ended = self.applications.end(
            package, reason=f"{reason} {package}" if reason == "stop" else reason, killed=True
        )
        self.permissions.end_once(package)
        if ended or self.activities.task_of(package) is not None:
            await self.activities.drop(package)

    async def exit_app(self, package: str) -> None:
        """The app ended its own process (System.exit)."""
        self.applications.end(package, reason="exit", killed=False)
        await self._after_kill(package)

    async def crash(self, package: str, *, exception: str, message: str) -> None:
        """The app dies of an exception; the system says so."""
        self.applications.crash(package, exception=exception, message=message)
        await self.exit_app(package)
        if self.surface is not None:
            await self.surface.show_crash(package)

    async def stop_answering(self, package: str, *, why: str) -> None:
        """The app hangs; the person may close it or wait."""
        self.applications.not_responding(package, why=why)
        if self.surface is not None and await self.surface.show_anr(package) == "close":
            await self.force_stop(package, reason="user request after error")

    async def restart(self) -> None:
        """What a reboot does to the system's memory; what is stored on /data stays."""
        for installed in self.packages:
            if not installed.system:
                await self.force_stop(installed.package, reason="reboot")
        await self.activities.go_home()
        self.logs.clear(BUFFERS)
        del self.files.mounts[1:]
        self.identity.end_mock()
        self.identity.clipboard = ""
        self.clock.rebooted()

    def is_foreground(self, package: str) -> bool:
        """Is the app on top (its dialogs included)?"""
        return self.activities.in_foreground(package)

    async def _after_kill(self, package: str) -> None:
        self.applications.end(package, reason="signal", killed=False)
        self.permissions.end_once(package)
        await self.activities.drop(package)

    async def _ask_permission(self, installed: InstalledPackage, group: str) -> str:
        if self.surface is None:
            return "deny"
        record = self.activities.push_permission_dialog(installed.package, self.profile.permission_controller)
        try:
            return await self.surface.show_permission_dialog(installed.package, installed.label, group)
        finally:
            if record is not None:
                self.activities.pop_permission_dialog(record)

    def _op_mode(self, package: str, op: str) -> str:
        return DEFAULT_MODES.get(op) or self.permissions.op_mode(package, op)

    def _remove_code(self, installed: InstalledPackage) -> None:
        if self.files.exists(installed.code_path):
            self.files.remove(installed.code_path, recursive=True)
            self.files.remove(installed.code_path.rpartition("/")[0], recursive=True)

    def _install_system_packages(self) -> None:
        rows = list(SYSTEM_PACKAGES)
        profile = self.profile
        components = {}
        for component, label, uid, path in (
            (profile.launcher, "桌面", 10092, "/system/priv-app/Launcher3QuickStep"),
            (profile.browser, "浏览器", 10079, "/product/app/Browser"),
            (profile.settings_app, "设置", 1000, "/system/priv-app/Settings"),
            (
                f"{profile.permission_controller}/.permission.ui.GrantPermissionsActivity",
                "权限控制器",
                10095,
                "/system/priv-app/PermissionController",
            ),
            (f"{profile.system_ui}/.SystemUIActivity", "系统界面", 10086, "/system/priv-app/SystemUI"),
        ):
            package, _, activity = component.partition("/")
            rows.append((package, label, uid, path))
            components[package] = (full_activity_name(package, activity),)
        for package, label, uid, path in rows:
            definition = headless(package, label, activities=components.get(package, ()))
            installed = self.packages.install(definition, apk=partial(_pack, definition), system=(uid, path))
            self.files.put(installed.apk_path, file(generate=installed.apk))


def _pack(definition: AppDefinition) -> bytes:
    bundled = (definition.folder / MANIFEST_NAME).is_file()
    return build_apk(definition.folder) if bundled else build_bare_apk(definition)
