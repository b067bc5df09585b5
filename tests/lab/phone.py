"""A system in memory for tests: two apps, a screen that draws nothing, no adb."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from lab.definition import load_app
from lab.profile import load_profile
from lab.system import System
from tests.lab.bench import StandInSurface, write_app

T = TypeVar("T")
CAMERA, CONTACTS = "android.permission.CAMERA", "android.permission.READ_CONTACTS"
APP, OTHER = "com.example.app", "com.example.other"
CONTROLLER = "com.android.permissioncontroller"


class Phone:
    """A system with two apps and a screen that draws nothing."""

    def __init__(self, root: Path) -> None:
        permissions = f'["android.permission.INTERNET", "{CAMERA}", "{CONTACTS}", "android.permission.GET_ACCOUNTS"]'
        folders = [write_app(root / "app", permissions=permissions), write_app(root / "other", package=OTHER)]
        self.surface = StandInSurface()
        self.system = System(load_profile("aosp13"), seed=5, scratch=root)
        self.system.preinstall(load_app(folder) for folder in folders)
        self.system.attach(self.surface)

    def events(self) -> list[str]:
        return [f"{entry.tag}: {entry.text}" for entry in self.system.logs.entries(("events",))]


def on_phone(root: Path, work: Callable[[Phone], Awaitable[T]]) -> T:
    async def run() -> T:
        phone = Phone(root)
        try:
            return await work(phone)
        finally:
            await phone.system.stop()

    return asyncio.run(run())
