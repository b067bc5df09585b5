"""Letters as DOCX, by docxtpl, from templates that people edit in a word processor."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import fields

from docx.opc.exceptions import PackageNotFoundError
from docx.shared import Mm
from docxtpl import DocxTemplate, InlineImage

from crawler.report.notice.compose import Composed
from crawler.report.notice.drawing import with_pictures
from crawler.report.notice.errors import TemplateRefused
from crawler.report.notice.template import TEMPLATE_FAULTS, check_fields, sandbox

__all__ = ["draw_docx"]

_WIDEST = 50
_TALLEST = 58
"""Millimetres of a picture in a letter."""
_LARGEST_PART = 32 * 1024 * 1024
_MOST_PARTS = 500


def draw_docx(letter: Composed, template: bytes, name: str) -> bytes:
    """A letter as DOCX. Raises TemplateRefused."""
    _check_archive(template, name)
    try:
        document = DocxTemplate(io.BytesIO(template))
        document.init_docx()
    except (PackageNotFoundError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise TemplateRefused(f"the template {name} is no DOCX document: {error}", "Save it as .docx.") from error
    for part in _parts(document):
        check_fields(part, letter.document.labels, name)
    pictures: dict[str, object] = {
        picture.file: InlineImage(
            document, io.BytesIO(letter.pictures[picture.file]), **_size(picture.width, picture.height)
        )
        for problem in letter.document.problems
        for picture in problem.pictures
    }
    values = with_pictures(letter.document, pictures)
    try:
        document.render(
            {entry.name: getattr(values, entry.name) for entry in fields(values)}, sandbox(), autoescape=True
        )
    except TEMPLATE_FAULTS as error:
        raise TemplateRefused(f"the template {name} failed: {error}", "Mend the template.") from error
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def _size(width: int, height: int) -> dict[str, Mm]:
    """Within the frame of a picture, its proportions kept."""
    if height * _WIDEST > width * _TALLEST:
        return {"height": Mm(_TALLEST)}
    return {"width": Mm(_WIDEST)}


def _check_archive(content: bytes, name: str) -> None:
    """A template may not unpack into more than a word processor would make."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError) as error:
        raise TemplateRefused(f"the template {name} is no DOCX document: {error}", "Save it as .docx.") from error
    if len(parts) > _MOST_PARTS or any(part.file_size > _LARGEST_PART for part in parts):
        raise TemplateRefused(f"the template {name} unpacks into too much", "Use fewer and smaller pictures in it.")


def _parts(document: DocxTemplate) -> Iterator[str]:
    """The body, headers and footers as the template engine sees them."""
    yield document.patch_xml(document.get_xml())
    for uri in (document.HEADER_URI, document.FOOTER_URI):
        for _, part in document.get_headers_footers(uri):
            yield document.patch_xml(document.get_part_xml(part))
