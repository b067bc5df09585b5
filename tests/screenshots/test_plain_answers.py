"""Answers that nothing but their place tells from text."""

import pytest

from screenshots.candidates import find_candidates
from screenshots.elements import Element, make_element
from screenshots.values import Box
from screenshots.windows import make_layer

CARD: Box = (60, 500, 660, 1000)
SCREEN: Box = (0, 0, 720, 1600)


def line(text: str, left: int, top: int, right: int) -> Element:
    return make_element(text, (left, top, right, top + 40), source="ocr", confidence=990, order=top)


def text() -> list[Element]:
    return [
        line("Before the boat leaves", 90, 520, 420),
        line("We note where you row and how long, and keep it with", 90, 580, 630),
        line("the other crews of the harbour for the whole of", 90, 622, 610),
        line("the season.", 90, 664, 230),
    ]


def answers(*lines: Element, card: Box = CARD) -> list[str]:
    layer = make_layer([*text(), *lines], card, SCREEN, over_content=card == CARD, source="ocr")
    return [one.element.text for one in find_candidates(layer)]


@pytest.mark.parametrize(("left", "right"), [((270, 450), (300, 420)), ((420, 630), (500, 630))])
def test_short_lines_at_the_middle_or_the_far_edge_are_answers(left: tuple[int, int], right: tuple[int, int]) -> None:
    found = answers(line("Row along", left[0], 760, left[1]), line("Rather swim", right[0], 850, right[1]))
    assert found == ["Row along", "Rather swim"]


def test_two_words_side_by_side_are_answers() -> None:
    assert answers(line("Rather swim", 140, 800, 290), line("Row along", 440, 800, 570)) == ["Rather swim", "Row along"]


def test_lines_that_begin_where_the_text_begins_are_a_list() -> None:
    assert answers(line("Harbour rules", 90, 760, 300), line("Lost oars", 90, 850, 240)) == []


def test_lines_with_text_below_them_are_no_answers() -> None:
    below = line("The harbour master answers every letter himself.", 90, 940, 630)
    assert answers(line("Row along", 270, 760, 450), line("Rather swim", 280, 850, 440), below) == []


def test_one_line_far_below_the_text_is_the_answer() -> None:
    assert answers(line("So be it", 280, 800, 440)) == ["So be it"]


def test_the_last_words_of_the_text_are_no_answer() -> None:
    assert answers(line("So be it", 280, 722, 440)) == []


def test_stacked_words_far_below_the_question_of_a_page_are_answers() -> None:
    found = answers(line("Row along", 270, 1260, 450), line("Rather swim", 280, 1350, 440), card=SCREEN)
    assert found == ["Row along", "Rather swim"]


def test_stacked_words_on_a_page_that_says_more_are_no_answers() -> None:
    more = [line(f"Berth {at} is free", 90, 60 + 44 * at, 260) for at in range(10)]
    found = answers(*more, line("Row along", 270, 1260, 450), line("Rather swim", 280, 1350, 440), card=SCREEN)
    assert found == []


def test_the_rows_of_a_card_are_no_answers_and_what_stands_below_them_is() -> None:
    rows = [line(name, 90, 740 + 50 * at, 260) for at, name in enumerate(("Oars", "Boats"))]
    assert answers(*rows, line("Keep as set", 260, 880, 460), line("All of them", 270, 950, 450)) == [
        "Keep as set",
        "All of them",
    ]


def test_two_words_side_by_side_at_the_end_of_a_card_are_answers() -> None:
    found = answers(line("You may", 380, 800, 470), line("You may not", 520, 800, 640))
    assert found == ["You may", "You may not"]


def test_two_words_side_by_side_where_the_text_begins_are_none() -> None:
    assert answers(line("Harbour rules", 90, 800, 260), line("Lost oars", 290, 800, 400)) == []
