"""Answers that stand side by side and were read as one line, and labels that were read as two."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from screenshots.elements import Element, make_element
from screenshots.lines import as_image
from screenshots.parting import parted, same_label
from screenshots.values import Box


def drawn(*words: tuple[str, int]) -> "np.typing.NDArray[np.uint8]":
    image = np.full((120, 900, 3), 255, np.uint8)
    for text, left in words:
        cv2.putText(image, text, (left, 70), cv2.FONT_HERSHEY_SIMPLEX, 1.2, (200, 90, 20), 3)
    return image


@pytest.mark.parametrize("read", ["Decline Accept", "Decline | Accept"])
def test_two_answers_with_a_gap_are_two(read: str) -> None:
    image = as_image(drawn(("Decline", 40), ("Accept", 560)))
    line = make_element(read, (38, 40, 700, 76), source="ocr", order=0)
    first, second = parted([line], image)
    assert (first.text, second.text) == ("Decline", "Accept")
    assert first.box[2] < 300 < 500 < second.box[0]


def test_words_of_one_label_stay_together() -> None:
    image = as_image(drawn(("Decline all", 40)))
    line = make_element("Decline all", (38, 40, 290, 76), source="ocr", order=0)
    assert parted([line], image) == [line]


def test_what_is_no_pair_of_answers_stays_together() -> None:
    image = as_image(drawn(("Total", 40), ("24.50", 560)))
    line = make_element("Total 24.50", (38, 40, 690, 76), source="ocr", order=0)
    assert parted([line], image) == [line]


SHAPE: Box = (500, 900, 980, 1120)


def line(text: str, box: Box, target: Box | None = None) -> Element:
    return replace(make_element(text, box, source="ocr", order=0), target=target)


@pytest.mark.parametrize(
    ("upper", "lower"),
    [
        (SHAPE, SHAPE),
        ((560, 900, 920, 1120), (530, 902, 950, 1121)),
        (SHAPE, None),
        (None, None),
    ],
)
def test_a_label_on_two_lines_is_one(upper: Box | None, lower: Box | None) -> None:
    one, other = line("No,", (690, 930, 790, 1000), upper), line("thanks", (640, 1002, 840, 1072), lower)
    assert same_label(one, other)
    assert same_label(other, one)


def test_words_of_going_on_may_wrap_inside_one_button() -> None:
    assert same_label(line("Accept &", (640, 930, 840, 1000), SHAPE), line("start", (690, 1002, 790, 1072), SHAPE))


def test_a_label_that_begins_at_one_edge_may_wrap_in_its_button() -> None:
    """Both halves could be answers, but no label begins with a small letter below a capital."""
    shape = (200, 1776, 1236, 2036)
    one, other = line("Leave without my", (278, 1812, 982, 1900), shape), line("accept", (279, 1902, 508, 1990), shape)
    assert same_label(one, other)
    assert not same_label(replace(one, target=None), replace(other, target=None))


def test_a_heading_above_its_line_in_a_banner_is_no_label_that_wraps() -> None:
    """The upper line would have had room for more."""
    banner = (40, 2040, 1040, 2290)
    upper, lower = line("News", (180, 2090, 300, 2160), banner), line("Read what is on", (180, 2165, 420, 2230), banner)
    assert not same_label(upper, lower)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (line("Accept", (640, 930, 840, 1000), SHAPE), line("Decline", (640, 1002, 840, 1072), SHAPE)),
        (line("Accept", (640, 930, 840, 1000)), line("Decline", (640, 1002, 840, 1072))),
        (line("No,", (690, 930, 790, 1000)), line("thanks", (640, 1060, 840, 1130))),
        (line("No,", (690, 930, 790, 1000), SHAPE), line("thanks", (240, 1002, 440, 1072), SHAPE)),
        (line("Our", (690, 930, 790, 1000)), line("partners", (640, 1002, 840, 1072))),
        (line("Allow", (640, 930, 840, 1000), (600, 915, 880, 1010)), line("once", (640, 1002, 840, 1072))),
    ],
    ids=["two answers in a card", "two answers", "far apart", "side by side", "words of a text", "below a button"],
)
def test_what_are_two_labels_stay_two(first: Element, second: Element) -> None:
    assert not same_label(first, second)
