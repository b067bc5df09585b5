"""Draws the example screens of the compliance guide from their description.

    python scripts/guide_screens.py

Needs the Noto CJK fonts. The pictures are kept as package data.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

DATA = Path(__file__).resolve().parent.parent / "crawler" / "report" / "guide" / "data"
FONT = "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"
WIDTH, HEIGHT, GAP, TOP = 240, 430, 36, 40
INK, SOFT, LINE, BLUE, RED, GREEN = "#16191f", "#7d8694", "#d5dae1", "#2463a8", "#b4232f", "#217a4b"

Words = Mapping[str, Mapping[str, str]]


def font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(FONT, size, index=2)


class Phone:
    """One phone with its screen."""

    def __init__(self, pen: ImageDraw.ImageDraw, left: int, words: Words, language: str) -> None:
        self.pen, self.left, self.words, self.language = pen, left, words, language

    def say(self, name: str) -> str:
        return self.words[name][self.language]

    def text(self, x: int, y: int, text: str, size: int, fill: str = INK, anchor: str = "la") -> None:
        self.pen.text((self.left + x, TOP + y), text, font=font(size), fill=fill, anchor=anchor)

    def box(self, area: tuple[int, int, int, int], fill: str, radius: int = 8, outline: str | None = None) -> None:
        x, y, right, bottom = area
        corners = (self.left + x, TOP + y, self.left + right, TOP + bottom)
        self.pen.rounded_rectangle(corners, radius, fill=fill, outline=outline)

    def draw(self, screen: Mapping[str, Any]) -> None:
        dimmed = "card" in screen or "system" in screen
        self.box((0, 0, WIDTH, HEIGHT), "#c9cdd3" if dimmed else "#fbfcfd", 20, SOFT)
        self.box((0, 0, WIDTH, 52), BLUE, 20)
        self.text(WIDTH // 2, 26, self.say(screen["page"]), 17, "white", "mm")
        for row in range(3 if "box" in screen else 5):
            top = 70 + row * 62
            self.box((16, top, WIDTH - 16, top + 48), "#b9bec6" if dimmed else "#eef1f5")
        if "note" in screen:
            self.box((60, 64, WIDTH - 60, 92), "#e4e8ee", 14)
            self.text(WIDTH // 2, 78, self.say(screen["note"]), 14, SOFT, "mm")
        for number in range(screen.get("again", 1) - 1, -1, -1):
            if "card" in screen:
                self.card(screen, 10 * number)
        if "box" in screen:
            self.tick(screen)
        if "system" in screen:
            self.system(screen["system"])
        if "sent" in screen:
            harmless = screen["sent"] == "nothing"
            self.box((24, HEIGHT - 52, WIDTH - 24, HEIGHT - 18), "white", 8, GREEN if harmless else RED)
            self.text(WIDTH // 2, HEIGHT - 35, self.say(screen["sent"]), 14, GREEN if harmless else RED, "mm")

    def card(self, screen: Mapping[str, Any], shift: int) -> None:
        top = 120 + shift
        self.box((20 + shift // 2, top, WIDTH - 20 + shift // 2, top + 190), "white", 14, LINE)
        self.text(WIDTH // 2 + shift // 2, top + 26, self.say(screen["card"]), 16, INK, "mm")
        for row in range(4):
            self.box(
                (36 + shift // 2, top + 50 + row * 18, WIDTH - 36 - 26 * (row == 3), top + 58 + row * 18), "#e4e8ee", 4
            )
        self.buttons(screen["buttons"], top + 140, shift // 2)

    def buttons(self, names: list[str], top: int, shift: int = 0) -> None:
        width = (WIDTH - 64 - 12 * (len(names) - 1)) // len(names)
        for number, name in enumerate(names):
            left = 32 + shift + number * (width + 12)
            strong = number == len(names) - 1
            self.box((left, top, left + width, top + 34), BLUE if strong else "white", 17, BLUE)
            self.text(left + width // 2, top + 17, self.say(name), 14, "white" if strong else BLUE, "mm")

    def tick(self, screen: Mapping[str, Any]) -> None:
        self.buttons(screen["buttons"], 300)
        ticked = screen["ticked"]
        self.box((18, 352, 34, 368), BLUE if ticked else "white", 3, BLUE)
        if ticked:
            points = [(self.left + x, TOP + y) for x, y in ((21, 360), (25, 364), (31, 355))]
            self.pen.line(points, fill="white", width=3)
        self.text(40, 360, self.say(screen["box"]), 13, INK, "lm")

    def system(self, name: str) -> None:
        self.box((14, 236, WIDTH - 14, 372), "white", 18, INK)
        self.text(WIDTH // 2, 264, self.say(name), 15, INK, "mm")
        for number, answer in enumerate(("allow", "deny")):
            self.text(WIDTH // 2, 304 + 34 * number, self.say(answer), 15, BLUE, "mm")


def picture(screens: Mapping[str, Any], words: Words, language: str) -> Image.Image:
    image = Image.new("RGB", (2 * WIDTH + 3 * GAP, TOP + HEIGHT + 24), "white")
    pen = ImageDraw.Draw(image)
    for number, (name, mark, colour) in enumerate((("wrong", "×", RED), ("right", "√", GREEN))):
        left = GAP + number * (WIDTH + GAP)
        pen.text((left + WIDTH // 2, 20), mark, font=font(28), fill=colour, anchor="mm")
        Phone(pen, left, words, language).draw(screens[name])
    return image


def main() -> None:
    data = tomllib.loads((DATA / "screens.toml").read_text(encoding="utf-8"))
    for rule, screens in data["screens"].items():
        for language in ("zh", "en"):
            made = picture(screens, data["words"], language).quantize(64, dither=Image.Dither.NONE)
            made.save(DATA / "screens" / f"{rule}.{language}.png", optimize=True)


if __name__ == "__main__":
    main()
