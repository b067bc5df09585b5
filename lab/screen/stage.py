"""The windows of the device, the pages that draw them, and which of them is in front."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from lab.definition import full_activity_name
from lab.profile import Profile
from lab.screen.chromium import BrowserGone, Chromium
from lab.screen.home import draw_browser, draw_home, draw_recents, draw_settings, draw_splash
from lab.screen.page import BindingHandler, Page, Viewport
from lab.screen.system_ui import SystemUi
from lab.screen.windows import AppWindow, Focus, Windows
from lab.system.core import System
from lab.system.packages import InstalledPackage

__all__ = ["Proxies", "Stage", "WindowBridge"]

_FIRST_DRAW_SECONDS = 3.0
_DISCARD_PORT = 9
_CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/124.0.6367.82 Mobile Safari/537.36"


class Proxies(Protocol):
    """Where the browser context of a uid sends its requests."""

    async def proxy_port(self, uid: int) -> int: ...


class WindowBridge(Protocol):
    """What gives the scripts of a bundle `window.android`."""

    def scripts(self, package: str) -> tuple[str, ...]: ...

    def bindings(self, window: Callable[[], AppWindow]) -> dict[str, BindingHandler]: ...


class Stage:
    """`bridge` is set before the first app window opens; `listeners` hear where the focus went."""

    def __init__(self, system: System, network: Proxies, profile: Profile) -> None:
        self.system = system
        self.profile = profile
        self.viewport = Viewport(width=profile.width, height=profile.height, scale=profile.scale)
        self.windows = Windows()
        self.ui = SystemUi(profile, self.viewport)
        self.showing_recents = False
        self.bridge: WindowBridge | None = None
        self.listeners: list[Callable[[Focus], None]] = []
        self._network = network
        self._chromium = Chromium()
        self._contexts: dict[str, str] = {}
        self._home: Page | None = None
        self._recents: Page | None = None
        self._on_home: tuple[object, ...] = ()
        self._opening = asyncio.Lock()
        self._told: Focus | None = None
        self._shown: AppWindow | None = None

    async def start(self) -> None:
        await self._chromium.start()
        await self.ui.start(self._chromium, await self._context(""))
        self._home = await self._system_page()

    async def close(self) -> None:
        await self._chromium.close()

    async def _system_page(self) -> Page:
        bindings: dict[str, BindingHandler] = {"labAnswer": self._answered}
        return await Page.open(self._chromium, self.viewport, context=await self._context(""), bindings=bindings)

    async def _context(self, package: str) -> str:
        """The browser context of an app: its own cookies, storage and proxy. The system's pages ask for nothing."""
        if package not in self._contexts:
            installed = self.system.packages.get(package)
            port = await self._network.proxy_port(installed.uid) if installed is not None else _DISCARD_PORT
            created = await self._chromium.send(
                "Target.createBrowserContext",
                disposeOnDetach=True,
                proxyServer=f"http://127.0.0.1:{port}",
                proxyBypassList="<-loopback>",
            )
            self._contexts[package] = str(created["browserContextId"])
        return self._contexts[package]

    async def forget(self, package: str) -> None:
        """Cookies, storage and caches of an app go with its browser context."""
        context = self._contexts.pop(package, None)
        if context is not None:
            await self._chromium.send("Target.disposeBrowserContext", browserContextId=context)

    # --- what is in front

    @property
    def top(self) -> AppWindow | None:
        """The app window one sees, if it is an app one sees."""
        return None if self.showing_recents else self.windows.top

    @property
    def launcher(self) -> str:
        return self.profile.launcher.partition("/")[0]

    @property
    def focus(self) -> Focus:
        dialog = self.ui.current(self.windows.front)
        if dialog is not None:
            return dialog.focus
        window = self.top
        if window is not None:
            return Focus(package=window.package, activity=window.activity, task_package=window.package)
        package, _, name = self.profile.launcher.partition("/")
        return Focus(package=package, activity=full_activity_name(package, name), task_package=package)

    async def front_page(self) -> Page:
        """The page below the system's windows, drawn anew if it is the home screen and something was installed."""
        if self.showing_recents and self._recents is not None:
            return self._recents
        window = self.windows.top
        if window is not None:
            return window.page
        if self._home is None:
            raise BrowserGone("the screen has not started")
        apps = self.system.packages.launchable()
        wanted = (self.system.clock.local().date(), *((app.package, app.label) for app in apps))
        if wanted != self._on_home:
            self._on_home = wanted
            await draw_home(self._home, self.profile, self.system.clock, apps)
        return self._home

    async def refresh(self) -> None:
        """Brings the system's windows up to date."""
        clock = self.system.clock.local().strftime("%H:%M")
        await self.ui.refresh(self.windows.front, clock, self.system.power.battery_level)

    def changed(self) -> None:
        """Tells pages that they are hidden or shown, and whoever wants to know where the focus is."""
        after = self.top
        if after is not self._shown:
            if self._shown is not None and self._shown in self.windows:
                self._shown.page.set_visible(False)
            if after is not None:
                after.page.set_visible(True)
            self._shown = after
        focus = self.focus
        if focus != self._told:
            self._told = focus
            for listener in self.listeners:
                listener(focus)

    # --- opening and closing

    async def open(self, installed: InstalledPackage, activity: str, url_path: str) -> None:
        """A window on top, with its document painted once (or three seconds gone)."""
        bundled = (installed.definition.folder / "web").is_dir()
        async with self._opening:
            window = await self._window(installed, activity, bundled=bundled)
            self.windows.push(window)
            self.showing_recents = False
        self.changed()
        if bundled and not url_path.startswith(("http://", "https://")):
            await window.page.navigate(f"https://{window.package}.app.lab/{url_path}")
        else:
            await self._draw_foreign(window.page, installed, url_path)
        await window.page.drawn(_FIRST_DRAW_SECONDS)

    async def _window(self, installed: InstalledPackage, activity: str, *, bundled: bool) -> AppWindow:
        holder: list[AppWindow] = []
        bridge = self.bridge if bundled else None
        page = await Page.open(
            self._chromium,
            self.viewport,
            context=await self._context(installed.package),
            user_agent=self._user_agent(),
            scripts=bridge.scripts(installed.package) if bridge is not None else (),
            bindings=bridge.bindings(lambda: holder[0]) if bridge is not None else {},
        )
        window = AppWindow(
            package=installed.package,
            activity=activity,
            page=page,
            secure=installed.definition.secure,
            opaque=installed.definition.opaque,
        )
        page.on_crash = lambda: self._crashed(window)
        holder.append(window)
        return window

    async def _draw_foreign(self, page: Page, installed: InstalledPackage, url: str) -> None:
        """System apps have no bundle: settings and the browser are drawn by the lab, the others show their name."""
        if installed.package == self.profile.browser.partition("/")[0]:
            await draw_browser(page, url or "about:blank")
        elif installed.package == self.profile.settings_app.partition("/")[0]:
            await draw_settings(page, self.profile)
        elif url:
            await page.navigate(url)
        else:
            await draw_splash(page, installed.label)

    def _user_agent(self) -> str:
        profile = self.profile
        device = f"Linux; Android {profile.android}; {profile.model} Build/{profile.build}; wv"
        return f"Mozilla/5.0 ({device}) {_CHROME}"

    def _crashed(self, window: AppWindow) -> None:
        if window in self.windows:
            crash = self.system.crash(
                window.package, exception="java.lang.OutOfMemoryError", message="Failed to allocate memory"
            )
            self.system.spawn(crash)

    async def show_recents(self) -> None:
        """Drawn anew each time; the page is kept."""
        if self._recents is None:
            self._recents = await self._system_page()
        found = [self.system.packages.get(package) for package in self.windows.recent()]
        await draw_recents(self._recents, self.profile, [each for each in found if each is not None])
        self.showing_recents = True
        self.changed()

    def _answered(self, payload: str, _context: int) -> None:
        if payload == "clear_all":
            self.system.spawn(self._clear_all())
        elif payload:
            self.system.spawn(self._start(payload))

    async def _start(self, package: str) -> None:
        await self.system.activities.start(package)

    async def _clear_all(self) -> None:
        for package in self.windows.recent():
            await self.system.force_stop(package, reason="remove task")
        await self.system.activities.go_home()
