"""A scene as one HTML document."""

from __future__ import annotations

from html import escape
from pathlib import Path

from lab.screens.pages import PAGES, page_below
from lab.screens.parts import Pen
from lab.screens.scenes import Scene
from lab.screens.wordings import Answer

__all__ = ["APP", "SYSTEM", "document"]

APP = "com.example.drawn"
SYSTEM = {
    "permission": "com.android.permissioncontroller",
    "install": "com.android.packageinstaller",
    "crash": "android",
    "anr": "android",
}
"""Whose dialog it is, where it is not the app's."""
_VENDOR = {"permission": "com.lbe.security.miui", "install": "com.miui.packageinstaller"}
_FONTS = {"ja": "JP", "zh-TW": "TC"}
_STYLE = (Path(__file__).parent / "data" / "look.css").read_text("utf-8")


def document(scene: Scene) -> str:
    """The page. What belongs to the truth carries `data-role`; the dialog's card carries `data-card`."""
    pen = Pen(scene)
    whole = PAGES.get(scene.layout)
    shown = whole(scene, pen) if whole is not None else _below(scene, pen)
    over = "" if whole is not None else _over(scene, pen)
    wide = "wide" if scene.viewport.css[0] >= 560 else ""
    clock = f"{pen.draw.randint(0, 23)}:{pen.draw.randint(0, 59):02d}"
    status = f"<span>{clock}</span><span>5G {pen.draw.randint(12, 99)}%</span>"
    style = f"<style>{_variables(scene, pen)}{_STYLE}</style>"
    return (
        f'<!doctype html><html lang="{scene.language.code}"><meta charset="utf-8">{style}<body class="{wide}">'
        f'<div id="base" data-resource-id="">{shown}</div>{over}'
        f'<div id="status" data-resource-id="" data-window="panel" data-package="com.android.systemui">{status}</div>'
        "</body></html>"
    )


def _variables(scene: Scene, pen: Pen) -> str:
    theme = scene.theme
    family = f"Noto {'Serif' if scene.serif else 'Sans'} CJK {_FONTS.get(scene.language.code, 'SC')}"
    pill = scene.buttons.endswith("pill")
    colours = ("page", "paper", "ink", "soft", "faint", "line", "tonal", "accent", "link")
    values = {
        **{name: str(getattr(theme, name)) for name in colours},
        "on-accent": theme.on_accent,
        "tick": theme.link,
        "status": theme.ink,
        "zoom": f"{scene.font_scale}",
        "corner": f"{pen.draw.choice((4, 8, 12, 16, 20))}px",
        "knob": "26px" if pill else f"{pen.draw.choice((4, 6, 8))}px",
        "head": pen.draw.choice(("center", "left")),
        "font": f"'{family}'",
    }
    return ":root{" + "".join(f"--{name}:{value};" for name, value in values.items()) + "}"


def _below(scene: Scene, pen: Pen) -> str:
    if scene.below != "consent":
        return page_below(scene, pen)
    phrases = scene.language.kinds["privacy_agreement"]
    answers = pen.answers([Answer(role="", label=one.label) for one in phrases.answers[0]], truth=False)
    body = pen.linked(phrases.bodies[0].replace("{app}", scene.app), truth=False)
    card = f'<div class="card"><h1>{escape(phrases.titles[0])}</h1><div class="body"><p>{body}</p></div>{answers}</div>'
    return f'<div class="first">{card}</div>'


def _over(scene: Scene, pen: Pen) -> str:
    low = scene.layout in ("sheet", "sheet_system", "login_sheet", "banner")
    classes = ["low" if low else "middling", f"as-{scene.layout}"]
    classes += ["plain"] if scene.layout == "banner" else []
    scrim = 0.0 if scene.layout == "banner" else scene.scrim
    package = _package(scene)
    own = scene.window or package != APP
    kind = "panel" if scene.layout == "banner" else "dialog"
    window = f' data-window="{kind}" data-package="{package}"' if own else ""
    listens = "" if own or scene.layout == "banner" else ' onclick=""'
    inner = _INSIDE.get(scene.layout, _card)(scene, pen)
    head = f'<div id="scrim" data-resource-id="" class="{" ".join(classes)}"{window}{listens}'
    return f'{head} style="background:rgba(0,0,0,{scrim})">{inner}</div>'


def _package(scene: Scene) -> str:
    if scene.layout == "sheet_system":
        return _VENDOR[scene.kind]
    return SYSTEM.get(scene.kind, APP)


def _card(scene: Scene, pen: Pen) -> str:
    centred = "middle" if pen.draw.random() < 0.6 else ""
    small = "small" if pen.draw.random() < 0.15 else ""
    corner = pen.close("corner") if scene.kind in ("cmp", "update", "rate") and pen.draw.random() < 0.12 else ""
    inner = f"{pen.title()}{pen.body()}{pen.agreement()}{pen.answers()}{corner}"
    return f'<div class="card {centred} {small}" data-card>{inner}</div>'


def _second(scene: Scene, pen: Pen) -> str:
    return f'<div class="card" data-card>{pen.title()}{pen.body()}{pen.toggles()}{pen.answers()}</div>'


def _picture(scene: Scene, pen: Pen) -> str:
    return f'<div class="card middle" data-card>{pen.thumb("picture")}{pen.title()}{pen.body()}{pen.answers()}</div>'


def _system(scene: Scene, pen: Pen) -> str:
    glyph = (
        '<div class="glyph" data-class="ImageView" data-opaque></div>'
        if scene.kind in ("permission", "install")
        else ""
    )
    return f'<div class="card" data-card>{glyph}{pen.title()}{pen.body()}{pen.answers()}</div>'


def _login_sheet(scene: Scene, pen: Pen) -> str:
    field = "".join(
        f'<input class="field" placeholder="{escape(text, quote=True)}">' for text in scene.phrases.fields[:1]
    )
    return f'<div class="card" data-card>{pen.title()}{field}{pen.agreement()}{pen.answers()}</div>'


def _popup(scene: Scene, pen: Pen) -> str:
    paint = pen.draw.choice(("#ff5e3a,#d81e4a", "#3a6dff,#7a2ee0", "#ff9a2e,#e8412c"))
    inner = f'{pen.title("div")}<div style="font-size:15rem">{escape(scene.body)}</div>{pen.answers()}'
    card = f'<div class="popup" data-card style="background:linear-gradient(160deg,{paint})" onclick="">{inner}</div>'
    return f'<div class="column" style="color:#fff">{card}{pen.close("shut")}</div>'


def _captcha(scene: Scene, pen: Pen) -> str:
    puzzle = f'<div class="gap">{pen.thumb("puzzle")}<i data-class="View" data-opaque></i></div>'
    slider = f'<div class="slider">{escape(scene.body)}<i data-class="View" data-opaque></i></div>'
    return f'<div class="card" data-card>{pen.title()}{puzzle}{slider}{pen.answers()}</div>'


_INSIDE = {
    "second": _second,
    "picture": _picture,
    "system": _system,
    "sheet_system": _system,
    "login_sheet": _login_sheet,
    "popup": _popup,
    "captcha": _captcha,
}
