"""A lab device in a process of its own, with a painted screen instead of a browser: quick, and told what to go wrong.

Each line of its input is a JSON object of orders, each is answered by a line. It ends with its input.
"""

from __future__ import annotations

import asyncio
import io
import json
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from lab.device import LabDevice
from lab.profile import load_profile
from lab.system.nodes import file

HIERARCHY = (
    "<?xml version='1.0' encoding='UTF-8' standalone='yes' ?>\r\n"
    '<hierarchy rotation="0"><node index="0" text="同意" package="com.example.plain" bounds="[0,0][720,1600]" /></hierarchy>'
)


@dataclass
class Focus:
    package: str = "com.android.launcher3"
    activity: str = "com.android.launcher3.uioverrides.QuickstepLauncher"
    task_package: str = "com.android.launcher3"


class PaintedScreen:
    """Shows one colour, remembers what was done to it."""

    def __init__(self) -> None:
        self.focus = Focus()
        self.secure = False
        self.color = (200, 60, 60)
        self.done: list[list[Any]] = []

    async def hierarchy(self) -> str:
        return HIERARCHY

    async def screenshot(self, fmt: str, quality: int = 80) -> bytes:
        image = Image.new("RGB", (720, 1600), (0, 0, 0) if self.secure else tuple(self.color))
        image.paste((90, 90, 90), (0, 0, 720, 48))
        stream = io.BytesIO()
        image.save(stream, fmt.upper())
        return stream.getvalue()

    async def open_window(self, package: str, activity: str, url_path: str) -> None:
        self.focus = Focus(package, activity, package)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)

        async def note(*arguments: object) -> None:
            self.done.append([name, *arguments])

        return note


async def obey(device: LabDevice, screen: PaintedScreen, order: Mapping[str, Any]) -> object:
    for name, value in order.get("faults", {}).items():
        setattr(device.faults, name, value)
    if "huge" in order:
        device.faults.hierarchy = "<node text='x'>" * (order["huge"] // 15)
    for name, value in order.get("screen", {}).items():
        setattr(screen, name, value)
    for package, operation, foreground in order.get("ops", ()):
        device.system.appops.note(package, operation, foreground=foreground)
    for path, content in order.get("files", {}).items():
        device.system.files.put(path, file(content.encode()))
    if order.get("kill"):
        return device.u2.kill()
    if order.get("off"):
        await device.close()
    done, screen.done = screen.done, []
    return done


async def main(profile: str, apps: Path) -> None:
    screen = PaintedScreen()
    device = LabDevice(load_profile(profile), apps, Path(tempfile.mkdtemp()), 7, surface=screen)  # type: ignore[arg-type]
    await device.start()
    sys.stdout.write(json.dumps({"serial": device.serial}) + "\n")
    sys.stdout.flush()
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        answer = await obey(device, screen, json.loads(line))
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
