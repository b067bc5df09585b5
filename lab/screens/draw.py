"""Draws a plan with Chromium and writes pictures, hierarchies and labels as `bench screens` reads them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from lab.screen.chromium import Chromium
from lab.screen.hierarchy import assemble, dump_page
from lab.screen.page import Page, Viewport
from lab.screens.document import APP, document
from lab.screens.looks import ROOMY
from lab.screens.scenes import Scene

__all__ = ["ScreenFault", "draw_screens", "draw_to"]

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
    directory.mkdir(parents=True, exist_ok=True)
    chromium = Chromium()
    labels: list[dict[str, Any]] = []
    try:
        await chromium.start()
        context = str((await chromium.send("Target.createBrowserContext"))["browserContextId"])
        pages: dict[Viewport, Page] = {}

        async def page_of(viewport: Viewport) -> Page:
            if viewport not in pages:
                pages[viewport] = await Page.open(chromium, viewport, context=context)
            return pages[viewport]

        for scene in scenes:
            try:
                label = await draw_to(await page_of(scene.viewport), scene, directory)
            except ScreenFault:
                roomy = replace(scene, viewport=ROOMY, font_scale=1.0)
                label = await draw_to(await page_of(ROOMY), roomy, directory)
            labels.append({**label, **(marks or {})})
    finally:
        await chromium.close()
    (directory / "all.json").write_text(json.dumps(labels, ensure_ascii=False, indent=1), "utf-8")
    return labels


async def draw_to(page: Page, scene: Scene, directory: Path) -> dict[str, Any]:
    """One scene: its picture, its hierarchy when the scene has one, its label."""
    await page.set_content(document(scene))
    await page.evaluate(_PAINTED, _DEADLINE_SECONDS, wait=True)
    truth: dict[str, Any] = await page.evaluate(f"({_TRUTH})({scene.viewport.scale})", _DEADLINE_SECONDS)
    cut = truth.pop("cut")
    if cut:
        raise ScreenFault(f"{scene.name}: not to be seen: {', '.join(cut)}")
    (directory / f"{scene.name}.png").write_bytes(await page.capture())
    if scene.tree:
        windows = await dump_page(page, APP, _SDK)
        (directory / f"{scene.name}.xml").write_text(assemble(windows, scene.seed), "utf-8")
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
