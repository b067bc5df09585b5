"""Whole screens by their hierarchy alone: dialogs found, and everything that only talks like one left alone."""

import random

import pytest

from screenshots.reading import CONSENT_KINDS, Dialog, ScreenReading, read_screen
from tests.screenshots.trees import (
    APP,
    BODY,
    button,
    card,
    feed,
    hierarchy,
    label,
    node,
    over,
    status_bar,
    window,
)

PERMISSIONS = "com.android.permissioncontroller"


def read(xml: str) -> ScreenReading:
    return read_screen(None, xml, package=APP)


def dialog_of(xml: str) -> Dialog:
    reading = read(xml)
    assert reading.readable, reading.unreadable_reason
    assert reading.dialog is not None, reading.kinds
    return reading.dialog


def roles(dialog: Dialog) -> dict[str, str]:
    return {control.text: control.role for control in dialog.controls}


def test_a_dialog_over_a_feed_is_read_from_its_own_card() -> None:
    dialog = dialog_of(hierarchy(status_bar(), over(feed(), card())))
    assert dialog.kind == "privacy_agreement"
    assert dialog.box == (60, 400, 660, 1160)
    assert roles(dialog) == {"不同意": "refuse", "同意": "accept"}
    assert "热议" not in dialog.text
    assert dialog.certain
    assert dialog.agreed_by == ("hierarchy",)
    assert dialog.find("accept")[0].point == (495, 1085)


def test_the_order_of_windows_means_nothing() -> None:
    windows = [node((60, 400, 660, 1160), card()), status_bar(), window(feed())]
    for seed in range(6):
        random.Random(seed).shuffle(windows)
        assert read(hierarchy(*windows)).kinds[0] == "privacy_agreement"


def test_a_dialog_over_a_login_page_names_both_layers() -> None:
    login = node(
        (0, 60, 720, 1500),
        label("手机号登录", (40, 200, 400, 260)),
        node((40, 300, 680, 380), text="请输入手机号", name="android.widget.EditText", clickable=True),
        button("获取验证码", (40, 400, 680, 480)),
        label("我已阅读并同意《用户协议》和《隐私政策》", (80, 520, 680, 560)),
    )
    assert read(hierarchy(over(login, card()))).kinds == ("privacy_agreement", "login_with_agreement")
    alone = read(hierarchy(window(login)))
    assert alone.kinds == ("login_with_agreement",)


@pytest.mark.parametrize(
    ("refuse", "accept", "expected"),
    [
        ("不同意并退出", "同意并继续", ("refuse", "accept")),
        ("退出", "我已阅读并同意", ("refuse", "accept")),
        ("仅浏览", "同意", ("basic_mode", "accept")),
        ("再想想", "同意", ("refuse", "accept")),
        ("取消", "好的", ("refuse", "accept")),
        ("拒絕", "同意並繼續", ("refuse", "accept")),
        ("暂不使用", "开启旅程", ("refuse", "accept")),
    ],
)
def test_pairs_of_answers(refuse: str, accept: str, expected: tuple[str, str]) -> None:
    dialog = dialog_of(hierarchy(over(feed(), card(refuse, accept))))
    assert dialog.kind == "privacy_agreement"
    assert tuple(control.role for control in dialog.controls) == expected


def test_an_unknown_wording_beside_a_refusal_is_taken_for_acceptance_but_not_clearly() -> None:
    dialog = dialog_of(hierarchy(over(feed(), card("不同意", "扬帆起航"))))
    accept = dialog.find("accept")[0]
    assert (accept.text, accept.clear) == ("扬帆起航", False)


def test_basic_mode_stands_beside_refusal() -> None:
    extra = button("仅使用基本功能", (100, 960, 620, 1030))
    dialog = dialog_of(hierarchy(over(feed(), card(extra=extra))))
    assert roles(dialog) == {"仅使用基本功能": "basic_mode", "不同意": "refuse", "同意": "accept"}


def test_a_notice_offers_only_an_acknowledgement() -> None:
    xml = hierarchy(
        over(feed(), card("", "我知道了", title="隐私政策更新", body="我们更新了《隐私政策》，请您仔细阅读。"))
    )
    dialog = dialog_of(xml)
    assert dialog.kind == "notice_only"
    assert roles(dialog) == {"我知道了": "acknowledge"}


