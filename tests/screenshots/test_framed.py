"""Cards and sheets that hardly differ from what they cover, drawn as plain rectangles."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from screenshots.buttons import button_shape
from screenshots.card import find_cards
from screenshots.lines import Image
from screenshots.values import Box

WIDE, TALL = 1080, 2400


def page(ground: int) -> Image:
    return np.full((TALL, WIDE, 3), ground, np.uint8)


def write(image: Image, text: str, left: int, foot: int, ink: int) -> None:
    cv2.putText(image, text, (left, foot), cv2.FONT_HERSHEY_SIMPLEX, 1.6, (ink, ink, ink), 4, cv2.LINE_AA)


def sheet(*, shadow: bool) -> Image:
    """A banner of the page's own colour, with words on both."""
    image = page(255)
    for row in range(5):
        write(image, "Something to read", 60, 300 + 260 * row, 30)
    edge = 1800
    for above in range(42 if shadow else 0):
        image[edge - 1 - above] = np.clip(image[edge - 1 - above].astype(int) - int(26 * (1 - above / 42)), 0, 255)
    write(image, "Your data", 60, edge + 120, 30)
    write(image, "OK", 900, edge + 420, 30)
    return image


def overlap_share(one: Box, other: Box) -> float:
    wide = max(0, min(one[2], other[2]) - max(one[0], other[0]))
    tall = max(0, min(one[3], other[3]) - max(one[1], other[1]))
    union = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)) - wide * tall
    return wide * tall / union


def test_sheet_of_the_pages_colour_is_found_by_its_shadow() -> None:
    found = find_cards(sheet(shadow=True))
    assert any(overlap_share(card.box, (0, 1800, WIDE, TALL)) > 0.95 for card in found)


def test_page_without_a_shadow_has_no_sheet() -> None:
    assert not any(card.box[1] > 1600 for card in find_cards(sheet(shadow=False)))


@pytest.mark.parametrize(("bar", "ground"), [(41, 19), (60, 20)])
def test_page_below_a_brighter_bar_is_no_sheet(bar: int, ground: int) -> None:
    """Dark themes draw the bar brighter than the page: a scrim would have left it darker."""
    image = page(ground)
    image[:290] = bar
    write(image, "News", 120, 180, 200)
    for row in range(8):
        write(image, "A long line of an article", 60, 420 + 180 * row, 245)
    assert not any(card.box[3] - card.box[1] > 1500 for card in find_cards(image))


def test_faint_scrim_is_seen_by_the_letters_it_dims() -> None:
    image = page(26)
    for row in range(6):
        write(image, "Row of a list", 60, 300 + 360 * row, int(0.82 * 240))
    card: Box = (90, 900, 990, 1500)
    image[card[1] : card[3], card[0] : card[2]] = 36
    write(image, "A question", 150, 1020, 240)
    assert overlap_share(find_cards(image)[0].box, card) > 0.8


def test_running_colour_around_a_title_is_no_button() -> None:
    image = page(255)
    image[400:1400] = np.linspace(200, 255, 1000).astype(np.uint8)[:, None, None]
    write(image, "About your data", 200, 700, 20)
    assert button_shape(image, (195, 655, 640, 712)).style == "plain"
    cv2.rectangle(image, (150, 620), (700, 750), (120, 120, 120), 3)
    assert button_shape(image, (195, 655, 640, 712)).style == "outline"
