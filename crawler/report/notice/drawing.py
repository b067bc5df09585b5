"""From a letter to bytes: HTML by Jinja2, DOCX by docxtpl, PDF by Typst. The template is ours or the user's."""

from __future__ import annotations

import base64
from dataclasses import fields, replace
from importlib import resources
from pathlib import Path

from crawler.report.notice.compose import Composed
from crawler.report.notice.document import Document
from crawler.report.notice.errors import TemplateRefused
from crawler.report.notice.template import TEMPLATE_FAULTS, check_fields, read_template, sandbox
from evidence.files import write_whole

__all__ = ["FORMATS", "draw", "write_letter"]

FORMATS = ("docx", "pdf", "html")


def write_letter(
    letter: Composed, form: str, path: Path, *, template: Path | None = None, fonts: Path | None = None
) -> None:
    """Draw a letter and write it; its final name shows the whole of it or nothing.

    Raises TemplateRefused, FontsMissing, StorageFailed.
    """
    write_whole(path, [draw(letter, form, template=template, fonts=fonts)])


def draw(letter: Composed, form: str, *, template: Path | None = None, fonts: Path | None = None) -> bytes:
    """The bytes of a letter in one of FORMATS. Raises TemplateRefused, FontsMissing."""
    content = read_template(template) if template is not None else _own_template(letter.document, form)
    name = str(template) if template is not None else "of this program"
    if form == "html":
        return _html(letter, content, name)
    if form == "docx":
        from crawler.report.notice.word import draw_docx

        return draw_docx(letter, content, name)
    from crawler.report.notice.typeset import draw_pdf

    return draw_pdf(letter, content, name, fonts)


def _own_template(document: Document, form: str) -> bytes:
    names = {
        "html": "letter.html.j2",
        "docx": f"{document.kind}.{document.language}.docx",
        "pdf": "letter.typ",
    }
    return resources.files("crawler.report.notice").joinpath(f"data/{names[form]}").read_bytes()


def _html(letter: Composed, content: bytes, name: str) -> bytes:
    try:
        source = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise TemplateRefused(f"the template {name} is no text in UTF-8", "Save it as UTF-8.") from error
    check_fields(source, letter.document.labels, name)
    pictures = {
        file: "data:image/jpeg;base64," + base64.b64encode(picture).decode("ascii")
        for file, picture in letter.pictures.items()
    }
    document = with_pictures(letter.document, pictures)
    values = {entry.name: getattr(document, entry.name) for entry in fields(document)}
    try:
        return sandbox().from_string(source).render(**values).encode("utf-8", "replace")
    except TEMPLATE_FAULTS as error:
        raise TemplateRefused(f"the template {name} failed: {error}") from error


def with_pictures(document: Document, pictures: dict[str, str] | dict[str, object]) -> Document:
    """The document with the pictures in the form that a format needs."""
    problems = tuple(
        replace(
            problem,
            pictures=tuple(replace(picture, image=pictures[picture.file]) for picture in problem.pictures),
        )
        for problem in document.problems
    )
    return replace(document, problems=problems)
