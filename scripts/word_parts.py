"""What python-docx has no words for: fonts for Chinese, borders, shades, page numbers, archives with the same bytes."""

from __future__ import annotations

import re
import zipfile
from io import BytesIO
from typing import Any

from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Pt, RGBColor

RED, SOFT = RGBColor(0xB4, 0x23, 0x2F), RGBColor(0x5B, 0x64, 0x72)
TEXT, HEAD = ("Times New Roman", "宋体"), ("Arial", "黑体")
LINE, FILL = "B9C0CA", "F1F3F6"
_STAMP = (1980, 1, 1, 0, 0, 0)


def written_in_chinese(style: Any) -> None:
    """Tells a word processor which of the forms of a sign to draw: China's, not Japan's or Taiwan's."""
    language = OxmlElement("w:lang")
    for name, value in (("val", "en-GB"), ("eastAsia", "zh-CN")):
        language.set(qn(f"w:{name}"), value)
    style.element.get_or_add_rPr().append(language)


def fonts(style: Any, names: tuple[str, str]) -> None:
    style.font.name = names[0]
    properties = style.element.get_or_add_rPr().get_or_add_rFonts()
    properties.set(qn("w:eastAsia"), names[1])
    for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        properties.attrib.pop(qn(f"w:{theme}"), None)


def run_fonts(run: Any, names: tuple[str, str]) -> None:
    run.font.name = names[0]
    run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), names[1])


def small(run: Any) -> None:
    run.font.size, run.font.color.rgb = Pt(8), SOFT


def page_number(paragraph: Any) -> None:
    for kind, text in (("begin", ""), ("", " PAGE "), ("end", "")):
        run = paragraph.add_run()
        small(run)
        element = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            element.set(qn("w:fldCharType"), kind)
        else:
            element.set(qn("xml:space"), "preserve")
            element.text = text
        run._element.append(element)


def put(cell: Any, text: str, *, head: bool = False, size: float = 9.5, more: bool = False) -> None:
    """Text into a cell, in place of what is there, or below it."""
    paragraph = cell.add_paragraph() if more else cell.paragraphs[0]
    if not more:
        for run in list(paragraph.runs):
            run._element.getparent().remove(run._element)
    paragraph.paragraph_format.space_after = Pt(1)
    paragraph.paragraph_format.line_spacing = 1.1
    run = paragraph.add_run(text)
    run.font.size = Pt(size)
    if head:
        run_fonts(run, HEAD)
        shade = OxmlElement("w:shd")
        for name, value in (("val", "clear"), ("color", "auto"), ("fill", FILL)):
            shade.set(qn(f"w:{name}"), value)
        properties = cell._element.get_or_add_tcPr()
        for old in properties.findall(qn("w:shd")):
            properties.remove(old)
        properties.append(shade)


def borders(table: Any) -> None:
    element = OxmlElement("w:tblBorders")
    for side in ("top", "left", "bottom", "right", "insideH", "insideV"):
        line = OxmlElement(f"w:{side}")
        for name, value in (("val", "single"), ("sz", "4"), ("space", "0"), ("color", LINE)):
            line.set(qn(f"w:{name}"), value)
        element.append(line)
    table._element.tblPr.append(element)


def repeat(row: Any) -> None:
    element = OxmlElement("w:tblHeader")
    element.set(qn("w:val"), "true")
    row._element.get_or_add_trPr().append(element)


def keep_together(row: Any) -> None:
    element = OxmlElement("w:cantSplit")
    element.set(qn("w:val"), "true")
    row._element.get_or_add_trPr().append(element)


def underline(paragraph: Any) -> None:
    element = OxmlElement("w:pBdr")
    line = OxmlElement("w:bottom")
    for name, value in (("val", "single"), ("sz", "6"), ("space", "3"), ("color", "16191F")):
        line.set(qn(f"w:{name}"), value)
    element.append(line)
    paragraph._element.get_or_add_pPr().append(element)


def steady(content: bytes) -> bytes:
    """The same archive with the same bytes whenever it is made."""
    target = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in sorted(old.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
            if name != "docProps/thumbnail.jpeg":
                part = without_thumbnail(name, old.read(name))
                new.writestr(zipfile.ZipInfo(name, _STAMP), part, zipfile.ZIP_DEFLATED)
    return target.getvalue()


def without_thumbnail(name: str, content: bytes) -> bytes:
    """python-docx's empty document brings a picture of an empty page."""
    if name != "_rels/.rels":
        return content
    return re.sub(rb"<Relationship [^>]*thumbnail[^>]*/>", b"", content)
