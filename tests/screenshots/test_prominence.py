"""How strongly the two answers are drawn."""

import numpy as np
import pytest

from screenshots.pixels import contrast_ratio
from screenshots.prominence import compare_answers, measure_control
from screenshots.values import Control, Dialog
from tests.screenshots.pictures import BLUE, GREY, Button, card, dim, needs_font, page, png

pytestmark = needs_font
ACCEPT = (150, 1540, 930, 1650)


def dialog(refuse_box: tuple[int, int, int, int]) -> Dialog:
    def control(role: str, box: tuple[int, int, int, int]) -> Control:
        return Control(role=role, text=role, box=box, point=(box[0] + 5, box[1] + 5), clear=True)

    return Dialog(
        kind="privacy_agreement",
        box=(90, 700, 990, 1700),
        title="",
        text="",
        controls=(control("accept", ACCEPT), control("refuse", refuse_box)),
        links=(),
        checkboxes=(),
        source="hierarchy",
        certain=True,
        agreed_by=("hierarchy",),
    )


@pytest.mark.parametrize(
    ("refuse", "weaker"),
    [
        (Button("不同意", (400, 1420, 680, 1500), ink=(222, 222, 222), size=44), True),
        (Button("不同意", (400, 1420, 680, 1500), ink=(90, 90, 90), size=24), True),
        (Button("不同意", (400, 1420, 680, 1500), ink=(70, 70, 70), size=44), False),
        (Button("不同意", (150, 1400, 930, 1510), fill=(235, 235, 235), ink=GREY, size=44), False),
    ],
)
def test_a_pale_or_small_refusal_is_weaker(refuse: Button, weaker: bool) -> None:
    shot = png(card(dim(page()), "隐私政策", ("请阅读",), (Button("同意", ACCEPT, fill=BLUE), refuse)))
    compared = compare_answers(shot, dialog(refuse.box))
    assert compared is not None
    accept, _, said = compared
    assert said is weaker
    assert accept.style == "filled"
    assert accept.saturation > 500


@pytest.mark.parametrize("ink", [(226, 226, 226), (120, 120, 120), (22, 119, 255), (0, 0, 0)])
def test_contrast_is_right_within_a_few_per_cent(ink: tuple[int, int, int]) -> None:
    box = (400, 1420, 680, 1500)
    picture = card(page(), "隐私政策", (), (Button("不同意", box, ink=ink, size=48),))
    image = np.ascontiguousarray(np.asarray(picture)[:, :, ::-1])
    measured = measure_control(image, dialog(box).controls[1])
    assert measured is not None
    truth = contrast_ratio(np.array(ink[::-1], np.uint8), np.array((255, 255, 255), np.uint8))
    assert abs(measured.contrast / 1000 / truth - 1) < 0.05


def test_nothing_to_measure() -> None:
    assert compare_answers(b"junk", dialog((400, 1420, 680, 1500))) is None
    assert compare_answers(png(page((255, 255, 255))), dialog((400, 1420, 680, 1500))) is None
