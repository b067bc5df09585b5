"""A dialog says the same wherever it stands, however large it is drawn, and in whatever colours."""

import io
import re
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from lab.screens.wordings import Answer, Language, Phrases, load_languages
from screenshots.pixels import contrast_ratio
from screenshots.reading import ScreenReading, read_screen
from tests.screenshots.pictures import TALL, WIDE, dim, font, needs_font, page, png
from tests.screenshots.trees import button, feed, hierarchy, label, node, status_bar, window

LOOSE = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
QUICK = settings(LOOSE, max_examples=40, derandomize=True)
FEW = settings(QUICK, max_examples=3)
MANY = settings(LOOSE, max_examples=1500)
SLOW = settings(LOOSE, max_examples=60)

_BOUNDS = re.compile(r"\[(\d+),(\d+)\]\[(\d+),(\d+)\]")
_LINK = re.compile(r"[\[\]]")
ASKING = (
    "privacy_agreement",
    "retention",
    "notice",
    "cmp",
    "update",
    "rate",
    "confirm",
    "permission_rationale",
    "purchase",
)

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Words:
    """What a dialog says."""

    title: str
    body: str
    answers: tuple[Answer, ...]


def said(reading: ScreenReading) -> tuple[object, ...]:
    """What must not change: kind and, for each answer, its words, its role, and whether the role is clear."""
    dialog = reading.dialog
    assert reading.readable, reading.unreadable_reason
    if dialog is None:
        return (reading.kinds,)
    return (reading.kinds, dialog.title, dialog.certain, [(one.text, one.role, one.clear) for one in dialog.controls])


@st.composite
def words(draw: st.DrawFn) -> Words:
    """A title, a body and answers of one kind and one language, in any company."""
    language: Language = draw(st.sampled_from(load_languages("default")))
    kind = draw(st.sampled_from([name for name in ASKING if name in language.kinds]))
    phrases: Phrases = language.kinds[kind]
    return Words(
        title=draw(st.sampled_from(phrases.titles)).replace("{app}", language.apps[0]),
        body=_LINK.sub("", draw(st.sampled_from(phrases.bodies)).replace("{app}", language.apps[0])).replace("\n", " "),
        answers=draw(st.sampled_from(phrases.answers)),
    )


def tree(words: Words, left: int, top: int) -> str:
    """A window of its own with the words in a card, 560 by 760 pixels, on a screen of 720 by 1600."""
    tall = 84 // len(words.answers) + 60
    buttons = [
        button(answer.label, (left + 30, top + 490 + at * tall, left + 530, top + 480 + (at + 1) * tall))
        for at, answer in enumerate(words.answers)
    ]
    card = node(
        (left, top, left + 560, top + 760),
        label(words.title, (left + 30, top + 20, left + 530, top + 80)),
        label(words.body, (left + 30, top + 100, left + 530, top + 470)),
        *buttons,
        name="android.widget.LinearLayout",
    )
    sheet = node((0, 0, 720, 1600), card, clickable=True)
    below = node((0, 0, 720, 1600), feed(), sheet, name="android.widget.FrameLayout")
    return hierarchy(status_bar(), below)


def scaled(xml: str, factor: float) -> str:
    """Every box of a dump on a display of another density."""

    def larger(found: re.Match[str]) -> str:
        left, top, right, bottom = (round(int(edge) * factor) for edge in found.groups())
        return f"[{left},{top}][{right},{bottom}]"

    return _BOUNDS.sub(larger, xml)


def check_moved_and_scaled(words: Words, left: int, top: int, factor: float) -> None:
    here = said(read_screen(None, tree(words, 80, 420)))
    assert said(read_screen(None, scaled(tree(words, left, top), factor))) == here


PLACES = (words(), st.integers(10, 150), st.integers(60, 820), st.floats(0.67, 2.5))


@given(*PLACES)
@QUICK
def test_a_hierarchy_says_the_same_wherever_the_card_stands(words: Words, left: int, top: int, factor: float) -> None:
    check_moved_and_scaled(words, left, top, factor)


@pytest.mark.long
@given(*PLACES)
@MANY
def test_a_hierarchy_says_the_same_wherever_the_card_stands_at_length(
    words: Words, left: int, top: int, factor: float
) -> None:
    check_moved_and_scaled(words, left, top, factor)


@given(words())
@QUICK
def test_the_order_of_windows_means_nothing(words: Words) -> None:
    xml = tree(words, 80, 420)
    roots = xml[xml.index("<node") : xml.rindex("</hierarchy>")]
    bar = status_bar()
    turned = xml.replace(roots, roots.removeprefix(bar) + bar)
    assert turned != xml
    assert said(read_screen(None, turned)) == said(read_screen(None, xml))


@given(words(), st.sampled_from(("", "​", " ", "‎")))
@QUICK
def test_invisible_characters_change_nothing(words: Words, mark: str) -> None:
    marked = Words(
        title=words.title + mark,
        body=mark + words.body,
        answers=tuple(Answer(role=one.role, label=mark + one.label + mark) for one in words.answers),
    )
    plain, other = (read_screen(None, tree(each, 80, 420)) for each in (words, marked))
    assert plain.kinds == other.kinds
    roles = [[one.role for one in each.dialog.controls] if each.dialog else [] for each in (plain, other)]
    assert roles[0] == roles[1]