@pytest.mark.parametrize(
    ("title", "body", "refuse", "accept", "expected"),
    [
        ("温馨提示", "您需要同意《隐私政策》，才能继续使用小鱼阅读。", "退出应用", "同意并继续", ("refuse", "accept")),
        ("确定要离开吗？", "如果不同意，我们将无法为您提供服务。", "退出应用", "再想想", ("refuse", "later")),
        ("真的要走吗？", "我们舍不得您离开。", "残忍离开", "再想想", ("refuse", "later")),
        ("您是否再考虑一下？", "若您不同意《隐私政策》，很遗憾。", "仍不同意", "再次查看并同意", ("refuse", "accept")),
    ],
)
def test_second_asks_are_retention(title: str, body: str, refuse: str, accept: str, expected: tuple[str, str]) -> None:
    dialog = dialog_of(hierarchy(over(feed(), card(refuse, accept, title=title, body=body))))
    assert dialog.kind == "retention"
    assert tuple(control.role for control in dialog.controls) == expected


@pytest.mark.parametrize(
    ("title", "body", "left", "right"),
    [
        ("提示", "确定要退出应用吗？", "取消", "确定"),
        ("退出登录", "退出后将清除本机数据。", "取消", "确定"),
        ("好友申请", "小明请求添加您为好友", "拒绝", "同意"),
        ("退款申请", "买家申请退款 ¥20，是否同意？", "拒绝", "同意"),
        ("发现新版本", "修复若干问题", "以后再说", "立即更新"),
        ("开通会员", "自动续费，同意《会员服务协议》并支付 ¥188", "取消", "同意协议并支付"),
        ("开启通知", "开启通知权限，不错过重要消息", "暂不开启", "去开启"),
        ("青少年模式", "为保护未成年人，我们推出青少年模式", "进入青少年模式", "我知道了"),
        ("确认删除", "删除后不可恢复", "取消", "删除"),
        ("会议邀请", "李雷邀请你加入会议，会议将被录制", "拒绝", "同意"),
        ("放弃优惠", "真的要放弃 20 元红包吗？", "残忍离开", "再想想"),
    ],
)
def test_other_dialogs_ask_for_no_consent(title: str, body: str, left: str, right: str) -> None:
    dialog = dialog_of(hierarchy(over(feed(), card(left, right, title=title, body=body))))
    assert dialog.kind not in CONSENT_KINDS, dialog.kind


def page_of_rows(*rows: str) -> str:
    cells = [
        node(
            (0, 100 + at * 100, 720, 190 + at * 100),
            label(row, (30, 110 + at * 100, 400, 180 + at * 100)),
            clickable=True,
        )
        for at, row in enumerate(rows)
    ]
    return window(node((0, 60, 720, 1500), *cells))


PAGES = {
    "feed": window(feed()),
    "settings": page_of_rows("隐私政策", "用户协议", "个人信息收集清单", "撤回同意", "权限管理", "退出登录"),
    "policy": window(
        node((0, 60, 720, 1500), *[label(BODY, (20, 150 + at * 200, 700, 340 + at * 200)) for at in range(6)])
    ),
    "poll": window(
        node(
            (0, 60, 720, 1500),
            label("你同意隐私政策弹窗越来越长的说法吗？", (30, 100, 690, 160)),
            label("本报讯：多家应用更新了《隐私政策》，专家呼吁减少弹窗，读者意见不一。" * 6, (30, 180, 690, 900)),
            button("同意 312", (30, 920, 340, 990)),
            button("不同意 28", (380, 920, 690, 990)),
            label("相关阅读：个人信息保护法解读", (30, 1020, 690, 1080)),
        )
    ),
    "poll in a feed": window(
        node(
            (0, 60, 720, 1600),
            *[
                button(tab, (at * 120, 60, at * 120 + 110, 120))
                for at, tab in enumerate(("推荐", "法治", "科技", "文化"))
            ],
            label("深度：隐私政策有多少人真正读完", (20, 140, 700, 240), clickable=True),
            label("个人信息保护法施行三周年：不同意就不让用的应用少了", (20, 260, 700, 360), clickable=True),
            label("投票：首次启动应当默认仅提供基本功能，你同意吗？", (60, 1200, 660, 1290)),
            button("同意", (60, 1310, 340, 1380)),
            button("不同意", (380, 1310, 660, 1380)),
            *[button(tab, (at * 240, 1500, at * 240 + 240, 1600)) for at, tab in enumerate(("新闻", "快讯", "我的"))],
        )
    ),
    "chat": window(
        node(
            (0, 60, 720, 1500),
            label("你同意我的提议吗", (30, 100, 400, 160)),
            label("同意", (500, 200, 690, 260)),
            label("不同意也没关系", (30, 300, 400, 360)),
            label("好的", (500, 400, 690, 460)),
        )
    ),
}


