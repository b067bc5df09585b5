"""Dialogs of known vendors: the ids tell the kind, and never what a button says."""

import tomllib
from importlib import resources

import pytest

from screenshots.reading import read_screen
from screenshots.sdks import kind_by_ids
from screenshots.values import KINDS, Dialog
from tests.screenshots.trees import button, feed, hierarchy, label, node, over, window

SDKS = tomllib.loads((resources.files("screenshots") / "data" / "sdks.toml").read_text("utf-8"))["sdk"]


def banner(first: str, second: str, ids: tuple[str, str]) -> Dialog:
    card = node(
        (0, 1200, 720, 1600),
        label("Mmm", (40, 1230, 680, 1290)),
        label("Tasty things, if you like.", (40, 1300, 680, 1380)),
        button(first, (40, 1450, 340, 1540), resource_id=f"com.example.reader:id/{ids[0]}"),
        button(second, (380, 1450, 680, 1540), resource_id=f"com.example.reader:id/{ids[1]}"),
    )
    dialog = read_screen(None, hierarchy(over(feed(), card)), ocr=()).dialog
    assert dialog is not None
    return dialog


@pytest.mark.parametrize("sdk", SDKS, ids=lambda sdk: sdk["name"])
def test_every_entry_is_complete(sdk: dict[str, object]) -> None:
    assert sdk["kind"] in KINDS
    assert sdk["reason"]
    assert sdk["ids"]


def test_a_vendors_banner_is_known_in_any_words() -> None:
    dialog = banner("Brillig", "Slithy", ("onetrust-accept-btn-handler", "onetrust-reject-all-handler"))
    assert dialog.kind == "cookie_consent"
    assert not [control for control in dialog.controls if control.role in ("accept", "refuse")]


def test_words_decide_against_an_id_that_says_otherwise() -> None:
    dialog = banner("Decline", "Accept", ("onetrust-accept-btn-handler", "onetrust-reject-all-handler"))
    assert [control.role for control in dialog.controls] == ["refuse", "accept"]


def test_unknown_ids_tell_nothing() -> None:
    assert kind_by_ids(["com.example:id/btn_ok", "", "onetrust"]) is None


def test_a_one_tap_login_page_is_no_consent_dialog() -> None:
    page = window(
        label("138****0000", (200, 400, 520, 460), resource_id="com.example.reader:id/authsdk_number_view")
        + button("同意并继续", (60, 700, 660, 800), resource_id="com.example.reader:id/authsdk_login_view")
        + label("我已阅读并同意《用户协议》《隐私政策》", (60, 900, 660, 960))
    )
    reading = read_screen(None, hierarchy(page), ocr=())
    assert reading.kinds[0] == "login_with_agreement"


CONSENT_OVER_LOGIN = "我们会收集您的设备信息并共享给合作方,请阅读《隐私政策》。"


def test_consent_over_a_one_tap_login_page_names_both_topmost_first() -> None:
    login = window(
        label("138****0000", (200, 300, 520, 360))
        + button("一键登录", (60, 400, 660, 500))
        + label("登录即同意《认证服务条款》", (60, 520, 660, 580))
        + label("其他登录方式", (60, 1500, 660, 1560), clickable=True)
    )
    card = node(
        (60, 700, 660, 1300),
        label("稍等,先看看这个", (100, 730, 620, 790)),
        label(CONSENT_OVER_LOGIN, (100, 800, 620, 1000)),
        button("先不看了", (100, 1180, 350, 1270)),
        button("看好了,走", (370, 1180, 620, 1270)),
    )
    reading = read_screen(None, hierarchy(over(login, card)), ocr=())
    assert reading.kinds == ("privacy_agreement", "login_with_agreement")
