"""Panels with four drawn sides, wherever they stand, and which of them is a dialog."""

from collections.abc import Callable

import numpy as np
import pytest

from screenshots.elements import Element, make_element
from screenshots.foremost import foremost_card
from screenshots.lines import Image
from screenshots.outlines import find_outlines
from screenshots.values import Box

WIDE, TALL = 1080, 2400
CARD: Box = (540, 1500, 1040, 2100)


def page(wide: int = WIDE, tall: int = TALL) -> Image:
    return np.full((tall, wide, 3), 255, np.uint8)


def fill(image: Image, box: Box, colour: int) -> None:
    left, top, right, bottom = box
    image[top:bottom, left:right] = colour


def frame(image: Image, box: Box, colour: int, thick: int) -> None:
    left, top, right, bottom = box
    inside = image[top + thick : bottom - thick, left + thick : right - thick].copy()
    image[top:bottom, left:right] = colour
    image[top + thick : bottom - thick, left + thick : right - thick] = inside


def words(box: Box, *, answers: tuple[str, ...] = ("Decline", "Accept")) -> list[Element]:
    left, top, right, bottom = box
    said = "We keep a few things on this device to show you what you like"
    lines = [make_element(said, (left + 20, top + 40, right - 20, top + 80), source="ocr", order=0)]
    for at, text in enumerate(answers):
        place = (left + 40 + 220 * at, bottom - 90, left + 200 + 220 * at, bottom - 50)
        lines.append(make_element(text, place, source="ocr", order=at + 1))
    return lines


def near(one: Box | None, other: Box, by: int = 10) -> bool:
    return one is not None and all(abs(a - b) <= by for a, b in zip(one, other, strict=True))


def thin() -> Image:
    image = page()
    frame(image, CARD, 200, 3)
    return image


def running() -> Image:
    image = page()
    fill(image, CARD, 0)
    image[CARD[1] : CARD[3], CARD[0] : CARD[2]] = np.linspace(90, 200, CARD[2] - CARD[0]).astype(np.uint8)[:, None]
    return image


def with_a_knob_on_its_corner() -> Image:
    image = page()
    fill(image, CARD, 60)
    fill(image, (CARD[2] - 60, CARD[1] - 60, CARD[2] + 40, CARD[1] + 60), 170)
    return image


@pytest.mark.parametrize("draw", [thin, running, with_a_knob_on_its_corner])
def test_a_panel_in_a_corner_is_outlined_and_is_the_dialog(draw: Callable[[], Image]) -> None:
    image = draw()
    assert any(near(box, CARD) for box in find_outlines(image))
    elsewhere = make_element("Something to read", (60, 300, 500, 350), source="ocr", order=9)
    assert near(foremost_card(image, [*words(CARD), elsewhere]), CARD)


def test_an_empty_page_has_no_outline() -> None:
    assert find_outlines(page()) == ()


def test_three_sides_are_no_panel() -> None:
    image = page()
    frame(image, CARD, 120, 4)
    fill(image, (CARD[0], CARD[3] - 10, CARD[2], CARD[3]), 255)
    assert not any(near(box, CARD, 40) for box in find_outlines(image))


def test_sections_of_a_page_are_no_dialogs() -> None:
    image = page()
    sections = [(40, top, 1040, top + 500) for top in (200, 760, 1320)]
    for box in sections:
        frame(image, box, 215, 3)
    assert foremost_card(image, words(sections[1])) is None


def test_panel_that_only_tells_something_is_no_dialog() -> None:
    image = thin()
    assert foremost_card(image, words(CARD, answers=())) is None


def test_part_of_one_colour_belongs_to_the_card_around_it() -> None:
    """The head of a card is a picture: what lies below it has the card's other three sides."""
    image = page()
    image[:] = 70
    card = (90, 600, 990, 1700)
    fill(image, card, 255)
    image[600:900, 90:990] = np.linspace(120, 230, 900).astype(np.uint8)[:, None]
    assert near(foremost_card(image, words((90, 900, 990, 1700))), card)


def test_other_edges_of_the_page_do_not_widen_an_outlined_card() -> None:
    """A column of pictures stands beside the card, and its rows end where the card's do."""
    image = page(1200, 1920)
    image[:] = 110
    card = (270, 800, 930, 1140)
    fill(image, (175, 800, 180, 1140), 60)
    fill(image, card, 255)
    assert near(foremost_card(image, words(card)), card)


def test_card_of_two_panes_is_one() -> None:
    """The text stands in one pane, the answers in the other."""
    image = page(2400, 1080)
    image[:] = 40
    card, text_pane = (180, 80, 2220, 1000), (180, 80, 1580, 1000)
    fill(image, card, 110)
    fill(image, text_pane, 75)
    said = words(text_pane, answers=())
    answers = [
        make_element(text, (1700, top, 2000, top + 50), source="ocr", order=5)
        for text, top in (("Accept", 400), ("Decline", 600))
    ]
    assert near(foremost_card(image, [*said, *answers]), card)


def test_frame_around_a_frame_belongs_to_the_card() -> None:
    image = page()
    image[:] = 60
    card, lining = (60, 700, 1020, 1860), (130, 760, 950, 1800)
    fill(image, card, 150)
    fill(image, lining, 240)
    assert near(foremost_card(image, words(lining)), card)


@pytest.mark.parametrize(("below", "found"), [(244, True), (255, False)])
def test_sheet_under_a_rule_has_a_ground_of_its_own(below: int, found: bool) -> None:
    image = page()
    edge = 1700
    fill(image, (0, edge, WIDE, TALL), below)
    fill(image, (0, edge, WIDE, edge + 12), 90)
    sheet = (0, edge, WIDE, TALL)
    assert any(near(box, sheet, 20) for box in find_outlines(image)) is found


def test_page_below_its_bar_is_no_sheet() -> None:
    image = page()
    fill(image, (0, 0, WIDE, 300), 90)
    assert not any(box[2:] == (WIDE, TALL) for box in find_outlines(image))


def test_two_drawn_buttons_answer_whatever_they_say() -> None:
    image = thin()
    lines = words(CARD, answers=("Whistle", "Hum"))
    assert foremost_card(image, lines) is None
    for line in lines[1:]:
        left, top, right, bottom = line.box
        fill(image, (left - 20, top - 20, right + 20, bottom + 20), 80)
        fill(image, (left + 20, top + 10, right - 20, bottom - 10), 240)
    assert near(foremost_card(image, lines), CARD)


@pytest.mark.parametrize("shape", [(20, 3000, 3), (3000, 20, 3), (8, 8, 3)])
def test_a_strip_is_no_screen(shape: tuple[int, int, int]) -> None:
    assert find_outlines(np.full(shape, 200, np.uint8)) == ()
