"""Screenshots compared by coloured tiles."""

from PIL import ImageDraw

from screenshots.change import ScreenComparer, is_blank
from tests.screenshots.pictures import needs_font, page, png

LINES = ("第一行", "第二行")
pytestmark = needs_font


def test_the_same_bytes_are_the_same() -> None:
    assert ScreenComparer().same(b"whatever", b"whatever")


def test_the_same_pixels_in_another_file_are_the_same() -> None:
    first = page(lines=LINES)
    assert ScreenComparer().same(png(first), png(first.copy()))


def test_a_clock_in_the_status_bar_is_no_change() -> None:
    first, second = page(lines=LINES), page(lines=LINES)
    ImageDraw.Draw(second).rectangle((40, 20, 160, 70), fill=(0, 0, 0))
    assert ScreenComparer().same(png(first), png(second))


def test_a_tick_of_equal_brightness_is_a_change_with_a_place() -> None:
    first, second = page((128, 128, 128)), page((128, 128, 128))
    ImageDraw.Draw(second).rectangle((400, 1000, 444, 1044), fill=(168, 110, 128))
    change = ScreenComparer().compare(png(first), png(second))
    assert change.comparable
    assert not change.same
    assert change.box is not None
    left, top, right, bottom = change.box
    assert left <= 400 < 444 <= right
    assert top <= 1000 < 1044 <= bottom


def test_other_sizes_and_junk_are_not_the_same() -> None:
    comparer = ScreenComparer()
    assert not comparer.same(png(page()), b"junk")
    assert not comparer.same(png(page()), png(page().resize((540, 1200))))


def test_blank_screens() -> None:
    assert is_blank(png(page((0, 0, 0))))
    assert is_blank(png(page((250, 250, 250))))
    assert not is_blank(png(page(lines=LINES)))
    assert not is_blank(b"junk")
