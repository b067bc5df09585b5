"""The pages that belong to the system and fill the screen: home, recents, settings, the browser's frame."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from lab.profile import Profile
from lab.screen.page import Page
from lab.screen.wording import DATA, load_wording
from lab.system.clock import DeviceClock
from lab.system.packages import InstalledPackage

__all__ = ["draw_browser", "draw_home", "draw_recents", "draw_settings", "draw_splash"]

_ICONS = (("icon.png", "image/png"), ("icon.svg", "image/svg+xml"), ("icon.jpg", "image/jpeg"))
_LARGEST_ICON = 256 * 1024


async def _draw(page: Page, document: str, call: str, details: dict[str, Any]) -> None:
    await page.set_content((DATA / document).read_text(encoding="utf-8"))
    await page.evaluate(f"{call}({json.dumps(details, ensure_ascii=False)})")


async def draw_home(page: Page, profile: Profile, clock: DeviceClock, apps: Iterable[InstalledPackage]) -> None:
    """Icons answer with the package they stand for."""
    words = load_wording(profile.language).section("home")
    now = clock.local()
    date = str(words["date"]).format(month=now.month, day=now.day, weekday=words["weekdays"][now.weekday()])
    browser, settings = profile.browser.partition("/")[0], profile.settings_app.partition("/")[0]
    hotseat = (("phone", ""), ("messages", ""), ("browser", browser), ("settings", settings))
    details = {
        "date": date,
        "search": words["search"],
        "apps": [
            {"name": app.package, "label": app.label, "icon": _icon(app.definition.folder), "answer": app.package}
            for app in apps
        ],
        "hotseat": [
            {"name": name, "label": words[name], "icon": _glyph(name), "answer": target} for name, target in hotseat
        ],
    }
    await _draw(page, "home.html", "home", details)


async def draw_recents(page: Page, profile: Profile, tasks: Iterable[InstalledPackage]) -> None:
    """Cards answer with their package, the button with `clear_all`."""
    words = load_wording(profile.language).section("home")
    cards = [{"label": app.label, "answer": app.package} for app in tasks]
    details = {"tasks": cards, "none": words["no_recents"], "clear": words["clear_all"]}
    await _draw(page, "recents.html", "recents", details)


async def draw_settings(page: Page, profile: Profile) -> None:
    words = load_wording(profile.language).section("settings")
    entries = [[name, str(summary).replace("{model}", profile.model)] for name, summary in words["entries"]]
    details = {"title": words["title"], "search": words["search"], "entries": entries}
    await _draw(page, "settings.html", "settings", details)


async def draw_browser(page: Page, url: str) -> None:
    """The address in a frame: what it asks for goes through the browser's own uid."""
    await _draw(page, "browser.html", "browser", {"url": url})


async def draw_splash(page: Page, label: str) -> None:
    """A window nothing is known about but its name."""
    await _draw(page, "splash.html", "splash", {"label": label})


def _icon(folder: Path) -> str:
    """The bundle's own icon as a data URL, or "" for a letter on a colour."""
    for name, kind in _ICONS:
        path = folder / "web" / name
        if path.is_file() and path.stat().st_size <= _LARGEST_ICON:
            return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"
    return ""


def _glyph(name: str) -> str:
    picture = (DATA / "icons" / f"{name}.svg").read_bytes()
    return f"data:image/svg+xml;base64,{base64.b64encode(picture).decode()}"
