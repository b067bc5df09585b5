"""A walk reaches what there is, ends, and never touches what consents, pays, deletes or calls."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.explore.manners import is_forbidden
from crawler.explore.walk import Move, Walk, arrived, next_move
from screenshots.labels import label_meaning
from screenshots.reading import CONSENT_KINDS, Checkbox, Control, Dialog, ScreenReading, TextBox

CALM = ["首页", "我的", "天气", "下一页", "搜索", "播放", "地图", "Weather", "Next page", "About", "新闻 3", ""]
GRAVE = [
    *[
        "同意",
        "同 意",
        "我同意并继续",
        "已阅读并同意《协议》",
        "允许",
        "始終允許",
        "授权登录",
        "接受",
        "不同意",
        "拒绝",
    ],
    *[
        "支付",
        "支 付",
        "支\u200b付",
        "立即购买",
        "确认支付 ¥9.9",
        "开通会员",
        "ＰＡＹ",
        "Pay now",
        "Buy",
        "Subscribe",
        "去结算",
    ],
    *["删除", "刪除", "注销账号", "註銷帳號", "清空聊天记录", "退出登录", "Delete", "Log out", "Reset all", "卸载"],
    *["拨打客服电话", "发送", "发布动态", "提交订单", "Call", "Send", "Post", "一键登录", "本机号码一键登录"],
    *[
        "立即更新",
        "下载并安装",
        "Install",
        "Update now",
        "Agree and continue",
        "ACCEPT ALL",
        "Allow",
        "I agree",
        "同意する",
    ],
    *["Zustimmen", "Jetzt kaufen", "Accepter", "Supprimer", "Aceptar", "Pagar", "購入する", "削除"],
]


def box(
    text: str, row: int = 0, *, clickable: bool = True, source: str = "hierarchy", name: str | None = None
) -> TextBox:
    return TextBox(
        text=text,
        box=(40, 100 * row, 680, 100 * row + 80),
        source=source,
        clickable=clickable,
        resource_id=name,
        class_name="android.widget.TextView",
    )


def screen(*texts: TextBox, identity: str = "s", dialog: Dialog | None = None, readable: bool = True) -> ScreenReading:
    return ScreenReading(
        readable=readable,
        unreadable_reason=None if readable else "blank",
        kinds=(dialog.kind if dialog else "plain",) if readable else (),
        dialog=dialog,
        texts=texts,
        source="hierarchy",
        identity=identity,
    )


def dialog(
    kind: str, *, text: str = "", controls: Sequence[Control] = (), checkboxes: Sequence[Checkbox] = (), top: int = 0
) -> Dialog:
    return Dialog(
        kind=kind,
        box=(0, top, 720, 1600),
        title="",
        text=text,
        controls=tuple(controls),
        links=(),
        checkboxes=tuple(checkboxes),
        source="hierarchy",
        certain=True,
        agreed_by=("hierarchy",),
    )


def control(role: str, box_: TextBox) -> Control:
    left, top, right, bottom = box_.box
    return Control(
        role=role, text=box_.text, box=box_.box, point=((left + right) // 2, (top + bottom) // 2), clear=True
    )


# ------------------------------------------------------------------ what is never touched


@pytest.mark.parametrize("text", GRAVE)
def test_grave_words_are_forbidden(text: str) -> None:
    assert is_forbidden(text)
    assert next_move(Walk(), screen(box(text)), ours=True).action == "back"


@pytest.mark.parametrize(
    "text", ["No objections", "Why not", "Pas de souci", "No me importa", "Warum nicht", "不介意", "構わない"]
)
def test_words_that_say_yes_to_anything_are_forbidden(text: str) -> None:
    assert is_forbidden(text)


@pytest.mark.parametrize(
    "text", [*CALM, "隐私政策", "设置", "更多", "display", "posters", "Border", "支持", "关于我们"]
)
def test_ordinary_words_are_not(text: str) -> None:
    assert not is_forbidden(text)


def any_box(texts: st.SearchStrategy[str]) -> st.SearchStrategy[TextBox]:
    return st.builds(
        TextBox,
        text=texts,
        box=st.tuples(*[st.integers(-50, 1700)] * 4),
        source=st.sampled_from(["hierarchy", "rapidocr"]),
        clickable=st.booleans(),
        resource_id=st.one_of(st.none(), st.sampled_from(["com.a:id/one", "com.a:id/two"])),
        class_name=st.one_of(st.none(), st.just("android.widget.Button")),
    )


ANY_TEXT = st.one_of(
    st.sampled_from([*CALM, *GRAVE]),
    st.text(max_size=30),
    st.builds(lambda a, b, c: a + b + c, st.text(max_size=4), st.sampled_from(GRAVE), st.text(max_size=4)),
)


@settings(deadline=None, max_examples=300)
@given(st.lists(any_box(ANY_TEXT), max_size=12), st.booleans())
def test_no_move_touches_what_consents_pays_or_deletes(boxes: list[TextBox], ours: bool) -> None:
    reading = screen(*boxes)
    walk = Walk()
    for _ in range(6):
        move = next_move(walk, reading, ours)
        if move.action == "tap":
            assert ours
            assert not is_forbidden(move.text)
            assert label_meaning(move.text).name not in ("accept", "refuse", "allow", "pay", "destroy", "send")
            assert move.point is not None
            assert move.box is not None
            left, top, right, bottom = move.box
            assert 0 <= left <= move.point[0] < right
            assert 0 <= top <= move.point[1] < bottom
        walk = arrived(walk, reading, move, reading)


@pytest.mark.parametrize("kind", [*CONSENT_KINDS, "permission", "install_confirmation", "oauth"])
@settings(deadline=None, max_examples=25)
@given(boxes=st.lists(any_box(ANY_TEXT), max_size=6))
def test_nothing_is_tapped_inside_a_dialog_that_bears_on_consent(kind: str, boxes: list[TextBox]) -> None:
    assert next_move(Walk(), screen(*boxes, dialog=dialog(kind)), ours=True).action == "back"


def test_a_consent_dialog_under_another_one_is_not_tapped_either() -> None:
    reading = screen(box("首页"), dialog=dialog("update"))
    both = ScreenReading(
        **{name: getattr(reading, name) for name in reading.__slots__} | {"kinds": ("update", "retention")}
    )
    assert next_move(Walk(), both, ours=True).action == "back"


def test_what_lies_behind_a_dialog_is_out_of_reach() -> None:
    reading = screen(box("首页", 1), box("以后再说", 9), dialog=dialog("update", top=800))
    assert next_move(Walk(), reading, ours=True).text == "以后再说"


def test_a_login_page_is_walked_but_not_agreed_to() -> None:
    tick = box("", 5, name="com.a:id/tick")
    page = dialog(
        "login_with_agreement",
        checkboxes=[Checkbox(state="unticked", label="同意协议", box=tick.box, point=(60, 540))],
    )
    reading = screen(tick, box("本机号码一键登录", 6), box("其他方式", 7), dialog=page)
    assert next_move(Walk(), reading, ours=True).text == "其他方式"


def test_a_drawn_control_without_words_is_known_by_its_role() -> None:
    picture = box("", 8, name="com.a:id/ok")
    reading = screen(picture, dialog=dialog("other", controls=[control("accept", picture)]))
    assert next_move(Walk(), reading, ours=True).action == "back"


@pytest.mark.parametrize(("asked", "tapped"), [("要删除全部记录吗？", "返回首页"), ("新功能上线", "确定")])
def test_a_plain_ok_is_an_answer_when_something_grave_is_asked(asked: str, tapped: str) -> None:
    reading = screen(box("确定", 3), box("返回首页", 4), dialog=dialog("other", text=asked))
    move = next_move(Walk(), reading, ours=True)
    assert move.text == tapped if asked == "新功能上线" else move.text != "确定"


def test_a_page_that_sells_is_walked_around_what_buys() -> None:
    shop = dialog("purchase", text="商品详情 立即购买 ¥99 确定 首页")
    reading = screen(box("立即购买 ¥99", 1), box("确定", 2), box("首页", 3), dialog=shop)
    assert next_move(Walk(), reading, ours=True).text == "首页"


# ------------------------------------------------------------------ where it goes


def test_lines_that_were_only_drawn_are_tapped_when_they_may_be_buttons() -> None:
    line = box("开始游戏", source="rapidocr", clickable=False)
    sentence = box("这是一段很长很长的说明文字，不是按钮", 1, source="rapidocr", clickable=False)
    still = box("不可点击", 2, clickable=False)
    reading = screen(sentence, still, line)
    assert next_move(Walk(), reading, ours=True).text == "开始游戏"


def test_a_changing_number_makes_no_new_button() -> None:
    first, later = screen(box("消息(3)", name="tab")), screen(box("消息(12)", name="tab"))
    walk = arrived(Walk(), first, next_move(Walk(), first, ours=True), first)
    assert next_move(walk, later, ours=True).action == "back"


def test_outside_the_app_it_goes_back_and_then_opens_the_app_again() -> None:
    elsewhere = screen(box("系统设置"))
    move = next_move(Walk(), elsewhere, ours=False)
    assert move.action == "back"
    walk = arrived(Walk(), elsewhere, move, elsewhere)
    assert next_move(walk, elsewhere, ours=False).action == "launch"


def test_a_screen_that_ignores_back_is_left_by_opening_the_app_again() -> None:
    stuck = screen(readable=False)
    walk, actions = Walk(), []
    for _ in range(3):
        move = next_move(walk, stuck, ours=True)
        actions.append(move.action)
        walk = arrived(walk, stuck, move, stuck)
    assert actions == ["back", "back", "launch"]


App = Mapping[str, Mapping[str, str]]
"""screen -> label -> screen"""


def explore(app: App, start: str, actions: int) -> tuple[Walk, list[tuple[str, Move]]]:
    """Walk an app whose back leads to its first screen."""
    readings = {
        name: screen(*(box(t, row) for row, t in enumerate(links)), identity=name) for name, links in app.items()
    }
    here, walk, done = start, Walk(), []
    for _ in range(actions):
        move = next_move(walk, readings[here], ours=True)
        there = app[here][move.text] if move.action == "tap" else start
        walk = arrived(walk, readings[here], move, readings[there])
        done.append((here, move))
        here = there
    return walk, done


def reachable(app: App, start: str) -> set[str]:
    found, queue = {start}, [start]
    while queue:
        for there in app[queue.pop()].values():
            if there not in found:
                found.add(there)
                queue.append(there)
    return found


def any_app() -> st.SearchStrategy[App]:
    names = [f"s{n}" for n in range(6)]
    labels = ["首页", "我的", "天气", "地图", "搜索"]
    return st.fixed_dictionaries(
        {name: st.dictionaries(st.sampled_from(labels), st.sampled_from(names)) for name in names}
    )


@settings(deadline=None, max_examples=150)
@given(any_app())
def test_everything_that_can_be_reached_is_reached_and_each_thing_tried(app: App) -> None:
    links = sum(len(app[name]) for name in reachable(app, "s0"))
    walk, done = explore(app, "s0", actions=links * 8 + 4)
    assert set(walk.offered) == reachable(app, "s0")
    tried = {(here, move.text) for here, move in done if move.action == "tap"}
    assert tried == {(name, label) for name in reachable(app, "s0") for label in app[name]}
    assert walk.screens == len(reachable(app, "s0"))


@settings(deadline=None, max_examples=100)
@given(any_app(), st.integers(1, 60))
def test_new_comes_before_known(app: App, actions: int) -> None:
    _, done = explore(app, "s0", actions)
    tried: dict[str, set[str]] = {}
    for here, move in done:
        untried = set(app[here]) - tried.get(here, set())
        if untried:
            assert move.action == "tap"
            assert move.text in untried
        if move.action == "tap":
            tried.setdefault(here, set()).add(move.text)


@settings(deadline=None, max_examples=60)
@given(any_app(), st.integers(1, 30))
def test_the_same_app_is_walked_the_same_way(app: App, actions: int) -> None:
    assert explore(app, "s0", actions) == explore(app, "s0", actions)


@settings(deadline=None, max_examples=60)
@given(any_app(), st.integers(1, 30))
def test_a_walk_is_a_value(app: App, actions: int) -> None:
    walk, _ = explore(app, "s0", actions)
    before = ({k: dict(v) for k, v in walk.edges.items()}, copy.deepcopy(dict(walk.offered)), walk.backs)
    reading = screen(box("新页面"), identity="new")
    move = next_move(walk, reading, ours=True)
    arrived(walk, reading, move, reading)
    assert ({k: dict(v) for k, v in walk.edges.items()}, dict(walk.offered), walk.backs) == before
    with pytest.raises(TypeError):
        walk.edges["x"] = {}  # type: ignore[index]


@pytest.mark.parametrize("make", [lambda n: f"条目{chr(0x4E00 + n)}", lambda n: f"item {chr(97 + n % 26)}{n // 26}"])
def test_an_endless_feed_does_not_grow_what_one_screen_offers(make: Callable[[int], str]) -> None:
    feed = screen(*(box(make(n), n) for n in range(500)), identity="feed")
    walk = arrived(Walk(), feed, next_move(Walk(), feed, ours=True), feed)
    assert len(walk.offered["feed"]) <= 40
