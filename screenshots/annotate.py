"""Draws what was understood on the screenshot, for reports and for people who doubt it."""

from __future__ import annotations

import io
import shutil
import subprocess
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from screenshots.pixels import image_size
from screenshots.values import Box, Control, Dialog, ScreenReading

__all__ = ["annotate"]

_FONT_PLACES = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Medium.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/System/Library/Fonts/PingFang.ttc",
    "C:/Windows/Fonts/msyh.ttc",
)
_COLOURS = {
    "accept": (22, 140, 60),
    "refuse": (200, 30, 45),
    "exit": (200, 30, 45),
    "basic_mode": (190, 100, 0),
    "settings": (190, 100, 0),
    "policy_link": (20, 90, 200),
    "terms_link": (20, 90, 200),
    "allow": (22, 140, 60),
    "allow_once": (22, 140, 60),
    "allow_foreground": (22, 140, 60),
    "deny": (200, 30, 45),
}
_OTHER = (90, 90, 110)
_CARD = (120, 40, 200)
_BOX = (0, 130, 140)
_SECONDS = 5


def annotate(shot: bytes, reading: ScreenReading) -> bytes:
    """The screenshot as PNG with the card, controls, links and boxes drawn on it. Raises `ImageUnreadable` for no image."""
    image_size(shot)
    with Image.open(io.BytesIO(shot)) as opened:
        shown = opened.convert("RGB")
    strip = max(24, shown.width // 18)
    picture = Image.new("RGB", (shown.width, shown.height + strip), (20, 20, 30))
    picture.paste(shown, (0, 0))
    pen = _Pen(picture)
    if reading.dialog is not None:
        _draw_dialog(pen, reading.dialog)
    pen.caption(_headline(reading), shown.height, strip)
    written = io.BytesIO()
    picture.save(written, format="PNG", optimize=False, compress_level=6)
    return written.getvalue()


class _Pen:
    """Lines and labels at a size that fits the picture."""

    def __init__(self, picture: Image.Image) -> None:
        self.size = picture.size
        self.draw = ImageDraw.Draw(picture, "RGBA")
        self.unit = max(2, picture.width // 270)
        self.font = _font(max(11, picture.width // 36))

    def frame(self, box: Box, colour: tuple[int, int, int], *, dashed: bool = False) -> None:
        left, top, right, bottom = box
        if right - left < 2 or bottom - top < 2:
            return
        edge = (left, top, right - 1, bottom - 1)
        if dashed:
            self.draw.rectangle(edge, outline=(*colour, 140), width=max(1, self.unit // 2))
        else:
            self.draw.rectangle(edge, fill=(*colour, 26), outline=(*colour, 255), width=self.unit)

    def label(self, text: str, box: Box, colour: tuple[int, int, int]) -> None:
        """Above the box, or inside its top when there is no room; never outside the picture."""
        left, top, right, bottom = self.draw.textbbox((0, 0), text, font=self.font)
        wide, tall = right - left + 2 * self.unit, bottom - top + 2 * self.unit
        x = min(max(0, box[0]), max(0, self.size[0] - int(wide)))
        y = box[1] - int(tall) if box[1] - tall >= 0 else box[1]
        self.draw.rectangle((x, y, x + wide, y + tall), fill=(*colour, 235))
        self.draw.text((x + self.unit - left, y + self.unit - top), text, font=self.font, fill=(255, 255, 255, 255))

    def dot(self, point: tuple[int, int], colour: tuple[int, int, int]) -> None:
        x, y = point
        reach = self.unit * 2
        self.draw.ellipse(
            (x - reach, y - reach, x + reach, y + reach), fill=(*colour, 220), outline=(255, 255, 255, 255)
        )

    def caption(self, text: str, top: int, tall: int) -> None:
        """Below the screenshot, so that nothing of it is covered."""
        _, high, _, low = self.draw.textbbox((0, 0), text, font=self.font)
        y = top + (tall - (low - high)) / 2 - high
        self.draw.text((2 * self.unit, y), text, font=self.font, fill=(255, 255, 255, 255))


def _draw_dialog(pen: _Pen, dialog: Dialog) -> None:
    pen.frame(dialog.box, _CARD)
    for link in dialog.links:
        _draw_control(pen, link, dashed=link.source == "geometry")
    for control in dialog.controls:
        _draw_control(pen, control, dashed=False)
    for box in dialog.checkboxes:
        pen.frame(box.box, _BOX)
        pen.label(f"{box.state}{' (required)' if box.required else ''}", box.box, _BOX)


def _draw_control(pen: _Pen, control: Control, *, dashed: bool) -> None:
    colour = _COLOURS.get(control.role, _OTHER)
    pen.frame(control.box, colour, dashed=dashed)
    pen.label(control.role.replace("_", " ") + ("" if control.clear else " ?"), control.box, colour)
    pen.dot(control.point, colour)


def _headline(reading: ScreenReading) -> str:
    if not reading.readable:
        return f"not readable: {reading.unreadable_reason}"
    said = " over ".join(kind.replace("_", " ") for kind in reading.kinds)
    if reading.dialog is None:
        return f"{said} · {reading.source}"
    trust = f"certain ({', '.join(reading.dialog.agreed_by)})" if reading.dialog.certain else "one reader only"
    return f"{said} · {reading.dialog.source} · {trust}"


@lru_cache(maxsize=8)
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    for place in (*_FONT_PLACES, *_fonts_asked()):
        if Path(place).is_file():
            return ImageFont.truetype(place, size)
    return ImageFont.load_default(size)


@lru_cache(maxsize=1)
def _fonts_asked() -> tuple[str, ...]:
    """Where fontconfig keeps a Chinese font, on systems that have it elsewhere."""
    if shutil.which("fc-list") is None:
        return ()
    try:
        found = subprocess.run(  # a fixed list of words, bounded in time
            ["fc-list", ":lang=zh", "--format", "%{file}\n"],
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ()
    return tuple(sorted(line for line in found.stdout.splitlines() if line.endswith((".ttc", ".ttf", ".otf"))))
