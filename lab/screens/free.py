"""Screens written freely, one HTML file each: `python -m lab.screens DIR --free FOLDER` draws them like the planned ones.

The file's `<html>` says what it is: `lang`, `data-kind`, `data-layers` (from the top down), `data-display`
(`1080x2400@3`) and, for a screen without hierarchy, `data-tree="no"`. Inside, `data-card` marks the dialog's card and
`data-role` what a control does; `docs/screens.md` tells the rest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

from lab.screen.page import Viewport
from lab.screens.scenes import CONSENT, KINDS

__all__ = ["FreeScreen", "FreeScreenError", "read_free_screens"]

_DISPLAY = re.compile(r"(\d{3,4})x(\d{3,4})@(\d(?:\.\d+)?)")
_LANGUAGES = ("zh", "zh-TW", "ja", "en", "de", "fr", "es")
_LARGEST = 200_000


class FreeScreenError(ValueError):
    """Every file that does not say what it is, with what is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeScreen:
    """One page and what its writer says it is."""

    name: str
    html: str
    kind: str
    layers: tuple[str, ...]
    """Kinds from the top down."""
    language: str
    viewport: Viewport
    tree: bool

    @property
    def consent(self) -> bool:
        return self.kind in CONSENT


def read_free_screens(folder: Path) -> tuple[FreeScreen, ...]:
    """Every `*.html` of a folder, by name. Raises FreeScreenError, OSError."""
    read = [_read(file) for file in sorted(folder.glob("*.html"))]
    faults = [one for one in read if isinstance(one, str)]
    if faults or not read:
        raise FreeScreenError("\n".join(faults) or f"{folder}: no *.html in it")
    return tuple(one for one in read if isinstance(one, FreeScreen))


class _Root(HTMLParser):
    """The attributes of `<html>`."""

    def __init__(self) -> None:
        super().__init__()
        self.said: dict[str, str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "html" and self.said is None:
            self.said = {name: value or "" for name, value in attrs}


def _read(file: Path) -> FreeScreen | str:
    html = file.read_text("utf-8")
    root = _Root()
    root.feed(html[:_LARGEST])
    said = root.said or {}
    display = _DISPLAY.fullmatch(said.get("data-display", ""))
    kind, language = said.get("data-kind", ""), said.get("lang", "")
    faults = [
        *(["larger than a page may be"] if len(html) > _LARGEST else []),
        *([f"data-kind {kind!r} is none of {', '.join(KINDS)}"] if kind not in KINDS else []),
        *([f"lang {language!r} is none of {', '.join(_LANGUAGES)}"] if language not in _LANGUAGES else []),
        *(["data-display is written as 1080x2400@3"] if display is None else []),
    ]
    if faults or display is None:
        return f"{file.name}: {'; '.join(faults)}"
    wide, tall, scale = display.groups()
    return FreeScreen(
        name=f"{file.stem}_{kind}_{language}",
        html=html,
        kind=kind,
        layers=tuple(one.strip() for one in said.get("data-layers", kind).split(",")),
        language=language,
        viewport=Viewport(width=int(wide), height=int(tall), scale=float(scale)),
        tree=said.get("data-tree", "yes") != "no",
    )
