"""A whole lab device without adb: system, screen, network, bridge and sink on an event loop in a thread of its own."""

import asyncio
import json
import re
import shutil
import threading
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest
from lxml import etree

from lab.bridge import Bridge
from lab.definition import load_app
from lab.key import AnswerKey
from lab.net import Network, Sink
from lab.profile import load_profile
from lab.screen import Screen
from lab.system.core import System

T = TypeVar("T")
needs_chromium = pytest.mark.skipif(
    shutil.which("chromium-headless-shell") is None, reason="chromium-headless-shell is not installed"
)
MANIFEST = """
package = "{package}"
label = "{label}"
version_name = "1.0"
version_code = 1
category = "网上购物"
{more}
[[activities]]
name = ".MainActivity"
page = "index.html"
main = true
{tables}
"""


class Loop:
    """Runs coroutines from ordinary test functions."""

    def __init__(self) -> None:
        self.event_loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.event_loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Awaitable[T], seconds: float = 30) -> T:
        async def wait() -> T:
            return await work

        return asyncio.run_coroutine_threadsafe(wait(), self.event_loop).result(seconds)

    def close(self) -> None:
        self.event_loop.call_soon_threadsafe(self.event_loop.stop)
        self._thread.join()
        self.event_loop.close()


def write_app(
    root: Path, package: str, html: str, *, label: str = "澜庭商城", more: str = "", tables: str = "", **files: str
) -> Path:
    """An app folder; `files` are further pages by name (dots written as __)."""
    folder = root / package
    (folder / "web").mkdir(parents=True)
    manifest = MANIFEST.format(package=package, label=label, more=more, tables=tables)
    (folder / "app.toml").write_text(manifest, encoding="utf-8")
    for name, text in {"index.html": html, **files}.items():
        (folder / "web" / name.replace("__", ".")).write_text(text, encoding="utf-8")
    return folder


class Handset:
    """`run` runs a coroutine on the device's loop."""

    def __init__(self, directory: Path, apps: list[Path], loop: Loop) -> None:
        self.loop = loop
        self.run = loop.run
        self.system = loop.run(self._system(apps))
        self.sink = Sink(directory / "sink")
        self.key = AnswerKey(directory / "key.jsonl")
        loop.run(self._start())

    async def _system(self, apps: list[Path]) -> System:
        system = System(load_profile("aosp13"), seed=7)
        system.preinstall(load_app(folder) for folder in apps)
        return system

    async def _start(self) -> None:
        await self.sink.start()
        self.network = Network(self.system, self.key, self.sink, seed=7)
        self.screen = Screen(self.system, self.network, self.system.profile)
        self.bridge = Bridge(self.system, self.screen, self.network, self.key)
        await self.screen.start()
        self.system.attach(self.screen)

    async def _stop(self) -> None:
        await self.screen.close()
        await self.network.close()
        await self.sink.close()
        await self.system.stop()
        await asyncio.sleep(0.05)  # connections made while everything ended end now
        self.key.close()

    def close(self) -> None:
        self.run(self._stop())

    # --- what tests do

    def start(self, package: str) -> None:
        assert self.run(self.system.activities.start(package))

    def stop(self, package: str) -> None:
        self.run(self.system.force_stop(package))

    def page(self, expression: str, *, wait: bool = False) -> Any:
        window = self.screen.stage.top
        assert window is not None
        return self.run(window.page.evaluate(expression, 10, wait=wait))

    def tree(self) -> etree._Element:
        return etree.fromstring(self.run(self.screen.hierarchy()).encode())

    def nodes(self, **wanted: str) -> list[etree._Element]:
        return [node for node in self.tree().iter("node") if _matches(node, wanted)]

    def node(self, **wanted: str) -> etree._Element:
        found = self.nodes(**wanted)
        assert found, f"no node with {wanted}"
        return found[0]

    def tap(self, **wanted: str) -> None:
        x, y = centre(self.node(**wanted))
        self.run(self.screen.tap(x, y))

    def eventually(self, condition: Any, seconds: float = 5.0) -> Any:
        """Waits until `condition()` gives something true."""

        async def wait() -> None:
            await asyncio.sleep(0.02)

        for _ in range(int(seconds / 0.02)):
            value = condition()
            if value:
                return value
            self.run(wait())
        raise AssertionError(f"it did not happen within {seconds} s")

    def events(self, event: str, **wanted: Any) -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in self.key.path.read_bytes().splitlines()]
        return [
            line
            for line in lines
            if line["event"] == event and all(line.get(name) == value for name, value in wanted.items())
        ]


def _matches(node: etree._Element, wanted: dict[str, str]) -> bool:
    names = {"resource_id": "resource-id", "kind": "class", "description": "content-desc"}
    return all(node.get(names.get(name, name)) == value for name, value in wanted.items())


def box(node: etree._Element) -> tuple[int, int, int, int]:
    left, top, right, bottom = map(int, re.findall(r"-?\d+", node.get("bounds", "")))
    return left, top, right, bottom


def centre(node: etree._Element) -> tuple[float, float]:
    left, top, right, bottom = box(node)
    return (left + right) / 2, (top + bottom) / 2


@contextmanager
def handset(directory: Path, *apps: Path) -> Iterator[Handset]:
    loop = Loop()
    try:
        device = Handset(directory, list(apps), loop)
        try:
            yield device
        finally:
            device.close()
    finally:
        loop.close()
