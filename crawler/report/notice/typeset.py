"""Letters as PDF, by Typst. The document reaches the template as JSON: its texts are data, never markup."""

from __future__ import annotations

import json
import re
import tempfile
from dataclasses import asdict
from pathlib import Path

import typst

from crawler.report.notice.compose import Composed
from crawler.report.notice.errors import FontsMissing, TemplateRefused
from evidence.errors import storage_failure

__all__ = ["CJK_FAMILIES", "draw_pdf", "typeset"]

CJK_FAMILIES = ("Noto Serif CJK SC", "Noto Sans CJK SC", "Source Han Serif SC", "Source Han Sans SC")
"""Families that can write Chinese; one of them must be there."""
_MISSING_KEY = re.compile(r'dictionary does not contain key "([^"]{1,80})"')
_REMOTE = re.compile(rb"@preview\s*/")


def draw_pdf(letter: Composed, template: bytes, name: str, fonts: Path | None = None) -> bytes:
    """A letter as PDF with its fonts embedded. Raises FontsMissing, TemplateRefused."""
    return typeset({"letter.json": _json(letter), **letter.pictures}, template, name, fonts)


def typeset(files: dict[str, bytes], template: bytes, name: str, fonts: Path | None = None) -> bytes:
    """Run a Typst template beside some files. Raises FontsMissing, TemplateRefused, StorageFailed."""
    if _REMOTE.search(template):
        raise TemplateRefused(
            f"the template {name} asks for a package from the network", "Put what it needs into the template."
        )
    try:
        with tempfile.TemporaryDirectory(prefix="appwitness-pdf-") as folder:
            for file, content in files.items():
                (Path(folder) / file).write_bytes(content)
            (Path(folder) / "template.typ").write_bytes(template)
            return _compiled(Path(folder), name, _fonts(fonts))
    except OSError as error:
        raise storage_failure(Path(error.filename or tempfile.gettempdir()), error) from error


def _compiled(folder: Path, name: str, fonts: typst.Fonts) -> bytes:
    try:
        made = typst.compile(str(folder / "template.typ"), root=str(folder), font_paths=fonts, format="pdf")
    except typst.TypstError as error:
        missing = _MISSING_KEY.search(f"{error.message} {error.diagnostic}")
        if missing is not None:
            raise TemplateRefused(f"the template {name} asks for an unknown field: {missing[1]}") from error
        raise TemplateRefused(f"the template {name} failed: {error.message[:300]}", "Mend the template.") from error
    if not isinstance(made, bytes):
        raise TemplateRefused(f"the template {name} made no single document", "Make one document.")
    return made


def _fonts(folder: Path | None) -> typst.Fonts:
    """The fonts of this machine, and those of a folder. Raises FontsMissing when none of them can write Chinese."""
    if folder is not None and not folder.is_dir():
        raise FontsMissing(f"there is no folder of fonts {folder}")
    fonts = typst.Fonts(
        include_system_fonts=folder is None,
        include_embedded_fonts=True,
        font_paths=[str(folder)] if folder is not None else [],
    )
    if not set(CJK_FAMILIES).intersection(fonts.families()):
        where = f"in {folder}" if folder is not None else "on this machine"
        raise FontsMissing(f"no font that can write Chinese was found {where}: looked for {', '.join(CJK_FAMILIES)}")
    return fonts


def _json(letter: Composed) -> bytes:
    return json.dumps(asdict(letter.document), ensure_ascii=False).encode("utf-8", "replace")
