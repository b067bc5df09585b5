"""Small uiautomator hierarchies, written the way Android writes them, for tests that need a certain screen."""

from __future__ import annotations

from xml.sax.saxutils import quoteattr

SCREEN = (0, 0, 720, 1600)
APP = "com.example.reader"


def node(
    box: tuple[int, int, int, int],
    *children: str,
    text: str = "",
    name: str = "android.view.View",
    clickable: bool = False,
    checkable: bool = False,
    checked: bool = False,
    resource_id: str = "",
    package: str = APP,
    desc: str = "",
    scrollable: bool = False,
    order: int | None = None,
) -> str:
    left, top, right, bottom = box
    flags = {
        "checkable": checkable,
        "checked": checked,
        "clickable": clickable,
        "enabled": True,
        "scrollable": scrollable,
    }
    attributes = {
        "index": "0",
        "text": text,
        "resource-id": resource_id,
        "class": name,
        "package": package,
        "content-desc": desc,
        **{key: str(value).lower() for key, value in flags.items()},
        "bounds": f"[{left},{top}][{right},{bottom}]",
    }
    if order is not None:
        attributes["drawing-order"] = str(order)
    written = " ".join(f"{key}={quoteattr(value)}" for key, value in attributes.items())
    return f"<node {written}>{''.join(children)}</node>"


def label(text: str, box: tuple[int, int, int, int], **details: object) -> str:
    return node(box, text=text, name="android.widget.TextView", **details)  # type: ignore[arg-type]


def button(text: str, box: tuple[int, int, int, int], **details: object) -> str:
    return node(box, text=text, name="android.widget.Button", clickable=True, **details)  # type: ignore[arg-type]


def hierarchy(*roots: str) -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes" ?><hierarchy rotation="0">{"".join(roots)}</hierarchy>'
    )


def status_bar() -> str:
    clock = label("下午3:25", (20, 0, 160, 48), package="com.android.systemui")
    return node((0, 0, 720, 48), clock, package="com.android.systemui", name="android.widget.FrameLayout")


def feed(*, package: str = APP, top: int = 60) -> str:
    """A page of headlines that speak of privacy and of agreeing."""
    titles = (
        "科技公司更新隐私政策引发热议",
        "网友热议：同意与不同意之间",
        "专家解读个人信息保护法",
        "这款应用的用户协议太长了",
        "法院：未经同意收集信息违法",
        "同意还是拒绝？弹窗的心理学",
    )
    rows = [
        node(
            (0, top + at * 220, 720, top + at * 220 + 200),
            label(title, (30, top + at * 220 + 20, 690, top + at * 220 + 80), package=package),
            clickable=True,
            package=package,
        )
        for at, title in enumerate(titles)
    ]
    return node((0, top, 720, 1500), *rows, scrollable=True, package=package, name="android.widget.ScrollView")


BODY = (
    "欢迎使用小鱼阅读！我们非常重视您的个人信息和隐私保护。在您使用我们的服务之前，请仔细阅读《用户协议》和《隐私政策》，"
    "我们将严格按照您同意的各项条款使用您的个人信息。如您同意，请点击“同意”开始接受我们的服务。"
)


def card(
    refuse: str = "不同意",
    accept: str = "同意",
    *,
    title: str = "用户协议和隐私政策",
    body: str = BODY,
    package: str = APP,
    extra: str = "",
) -> str:
    return node(
        (60, 400, 660, 1160),
        label(title, (100, 430, 620, 490), package=package),
        label(body, (100, 510, 620, 950), package=package),
        extra,
        button(refuse, (100, 1040, 350, 1130), package=package) if refuse else "",
        button(accept, (370, 1040, 620, 1130), package=package) if accept else "",
        package=package,
        name="android.widget.LinearLayout",
    )


def over(page: str, dialog: str, *, package: str = APP) -> str:
    """A dialog drawn by the page itself: a full-window sheet with the card in it, after the page's own content."""
    sheet = node((0, 0, 720, 1600), dialog, package=package, clickable=True)
    return node((0, 0, 720, 1600), page, sheet, package=package, name="android.widget.FrameLayout")


def window(content: str, *, package: str = APP) -> str:
    return node((0, 0, 720, 1600), content, package=package, name="android.widget.FrameLayout")
