"""The drawing of a reading."""

import io
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from screenshots.annotate import _spread, annotate
from screenshots.pixels import ImageUnreadable
from screenshots.reading import read_screen
from tests.screenshots import trees
from tests.screenshots.pictures import consent, needs_font, page, png


@needs_font
def test_draws_card_and_controls_without_covering_anything_below() -> None:
    shot = png(consent().resize((720, 1600)))
    reading = read_screen(shot, trees.hierarchy(trees.over(trees.feed(), trees.card())))
    with Image.open(io.BytesIO(annotate(shot, reading))) as drawn:
        assert drawn.format == "PNG"
        assert drawn.width > 720
        assert drawn.height > 1600
        before = Image.open(io.BytesIO(shot)).convert("RGB")
        accept = reading.dialog.find("accept")[0] if reading.dialog else None
        assert accept is not None
        assert drawn.getpixel((accept.box[0] + 1, accept.box[1] + 20)) != before.getpixel(
            (accept.box[0] + 1, accept.box[1] + 20)
        )
        assert drawn.getpixel((5, 1500)) == before.getpixel((5, 1500))
        left, top, right, bottom = accept.box
        inside = (left + 8, top + 8, right - 8, bottom - 8)
        assert drawn.crop(inside).tobytes() == before.crop(inside).tobytes(), "the words of an answer stay as they were"


@needs_font
def test_an_unreadable_screen_says_so_below_it() -> None:
    shot = png(page((0, 0, 0)))
    assert annotate(shot, read_screen(shot, None))


@given(st.lists(st.integers(-500, 3000), max_size=12), st.integers(8, 80))
def test_labels_in_the_margin_never_overlap_or_leave_it(wished: list[int], tall: int) -> None:
    room = 1000
    tops = _spread(sorted(wished), tall, room)
    assert len(tops) == len(wished)
    assert all(0 <= top <= room - tall for top in tops)
    assert all(lower - upper >= tall for upper, lower in pairwise(tops))


def test_no_image_no_drawing() -> None:
    with pytest.raises(ImageUnreadable):
        annotate(b"junk", read_screen(None, None))
