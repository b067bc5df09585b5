"""What presses a person is measured; what could not be measured is unknown; an honest dialog shows nothing."""

import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from screenshots.reading import read_screen
from screenshots.tricks import TRICKS, Trick, countdown_between, observe_tricks, tricks_as_data
from screenshots.values import Checkbox, ScreenReading
from tests.screenshots.pictures import Button, dim, needs_font, page, png
from tests.screenshots.pictures import card as drawn_card
from tests.screenshots.trees import button, card, feed, hierarchy, label, node, over

CONSENT = hierarchy(over(feed(), card()))


def tricks_of(xml: str | None, shot: bytes | None = None, reading: ScreenReading | None = None) -> dict[str, Trick]:
    seen = observe_tricks(reading or read_screen(shot, xml, ocr=()), shot, xml)
    return {trick.name: trick for trick in seen}


def test_an_honest_dialog_shows_none() -> None:
    found = tricks_of(CONSENT)
    assert tuple(found) == TRICKS
    assert not [name for name, trick in found.items() if trick.state == "seen"]
    assert found["weaker_refusal"].state == found["hard_to_read"].state == "unknown"


def test_other_screens_are_none_of_its_business() -> None:
    assert observe_tricks(read_screen(None, hierarchy(feed())), None, None) == ()


def shot_of(refuse: int, accept: int = 0, ground: int = 255) -> bytes:
    """The dialog of trees.card on a plain ground, its answers' places filled in some grey."""
    picture = np.full((1600, 720, 3), 160, np.uint8)
    picture[500:1140, 60:660] = ground
    reading = read_screen(None, CONSENT)
    assert reading.dialog is not None
    for control in reading.dialog.controls:
        left, top, right, bottom = control.box
        middle = (top + bottom) // 2
        picture[middle - 8 : middle + 8, left + 40 : right - 40] = refuse if control.role == "refuse" else accept
    return png(Image.fromarray(picture))


@pytest.mark.parametrize(
    ("refuse", "accept", "said"),
    [(253, 0, "seen"), (255, 0, "seen"), (204, 0, "not_seen"), (0, 0, "not_seen"), (255, 255, "unknown")],
)
def test_a_refusal_in_the_colour_of_its_ground(refuse: int, accept: int, said: str) -> None:
    reading = read_screen(None, CONSENT)
    trick = tricks_of(CONSENT, shot_of(refuse, accept), reading)["invisible_refusal"]
    assert (trick.state, trick.certainty if said != "unknown" else "measured") == (said, "measured")


def test_a_missing_refusal_is_seen_and_a_doubtful_one_is_unknown() -> None:
    reading = read_screen(None, CONSENT)
    assert reading.dialog is not None
    accept = reading.dialog.find("accept")
    alone = replace(reading, dialog=replace(reading.dialog, controls=accept, links=()))
    assert tricks_of(None, reading=alone)["no_refusal"].state == "seen"
    doubtful = replace(accept[0], role="other", text="嗯哼")
    unsure = replace(reading, dialog=replace(reading.dialog, controls=(*accept, doubtful), links=()))
    assert tricks_of(None, reading=unsure)["no_refusal"].state == "unknown"


def test_an_answer_that_was_guessed_may_be_the_refusal() -> None:
    reading = read_screen(None, CONSENT)
    assert reading.dialog is not None
    accept = reading.dialog.find("accept")
    guessed = replace(accept[0], text="嗯哼", clear=False)
    both = (*accept, guessed)
    unsure = replace(reading, dialog=replace(reading.dialog, controls=both, links=()))
    assert tricks_of(None, reading=unsure)["no_refusal"].state == "unknown"
    legible = replace(
        reading, dialog=replace(reading.dialog, controls=(*both, *reading.dialog.find("refuse")), links=())
    )
    unseen = tricks_of(CONSENT, shot_of(255, 0), legible)["invisible_refusal"]
    assert unseen.state == "not_seen"


@pytest.mark.parametrize(("state", "said"), [("ticked", "seen"), ("unticked", "not_seen"), ("unknown", "unknown")])
def test_a_box(state: str, said: str) -> None:
    reading = read_screen(None, CONSENT)
    assert reading.dialog is not None
    box = Checkbox(state=state, label="我已阅读", box=(9, 9, 40, 40), point=(20, 20))
    trick = tricks_of(None, reading=replace(reading, dialog=replace(reading.dialog, checkboxes=(box,))))
    assert trick["ticked_by_default"].state == said


