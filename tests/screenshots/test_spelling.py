"""What the quick model cannot write is spelt by a better one, on the lines that were found, and nothing else is."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from screenshots.engines import RapidOcr, quick_engine, speller
from screenshots.reading import read_screen
from screenshots.sight import Sight
from tests.screenshots.pictures import GREY, Button, card, consent, dim, font, needs_font, page, png

pytestmark = [
    needs_font,
    pytest.mark.skipif(quick_engine().name != "rapidocr-tiny", reason="the models of the quick engine are missing"),
]

NOTE = "the quick model cannot spell this screen; the better model read it"
JAPANESE = ("ご利用の前に利用規約とプライ", "バシーポリシーをお読みください。", "内容に同意いただけますか。")
PILE = (180, 60, 90)


def pale(picture: Image.Image, lines: tuple[str, ...], ink: int) -> Image.Image:
    pen = ImageDraw.Draw(picture)
    for at, line in enumerate(lines):
        pen.text((160, 1720 + at * 50), line, font=font(22), fill=(ink, ink, ink))
    return picture


def answers(refuse: str, accept: str) -> tuple[Button, ...]:
    return Button(refuse, (150, 1540, 520, 1650), fill=PILE), Button(accept, (560, 1540, 930, 1650), fill=PILE)


def test_the_quick_model_knows_no_kana() -> None:
    pair = speller(quick_engine())
    assert pair is not None
    quick, better = pair
    assert not set("やめておきます") & quick.alphabet()
    assert set("やめておきます閉絕閱同意") <= better.alphabet()
    assert "同" in quick.alphabet()


@pytest.mark.parametrize("floats", [True, False])
def test_a_japanese_screen_is_read_whether_or_not_a_card_is_seen(floats: bool) -> None:
    ground = dim(page(lines=("冬にうれしいスープ", "旧市街に新しい橋"))) if floats else page((255, 255, 255))
    picture = card(ground, "はじめに", JAPANESE, answers("同意しない", "同意する"))
    reading = read_screen(png(picture), None)
    texts = [text.text for text in reading.texts]
    assert {"同意しない", "同意する", "はじめに", "内容に同意いただけますか。"} <= set(texts)
    assert reading.dialog is not None
    assert [(one.text, one.role) for one in reading.dialog.controls] == [
        ("同意しない", "refuse"),
        ("同意する", "accept"),
    ]
    assert NOTE in reading.notes


@pytest.mark.parametrize("ink", [150, 205, 232])
def test_pale_lines_on_a_chinese_screen_make_nobody_read_it_all_again(ink: int) -> None:
    lines = ("本服务由合作方提供客服热线工作日", "投资有风险理财需谨慎过往业绩不代表", "增值电信业务经营许可证京备案号")
    reading = read_screen(png(pale(consent(), lines, ink)), None)
    assert NOTE not in reading.notes
    assert reading.dialog is not None
    assert {one.text for one in reading.dialog.controls} == {"不同意", "同意"}


def test_only_what_is_doubtful_is_spelt_again() -> None:
    sight = Sight(png(consent()), None)
    lines, reader = sight.read_quickly()
    assert lines
    assert reader is quick_engine()
    again = sight.respell([lines[0].box])
    assert [line.box for line in again] == [lines[0].box]


@pytest.mark.parametrize(("refuse", "accept"), [("我拒絕", "認可"), ("關閉", "已閱讀"), ("謝絕", "沒問題")])
def test_traditional_answers_are_spelt_right(refuse: str, accept: str) -> None:
    body = ("小徑銀行適用會員條款與隱私守則", "請撥空一讀。")
    buttons = (
        Button(refuse, (150, 1540, 520, 1650), fill=(235, 235, 235), ink=GREY),
        Button(accept, (560, 1540, 930, 1650), fill=PILE),
    )
    texts = {text.text for text in read_screen(png(card(dim(page()), "我們的承諾", body, buttons)), None).texts}
    assert {refuse, accept} <= texts


def test_spelling_loads_no_detector() -> None:
    engine = RapidOcr("small", longest_side=64)
    picture = np.ascontiguousarray(np.asarray(consent("同意しない"))[:, :, ::-1])
    (line,) = engine.spell(picture, [(150, 1540, 520, 1650)])
    assert line.text == "同意しない"
    assert engine.detects is False
    engine.read(picture[1500:1700])
    assert engine.detects is True
