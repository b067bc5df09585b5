"""Names of screens: the same for the same screen, different for another."""

from screenshots.reading import read_screen
from tests.screenshots.trees import APP, button, card, feed, hierarchy, label, node, over, status_bar, window


def identity(xml: str) -> str:
    return read_screen(None, xml, package=APP).identity


def home(*, clock: str = "3:25", unread: str = "12", top: int = 60, headline: str = "新闻") -> str:
    tabs = [
        button(text, (at * 240, 1500, at * 240 + 240, 1600), resource_id=f"{APP}:id/tab_{at}")
        for at, text in enumerate((f"消息 {unread}", "首页", "我的"))
    ]
    news = node((0, top, 720, 1500), label(headline, (20, top + 10, 700, top + 60)), scrollable=True)
    bar = node(
        (0, 0, 720, 48), label(clock, (20, 0, 160, 48), package="com.android.systemui"), package="com.android.systemui"
    )
    return hierarchy(bar, node((0, 0, 720, 1600), news, *tabs))


def test_clock_counters_and_content_do_not_rename_a_screen() -> None:
    name = identity(home())
    assert name == identity(home(clock="11:59"))
    assert name == identity(home(unread="99"))
    assert name == identity(home(headline="完全不同的一条新闻标题"))


def test_scrolling_does_not_rename_a_screen() -> None:
    rows = [label(f"第{at}条新闻，内容各不相同", (20, 100 + at * 90, 700, 170 + at * 90)) for at in range(12)]
    first, second = (
        hierarchy(window(node((0, 60, 720, 1500), *rows[start : start + 6], scrollable=True))) for start in (0, 4)
    )
    assert identity(first) == identity(second)


def test_a_dialog_renames_a_screen_whatever_lies_below_it() -> None:
    dialog = identity(hierarchy(status_bar(), over(feed(), card())))
    assert dialog != identity(hierarchy(status_bar(), window(feed())))
    assert dialog != identity(
        hierarchy(over(feed(), card("退出应用", "再想想", title="确定要离开吗？", body="想好了吗")))
    )


def test_another_set_of_buttons_is_another_screen() -> None:
    one = hierarchy(window(button("首页", (0, 1500, 240, 1600)) + button("我的", (240, 1500, 480, 1600))))
    other = hierarchy(window(button("订单", (0, 1500, 240, 1600)) + button("购物车", (240, 1500, 480, 1600))))
    assert identity(one) != identity(other)
