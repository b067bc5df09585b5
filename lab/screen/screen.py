"""The device's display: every Android window is a Chromium page, the topmost ones are what one sees and touches.

The activity stack decides which windows there are; this draws them, and reports taps that mean something to the system.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from PIL import Image

from lab.profile import Profile
from lab.screen import compositor
from lab.screen.chromium import BrowserGone, CommandFailed
from lab.screen.gestures import Gestures
from lab.screen.hierarchy import assemble, dump_page
from lab.screen.page import NotPainted, Page, PageFailed
from lab.screen.stage import Proxies, Stage
from lab.screen.system_ui import BAR_HEIGHT, Dialog
from lab.screen.windows import AppWindow, Focus
from lab.system.core import System
from lab.system.permission_table import group_of
from lab.system.permissions import USER_SET

__all__ = ["Screen"]

_CAPTURE_SECONDS = 4.0
_HANG_SECONDS = 5.0
_BACK = "typeof onAndroidBack === 'function' ? Promise.resolve(onAndroidBack()).then(Boolean) : false"
_CLEAR = "document.execCommand('selectAll') && document.execCommand('delete')"
_KEYS = {"enter": ("Enter", 13), "delete": ("Backspace", 8), "del": ("Backspace", 8), "tab": ("Tab", 9)}
_INSTALLER = "com.android.packageinstaller"


class Screen:
    """Implements the system's Surface on a Stage. Coordinates are device pixels."""

    def __init__(self, system: System, network: Proxies, profile: Profile) -> None:
        self.stage = Stage(system, network, profile)
        self._system = system
        self._gestures = Gestures(self._under_finger, self._touch)
        self._hanging: set[str] = set()
        self._last: Image.Image | None = None
        self._last_page: Page | None = None
        self._last_capture = b""
        self._prints: dict[tuple[str, int], _Print] = {}
        self._developing = asyncio.Lock()

    async def start(self) -> None:
        await self.stage.start()

    async def close(self) -> None:
        await self.stage.close()

    @property
    def focus(self) -> Focus:
        return self.stage.focus

    @property
    def secure(self) -> bool:
        """Is what one sees protected from screenshots?"""
        window = self.stage.top
        return window is not None and window.secure

    # --- windows

    async def open_window(self, package: str, activity: str, url_path: str) -> None:
        installed = self._system.packages.get(package)
        if installed is not None:
            await self.stage.open(installed, activity, url_path)

    async def close_window(self, package: str, activity: str) -> None:
        window = self.stage.windows.remove(package, activity)
        if window is not None:
            self.stage.changed()
            await window.page.close()

    async def close_windows(self, package: str) -> None:
        self.stage.ui.drop(package)
        removed = self.stage.windows.remove_all(package)
        self.stage.changed()
        await asyncio.gather(*(window.page.close() for window in removed))

    async def clear_data(self, package: str) -> None:
        await self.close_windows(package)
        await self.stage.forget(package)

    async def bring_to_front(self, package: str) -> None:
        self.stage.showing_recents = False
        self.stage.windows.bring_to_front(package)
        self.stage.changed()

    async def home(self) -> None:
        self.stage.showing_recents = False
        self.stage.windows.front = ""
        self.stage.changed()

    async def recents(self) -> None:
        await self.stage.show_recents()

    # --- what it looks like

    async def hierarchy(self) -> str:
        stage = self.stage
        await stage.refresh()
        if self._dialog() is not None:  # it hides the windows below from the dumper, and they may be hanging
            return assemble(await stage.ui.dump(), rotation=self._system.power.rotation)
        window = stage.top
        package = window.package if window is not None else stage.launcher
        opaque = window is not None and window.opaque
        front = dump_page(await stage.front_page(), package, stage.profile.sdk, opaque=opaque)
        trees, system = await asyncio.gather(front, stage.ui.dump())
        return assemble([*trees, *system], rotation=self._system.power.rotation)

    async def screenshot(self, fmt: str, quality: int = 80) -> bytes:
        stage = self.stage
        await stage.refresh()
        width, height = stage.viewport.width, stage.viewport.height
        if self.secure:
            return compositor.encode(compositor.black(width, height), fmt, quality)
        async with self._developing:
            base = await self._capture(await stage.front_page())
            bar = round(BAR_HEIGHT * stage.viewport.scale)
            layers = await stage.ui.layers(
                dark_top=compositor.is_light(base, (0, 0, width, bar)),
                dark_bottom=compositor.is_light(base, (0, height - bar, width, height)),
            )
            ready = self._prints.get((fmt, quality))
            if ready is None or ready.base is not base or ready.layers is not layers:
                ready = await asyncio.to_thread(_develop, base, layers, fmt, quality)
                self._prints[fmt, quality] = ready
        return ready.data

    async def _capture(self, page: Page) -> Image.Image:
        """Pixels of the front page. One that hangs stays on the display as it was last drawn."""
        try:
            async with asyncio.timeout(_CAPTURE_SECONDS):
                captured = await page.capture()
        except (TimeoutError, NotPainted, CommandFailed, BrowserGone):
            if self._last is not None and self._last_page is page:
                return self._last
            # Never another window's picture: a page that has not drawn yet shows its empty starting window.
            viewport = self.stage.viewport
            return Image.new("RGB", (viewport.width, viewport.height), "white")
        # Always captured anew: Chromium's own word that nothing was drawn missed what a canvas draws. The same pixels
        # need no second developing.
        if self._last is None or self._last_page is not page or captured != self._last_capture:
            self._last, self._last_page = await asyncio.to_thread(compositor.decode, captured), page
            self._last_capture = captured
        return self._last

    # --- touch and keys

    async def _under_finger(self) -> Page:
        await self.stage.refresh()
        return self.stage.ui.page if self._dialog() is not None else await self.stage.front_page()

    async def _touch(self, page: Page, kind: str, x: float, y: float, at: float) -> None:
        """One touch event. A window that does not take it for five seconds hangs."""
        try:
            await asyncio.wait_for(page.touch(kind, x, y, at), _HANG_SECONDS)
        except TimeoutError:
            window = self.stage.top
            if window is not None and window.page is page and not await page.answers():
                self._system.spawn(self._hangs(window))
        except (CommandFailed, BrowserGone):
            return  # the window went away under the finger

    def _dialog(self) -> Dialog | None:
        return self.stage.ui.current(self.stage.windows.front)

    async def _hangs(self, window: AppWindow) -> None:
        if window.package in self._hanging:
            return
        self._hanging.add(window.package)
        waited = f"Waited {_HANG_SECONDS * 1000:.0f}ms for MotionEvent"
        why = f"Input dispatching timed out ({window.package}/{window.activity} is not responding. {waited})"
        try:
            await self._system.stop_answering(window.package, why=why)
        finally:
            self._hanging.discard(window.package)

    async def tap(self, x: float, y: float, duration_ms: int = 50) -> None:
        await self._gestures.tap(x, y, duration_ms)

    async def touch(self, action: str, x: float, y: float) -> None:
        await self._gestures.touch(action, x, y)

    async def swipe(self, x1: float, y1: float, x2: float, y2: float, duration_ms: int) -> None:
        viewport = self.stage.viewport
        if y1 >= viewport.height - BAR_HEIGHT * viewport.scale and y1 - y2 > viewport.height / 8:
            await self._system.activities.go_home()  # from the gesture bar upwards
            return
        await self._gestures.swipe(x1, y1, x2, y2, duration_ms)

    async def text(self, text: str) -> None:
        window = self.stage.top
        if window is not None and self._dialog() is None:
            await window.page.insert_text(text)

    async def clear_text(self) -> None:
        window = self.stage.top
        if window is not None and self._dialog() is None:
            await window.page.evaluate(_CLEAR)

    async def key(self, name: str) -> None:
        dialog, window = self._dialog(), self.stage.top
        if name == "back":
            await self._back(dialog, window)
        elif name in _KEYS and dialog is None and window is not None:
            await window.page.press(*_KEYS[name])

    async def _back(self, dialog: Dialog | None, window: AppWindow | None) -> None:
        if dialog is not None:
            self.stage.ui.answer_back(dialog)
        elif self.stage.showing_recents:
            self.stage.showing_recents = False
            self.stage.changed()
        elif window is not None and not await self._page_went_back(window):
            await self._system.activities.finish_top(window.package)

    async def _page_went_back(self, window: AppWindow) -> bool:
        """The page's own handler, or a foreign document that the window had moved on to."""
        try:
            if await window.page.evaluate(_BACK, wait=True):
                return True
            return await window.page.back_from_foreign(f"https://{window.package}.app.lab/")
        except (PageFailed, CommandFailed):
            return False

    # --- the system's questions

    async def show_permission_dialog(self, package: str, label: str, permission_group: str) -> str:
        group = permission_group.rpartition(".")[2]
        installed = self._system.packages.get(package)
        flags = installed.flags if installed is not None else {}
        refused = any(USER_SET in each for name, each in flags.items() if group_of(name) == group)
        return await self._ask(
            self.stage.ui.ask_permission(package, label, group, refused_before=refused, task=package)
        )

    async def show_anr(self, package: str) -> str:
        front = self.stage.windows.front
        return await self._ask(self.stage.ui.tell_not_responding(package, self._label(package), front))

    async def show_crash(self, package: str) -> None:
        front = self.stage.windows.front
        await self._ask(self.stage.ui.tell_crash(package, self._label(package), front))

    async def show_install(self, label: str, installer: str = _INSTALLER) -> str:
        """`install` or `cancel`."""
        return await self._ask(self.stage.ui.ask_install(label, installer, self.stage.windows.front))

    async def show_toast(self, text: str) -> None:
        self.stage.ui.show_toast(text)

    async def _ask(self, dialog: Dialog) -> str:
        self.stage.changed()
        try:
            return await dialog.answer
        finally:
            self.stage.ui.remove(dialog)
            self.stage.changed()

    def _label(self, package: str) -> str:
        installed = self._system.packages.get(package)
        return installed.label if installed is not None else package


@dataclass(frozen=True, slots=True)
class _Print:
    """A finished picture and what it was made of."""

    base: Image.Image
    layers: tuple[compositor.Layer, ...]
    data: bytes


def _develop(base: Image.Image, layers: tuple[compositor.Layer, ...], fmt: str, quality: int) -> _Print:
    return _Print(base, layers, compositor.encode(compositor.compose(base, layers), fmt, quality))
