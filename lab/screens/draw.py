"""Draws a plan with Chromium and writes pictures, hierarchies and labels as `bench screens` reads them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from lab.screen.chromium import Chromium
from lab.screen.hierarchy import assemble, dump_page
from lab.screen.page import Page, Viewport
from lab.screens.document import APP, SYSTEM, document
from lab.screens.free import FreeScreen
from lab.screens.looks import ROOMY
from lab.screens.scenes import Scene

__all__ = ["ScreenFault", "draw_free", "draw_screens", "draw_to"]

_SDK = 33
_DEADLINE_SECONDS = 15.0
_TRUTH = (Path(__file__).parent / "data" / "truth.js").read_text("utf-8")
_FRAMES = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))"
_PAINTED = f"document.fonts.ready.then(() => {_FRAMES})"


class ScreenFault(RuntimeError):
    """A drawn screen does not show what its label would say."""


async def draw_screens(
    scenes: Iterable[Scene], directory: Path, *, marks: dict[str, Any] | None = None
) -> list[dict[str, Any]]:
    """Draw every scene into `directory` and write `all.json` last. Returns the labels. Raises ScreenFault, OSError.

    A scene whose answers do not fit on its display is drawn on an ordinary phone instead.
    """
    async with _opened(directory) as page_of:
        labels = []
        for scene in scenes:
            try:
                label = await draw_to(await page_of(scene.viewport), scene, directory)
            except ScreenFault:
                roomy = replace(scene, viewport=ROOMY, font_scale=1.0)
                label = await draw_to(await page_of(ROOMY), roomy, directory)
            labels.append({**label, **(marks or {})})
    _write(labels, directory)
    return labels


async def draw_free(screens: Iterable[FreeScreen], directory: Path) -> tuple[list[dict[str, Any]], list[str]]:
    """Draw freely written screens. Returns the labels, and what is wrong with those that were left out. Raises OSError."""
    labels: list[dict[str, Any]] = []
    faults: list[str] = []
    async with _opened(directory) as page_of:
        for screen in screens:
            page = await page_of(screen.viewport)
            try:
                seed, owner = (0 if screen.tree else None), SYSTEM.get(screen.kind, APP)
                truth = await _drawn(page, screen.name, screen.html, directory, tree_seed=seed, owner=owner)
            except ScreenFault as fault:
                faults.append(str(fault))
                continue
            shape = {"w": screen.viewport.width, "h": screen.viewport.height, "flags": ["free"]}
            said = {"kind": screen.kind, "lang": screen.language, "consent": screen.consent, "layers": screen.layers}
            labels.append({"name": screen.name, **said, **shape, **truth})
    _write(labels, directory)
    return labels, faults


@asynccontextmanager
async def _opened(directory: Path) -> AsyncIterator[Callable[[Viewport], Awaitable[Page]]]:
    """A browser, as a way to get the page of each display."""
    directory.mkdir(parents=True, exist_ok=True)
    chromium = Chromium()
    try:
        await chromium.start()
        context = str((await chromium.send("Target.createBrowserContext"))["browserContextId"])
        pages: dict[Viewport, Page] = {}

        async def page_of(viewport: Viewport) -> Page:
            if viewport not in pages:
                pages[viewport] = await Page.open(chromium, viewport, context=context)
            return pages[viewport]

        yield page_of
    finally:
        await chromium.close()


def _write(labels: list[dict[str, Any]], directory: Path) -> None:
    (directory / "all.json").write_text(json.dumps(labels, ensure_ascii=False, indent=1), "utf-8")


async def draw_to(page: Page, scene: Scene, directory: Path) -> dict[str, Any]:
    """One scene: its picture, its hierarchy when the scene has one, its label."""
    seed = scene.seed if scene.tree else None
    truth = await _drawn(page, scene.name, document(scene), directory, tree_seed=seed)
    return {
        "name": scene.name,
        "kind": scene.kind,
        "lang": scene.language.code,
        "consent": scene.consent,
        "layers": scene.layers,
        "w": scene.viewport.width,
        "h": scene.viewport.height,
        "flags": _flags(scene),
        **truth,
    }


async def _drawn(
    page: Page, name: str, html: str, directory: Path, *, tree_seed: int | None, owner: str = APP
) -> dict[str, Any]:
    """Draw one document, its picture and, with a seed for its marks, its hierarchy. Returns what is to be seen on it.

    `owner`: the package of the window; a freely written system dialog has the whole window.
    """
    await page.set_content(html)
    await page.evaluate(_PAINTED, _DEADLINE_SECONDS, wait=True)
    truth: dict[str, Any] = await page.evaluate(f"({_TRUTH})({page.viewport.scale})", _DEADLINE_SECONDS)
    cut = truth.pop("cut")
    if cut:
        raise ScreenFault(f"{name}: not to be seen: {', '.join(cut)}")
    (directory / f"{name}.png").write_bytes(await page.capture())
    if tree_seed is not None:
        windows = await dump_page(page, owner, _SDK)
        (directory / f"{name}.xml").write_text(assemble(windows, tree_seed), "utf-8")
    return truth


def _flags(scene: Scene) -> list[str]:
    """What is peculiar about the picture, for who looks for a pattern in failures."""
    return [
        scene.layout,
        scene.theme.name,
        scene.buttons,
        f"below {scene.below}",
        f"letters {scene.font_scale}",
        *(["window"] if scene.window else []),
        *(["serif"] if scene.serif else []),
    ]
