"""What lines under words say, and letters that readers confuse or lose."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from screenshots.elements import make_element
from screenshots.glyphs import mended, with_its_head
from screenshots.lines import Image
from screenshots.underlines import is_underlined
from screenshots.values import Box

WORDS: Box = (100, 60, 420, 110)


def written(text: str = "Only some", left: int = 104) -> Image:
    image = np.full((200, 900, 3), 255, np.uint8)
    cv2.putText(image, text, (left, 98), cv2.FONT_HERSHEY_SIMPLEX, 1.9, (40, 40, 40), 4, cv2.LINE_AA)
    return image


def test_line_under_words_is_seen() -> None:
    image = written()
    assert not is_underlined(image, WORDS)
    image[108:111, 102:418] = 40
    assert is_underlined(image, WORDS)


@pytest.mark.parametrize("rule", [(108, 111, 0, 900), (100, 125, 102, 418), (108, 111, 102, 220)])
def test_rule_bar_and_dash_are_no_underlines(rule: tuple[int, int, int, int]) -> None:
    image = written()
    top, bottom, left, right = rule
    image[top:bottom, left:right] = 40
    assert not is_underlined(image, WORDS)


@pytest.mark.parametrize(
    ("read", "meant"),
    [
        ("l'd rather not", "I'd rather not"),
        ("Take me back, l agree", "Take me back, I agree"),
        ("iA bordo!", "¡A bordo!"),
        ("J'accepte, l'accord", "J'accepte, l'accord"),
        ("pour l accord", "pour l accord"),
        ("iPhone jetzt gewinnen!", "iPhone jetzt gewinnen!"),
        ("Il accepte", "Il accepte"),
        ("Feel free, all agree", "Feel free, all agree"),
    ],
)
def test_letters_that_look_alike_are_told_apart(read: str, meant: str) -> None:
    assert mended(read) == meant


def test_label_without_its_head_is_widened_and_doubted() -> None:
    image = written("J'ai tout lu")
    found = make_element("ai tout lu", (170, 55, 440, 105), source="ocr", confidence=998, order=0)
    whole = with_its_head(found, image, (20, 20, 880, 180))
    assert whole.box[0] < 120
    assert whole.confidence < 950
    named = replace(found, text="Ai tout lu")
    assert with_its_head(named, image, (20, 20, 880, 180)) == named


def test_label_that_is_whole_keeps_its_box() -> None:
    image = written("tout lu", left=174)
    found = make_element("tout lu", (170, 55, 440, 105), source="ocr", confidence=998, order=0)
    assert with_its_head(found, image, (20, 20, 880, 180)) == found
