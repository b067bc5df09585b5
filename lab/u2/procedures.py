"""The remote procedures of u2.jar (`com.wetest.uia2.stub.AutomatorService`) over the lab's screen.

Every public coroutine of Procedures is one, its camelCase name written with underscores.
"""

import asyncio
import base64
import itertools
from collections.abc import Awaitable, Callable
from typing import Any

from lxml import etree

from lab.faults import Faults
from lab.system.core import System
from lab.system.keys import KEY_CODES, press
from lab.system.surface import Surface
from lab.u2.selectors import Node, bounds, find, object_info

__all__ = ["WRONG_PARAMETERS", "Procedures", "RpcError"]

NOT_FOUND = "androidx.test.uiautomator.UiObjectNotFoundException"
APPLICATION_ERROR, WRONG_PARAMETERS = -32001, -32602
POLL_SECONDS = 0.1
SWIPE_STEP_MS = 5
CLICK_MS = 100
MOST_SCROLLS = 50
PADDING = (
    '<node index="0" text="padding" resource-id="" class="android.view.View" package="com.android.systemui" '
    'content-desc="" checkable="false" checked="false" clickable="false" enabled="true" focusable="false" '
    'focused="false" scrollable="false" long-clickable="false" password="false" selected="false" '
    'visible-to-user="true" bounds="[0,0][1,1]" drawing-order="0" hint="" display-id="0" />'
)
TOUCHES = {0: "down", 1: "up", 2: "move"}
RunShell = Callable[[str], Awaitable[tuple[bytes, int]]]


class RpcError(Exception):
    """An exception the server answers with: `exception` is the Java class name."""

    def __init__(self, exception: str, details: str, code: int = APPLICATION_ERROR) -> None:
        self.exception, self.details, self.code = exception, details, code
        super().__init__(exception)


