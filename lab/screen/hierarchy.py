"""Puts the windows of a screen together as uiautomator writes them: several roots, in an order that means nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from lab.screen.page import Page, PageFailed

__all__ = ["WindowTree", "assemble", "dump_page", "empty_window"]

_HEAD = "<?xml version='1.0' encoding='UTF-8' standalone='yes' ?>"
_DUMP = "globalThis[Symbol.for('lab.screen')].dump"


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowTree:
    """One window as a `<node>` element. A modal window hides the other windows of its task from the dumper."""

    package: str
    modal: bool
    xml: str


async def dump_page(page: Page, package: str, sdk: int, *, opaque: bool = False) -> list[WindowTree]:
    """The windows drawn by one page, from the bottom up. A page that hangs is a window with nothing in it."""
    options = {"package": package, "sdk": sdk, "scale": page.viewport.scale, "opaque": opaque}
    try:
        found: list[dict[str, Any]] | None = await page.evaluate(f"{_DUMP}({json.dumps(options)})")
    except PageFailed:
        found = None
    if not found:
        return [empty_window(package, sdk, page.viewport.width, page.viewport.height)]
    return [WindowTree(package=each["package"], modal=each["modal"], xml=each["xml"]) for each in found]


def empty_window(package: str, sdk: int, width: int, height: int) -> WindowTree:
    """What is there while a window has not drawn anything yet."""
    tail = ' drawing-order="0"' * (sdk >= 24) + ' hint=""' * (sdk >= 26) + ' display-id="0"' * (sdk >= 30)
    flags = "checkable checked clickable enabled focusable focused scrollable long-clickable password selected"
    states = " ".join(f'{name}="{"true" if name == "enabled" else "false"}"' for name in flags.split())
    xml = (
        '<node index="0" text="" resource-id="" class="android.widget.FrameLayout" '
        f'package="{package}" content-desc="" {states} visible-to-user="true" '
        f'bounds="[0,0][{width},{height}]"{tail} />'
    )
    return WindowTree(package=package, modal=True, xml=xml)


def assemble(windows: Iterable[WindowTree], seed: int = 0, rotation: int = 0) -> str:
    """The whole dump. Android keeps the windows in a hash set: the order of roots depends on their hashes alone."""
    visible = list(windows)
    tops = [index for index, window in enumerate(visible) if window.modal]
    if tops:
        visible = [window for index, window in enumerate(visible) if not window.modal or index == tops[-1]]
    ordered = sorted(visible, key=lambda window: hashlib.sha256(f"{seed}|{window.xml[:400]}".encode()).digest())
    return f'{_HEAD}<hierarchy rotation="{rotation}">{"".join(window.xml for window in ordered)}</hierarchy>'
