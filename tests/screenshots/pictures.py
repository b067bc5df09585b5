"""Screens drawn with Pillow: enough of a dialog for OCR and layout to work on, in any language the fonts know."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

FONT = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")
needs_font = pytest.mark.skipif(not FONT.is_file(), reason="fonts-noto-cjk is not installed")

WIDE, TALL = 1080, 2400
Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Button:
    text: str
    box: Box
    fill: tuple[int, int, int] | None = None
    ink: tuple[int, int, int] = (255, 255, 255)
    size: int = 44


def font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(FONT), size)


def page(background: tuple[int, int, int] = (245, 245, 245), lines: tuple[str, ...] = ()) -> Image.Image:
    picture = Image.new("RGB", (WIDE, TALL), background)
    pen = ImageDraw.Draw(picture)
    for at, line in enumerate(lines):
        pen.text((60, 220 + at * 260), line, font=font(46), fill=(40, 40, 40))
    return picture


def dim(picture: Image.Image) -> Image.Image:
    return Image.blend(picture, Image.new("RGB", picture.size, (0, 0, 0)), 0.55)


def card(
    picture: Image.Image,
    title: str,
    body: tuple[str, ...],
    buttons: tuple[Button, ...],
    *,
    box: Box = (90, 700, 990, 1700),
    paper: tuple[int, int, int] = (255, 255, 255),
    ink: tuple[int, int, int] = (40, 40, 40),
) -> Image.Image:
    pen = ImageDraw.Draw(picture)
    pen.rounded_rectangle(box, radius=36, fill=paper)
    left, top, right, _ = box
    pen.text(((left + right) / 2, top + 80), title, font=font(52), fill=ink, anchor="mm")
    for at, line in enumerate(body):
        pen.text((left + 60, top + 160 + at * 66), line, font=font(40), fill=ink)
    for button in buttons:
        if button.fill is not None:
            pen.rounded_rectangle(button.box, radius=(button.box[3] - button.box[1]) // 2, fill=button.fill)
        middle = ((button.box[0] + button.box[2]) / 2, (button.box[1] + button.box[3]) / 2)
        pen.text(middle, button.text, font=font(button.size), fill=button.ink, anchor="mm")
    return picture


def png(picture: Image.Image) -> bytes:
    written = io.BytesIO()
    picture.save(written, format="PNG", compress_level=1)
    return written.getvalue()


BODY = (
    "欢迎使用小鱼阅读！我们非常重视您的个",
    "人信息和隐私保护。在您使用之前，请仔",
    "细阅读《用户协议》和《隐私政策》。",
    "如您同意，请点击“同意”开始使用。",
)
GREY, BLUE = (120, 120, 120), (22, 119, 255)


def consent(refuse: str = "不同意", accept: str = "同意", **how: object) -> Image.Image:
    """A dimmed page of headlines with a consent card over it."""
    below = dim(page(lines=("科技公司更新隐私政策引发热议", "网友热议同意与不同意之间", "新能源汽车销量再创新高")))
    buttons = (
        Button(refuse, (150, 1540, 520, 1650), fill=(235, 235, 235), ink=GREY),
        Button(accept, (560, 1540, 930, 1650), fill=BLUE),
    )
    return card(below, "用户协议和隐私政策", BODY, buttons, **how)  # type: ignore[arg-type]
