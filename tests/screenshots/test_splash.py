"""Pictures that one can only skip."""

import pytest

from screenshots.elements import make_element
from screenshots.kinds import judge_layer
from screenshots.values import Box
from screenshots.windows import make_layer

SCREEN: Box = (0, 0, 720, 1600)


def kind_of(*lines: tuple[str, Box]) -> str:
    elements = [make_element(text, box, source="ocr", confidence=990, order=at) for at, (text, box) in enumerate(lines)]
    return judge_layer(make_layer(elements, SCREEN, SCREEN, over_content=False, source="ocr"), package=None).kind


@pytest.mark.parametrize("way_out", ["Skip|6", "6|Zur App", "Jump to app 3s", "跳过|3", "あと5秒"])
def test_picture_that_counts_down_is_a_splash(way_out: str) -> None:
    assert kind_of((way_out, (540, 70, 700, 110)), ("Socks that forgive", (80, 500, 640, 580))) == "splash_ad"


@pytest.mark.parametrize("words", ["Level 5", "14:24", "5G 49%", "Chapter 6 | 12 pages"])
def test_other_numbers_count_nothing_down(words: str) -> None:
    assert kind_of((words, (540, 70, 700, 110)), ("Socks that forgive", (80, 500, 640, 580))) != "splash_ad"