@pytest.mark.parametrize("name", PAGES)
def test_pages_that_talk_about_privacy_are_no_dialogs(name: str) -> None:
    reading = read(hierarchy(status_bar(), PAGES[name]))
    assert reading.dialog is None or not reading.dialog.asks_consent, reading.kinds


def test_a_full_page_agreement_with_answers_is_a_dialog() -> None:
    rows = [label(BODY, (20, 150 + at * 200, 700, 340 + at * 200)) for at in range(5)]
    answers = button("不同意", (20, 1400, 340, 1480)) + button("同意", (360, 1400, 700, 1480))
    dialog = dialog_of(hierarchy(window(node((0, 60, 720, 1500), *rows, answers))))
    assert roles(dialog) == {"不同意": "refuse", "同意": "accept"}


@pytest.mark.parametrize("package", [PERMISSIONS, "com.google.android.permissioncontroller", "com.lbe.security.miui"])
def test_the_systems_permission_dialog(package: str) -> None:
    xml = hierarchy(
        window(feed()),
        node(
            (40, 900, 680, 1400),
            label("要允许“小鱼阅读”拍摄照片和录制视频吗？", (80, 930, 640, 1000), package=package),
            button("仅在使用该应用时允许", (80, 1050, 640, 1120), package=package),
            button("仅限这一次", (80, 1130, 640, 1200), package=package),
            button("拒绝", (80, 1210, 640, 1280), package=package),
            package=package,
        ),
        status_bar(),
    )
    dialog = dialog_of(xml)
    assert dialog.kind == "permission"
    assert [control.role for control in dialog.controls] == ["allow_foreground", "allow_once", "deny"]


def test_permission_buttons_are_known_by_their_ids_in_any_language() -> None:
    ids = f"{PERMISSIONS}:id/"
    xml = hierarchy(
        node(
            (40, 900, 680, 1400),
            label("Дозволити?", (80, 930, 640, 1000), package=PERMISSIONS, resource_id=ids + "permission_message"),
            button("А", (80, 1050, 640, 1120), package=PERMISSIONS, resource_id=ids + "permission_allow_button"),
            button("Б", (80, 1210, 640, 1280), package=PERMISSIONS, resource_id=ids + "permission_deny_button"),
            package=PERMISSIONS,
        )
    )
    assert [control.role for control in dialog_of(xml).controls] == ["allow", "deny"]


def test_an_apps_own_plea_for_a_permission_is_not_the_systems() -> None:
    xml = hierarchy(over(feed(), card("取消", "去设置", title="权限申请", body="需要开启位置权限，以便推荐附近内容")))
    assert dialog_of(xml).kind == "permission_rationale"


def test_crash_and_anr_dialogs() -> None:
    def system(title: str, *buttons: tuple[str, str]) -> str:
        rows = [
            button(text, (60, 700 + at * 80, 660, 770 + at * 80), package="android", resource_id=f"android:id/{name}")
            for at, (text, name) in enumerate(buttons)
        ]
        return hierarchy(
            node((40, 600, 680, 900), label(title, (60, 620, 660, 680), package="android"), *rows, package="android")
        )

    anr = dialog_of(system("小鱼阅读没有响应", ("关闭应用", "aerr_close"), ("等待", "aerr_wait")))
    assert anr.kind == "anr"
    assert roles(anr) == {"关闭应用": "close", "等待": "later"}
    assert dialog_of(system("小鱼阅读屡次停止运行", ("关闭应用", "aerr_close"))).kind == "crash"


def test_checkboxes_come_from_the_system_first() -> None:
    box = node((100, 980, 130, 1010), name="android.widget.CheckBox", checkable=True, checked=True, clickable=True)
    extra = box + label("我已阅读并同意《用户协议》", (140, 975, 620, 1015))
    dialog = dialog_of(hierarchy(over(feed(), card("退出", "进入", extra=extra))))
    (found,) = dialog.checkboxes
    assert (found.state, found.label, found.point) == ("ticked", "我已阅读并同意《用户协议》", (115, 995))


