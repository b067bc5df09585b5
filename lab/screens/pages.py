"""Whole pages: what lies below a dialog, and screens that are no dialog at all."""

from __future__ import annotations

from html import escape

from lab.screens.parts import Pen
from lab.screens.scenes import Scene
from lab.screens.wordings import Answer

__all__ = ["PAGES", "page_below"]

_COINS = {"zh": "¥", "zh-TW": "NT$", "ja": "¥", "en": "$"}


def page_below(scene: Scene, pen: Pen) -> str:
    """What lies under a dialog. None of it is part of the truth."""
    if scene.below == "login":
        return _login_below(scene, pen)
    if scene.below == "shop":
        return _shop(scene, pen)
    if scene.below == "logo":
        return f'<div class="logo"><div class="mark" data-class="ImageView" data-opaque></div>{escape(scene.app)}</div>'
    if scene.below == "rows" and "settings" in scene.language.kinds:
        return _bar(scene.language.kinds["settings"].titles[0]) + _lines(scene.language.kinds["settings"].rows, pen)
    if scene.below in ("feed", "rows"):
        return _feed(scene, pen)
    return ""


def _bar(title: str) -> str:
    return f'<div class="bar"><i class="back" data-class="ImageView" data-opaque data-clickable="true"></i>{escape(title)}</div>'


def _feed(scene: Scene, pen: Pen) -> str:
    headlines = list(scene.language.headlines)
    pen.draw.shuffle(headlines)
    items = [
        f'<div class="item" onclick="">{pen.thumb()}<div class="t">{escape(text)}'
        f'<div class="m">{escape(pen.draw.choice(scene.language.apps))} · {pen.draw.randint(3, 900)}</div></div></div>'
        for text in headlines * 2
    ]
    return f'<div class="bar">{escape(scene.app)}</div>{"".join(items)}{_tabs()}'


def _tabs() -> str:
    return f'<div class="tabs">{"<i data-class=ImageView data-opaque data-clickable=true></i>" * 4}</div>'


def _shop(scene: Scene, pen: Pen) -> str:
    coin = _COINS.get(scene.language.code, "€")
    goods = [
        f'<div class="good" onclick="">{pen.thumb()}<p>{escape(text)}</p>'
        f'<p class="price">{coin}{pen.draw.randint(9, 899)}</p></div>'
        for text in scene.language.headlines * 2
    ]
    return f'<div class="bar">{escape(scene.app)}</div><div class="grid">{"".join(goods)}</div>{_tabs()}'


def _lines(rows: tuple[str, ...], pen: Pen) -> str:
    drawn = []
    for text in rows:
        end = (
            f'<i class="switch {pen.draw.choice(("on", ""))}" data-class="Switch" data-checked="false" onclick=""></i>'
            if pen.draw.random() < 0.25
            else '<i class="more" data-class="ImageView" data-opaque></i>'
        )
        drawn.append(f'<div class="line" onclick=""><span>{escape(text)}</span>{end}</div>')
    return f'<div class="list">{"".join(drawn)}</div>'


def _fields(texts: tuple[str, ...]) -> str:
    return "".join(f'<input class="field" placeholder="{escape(text, quote=True)}">' for text in texts)


def _extras(texts: tuple[str, ...]) -> str:
    return f'<div class="extras">{"".join(f"<span onclick=>{escape(text)}</span>" for text in texts)}</div>'


def _login_below(scene: Scene, pen: Pen) -> str:
    phrases = scene.language.kinds["login_with_agreement"]
    answers = pen.answers([Answer(role="", label=phrases.answers[0][0].label)], truth=False)
    box = '<i class="box" data-class="ImageView" data-opaque onclick=""></i>'
    line = f'<div class="agree">{box}<span>{pen.linked(phrases.boxes[0], truth=False)}</span></div>'
    title = escape(phrases.titles[0].replace("{app}", scene.app))
    fields, extras = _fields(phrases.fields), _extras(phrases.extras[:2])
    return f'<div class="login"><h1>{title}</h1>{fields}{answers}{extras}{line}</div>'


def login(scene: Scene, pen: Pen) -> str:
    agree = pen.agreement()
    above = pen.draw.random() < 0.5
    fields = _fields(scene.phrases.fields if "一键" not in scene.title else ())
    head = "" if fields else '<div class="h1">138****2604</div>'
    order = (agree, pen.answers()) if above else (pen.answers(), agree)
    return f'<div class="login">{pen.title()}{head}{fields}{"".join(order)}{_extras(scene.phrases.extras)}</div>'


def rows(scene: Scene, pen: Pen) -> str:
    shown = list(scene.phrases.rows)
    pen.draw.shuffle(shown)
    return _bar(scene.title) + _lines(tuple(shown), pen)


def article(scene: Scene, pen: Pen) -> str:
    """News about privacy, or the policy itself: full of the words, but nothing to answer."""
    paragraphs = "".join(
        f"<p>{pen.linked(text.replace('{app}', scene.app), truth=False)}</p>" for text in scene.phrases.bodies * 2
    )
    picture = pen.thumb() if scene.kind == "article" else ""
    return f'{_bar(scene.app)}<div class="prose"><h2 data-role="title">{escape(scene.title)}</h2>{picture}{paragraphs}</div>'


def chat(scene: Scene, pen: Pen) -> str:
    said = "".join(
        f'<div class="said {pen.draw.choice(("", "", "mine"))}" data-long-clickable="true">{escape(text)}</div>'
        for text in scene.phrases.bodies
    )
    send = "".join(pen.button(answer, "filled", 0) for answer in scene.answers)
    write = f'<div class="write"><input aria-label="..."><div class="answers" style="margin:0">{send}</div></div>'
    return f'{_bar(scene.title)}<div class="chat">{said}</div>{write}'


def chips(scene: Scene, pen: Pen) -> str:
    drawn = "".join(
        f'<span class="chip {pen.draw.choice(("", "on"))}" onclick="" style="display:inline-block">{escape(text)}</span>'
        for text in scene.phrases.rows
    )
    return f'<div class="full">{pen.title()}{pen.body()}<div class="chips" style="flex:1">{drawn}</div>{pen.answers()}</div>'


def splash(scene: Scene, pen: Pen) -> str:
    skip = "".join(
        f'<span class="skip" data-role="{one.role}" onclick="" style="display:block">{escape(one.label)}</span>'
        for one in scene.answers
    )
    paint = f"background:linear-gradient({pen.draw.randint(100, 250)}deg,#1d3a5f,#d0724a)"
    return (
        f'<div class="ad" style="{paint}" onclick="">{pen.title("div")}{skip}<div class="hint">{escape(scene.body)}</div>'
        f'<div class="foot">{escape(scene.app)}</div></div>'
    )


def page(scene: Scene, pen: Pen) -> str:
    """A consent screen, or another question, that takes the whole screen."""
    return f'<div class="full">{pen.title()}{pen.body()}{pen.agreement()}{pen.answers()}</div>'


PAGES = {
    "login": login,
    "rows": rows,
    "article": article,
    "chat": chat,
    "chips": chips,
    "splash": splash,
    "page": page,
}
