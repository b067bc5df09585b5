"""The compliance guide: every rule of the catalogue, explained, as HTML, DOCX or PDF."""

from __future__ import annotations

import base64
import io
import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from docx import Document
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from crawler.report.guide.advice import Advice, all_advice, example_screen
from crawler.report.notice.template import sandbox
from crawler.report.notice.typeset import typeset
from evidence.files import write_whole

__all__ = ["FORMATS", "draw_guide", "write_guide"]

FORMATS = ("html", "pdf", "docx")
_ROWS = ("item", "severity", "scenarios", "basis", "why", "cause", "mend", "proof")


def write_guide(language: str, form: str, path: Path, *, fonts: Path | None = None) -> None:
    """Write the guide; its final name shows the whole of it or nothing. Raises FontsMissing, StorageFailed."""
    write_whole(path, [draw_guide(language, form, fonts=fonts)])


def draw_guide(language: str, form: str, *, fonts: Path | None = None) -> bytes:
    """The bytes of the guide in one of FORMATS. Raises FontsMissing."""
    rules = all_advice(language)
    screens = {one.rule: example_screen(one.rule, language) for one in rules}
    words = _words()[language]
    if form == "html":
        return _html(language, words, rules, screens)
    if form == "docx":
        return _docx(words, rules, screens)
    told = [{**asdict(one), "picture": f"{one.rule}.png" if screens[one.rule] else ""} for one in rules]
    content = json.dumps({"language": language, "words": words, "rules": told}, ensure_ascii=False).encode()
    files = {f"{rule}.png": picture for rule, picture in screens.items() if picture}
    return typeset({"guide.json": content, **files}, _data("guide.typ"), "of this program", fonts)


def _data(name: str) -> bytes:
    return resources.files("crawler.report.guide").joinpath(f"data/{name}").read_bytes()


@cache
def _words() -> dict[str, Any]:
    return tomllib.loads(_data("words.toml").decode("utf-8"))


def _html(
    language: str, words: Mapping[str, Any], rules: tuple[Advice, ...], screens: Mapping[str, bytes | None]
) -> bytes:
    pictures = {
        rule: "data:image/png;base64," + base64.b64encode(picture).decode("ascii") if picture else ""
        for rule, picture in screens.items()
    }
    template = sandbox().from_string(_data("guide.html.j2").decode("utf-8"))
    return template.render(language=language, words=words, rules=rules, pictures=pictures).encode("utf-8")


def _docx(words: Mapping[str, Any], rules: tuple[Advice, ...], screens: Mapping[str, bytes | None]) -> bytes:
    document, colon = Document(), words["colon"]
    _style(document)
    document.add_heading(words["title"], 0)
    for text in words["intro"]:
        document.add_paragraph(text)
    for one in rules:
        document.add_heading(f"{one.rule}　{one.title}", 1)
        table = document.add_table(rows=0, cols=2, style="Table Grid")
        table.autofit = False
        table.columns[0].width, table.columns[1].width = Mm(34), Mm(130)
        for name in _ROWS:
            value = getattr(one, name)
            row = table.add_row()
            row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
            cells = row.cells
            cells[0].width, cells[1].width = Mm(34), Mm(130)
            cells[0].text = words[name]
            cells[1].text = value if isinstance(value, str) else "\n".join(value)
            for paragraph in (*cells[0].paragraphs, *cells[1].paragraphs):
                paragraph.paragraph_format.keep_with_next = name != _ROWS[-1] or screens[one.rule] is not None
        picture = screens[one.rule]
        if picture is not None:
            caption = document.add_paragraph(
                f"{words['wrong']}{colon}{one.wrong}　　{words['right']}{colon}{one.right}"
            )
            caption.paragraph_format.space_before, caption.paragraph_format.keep_with_next = Pt(6), True
            document.add_picture(io.BytesIO(picture), width=Mm(84))
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def _style(document: Any) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(23)
    for name, latin, chinese in (
        ("Normal", "Arial", "宋体"),
        ("Title", "Arial", "黑体"),
        ("Heading 1", "Arial", "黑体"),
    ):
        style = document.styles[name]
        style.font.name = latin
        properties = style.element.get_or_add_rPr().get_or_add_rFonts()
        properties.set(qn("w:eastAsia"), chinese)
        for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            properties.attrib.pop(qn(f"w:{theme}"), None)
    document.styles["Normal"].font.size = Pt(10.5)
    language = OxmlElement("w:lang")
    language.set(qn("w:eastAsia"), "zh-CN")
    document.styles["Normal"].element.get_or_add_rPr().append(language)
    document.core_properties.author = ""