@given(words())
@QUICK
def test_the_contrary_is_never_said(words: Words) -> None:
    """Whatever else goes wrong: no acceptance is read as a refusal, and no refusal as an acceptance."""
    dialog = read_screen(None, tree(words, 80, 420)).dialog
    if dialog is None:
        return
    contrary = {"accept": "refuse", "refuse": "accept"}
    by_text = {one.text: one.role for one in dialog.controls}
    for answer in words.answers:
        assert by_text.get(answer.label) != contrary.get(answer.role, "-"), answer.label


def test_a_page_without_a_card_stays_a_page_at_any_density() -> None:
    here = read_screen(None, hierarchy(status_bar(), window(feed())))
    for factor in (0.67, 1.5, 2.0):
        there = read_screen(None, scaled(hierarchy(status_bar(), window(feed())), factor))
        assert (there.kinds, there.dialog) == (here.kinds, here.dialog)


BODY = (
    "欢迎使用小鱼阅读！我们非常重视您的个",
    "人信息和隐私保护。在您使用之前，请仔",
    "细阅读《用户协议》和《隐私政策》。",
)
ANSWERS = (("refuse", "不同意"), ("accept", "同意并继续"))


def drawn(left: int, top: int, wide: int, paper: Colour, ink: Colour, fill: Colour, on_fill: Colour) -> bytes:
    """A phone with a feed, a dimmed page, and a card of any width at any place in any colours."""
    unit = wide / 900
    picture = dim(page(lines=("科技公司更新隐私政策引发热议", "网友热议同意与不同意之间", "新能源汽车销量再创新高")))
    pen = ImageDraw.Draw(picture)
    pen.rounded_rectangle((left, top, left + wide, top + round(880 * unit)), radius=round(30 * unit), fill=paper)
    pen.text(
        (left + wide / 2, top + 90 * unit), "用户协议和隐私政策", font=font(round(52 * unit)), fill=ink, anchor="mm"
    )
    for at, line in enumerate(BODY):
        pen.text((left + 60 * unit, top + (190 + at * 70) * unit), line, font=font(round(42 * unit)), fill=ink)
    for at, (role, text) in enumerate(ANSWERS):
        x, y = left + (60 + at * 400) * unit, top + 700 * unit
        box = tuple(round(edge) for edge in (x, y, x + 380 * unit, y + 110 * unit))
        if role == "accept":
            pen.rounded_rectangle(box, radius=round(55 * unit), fill=fill)
        middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
        pen.text(middle, text, font=font(round(44 * unit)), fill=on_fill if role == "accept" else ink, anchor="mm")
    return png(picture)


def contrast(one: Colour, other: Colour) -> float:
    first, second = (np.array(colour[::-1], np.uint8) for colour in (one, other))
    return contrast_ratio(first, second)


def on(paper: Colour) -> Colour:
    """Black or white, whichever is better read."""
    return max(((0, 0, 0), (255, 255, 255)), key=lambda ink: contrast(paper, ink))


@st.composite
def pictures(draw: st.DrawFn) -> bytes:
    """Places, sizes and colours as designers choose them: words are legible, and the filled button can be told from the card."""
    wide = draw(st.integers(700, 980))
    left = draw(st.integers(10, WIDE - 20 - wide))
    top = draw(st.integers(150, TALL - 100 - wide))
    bright = draw(st.booleans())
    paper = draw(st.tuples(*(st.integers(225, 255) if bright else st.integers(20, 60),) * 3))
    fade = draw(st.integers(0, 70))
    ink = tuple(abs(edge - fade) for edge in on(paper))
    fill = draw(st.tuples(*(st.integers(0, 255),) * 3).filter(lambda colour: contrast(paper, colour) >= 1.6))
    return drawn(left, top, wide, paper, (ink[0], ink[1], ink[2]), fill, on(fill))


def check_picture(shot: bytes) -> None:
    dialog = read_screen(shot, None).dialog
    assert dialog is not None
    assert dialog.kind == "privacy_agreement"
    roles = {control.text: control.role for control in dialog.controls}
    assert {text: roles.get(text) for _, text in ANSWERS} == {text: role for role, text in ANSWERS}


@needs_font
@given(pictures())
@FEW
def test_a_picture_says_the_same_wherever_and_however_the_card_is_drawn(shot: bytes) -> None:
    check_picture(shot)


@needs_font
@pytest.mark.long
@given(pictures())
@SLOW
def test_a_picture_says_the_same_wherever_and_however_the_card_is_drawn_at_length(shot: bytes) -> None:
    check_picture(shot)


@needs_font
def test_a_picture_says_the_same_at_any_resolution() -> None:
    whole = drawn(90, 700, 900, (255, 255, 255), (40, 40, 40), (22, 119, 255), (255, 255, 255))
    here = read_screen(whole, None)
    for factor in (0.6, 0.8, 1.333):
        picture = Image.open(io.BytesIO(whole))
        size = (round(WIDE * factor), round(TALL * factor))
        there = read_screen(png(picture.resize(size, Image.Resampling.LANCZOS)), None)
        assert there.kinds == here.kinds
        assert there.dialog is not None
        assert here.dialog is not None
        assert [one.role for one in there.dialog.controls] == [one.role for one in here.dialog.controls]
