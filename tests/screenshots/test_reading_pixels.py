"""Whole screens by their pixels alone, drawn for the test; OCR engines are loaded once for the module."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from screenshots.engines import TesseractOcr, TextLine
from screenshots.reading import CONSENT_KINDS, read_screen
from screenshots.values import Box
from tests.screenshots import trees
from tests.screenshots.pictures import BLUE, GREY, TALL, WIDE, Button, card, consent, dim, font, needs_font, page, png

pytestmark = needs_font


def test_a_card_over_headlines() -> None:
    reading = read_screen(png(consent()), None)
    dialog = reading.dialog
    assert dialog is not None
    assert reading.kinds[0] == "privacy_agreement"
    assert {control.text: control.role for control in dialog.controls} == {"不同意": "refuse", "同意": "accept"}
    assert all(abs(one - other) <= 12 for one, other in zip(dialog.box, (90, 700, 990, 1700), strict=True))
    assert "热议" not in dialog.text
    assert dialog.source == "ocr"
    assert not dialog.certain
    assert {link.role for link in dialog.links} == {"policy_link", "terms_link"}
    for control in dialog.controls:
        left, top, right, bottom = control.box
        assert left <= control.point[0] < right
        assert top <= control.point[1] < bottom


def test_two_readers_make_it_certain() -> None:
    reading = read_screen(png(consent()), None, second_look=True)
    assert reading.looked_twice
    assert reading.dialog is not None
    assert reading.dialog.certain
    assert set(reading.dialog.agreed_by) == {"rapidocr-small", "tesseract"}
    assert len(reading.engines) >= 2


@pytest.mark.parametrize(
    ("refuse", "accept", "paper", "ink"),
    [
        ("拒绝", "接受", (255, 255, 255), (40, 40, 40)),
        ("不同意并退出", "同意并继续", (38, 38, 42), (220, 220, 220)),
        ("Decline", "Accept", (255, 255, 255), (40, 40, 40)),
    ],
)
def test_colours_and_words_may_change(
    refuse: str, accept: str, paper: tuple[int, int, int], ink: tuple[int, int, int]
) -> None:
    dialog = read_screen(png(consent(refuse, accept, paper=paper, ink=ink)), None).dialog
    assert dialog is not None
    assert dialog.kind in CONSENT_KINDS
    assert [control.role for control in dialog.controls] == ["refuse", "accept"]


def test_a_pale_refusal_is_found_before_anyone_says_there_is_none() -> None:
    buttons = (
        Button("同意", (150, 1400, 930, 1520), fill=BLUE),
        Button("不同意", (440, 1590, 640, 1640), ink=(226, 226, 226), size=33),
    )
    body = ("欢迎使用小鱼阅读！请仔细阅读", "《用户协议》和《隐私政策》。")
    dialog = read_screen(png(card(dim(page()), "隐私政策提示", body, buttons)), None).dialog
    assert dialog is not None
    assert [(control.text, control.role) for control in dialog.controls] == [("同意", "accept"), ("不同意", "refuse")]


def test_a_ticked_box_and_an_empty_one() -> None:
    for ticked in (True, False):
        buttons = (Button("进入应用", (150, 1500, 930, 1620), fill=BLUE),)
        picture = card(dim(page()), "协议与隐私", ("欢迎使用小鱼阅读！我们重视您的隐私",), buttons)
        pen = ImageDraw.Draw(picture)
        pen.rounded_rectangle((150, 1400, 190, 1440), radius=8, outline=GREY, width=3, fill=BLUE if ticked else None)
        if ticked:
            pen.line((158, 1420, 168, 1430, 183, 1410), fill=(255, 255, 255), width=5)
        pen.text((210, 1396), "我已阅读并同意《用户协议》", font=font(38), fill=(60, 60, 60))
        dialog = read_screen(png(picture), None).dialog
        assert dialog is not None
        (box,) = dialog.checkboxes
        assert (box.state, box.source) == ("ticked" if ticked else "unticked", "pixels")


@pytest.mark.parametrize(
    ("colour", "reason"), [((0, 0, 0), "secure"), ((255, 255, 255), "blank"), ((240, 240, 240), "blank")]
)
def test_an_empty_screen_is_unreadable(colour: tuple[int, int, int], reason: str) -> None:
    reading = read_screen(png(page(colour)), None)
    assert (reading.readable, reading.unreadable_reason, reading.kinds, reading.dialog) == (False, reason, (), None)


def test_a_spinner_is_half_drawn() -> None:
    picture = page((255, 255, 255))
    ImageDraw.Draw(picture).text((WIDE // 2, TALL // 2), "加载中…", font=font(44), fill=GREY, anchor="mm")
    assert read_screen(png(picture), None).unreadable_reason == "half_drawn"


@pytest.mark.parametrize(
    "lines",
    [
        ("隐私政策", "个人信息收集清单", "第三方共享清单", "用户协议", "撤回同意"),
        ("科技公司更新隐私政策引发热议", "网友热议同意与不同意之间", "专家解读个人信息保护法"),
    ],
)
def test_pages_about_privacy_are_no_dialogs(lines: tuple[str, ...]) -> None:
    reading = read_screen(png(page(lines=lines)), None)
    assert reading.dialog is None or not reading.dialog.asks_consent


def test_a_drawn_dialog_over_a_page_the_hierarchy_knows() -> None:
    xml = trees.hierarchy(
        trees.node((0, 0, WIDE, TALL), trees.label("首页", (60, 220, 300, 290)), trees.node((0, 0, WIDE, TALL)))
    )
    reading = read_screen(png(consent()), xml, package=trees.APP)
    assert reading.dialog is not None
    assert reading.dialog.kind == "privacy_agreement"
    assert reading.dialog.find("accept")


@pytest.mark.parametrize("second_look", [False, True])
def test_a_canvas_that_listens_everywhere_is_tapped_where_the_button_is_drawn(second_look: bool) -> None:
    canvas = trees.node((0, 0, WIDE, TALL), name="android.view.View", clickable=True)
    xml = trees.hierarchy(trees.node((0, 0, WIDE, TALL), canvas))
    dialog = read_screen(png(consent()), xml, package=trees.APP, second_look=second_look).dialog
    assert dialog is not None
    assert [(one.role, one.text) for one in dialog.controls] == [("refuse", "不同意"), ("accept", "同意")]
    for control, (left, right) in zip(dialog.controls, ((150, 520), (560, 930)), strict=True):
        assert left < control.point[0] < right
        assert 1540 < control.point[1] < 1650


def test_a_second_look_takes_no_certainty_from_the_hierarchy() -> None:
    xml = trees.hierarchy(
        trees.node(
            (90, 700, 990, 1700),
            trees.label("用户协议和隐私政策", (150, 740, 930, 820)),
            trees.label("请阅读《用户协议》和《隐私政策》", (150, 860, 930, 1100)),
            trees.button("不同意", (150, 1540, 520, 1650)),
            trees.button("同意", (560, 1540, 930, 1650)),
        )
    )
    reading = read_screen(png(consent()), xml, package=trees.APP, second_look=True)
    assert reading.looked_twice
    assert reading.dialog is not None
    assert reading.dialog.certain
    assert reading.dialog.agreed_by == ("hierarchy",)
    assert [one.role for one in reading.dialog.controls] == ["refuse", "accept"]


def test_an_informative_hierarchy_needs_no_pixels() -> None:
    class Refuses:
        name = "refuses"
        version = "1"

        def read(self, image: object) -> tuple[TextLine, ...]:
            raise AssertionError("read although the hierarchy says it all")

        def read_boxes(self, image: object, boxes: tuple[Box, ...], *, hint: str = "") -> tuple[str, ...]:
            raise AssertionError("read although the hierarchy says it all")

    xml = trees.hierarchy(trees.over(trees.feed(), trees.card()))
    reading = read_screen(b"never opened", xml, package=trees.APP, ocr=(Refuses(),))
    assert reading.source == "hierarchy"


class Says:
    """An engine that reads what it is told."""

    version = "0"

    def __init__(self, name: str, lines: tuple[TextLine, ...], boxes: dict[Box, str] | None = None) -> None:
        self.name = name
        self._lines = lines
        self._boxes = boxes or {}

    def read(self, image: object) -> tuple[TextLine, ...]:
        return self._lines

    def read_boxes(self, image: object, boxes: tuple[Box, ...], *, hint: str = "") -> tuple[str, ...]:
        return tuple(self._boxes.get(box, "") for box in boxes)


def test_a_second_reader_that_contradicts_takes_the_role_away() -> None:
    refuse, accept = (240, 1560, 430, 1630), (690, 1560, 800, 1630)
    title = (300, 750, 780, 810)
    lines = (
        TextLine(text="用户协议和隐私政策", box=title, confidence=990),
        TextLine(text="请仔细阅读《用户协议》和《隐私政策》", box=(150, 860, 900, 910), confidence=990),
        TextLine(text="同意", box=refuse, confidence=700),
        TextLine(text="同意并继续", box=accept, confidence=990),
    )
    second = Says("other", (), {refuse: "不同意", accept: "同意并继续", title: "用户协议和隐私政策"})
    reading = read_screen(png(consent()), None, ocr=(Says("first", lines), second), second_look=True)
    assert reading.dialog is not None
    assert not reading.dialog.certain
    doubted = next(control for control in reading.dialog.controls if control.text == "同意")
    assert (doubted.role, doubted.clear) == ("other", False)


def test_without_engines_pixels_tell_nothing() -> None:
    reading = read_screen(png(consent()), None, ocr=())
    assert (reading.readable, reading.unreadable_reason) == (False, "no_engine")


def test_tesseract_reads_a_white_on_blue_button() -> None:
    picture = np.asarray(consent())[:, :, ::-1]
    texts = {line.text for line in TesseractOcr().read(np.ascontiguousarray(picture))}
    assert {"同意", "不同意"} <= texts


def test_a_landscape_screen_and_a_small_one() -> None:
    small = consent().resize((480, 1066), Image.Resampling.LANCZOS)
    dialog = read_screen(png(small), None).dialog
    assert dialog is not None
    assert [control.role for control in dialog.controls] == ["refuse", "accept"]
    wide = Image.new("RGB", (2400, 1080), (70, 70, 70))
    wide.paste(consent().crop((90, 700, 990, 1700)), (750, 40))
    dialog = read_screen(png(wide), None).dialog
    assert dialog is not None
    assert [control.role for control in dialog.controls] == ["refuse", "accept"]


def test_a_coloured_link_inside_a_text_view_is_found_on_the_screenshot() -> None:
    picture = page((255, 255, 255))
    pen = ImageDraw.Draw(picture)
    lines = ("欢迎使用小鱼阅读！请仔细阅读", "《用户协议》和《隐私政策》，点击同意即表示接受。")
    pen.text((150, 900), lines[0], font=font(40), fill=(50, 50, 50))
    x, places = 150, {}
    for piece in ("《用户协议》", "和", "《隐私政策》", "，点击同意即表示接受。"):
        wide = int(pen.textlength(piece, font=font(40)))
        pen.text((x, 980), piece, font=font(40), fill=BLUE if "《" in piece else (50, 50, 50))
        places[piece] = (x, x + wide)
        x += wide
    xml = trees.hierarchy(
        trees.node(
            (0, 0, WIDE, TALL),
            trees.label("".join(lines), (150, 890, 1000, 1050)),
            trees.button("不同意", (150, 1200, 500, 1300)),
            trees.button("同意", (560, 1200, 930, 1300)),
        )
    )
    dialog = read_screen(png(picture), xml, package=trees.APP).dialog
    assert dialog is not None
    assert [link.text for link in dialog.links] == ["《用户协议》", "《隐私政策》"]
    for link in dialog.links:
        left, right = places[link.text]
        assert link.source == "pixels"
        assert left <= link.point[0] <= right
        assert 975 <= link.point[1] <= 1040


@pytest.mark.parametrize("gradient", [False, True])
def test_labels_that_wrap_inside_their_buttons_are_one_each(gradient: bool) -> None:
    body = ("Wir würden gern mitzählen, welche", "Seiten Sie öffnen. Näheres steht in der", "Datenschutzerklärung.")
    picture = card(dim(page()), "Deine Zustimmung, bitte", body, ())
    pen = ImageDraw.Draw(picture)
    for box, lines, ink in (
        ((150, 1440, 520, 1640), ("Ich lehne", "ab"), GREY),
        ((560, 1440, 930, 1640), ("Ich stimme", "zu"), (255, 255, 255)),
    ):
        left, top, right, bottom = box
        pen.rectangle(box, fill=(235, 235, 235) if ink is GREY else BLUE)
        if gradient and ink is not GREY:
            for x in range(left, right):
                share = (x - left) / (right - left)
                pen.line((x, top, x, bottom), fill=(int(25 + 20 * share), int(180 - 40 * share), int(160 + 60 * share)))
        for row, text in enumerate(lines):
            pen.text(((left + right) / 2, 1510 + 62 * row), text, font=font(46), fill=ink, anchor="mm")
    dialog = read_screen(png(picture), None).dialog
    assert dialog is not None
    assert [(one.text, one.role) for one in dialog.controls] == [
        ("Ich lehne ab", "refuse"),
        ("Ich stimme zu", "accept"),
    ]
    for control, (left, right) in zip(dialog.controls, ((150, 520), (560, 930)), strict=True):
        assert left < control.box[0] + 60
        assert control.box[2] - 60 < right
        assert control.box[3] - control.box[1] >= 150


def footed(foot: tuple[str, ...]) -> bytes:
    """A page that asks, with a strip of another colour at its foot for the answers."""
    picture = page((255, 255, 255))
    pen = ImageDraw.Draw(picture)
    lines = ("我们的承诺", "欢迎使用小鱼阅读！我们重视您的个人信息保护，", "请您仔细阅读《用户协议》和《隐私政策》。")
    for at, line in enumerate(lines):
        pen.text((60, 240 + 90 * at), line, font=font(44), fill=(40, 40, 40))
    pen.rectangle((0, 1760, WIDE, TALL), fill=(228, 231, 238))
    for at, line in enumerate(foot):
        pen.text((60, 1840 + 80 * at), line, font=font(40), fill=(40, 40, 40))
    for text, left, right, fill in (("离开", 60, 520, (250, 250, 250)), ("继续", 560, 1020, BLUE)):
        pen.rounded_rectangle((left, 2140, right, 2260), radius=60, fill=fill)
        ink = (255, 255, 255) if fill == BLUE else GREY
        pen.text(((left + right) / 2, 2200), text, font=font(44), fill=ink, anchor="mm")
    return png(picture)


def test_the_foot_of_a_page_is_no_card_of_its_own() -> None:
    reading = read_screen(footed(("2026年第3版",)), None)
    dialog = reading.dialog
    assert dialog is not None
    assert dialog.asks_consent
    assert {one.text: one.role for one in dialog.controls if one.role != "other"} == {
        "离开": "refuse",
        "继续": "accept",
    }
    assert dialog.box[1] < 240


def test_a_sheet_with_a_matter_of_its_own_is_not_the_foot_of_the_page() -> None:
    reading = read_screen(footed(("本章还没有下载完成，离开以后进度不会保存。",)), None)
    assert reading.dialog is None or not reading.dialog.asks_consent


def test_the_head_of_a_card_is_no_button() -> None:
    picture = card(dim(page()), "", ("为了改进服务，我们想记录", "您浏览过的文章。"), ())
    pen = ImageDraw.Draw(picture)
    pen.line((90, 860, 990, 860), fill=(30, 30, 30), width=6)
    pen.text((150, 750), "隐私设置", font=font(48), fill=(20, 20, 20))
    for left, text, fill in ((150, "拒绝", (230, 230, 230)), (560, "同意", BLUE)):
        pen.rectangle((left, 1500, left + 370, 1620), fill=fill)
        pen.text((left + 185, 1560), text, font=font(44), fill=(20, 20, 20), anchor="mm")
    dialog = read_screen(png(picture), None).dialog
    assert dialog is not None
    assert [(one.role, one.text) for one in dialog.controls] == [("refuse", "拒绝"), ("accept", "同意")]
