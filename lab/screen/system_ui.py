"""The system's own windows, drawn on one transparent page over everything: status bar, gesture bar, dialogs, toasts."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

from lab.profile import Profile
from lab.screen.chromium import BrowserGone, Chromium
from lab.screen.compositor import Layer, decode
from lab.screen.hierarchy import WindowTree, dump_page
from lab.screen.page import Page, Viewport
from lab.screen.windows import Focus
from lab.screen.wording import DATA, load_wording

__all__ = ["BAR_HEIGHT", "Dialog", "SystemUi"]

BAR_HEIGHT = 24
"""CSS pixels of the status bar above and of the gesture bar below"""
_TOAST_SECONDS = 2.0
_FOREGROUND_GROUPS = ("CAMERA", "LOCATION", "MICROPHONE")
GRANT_ACTIVITY = ".permission.ui.GrantPermissionsActivity"
_PERMISSION_ANSWERS = {
    "permission_allow_button": "allow",
    "permission_allow_foreground_only_button": "allow_foreground",
    "permission_allow_one_time_button": "allow_once",
    "permission_deny_button": "deny",
    "permission_deny_and_dont_ask_again_button": "deny",
}


@dataclass(slots=True, kw_only=True, eq=False)
class Dialog:
    """A question to the person holding the phone. `draw` is the call that puts it on the page."""

    package: str
    focus: Focus
    draw: str
    cancelled_by_back: str
    """the answer that the back key gives; "" when back does nothing"""
    answer: asyncio.Future[str] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class SystemUi:
    """`visible_over` says which dialogs show, given the package in front."""

    def __init__(self, profile: Profile, viewport: Viewport) -> None:
        self._profile = profile
        self._viewport = viewport
        self._words = load_wording(profile.language)
        self._dialogs: list[Dialog] = []
        self._page: Page | None = None
        self._drawn: Dialog | None = None
        self._clock = ""
        self._toast = self._drawn_toast = ""
        self._toast_end: asyncio.TimerHandle | None = None
        self._version = 0
        self._layers: tuple[tuple[int, bool, bool], tuple[Layer, ...]] | None = None
        self._drawing = asyncio.Lock()

    async def start(self, chromium: Chromium, context: str) -> None:
        self._page = await Page.open(
            chromium, self._viewport, context=context, transparent=True, bindings={"labAnswer": self._answered}
        )
        await self._page.set_content((DATA / "system.html").read_text(encoding="utf-8"))

    @property
    def page(self) -> Page:
        if self._page is None:
            raise BrowserGone("the screen has not started")
        return self._page

    def ask_permission(self, package: str, label: str, group: str, *, refused_before: bool, task: str) -> Dialog:
        """The runtime permission dialog."""
        owner = self._profile.permission_controller
        names = ["permission_allow_button"]
        if group in _FOREGROUND_GROUPS:
            names = ["permission_allow_foreground_only_button", "permission_allow_one_time_button"]
        names.append("permission_deny_and_dont_ask_again_button" if refused_before else "permission_deny_button")
        accuracy = ("permission_location_accuracy_radio_fine", "permission_location_accuracy_radio_coarse")
        details = {
            "owner": owner,
            "group": group,
            "message": self._words.permission(group, label),
            "accuracy": [(name, self._words.button(name)) for name in accuracy] if group == "LOCATION" else None,
            "buttons": [(name, self._words.button(name), _PERMISSION_ANSWERS[name]) for name in names],
        }
        focus = Focus(package=owner, activity=owner + GRANT_ACTIVITY, task_package=task)
        return self._add(package, focus, "permission", details, cancelled_by_back="deny")

    def tell_not_responding(self, package: str, label: str, task: str) -> Dialog:
        """`close` or `wait`."""
        buttons = [("aerr_close", "close"), ("aerr_wait", "wait")]
        return self._alert(package, label, task, "anr", f"Application Not Responding: {package}", buttons)

    def tell_crash(self, package: str, label: str, task: str) -> Dialog:
        """`close` or `app_info`."""
        buttons = [("aerr_app_info", "app_info"), ("aerr_close", "close")]
        return self._alert(package, label, task, "crash", f"Application Error: {package}", buttons)

    def _alert(
        self, package: str, label: str, task: str, title: str, window: str, buttons: list[tuple[str, str]]
    ) -> Dialog:
        details = {
            "title": self._words.title(title, label),
            "buttons": [(name, self._words.button(name), answer) for name, answer in buttons],
        }
        focus = Focus(package="android", activity=window, task_package=task)
        return self._add(package, focus, "alertDialog", details, cancelled_by_back="")

    def ask_install(self, label: str, installer: str, task: str) -> Dialog:
        """`install` or `cancel`: what a phone shows before it takes an app from outside a store."""
        details = {
            "owner": installer,
            "label": label,
            "question": self._words.title("install", label),
            "buttons": [
                ("button2", self._words.button("cancel"), "cancel"),
                ("button1", self._words.button("install"), "install"),
            ],
        }
        focus = Focus(package=installer, activity=f"{installer}.PackageInstallerActivity", task_package=task)
        return self._add(installer, focus, "install", details, cancelled_by_back="cancel")

    def _add(self, package: str, focus: Focus, call: str, details: dict[str, Any], *, cancelled_by_back: str) -> Dialog:
        draw = f"{call}({json.dumps(details, ensure_ascii=False)})"
        dialog = Dialog(package=package, focus=focus, draw=draw, cancelled_by_back=cancelled_by_back)
        self._dialogs.append(dialog)
        return dialog

    def current(self, front: str) -> Dialog | None:
        """The dialog one sees while `front`'s task is on top. A permission dialog stays with its task."""
        shown = [each for each in self._dialogs if each.focus.package == "android" or each.focus.task_package == front]
        return shown[-1] if shown else None

    def remove(self, dialog: Dialog) -> None:
        if dialog in self._dialogs:
            self._dialogs.remove(dialog)

    def drop(self, package: str) -> None:
        """The app went away, and its questions with it; what the system says about it stays."""
        for dialog in [each for each in self._dialogs if each.package == package and each.focus.package != "android"]:
            self.remove(dialog)
            dialog.answer.cancel()

    def _answered(self, payload: str, _context: int) -> None:
        dialog = self._drawn
        if dialog is not None and dialog in self._dialogs and not dialog.answer.done():
            self.remove(dialog)
            dialog.answer.set_result(payload)

    def answer_back(self, dialog: Dialog) -> None:
        if dialog.cancelled_by_back and not dialog.answer.done():
            self.remove(dialog)
            dialog.answer.set_result(dialog.cancelled_by_back)

    def show_toast(self, text: str) -> None:
        """Two seconds, as LENGTH_SHORT."""
        if self._toast_end is not None:
            self._toast_end.cancel()
        self._toast = text
        self._toast_end = asyncio.get_running_loop().call_later(_TOAST_SECONDS, self._end_toast)

    def _end_toast(self) -> None:
        self._toast, self._toast_end = "", None

    async def refresh(self, front: str, clock: str, battery: int) -> None:
        """Draws what has changed since the last look. Nothing runs while nobody looks."""
        async with self._drawing:
            calls: list[str] = []
            if clock != self._clock:
                self._clock = clock
                calls.append(f"status({json.dumps(self._status(clock, battery), ensure_ascii=False)})")
            dialog = self.current(front)
            if dialog is not self._drawn:
                self._drawn = dialog
                calls.append(dialog.draw if dialog is not None else "noDialog()")
            if self._toast != self._drawn_toast:
                self._drawn_toast = self._toast
                calls.append(f"toast({json.dumps(self._toast, ensure_ascii=False)})")
            if calls:
                self._version += 1
                await self.page.evaluate(";".join(calls))

    def _status(self, clock: str, battery: int) -> dict[str, str]:
        words = self._words.section("status")
        level = str(words["battery"]).replace("{level}", str(battery))
        return {
            "owner": self._profile.system_ui,
            "clock": clock,
            "wifi": str(words["wifi"]),
            "mobile": str(words["mobile"]),
            "battery": level,
        }

    async def layers(self, *, dark_top: bool, dark_bottom: bool) -> tuple[Layer, ...]:
        """What to lay over the app: the two bars, or the whole page while it holds a dialog or a toast."""
        async with self._drawing:
            state = (self._version, dark_top, dark_bottom)
            if self._layers is None or self._layers[0] != state:
                await self.page.evaluate(f"tint({json.dumps(dark_top)}, {json.dumps(dark_bottom)})")
                self._layers = (state, await self._capture())
            return self._layers[1]

    async def _capture(self) -> tuple[Layer, ...]:
        width, height = self._viewport.css
        if self._drawn is not None or self._drawn_toast:
            return (Layer(decode(await self.page.capture(), transparent=True)),)
        lower = height - BAR_HEIGHT
        above = await self.page.capture((0, 0, width, BAR_HEIGHT))
        below = await self.page.capture((0, lower, width, BAR_HEIGHT))
        top = round(lower * self._viewport.scale)
        return (Layer(decode(above, transparent=True)), Layer(decode(below, transparent=True), top=top))

    async def dump(self) -> list[WindowTree]:
        return await dump_page(self.page, self._profile.system_ui, self._profile.sdk)