class Procedures:
    """What the server can do on one device."""

    def __init__(self, system: System, surface: Surface, faults: Faults, run_shell: RunShell) -> None:
        self._system = system
        self._surface = surface
        self._faults = faults
        self._run_shell = run_shell
        self._objects: dict[str, dict[str, Any]] = {}
        self._numbers = itertools.count(1)

    # --- device

    async def device_info(self) -> dict[str, Any]:
        profile = self._system.profile
        return {
            "currentPackageName": self._surface.focus.package,
            "displayHeight": profile.height,
            "displayRotation": self._system.power.rotation,
            "displaySizeDpX": round(profile.width / profile.scale),
            "displaySizeDpY": round(profile.height / profile.scale),
            "displayWidth": profile.width,
            "productName": profile.product,
            "screenOn": self._system.power.awake,
            "sdkInt": profile.sdk,
            "naturalOrientation": self._system.power.rotation in (0, 2),
        }

    async def dump_window_hierarchy(self, compressed: bool = False, depth: int = 50, active: bool = False) -> str:
        return await self._hierarchy()

    async def take_screenshot(self, scale: float = 1, quality: int = 80) -> str | None:
        if self._faults.screenshot_fails:
            return None
        return base64.b64encode(await self._picture(int(quality))).decode()

    async def execute_shell_command(self, command: str, timeout: int = 0) -> dict[str, Any]:
        output, code = await self._run_shell(command)
        return {"output": output.decode("utf-8", "replace"), "exitCode": code}

    async def wake_up(self) -> None:
        self._system.power.awake = True

    async def sleep(self) -> None:
        self._system.power.awake = False

    async def is_screen_on(self) -> bool:
        return self._system.power.awake

    async def freeze_rotation(self, frozen: bool = True) -> None:
        self._system.settings.put("system", "accelerometer_rotation", "0" if frozen else "1")

    async def set_orientation(self, direction: str) -> None:
        return None

    async def open_notification(self) -> bool:
        return True

    open_quick_settings = open_notification

    async def wait_for_idle(self, milliseconds: int = 0) -> None:
        return None

    # --- input

    async def click(self, *where: Any) -> bool:
        if len(where) == 1 and isinstance(where[0], dict | str):
            return await self._click_object(where[0])
        x, y, milliseconds = float(where[0]), float(where[1]), int(where[2]) if len(where) > 2 else CLICK_MS
        if x < 0 or y < 0:
            return False
        await self._surface.tap(x, y, milliseconds)
        return True

    async def long_click(self, selector: Any) -> bool:
        x, y = _centre(await self._one(selector))
        await self._surface.tap(x, y, 1500)
        return True

    async def _click_object(self, selector: Any) -> bool:
        await self._surface.tap(*_centre(await self._one(selector)), CLICK_MS)
        return True

    async def click_and_wait_for_new_window(self, selector: Any, timeout: int = 0) -> bool:
        return await self._click_object(selector)

    async def inject_input_event(self, action: int, x: float, y: float, meta: int = 0) -> bool:
        if action not in TOUCHES:
            return False
        await self._surface.touch(TOUCHES[action], float(x), float(y))
        return True

    async def swipe(self, x1: Any, y1: Any, x2: Any = None, y2: Any = None, steps: int = 50) -> bool:
        if isinstance(x1, dict):
            return await self._swipe_object(x1, str(y1), int(x2 or 50))
        duration = max(int(steps), 2) * SWIPE_STEP_MS
        await self._surface.swipe(float(x1), float(y1), float(x2), float(y2), duration)
        return True

    async def drag(self, x1: float, y1: float, x2: float, y2: float, steps: int = 50) -> bool:
        return await self.swipe(x1, y1, x2, y2, steps)

    async def swipe_points(self, points: list[float], steps: int = 50) -> bool:
        pairs = list(zip(points[::2], points[1::2], strict=False))
        await self._surface.touch("down", *pairs[0])
        for x, y in pairs[1:]:
            await asyncio.sleep(steps * SWIPE_STEP_MS / 1000 / max(len(pairs) - 1, 1))
            await self._surface.touch("move", x, y)
        await self._surface.touch("up", *pairs[-1])
        return True

    async def _swipe_object(self, selector: dict[str, Any], direction: str, steps: int) -> bool:
        left, top, right, bottom = bounds(await self._one(selector))
        middle_x, middle_y = (left + right) / 2, (top + bottom) / 2
        lines = {
            "up": (middle_x, bottom - 5, middle_x, top + 5),
            "down": (middle_x, top + 5, middle_x, bottom - 5),
            "left": (right - 5, middle_y, left + 5, middle_y),
            "right": (left + 5, middle_y, right - 5, middle_y),
        }
        await self._surface.swipe(*lines.get(direction[:5].rstrip("_"), lines["up"]), steps * SWIPE_STEP_MS)
        return True

    async def drag_to(self, selector: dict[str, Any], *target: Any) -> bool:
        x1, y1 = _centre(await self._one(selector))
        if isinstance(target[0], dict):
            x2, y2 = _centre(await self._one(target[0]))
        else:
            x2, y2 = float(target[0]), float(target[1])
        await self._surface.swipe(x1, y1, x2, y2, int(target[-1]) * SWIPE_STEP_MS)
        return True

    async def gesture(self, selector: dict[str, Any], *points: Any) -> bool:
        await self._one(selector)
        return True

    pinch_in = pinch_out = gesture

    async def press_key(self, name: str) -> bool:
        return await press(self._system, self._surface, name)

    async def press_key_code(self, code: int, meta: int = 0) -> bool:
        return await press(self._system, self._surface, KEY_CODES.get(int(code), ""))

    # --- objects

    async def exist(self, selector: Any) -> bool:
        return bool(await self._all(selector))

    async def count(self, selector: Any) -> int:
        return len(await self._all(selector))

    async def obj_info(self, selector: Any) -> dict[str, Any]:
        return object_info(await self._one(selector))

    async def obj_info_of_all_instances(self, selector: Any) -> list[dict[str, Any]]:
        return [object_info(node) for node in await self._all(selector)]

    async def get_text(self, selector: Any) -> str:
        return (await self._one(selector)).get("text") or ""

    async def set_text(self, selector: Any, text: str) -> bool:
        await self._surface.tap(*_centre(await self._one(selector)), 50)
        await self._surface.clear_text()
        if text:
            await self._surface.text(text)
        return True

    async def clear_text_field(self, selector: Any) -> None:
        await self.set_text(selector, "")

    async def wait_for_exists(self, selector: Any, milliseconds: int) -> bool:
        return await self._wait(selector, milliseconds, gone=False)

    async def wait_until_gone(self, selector: Any, milliseconds: int) -> bool:
        return await self._wait(selector, milliseconds, gone=True)

    async def _wait(self, selector: Any, milliseconds: int, *, gone: bool) -> bool:
        clock = asyncio.get_running_loop().time
        deadline = clock() + milliseconds / 1000
        while bool(await self._all(selector)) == gone:
            if clock() >= deadline:
                return False
            await asyncio.sleep(POLL_SECONDS)
        return True

    async def child_by_text(self, parent: Any, child: Any, text: str, scroll: bool = False) -> str:
        return self._remember(parent, child, {"text": text, "mask": 1})

    async def child_by_description(self, parent: Any, child: Any, text: str, scroll: bool = False) -> str:
        return self._remember(parent, child, {"description": text, "mask": 0x40})

    async def child_by_instance(self, parent: Any, child: Any, instance: int) -> str:
        return self._remember(parent, child, {"instance": instance, "mask": 0x01000000})

    def _remember(self, parent: dict[str, Any], child: dict[str, Any], more: dict[str, Any]) -> str:
        wanted = {**child, **more, "mask": int(child.get("mask", 0)) | int(more["mask"])}
        key = f"object-{next(self._numbers)}"
        self._objects[key] = {**parent, "childOrSibling": ["child"], "childOrSiblingSelector": [wanted]}
        return key

    # --- scrolling

    async def scroll_forward(self, selector: Any, vertical: bool = True, steps: int = 55) -> bool:
        before = await self._hierarchy()
        await self._swipe_object(await self._selector(selector), "up" if vertical else "left", int(steps))
        return before != await self._hierarchy()

    async def scroll_backward(self, selector: Any, vertical: bool = True, steps: int = 55) -> bool:
        before = await self._hierarchy()
        await self._swipe_object(await self._selector(selector), "down" if vertical else "right", int(steps))
        return before != await self._hierarchy()

    fling_forward, fling_backward = scroll_forward, scroll_backward

    async def scroll_to_end(self, selector: Any, vertical: bool = True, most: int = 20, steps: int = 20) -> bool:
        for _ in range(min(int(most), MOST_SCROLLS)):
            if not await self.scroll_forward(selector, vertical, steps):
                return True
        return False

    async def scroll_to_beginning(self, selector: Any, vertical: bool = True, most: int = 20, steps: int = 20) -> bool:
        for _ in range(min(int(most), MOST_SCROLLS)):
            if not await self.scroll_backward(selector, vertical, steps):
                return True
        return False

    fling_to_end, fling_to_beginning = scroll_to_end, scroll_to_beginning

    async def scroll_to(self, selector: Any, target: Any, vertical: bool = True) -> bool:
        for _ in range(MOST_SCROLLS):
            if await self._all(target):
                return True
            if not await self.scroll_forward(selector, vertical):
                return False
        return False

    # --- clipboard, typing, toasts

    async def set_clipboard(self, label: str | None, text: str) -> None:
        self._system.identity.clipboard = str(text)

    async def get_clipboard(self) -> str | None:
        return self._system.identity.clipboard

    async def paste_clipboard(self) -> bool:
        await self._surface.text(self._system.identity.clipboard)
        return True

    async def clear_input_text(self) -> None:
        await self._surface.clear_text()

    async def get_last_toast(self) -> str | None:
        return self._system.toast

    async def clear_last_toast(self) -> None:
        self._system.toast = None

    async def make_toast(self, text: str, milliseconds: float = 1000) -> bool:
        self._system.toast = text
        await self._surface.show_toast(text)
        return True

    async def get_last_traversed_text(self) -> str:
        return ""

    async def clear_last_traversed_text(self) -> None:
        return None

    # --- finding

    async def _selector(self, selector: Any) -> dict[str, Any]:
        if isinstance(selector, str):
            if selector not in self._objects:
                raise RpcError(NOT_FOUND, selector)
            return self._objects[selector]
        if not isinstance(selector, dict):
            raise RpcError("method parameters invalid", "a selector is needed", WRONG_PARAMETERS)
        return selector

    async def _all(self, selector: Any) -> list[Node]:
        wanted = await self._selector(selector)
        try:
            root = etree.fromstring((await self._hierarchy()).encode("utf-8", "replace"), _PARSER)
        except etree.XMLSyntaxError as error:
            raise RpcError("java.lang.IllegalStateException", str(error)) from error
        return find(root, wanted)

    async def _one(self, selector: Any) -> Node:
        found = await self._all(selector)
        if not found:
            raise RpcError(NOT_FOUND, f"UiSelector{selector}")
        return found[0]

    async def _hierarchy(self) -> str:
        """The dump, with the faults ordered for it."""
        if self._faults.dump_delay_ms:
            await asyncio.sleep(self._faults.dump_delay_ms / 1000)
        text = await self._surface.hierarchy() if self._faults.hierarchy is None else self._faults.hierarchy
        if self._faults.hierarchy_padding:
            head, closing, tail = text.rpartition("</hierarchy>")
            text = head + PADDING * (self._faults.hierarchy_padding // len(PADDING)) + closing + tail
        return text

    async def _picture(self, quality: int) -> bytes:
        if self._faults.screenshot_delay_ms:
            await asyncio.sleep(self._faults.screenshot_delay_ms / 1000)
        return await self._surface.screenshot("jpeg", quality)


_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)


def _centre(node: Node) -> tuple[float, float]:
    left, top, right, bottom = bounds(node)
    return (left + right) / 2, (top + bottom) / 2
