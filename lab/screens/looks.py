"""How drawn screens look: displays, colours, and the ways apps set their buttons."""

from __future__ import annotations

from dataclasses import dataclass

from lab.screen.page import Viewport

__all__ = ["BUTTONS", "DISPLAYS", "ROOMY", "SUBTLE_THEMES", "THEMES", "Theme"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """Colours as CSS writes them."""

    name: str
    page: str
    paper: str
    ink: str
    soft: str
    """Body text."""
    faint: str
    """Text that is meant to be overlooked."""
    line: str
    tonal: str
    accent: str
    on_accent: str
    link: str


def _light(name: str, accent: str, *, link: str = "", paper: str = "#ffffff", on_accent: str = "#ffffff") -> Theme:
    return Theme(
        name=name,
        page="#f4f5f7",
        paper=paper,
        ink="#1f2329",
        soft="#51565d",
        faint="#b4b8be",
        line="#e3e5e8",
        tonal="#eceef1",
        accent=accent,
        on_accent=on_accent,
        link=link or accent,
    )


def _dark(name: str, accent: str, *, paper: str = "#26282c", on_accent: str = "#ffffff") -> Theme:
    return Theme(
        name=name,
        page="#131416",
        paper=paper,
        ink="#f0f1f3",
        soft="#b3b7bd",
        faint="#6a6e75",
        line="#3b3e44",
        tonal="#393c42",
        accent=accent,
        on_accent=on_accent,
        link="#7db4ff",
    )


THEMES = (
    _light("blue", "#1769e0"),
    _light("orange", "#ff6a00", link="#ff6a00"),
    _light("green", "#12a05c"),
    _light("red", "#e4393c", link="#3c6fb4"),
    _light("yellow", "#ffd42e", link="#946c00", on_accent="#2a2400"),
    _light("violet", "#6a4fc4", paper="#f7f2fa"),
    _light("black", "#17181a", link="#2b62c9"),
    _light("teal", "linear-gradient(90deg,#19b6a4,#2f8fe0)", link="#12867a"),
    _light("rose", "linear-gradient(90deg,#ff7a5c,#ff3d77)", link="#e0486a"),
    _dark("night", "#3d7dff"),
    _dark("amber", "#ffb938", paper="#1e1f22", on_accent="#2b1d00"),
    _dark("slate", "#4fc08d", paper="#2c3138", on_accent="#08281a"),
    Theme(
        name="parchment",
        page="#6b4a2c",
        paper="#f3e2bd",
        ink="#4a2f14",
        soft="#6b4c28",
        faint="#b79a6b",
        line="#c9a86c",
        tonal="#d8bb82",
        accent="linear-gradient(180deg,#e89a2c,#c4641a)",
        on_accent="#fff6e0",
        link="#9a3d12",
    ),
)


SUBTLE_THEMES = (
    _light("mist", "#2f6fde", paper="#f1f2f4"),
    _light("dawn", "#d9583b", paper="linear-gradient(180deg,#ffe3d6,#ffffff 45%)"),
    _light("lake", "#1c7f8c", paper="linear-gradient(160deg,#d6f0f2,#eef6ff)"),
    _dark("coal", "#5a8cff", paper="#1a1b1e"),
    _dark("dusk", "#e0567a", paper="linear-gradient(180deg,#3a2a4d,#1c1b2b)"),
)
"""Cards that hardly differ from the page around them, or are of no single colour."""


def _display(width: int, height: int, scale: float) -> Viewport:
    return Viewport(width=width, height=height, scale=scale)


DISPLAYS: tuple[tuple[Viewport, int], ...] = (
    (_display(1080, 2400, 3.0), 9),
    (_display(1080, 2340, 2.8125), 5),
    (_display(720, 1600, 2.0), 6),
    (_display(1080, 1920, 3.0), 4),
    (_display(720, 1280, 2.0), 4),
    (_display(1440, 3200, 4.0), 4),
    (_display(1440, 2560, 3.2), 2),
    (_display(540, 960, 1.5), 2),
    (_display(480, 800, 1.5), 3),
    (_display(1200, 1920, 1.5), 2),
    (_display(1600, 2560, 2.0), 2),
    (_display(2400, 1080, 3.0), 2),
    (_display(1280, 720, 2.0), 2),
    (_display(1920, 1200, 1.5), 2),
)
"""Displays and how often each is drawn: phones from 480x800 to 1440x3200, tablets, both also lying."""

ROOMY = DISPLAYS[0][0]
"""Where every scene fits."""

BUTTONS: tuple[tuple[str, int], ...] = (
    ("filled tonal row pill", 6),
    ("filled tonal row", 4),
    ("filled outline row pill", 4),
    ("filled outline stack", 3),
    ("filled plain stack pill", 5),
    ("filled faint stack pill", 3),
    ("plain plain split", 4),
    ("filled filled row", 2),
    ("plain plain end", 4),
    ("outline outline stack", 2),
    ("filled filled stack pill", 2),
)
"""Style of the wished answer, style of the others, arrangement, and shape; and how often each is drawn."""