@pytest.mark.parametrize(
    "text", ["我已阅读并同意", "同意用户协议", "我已阅读并同意用户协议和隐私政策", "已阅读并同意《用户协议》"]
)
def test_the_words_beside_a_box_answer_nothing_though_they_can_be_touched(text: str) -> None:
    icon = node((100, 980, 130, 1010), name="android.widget.ImageView", clickable=True)
    extra = icon + label(text, (140, 975, 620, 1015), clickable=True)
    dialog = dialog_of(hierarchy(over(feed(), card("退出", "进入", extra=extra))))
    assert roles(dialog) == {"退出": "refuse", "进入": "accept"}


def test_a_drawn_box_without_pixels_is_unknown() -> None:
    icon = node((100, 980, 130, 1010), name="android.widget.ImageView", clickable=True)
    extra = icon + label("我已阅读并同意《用户协议》", (140, 975, 620, 1015))
    (found,) = dialog_of(hierarchy(over(feed(), card("退出", "进入", extra=extra)))).checkboxes
    assert found.state == "unknown"


def test_links_inside_a_text_are_placed_inside_it() -> None:
    dialog = dialog_of(hierarchy(over(feed(), card())))
    assert {link.role for link in dialog.links} == {"policy_link", "terms_link"}
    for link in dialog.links:
        assert link.source == "geometry"
        assert 100 <= link.point[0] < 620
        assert 510 <= link.point[1] < 950


def test_a_canvas_is_unreadable_without_pixels_not_free_of_dialogs() -> None:
    reading = read(hierarchy(window(node((0, 0, 720, 1600)))))
    assert not reading.readable
    assert reading.unreadable_reason == "opaque"


def test_a_canvas_over_a_feed_is_noted() -> None:
    reading = read(hierarchy(node((0, 0, 720, 1600), feed(), node((60, 400, 660, 1160)))))
    assert any("may hide" in note for note in reading.notes)


def test_a_page_that_is_still_loading_is_half_drawn() -> None:
    reading = read(hierarchy(window(label("加载中…", (300, 780, 420, 820)))))
    assert reading.unreadable_reason == "half_drawn"


@pytest.mark.parametrize("moved", [(0, 0), (30, -120), (-40, 200)])
@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0])
def test_moving_and_scaling_a_dialog_does_not_change_its_reading(moved: tuple[int, int], scale: float) -> None:
    import re

    def shift(match: re.Match[str]) -> str:
        left, top, right, bottom = (int(number) for number in match.groups())
        if (left, top, right, bottom) == (0, 0, 720, 1600):
            return f"[0,0][{int(720 * scale)},{int(1600 * scale)}]"
        dx, dy = moved
        corners = ((left + dx) * scale, (top + dy) * scale, (right + dx) * scale, (bottom + dy) * scale)
        return "[{},{}][{},{}]".format(*(int(number) for number in corners))

    xml = re.sub(r"\[(-?\d+),(-?\d+)\]\[(-?\d+),(-?\d+)\]", shift, hierarchy(over(feed(), card())))
    dialog = dialog_of(xml)
    assert dialog.kind == "privacy_agreement"
    assert roles(dialog) == {"不同意": "refuse", "同意": "accept"}


@pytest.mark.parametrize("first", ["page", "sheet"])
def test_of_two_windows_of_one_size_the_one_that_writes_on_less_of_it_is_on_top(first: str) -> None:
    page = window(
        label("Join the club", (60, 160, 660, 240))
        + node((60, 300, 660, 400), text="E-mail", name="android.widget.EditText")
        + node((60, 440, 660, 540), text="Password", name="android.widget.EditText")
        + button("Log in", (60, 600, 660, 700))
        + label("I accept the terms and the privacy policy of the club", (60, 740, 660, 1000))
    )
    sheet = window(
        label("Our privacy notice has changed", (40, 1060, 680, 1130))
        + label("Since Monday your photos are kept by a company in Leipzig.", (40, 1150, 680, 1300))
        + button("Understood", (40, 1400, 680, 1500))
    )
    windows = (page, sheet) if first == "page" else (sheet, page)
    reading = read_screen(None, hierarchy(status_bar(), *windows), ocr=())
    assert reading.kinds[0] == "notice_only"