def with_labels(accept: str, refuse: str = "不同意") -> ScreenReading:
    reading = read_screen(None, CONSENT)
    assert reading.dialog is not None
    words = {"accept": accept, "refuse": refuse}
    controls = tuple(replace(one, text=words.get(one.role, one.text)) for one in reading.dialog.controls)
    return replace(reading, dialog=replace(reading.dialog, controls=controls))


@pytest.mark.parametrize("text", ["同意(5s)", "同意（5秒）", "5s后同意", "Agree (5)"])
def test_a_number_on_an_answer(text: str) -> None:
    trick = tricks_of(None, reading=with_labels(text))["countdown"]
    assert (trick.state, trick.certainty, trick.figures[0].value) == ("seen", "possible", 5)


def test_a_number_that_falls_is_certain_and_one_that_stays_is_not() -> None:
    first, second = with_labels("同意(5s)"), with_labels("同意(3s)")
    fallen = countdown_between(first, second)
    assert fallen is not None
    assert (fallen.certainty, [one.value for one in fallen.figures]) == ("certain", [5, 3])
    assert countdown_between(second, first) is None
    assert countdown_between(first, first) is None
    assert countdown_between(with_labels("同意"), with_labels("同意")) is None


@pytest.mark.parametrize(
    ("accept", "refuse", "said"),
    [
        ("同意", "不同意", "not_seen"),
        ("同意并继续", "暂不使用", "not_seen"),
        ("继续", "不同意", "seen"),
        ("同意", "残忍拒绝", "seen"),
        ("同意", "取消不同意", "seen"),
        ("Continue", "Decline", "seen"),
        ("I agree", "Disagree", "not_seen"),
    ],
)
def test_wordings(accept: str, refuse: str, said: str) -> None:
    assert tricks_of(None, reading=with_labels(accept, refuse))["misleading_wording"].state == said


def folded(refuse_box: tuple[int, int, int, int], text_low: int) -> str:
    """A card whose text scrolls, with a refusal at a place of its own."""
    text = label("请您阅读《隐私政策》和《用户协议》，我们会收集您的个人信息。", (100, 500, 620, text_low))
    scroller = node((80, 480, 640, 900), text, name="android.widget.ScrollView", scrollable=True)
    buttons = button("同意", (400, 920, 620, 1000)), button("不同意", refuse_box)
    return hierarchy(
        over(feed(), node((60, 400, 660, 1040), label("隐私政策", (100, 420, 400, 470)), scroller, *buttons))
    )


def test_text_that_goes_on_and_text_that_ends() -> None:
    shown = (100, 920, 320, 1000)
    assert tricks_of(folded(shown, 900))["below_the_fold"].state == "seen"
    assert tricks_of(folded(shown, 900))["below_the_fold"].certainty == "possible"
    assert tricks_of(folded(shown, 700))["below_the_fold"].state == "not_seen"


def test_a_refusal_without_height_is_hidden() -> None:
    xml = re.sub(r'(text="不同意"[^>]*bounds=")[^"]*', r"\1[100,1039][320,1039]", folded((100, 920, 320, 1000), 700))
    trick = tricks_of(xml)["below_the_fold"]
    assert (trick.state, trick.certainty, trick.figures[0].value) == ("seen", "certain", 1)


@needs_font
def test_weakness_is_measured_on_the_screenshot() -> None:
    reading = read_screen(None, CONSENT)
    assert reading.dialog is not None
    boxes = {"accept": (150, 1540, 930, 1650), "refuse": (400, 1420, 680, 1500)}
    known = [one for one in reading.dialog.controls if one.role in boxes]
    controls = tuple(replace(one, box=boxes[one.role], point=boxes[one.role][:2]) for one in known)
    placed = replace(reading, dialog=replace(reading.dialog, controls=controls, links=()))
    pale = Button("不同意", boxes["refuse"], ink=(226, 226, 226), size=44)
    shot = png(drawn_card(dim(page()), "隐私", (), (Button("同意", boxes["accept"], fill=(22, 119, 255)), pale)))
    found = tricks_of(None, shot, placed)
    figures = {one.name: one for one in found["weaker_refusal"].figures}
    assert found["weaker_refusal"].state == found["hard_to_read"].state == "seen"
    assert figures["refuse_contrast"].value < 1400 < 3500 < figures["accept_contrast"].value
    assert figures["refuse_below_accept"].value < 0
    assert found["hard_to_read"].boxes == (boxes["refuse"],)


def test_as_data_what_was_seen_comes_first_and_numbers_are_whole() -> None:
    data = tricks_as_data(observe_tricks(with_labels("继续(5s)"), None, None))
    assert [one["state"] for one in data][:1] == ["seen"]
    assert all(isinstance(figure["value"], int) for one in data for figure in one["figures"])  # type: ignore[attr-defined]
