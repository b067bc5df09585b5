"""Answers that stand side by side and were read as one line."""

import cv2
import numpy as np
import pytest

from screenshots.elements import make_element
from screenshots.lines import as_image
from screenshots.parting import parted


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
