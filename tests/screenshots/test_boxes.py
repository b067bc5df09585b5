"""Boxes to tick that only pixels show: found by the mark before the words, never by a letter among them."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from screenshots.checkboxes import checkboxes_in_pixels
from screenshots.elements import Element, make_element
from screenshots.evidence import read_wording
from screenshots.lexicon import comparable
from screenshots.values import Checkbox
from screenshots.windows import make_layer
from tests.screenshots.pictures import font, needs_font

pytestmark = needs_font
WIDE, TALL, LEFT, SIZE = 1080, 900, 140, 40


def boxes(*lines: str, marked: tuple[int, ...] = (), ticked: bool = False, swallowed: bool = False) -> list[Checkbox]:
    """`lines` of a page under a heading; those `marked` have a box before them, which OCR may take into the line."""
    picture = Image.new("RGB", (WIDE, TALL), "white")
    pen = ImageDraw.Draw(picture)
    pen.text((LEFT, 40), "Harbour", font=font(SIZE), fill="black")
    elements = [line("Harbour", LEFT, 40, 300)]
    for at, text in enumerate(lines):
        top = 160 + 110 * at
        pen.text((LEFT, top), text, font=font(SIZE), fill=(30, 30, 30))
        right = int(pen.textlength(text, font=font(SIZE))) + LEFT
        if at in marked:
            mark = (LEFT - 64, top + 12, LEFT - 24, top + 52)
            pen.rounded_rectangle(
                mark, radius=6, outline=(90, 90, 90), width=4, fill=(30, 100, 220) if ticked else None
            )
            if ticked:
                pen.line(((mark[0] + 9, top + 32), (mark[0] + 18, top + 42), (mark[0] + 32, top + 22)), "white", 5)
        elements.append(line(text, LEFT - 70 if swallowed and at in marked else LEFT - 4, top, right))
    image = np.ascontiguousarray(np.asarray(picture)[:, :, ::-1])
    screen = (0, 0, WIDE, TALL)
    layer = make_layer(elements, screen, screen, over_content=False, source="ocr")
    return list(checkboxes_in_pixels(layer, read_wording(comparable(" ".join(lines))), image))


def line(text: str, left: int, top: int, right: int) -> Element:
    return make_element(text, (left, top, right, top + 58), source="ocr", confidence=990, order=top)


@pytest.mark.parametrize("ticked", [True, False])
@pytest.mark.parametrize("swallowed", [True, False])
@pytest.mark.parametrize(
    "text", ["Never mind, the Privacy Policy is fine", "满14周岁,且已看过《隐私政策》", "行吧,《用户协议》我看了"]
)
def test_a_mark_before_a_line_on_an_agreement_is_its_box_however_it_begins(
    text: str, ticked: bool, swallowed: bool
) -> None:
    if swallowed and text.isascii():
        pytest.skip("OCR reads a box before Latin words as a sign of its own")
    found = boxes(text, marked=(0,), ticked=ticked, swallowed=swallowed)
    assert [(one.state, one.by_place) for one in found] == [("ticked" if ticked else "unticked", True)]


@pytest.mark.parametrize(
    "text",
    [
        "Consent to the handling of data",
        "Once you agree to the terms",
        "同意《用户协议》并继续",
        "回看《隐私政策》",
        "国家法规与《隐私政策》",
    ],
)
def test_a_round_or_square_letter_at_the_beginning_is_no_box(text: str) -> None:
    assert boxes(text) == []


def test_marks_before_every_line_make_a_list() -> None:
    lines = ("Location, as the Privacy Policy says", "Photos, as the Privacy Policy says", "Notes, as you like")
    assert boxes(*lines, marked=(0, 1, 2), ticked=True) == []


def test_a_mark_before_something_else_is_no_box() -> None:
    assert boxes("Berth seven is free until Sunday", marked=(0,), ticked=True) == []
