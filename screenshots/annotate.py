"""Draws what was understood on the screenshot, for reports and for people who doubt it."""

from __future__ import annotations

import io
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
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
_PAPER = (20, 20, 30)
_WHITE = (255, 255, 255, 255)


def annotate(shot: bytes, reading: ScreenReading) -> bytes:
    """The screenshot as PNG with the card, controls, links and boxes drawn on it. Raises `ImageUnreadable` for no image."""
    image_size(shot)
    with Image.open(io.BytesIO(shot)) as opened:
        shown = opened.convert("RGB")
    strip, gutter = max(24, shown.width // 18), max(120, shown.width * 2 // 5)
    picture = Image.new("RGB", (shown.width + gutter, shown.height + strip), _PAPER)
    picture.paste(shown, (0, 0))
    pen = _Pen(picture, shown.size)
    if reading.dialog is not None:
        _draw_dialog(pen, reading.dialog)
    pen.caption(_headline(reading), shown.height, strip)
    written = io.BytesIO()
    picture.save(written, format="PNG", optimize=False, compress_level=6)
    return written.getvalue()


@dataclass(frozen=True, slots=True)
class _Label:
    """Words for the margin, and what they speak of."""

    text: str
    box: Box
    colour: tuple[int, int, int]


class _Pen:
    """Frames on the screenshot, words beside it: nothing covers what the screen says, and no colour of it changes."""

    def __init__(self, picture: Image.Image, shown: tuple[int, int]) -> None:
        self.shown = shown
        self.width = picture.width
        self.draw = ImageDraw.Draw(picture, "RGBA")
        self.unit = max(2, shown[0] // 270)
        self.font = _font(max(11, shown[0] // 36))

    def frame(self, box: Box, colour: tuple[int, int, int], *, dashed: bool = False) -> None:
        left, top, right, bottom = box
        if right - left < 2 or bottom - top < 2:
            return
        edge = (left, top, right - 1, bottom - 1)
        width = max(1, self.unit // 2) if dashed else self.unit
        self.draw.rectangle(edge, outline=(*colour, 140 if dashed else 255), width=width)

    def labels(self, wanted: Sequence[_Label]) -> None:
        """In the margin, at the height of their boxes or below the label before, each with a line to its box's lower edge."""
        tall = self._height() + 3 * self.unit
        room = max(1, self.shown[1] // tall)
        kept = sorted(wanted, key=lambda one: (one.box[1] + one.box[3], one.box[0]))[:room]
        tops = _spread([(one.box[1] + one.box[3] - tall) // 2 for one in kept], tall, self.shown[1])
        for label, top in zip(kept, tops, strict=True):
            self._label(label, top, tall)

    def _label(self, label: _Label, top: int, tall: int) -> None:
        left, middle = self.shown[0] + 10 * self.unit, top + tall // 2
        right = min(max(0, label.box[2]), self.shown[0])
        height = min(max(0, label.box[3] - 1), self.shown[1])
        bent = (right, height, self.shown[0], height, left, middle)
        self.draw.line(bent, fill=(*label.colour, 255), width=max(1, self.unit // 2))
        self.draw.rectangle((left, top, self.width, top + tall - self.unit), fill=(*label.colour, 255))
        text = self._fitting(label.text, self.width - left - 2 * self.unit)
        self.draw.text((left + self.unit, middle - self.unit // 2), text, font=self.font, fill=_WHITE, anchor="lm")

    def _fitting(self, text: str, room: int) -> str:
        short = text
        while short and self.draw.textlength(short if short == text else f"{short}…", font=self.font) > room:
            short = short[:-1]
        return short if short == text else f"{short}…"

    def _height(self) -> int:
        _, high, _, low = self.draw.textbbox((0, 0), "同意Ag", font=self.font)
        return int(low - high)

    def ring(self, point: tuple[int, int], colour: tuple[int, int, int]) -> None:
        """Where a tap would land, open in the middle."""
        x, y = point
        reach = self.unit * 2
        self.draw.ellipse((x - reach, y - reach, x + reach, y + reach), outline=(*colour, 255), width=self.unit // 2)

    def caption(self, text: str, top: int, tall: int) -> None:
        """Below the screenshot, so that nothing of it is covered."""
        shown = self._fitting(text, self.width - 4 * self.unit)
        self.draw.text((2 * self.unit, top + tall // 2), shown, font=self.font, fill=_WHITE, anchor="lm")


def _spread(wished: Sequence[int], tall: int, room: int) -> list[int]:
    """Tops as near as may be to those wished for (in order), none over another, all within the room."""
    tops: list[int] = []
    for wish in wished:
        tops.append(max(0, wish, tops[-1] + tall if tops else 0))
    limit = room - tall
    for at in range(len(tops) - 1, -1, -1):
        tops[at] = min(tops[at], limit)
        limit = tops[at] - tall
    return tops


def _draw_dialog(pen: _Pen, dialog: Dialog) -> None:
    pen.frame(dialog.box, _CARD)
    labels: list[_Label] = []
    for control in (*dialog.links, *dialog.controls):
        colour = _COLOURS.get(control.role, _OTHER)
        pen.frame(control.box, colour, dashed=control.source == "geometry")
        if not _central(control):
            pen.ring(control.point, colour)
        labels.append(_Label(_said(control), control.box, colour))
    for box in dialog.checkboxes:
        pen.frame(box.box, _BOX)
        labels.append(_Label(f"{box.state}{' (required)' if box.required else ''} {box.label}", box.box, _BOX))
    pen.labels(labels)


def _central(control: Control) -> bool:
    """A tap that lands in the middle needs no mark, which would only cover the words there."""
    left, top, right, bottom = control.box
    x, y = control.point
    return abs(2 * x - left - right) <= 4 and abs(2 * y - top - bottom) <= 4


def _said(control: Control) -> str:
    doubt = "" if control.clear else " ?"
    text = " ".join("".join(c if c.isprintable() else " " for c in control.text[:60]).split())
    return f"{control.role.replace('_', ' ')}{doubt}: {text}" if text else f"{control.role.replace('_', ' ')}{doubt}"


def _headline(reading: ScreenReading) -> str:
    if not reading.readable:
        return f"not readable: {reading.unreadable_reason}"
    said = " over ".join(kind.replace("_", " ") for kind in reading.kinds)
    if reading.dialog is None:
        return f"{said} · {reading.source}"
    trust = f"certain ({', '.join(reading.dialog.agreed_by)})" if reading.dialog.certain else "one reader only"
    named = " · named by the wording model" if reading.dialog.by_wording else ""
    return f"{said} · {reading.dialog.source} · {trust}{named}"


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
