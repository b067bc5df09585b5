"""Writes the DOCX templates of letters from the wording: one per kind and language, with the fields left in.

    python scripts/notice_templates.py [FOLDER]

They are kept as package data, so that a person can open one in a word processor, change it, and use it with --template.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from docx import Document
from docx.enum.section import WD_SECTION
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Mm, Pt, RGBColor
from word_parts import (
    HEAD,
    RED,
    SOFT,
    TEXT,
    borders,
    fonts,
    keep_together,
    page_number,
    put,
    repeat,
    run_fonts,
    small,
    steady,
    underline,
    written_in_chinese,
)

from crawler.report.notice.wording import KINDS, LANGUAGES, Wording, load_wording

FOLDER = Path(__file__).resolve().parent.parent / "crawler" / "report" / "notice" / "data"
WIDTH = 164
LETTERS = ("circular", "reply-form")


class Writer:
    """One template being written."""

    def __init__(self, kind: str, wording: Wording) -> None:
        self.kind, self.wording, self.zh = kind, wording, wording.language == "zh"
        self.labels = wording.labels
        self.colon = "：" if self.zh else ": "
        self.open, self.close = ("（", "）") if self.zh else (" (", ")")
        self.document = Document()
        self._style()
        self._frame()

    def _style(self) -> None:
        section = self.document.sections[0]
        section.page_width, section.page_height = Mm(210), Mm(297)
        section.left_margin = section.right_margin = Mm(23)
        section.top_margin, section.bottom_margin = Mm(25), Mm(22)
        section.header_distance = section.footer_distance = Mm(11)
        normal = self.document.styles["Normal"]
        fonts(normal, TEXT)
        normal.font.size = Pt(11)
        written_in_chinese(normal)
        normal.paragraph_format.space_after = Pt(4)
        normal.paragraph_format.line_spacing = 1.25
        for level, size in ((1, 14), (2, 12), (3, 10)):
            style = self.document.styles[f"Heading {level}"]
            fonts(style, HEAD)
            style.font.size, style.font.bold, style.font.italic = Pt(size), True, False
            style.font.color.rgb = SOFT if level == 3 else RGBColor(0x16, 0x19, 0x1F)
            style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(12), Pt(5)
            style.paragraph_format.keep_with_next = True

    def _frame(self) -> None:
        section = self.document.sections[0]
        header = section.header.paragraphs[0]
        header.alignment = WD_ALIGN_PARAGRAPH.CENTER
        mark = header.add_run("{{ draft_mark }}")
        mark.font.size, mark.font.bold, mark.font.color.rgb = Pt(11), True, RED
        footer = section.footer.paragraphs[0]
        small(footer.add_run("{{ footer }}　　"))
        page_number(footer)

    def paragraph(self, text: str, *, indent: bool = False, size: float | None = None, align: Any = None) -> Any:
        made = self.document.add_paragraph()
        run = made.add_run(text)
        if size is not None:
            run.font.size = Pt(size)
        if indent and self.zh:
            made.paragraph_format.first_line_indent = Pt(22)
        if align is not None:
            made.alignment = align
        return made

    def control(self, tag: str) -> None:
        """A statement of the template in a paragraph of its own, which the letter does not show."""
        self.document.add_paragraph("{%p " + tag + " %}").paragraph_format.space_after = Pt(0)

    def heading(self, text: str, level: int) -> Any:
        return self.document.add_heading(text, level)

    def table(self, widths: Sequence[float], heads: Sequence[str] = (), *, lines: bool = True) -> Any:
        table = self.document.add_table(rows=0, cols=len(widths))
        table.alignment = WD_TABLE_ALIGNMENT.CENTER
        table.autofit = False
        if lines:
            borders(table)
        for column, width in zip(table.columns, widths, strict=True):
            column.width = Mm(width)
        if heads:
            row = self.row(table, widths, heads, head=True)
            repeat(row)
        return table

    def row(
        self, table: Any, widths: Sequence[float], values: Sequence[str], *, head: bool = False, size: float = 9.5
    ) -> Any:
        row = table.add_row()
        keep_together(row)
        for cell, width, value in zip(row.cells, widths, values, strict=True):
            cell.width = Mm(width)
            put(cell, value, head=head, size=size)
        return row

    def loop(self, table: Any, widths: Sequence[float], tag: str, values: Sequence[str], size: float = 9.5) -> None:
        """A row for each element of a list."""
        self.row(table, widths, ["{%tr " + tag + " %}", *[""] * (len(widths) - 1)])
        self.row(table, widths, values, size=size)
        self.row(table, widths, ["{%tr endfor %}", *[""] * (len(widths) - 1)])

    def fields(self, rows: Sequence[tuple[str, str] | tuple[str, str, str]]) -> None:
        """Two columns: what it is called, what it is. A third entry is the condition under which the row is there."""
        widths = (38, WIDTH - 38)
        table = self.table(widths)
        for name, value, *condition in rows:
            if condition:
                self.row(table, widths, ["{%tr if " + condition[0] + " %}", ""])
            row = self.row(
                table, widths, [self.labels[name], value], size=8 if "sha256" in value or ".key" in value else 9.5
            )
            put(row.cells[0], self.labels[name], head=True)
            if condition:
                self.row(table, widths, ["{%tr endif %}", ""])

    def blanks(self, names: Sequence[str]) -> None:
        widths = (38, WIDTH - 38)
        table = self.table(widths)
        for name in names:
            row = self.row(table, widths, [self.labels[name], ""])
            put(row.cells[0], self.labels[name], head=True)
            row.height = Mm(17)

    def gap(self) -> None:
        """Between two tables, which would become one. Not before a heading: LibreOffice would leave the heading behind."""
        made = self.document.add_paragraph()
        made.paragraph_format.space_after = Pt(2)
        made.paragraph_format.line_spacing = Pt(5)

    def write(self) -> bytes:
        self.head()
        plain = self.wording.sections(self.kind, draft=False)
        draft = self.wording.sections(self.kind, draft=True)
        for section, variant in zip(plain, draft, strict=True):
            self.section(section, variant)
        self.document.core_properties.title = "{{ title }}"
        self.document.core_properties.author = "{{ store.name }}"
        self.document.core_properties.comments = ""
        stamp = datetime(2000, 1, 1, tzinfo=UTC)
        self.document.core_properties.created = self.document.core_properties.modified = stamp
        target = BytesIO()
        self.document.save(target)
        return steady(target.getvalue())

    def head(self) -> None:
        labels, colon = self.labels, self.colon
        if self.kind not in LETTERS:
            line = self.paragraph(
                f"{labels['number']}{colon}{{{{ number }}}}\t{labels['issued']}{colon}{{{{ issued }}}}", size=10
            )
            line.paragraph_format.tab_stops.add_tab_stop(Mm(WIDTH), alignment=2)
            underline(line)
        title = self.paragraph("", align=WD_ALIGN_PARAGRAPH.CENTER)
        title.paragraph_format.space_before, title.paragraph_format.space_after = Pt(12), Pt(12)
        run = title.add_run(self.wording.title(self.kind))
        run.font.size, run.font.bold = Pt(16), True
        run_fonts(run, HEAD)
        if self.kind not in LETTERS:
            self.paragraph(f"{labels['to']}{colon}{{{{ recipient.developer }}}}").paragraph_format.space_after = Pt(0)
            told = (("account", "account"), ("credit_code", "credit_code"))
            self.paragraph(self._said(told), size=10).paragraph_format.space_after = Pt(0)
            self.paragraph(self._said((("attention", "contact"), ("email", "email"), ("phone", "phone"))), size=10)

    def _said(self, pairs: Sequence[tuple[str, str]]) -> str:
        return "　".join(f"{self.labels[label]}{self.colon}{{{{ recipient.{name} }}}}" for label, name in pairs)

    def section(self, section: Any, variant: Any) -> None:
        if section.id in self.wording.data["appendices"]:
            self.document.add_section(WD_SECTION.NEW_PAGE)
        if section.heading:
            self.heading(section.heading, 1)
        same = section.paragraphs == variant.paragraphs
        if not same:
            self.control("if draft")
            for text in variant.paragraphs:
                self.paragraph(text, indent=True)
            self.control("else")
        for text in section.paragraphs:
            self.paragraph(text, indent=True).paragraph_format.keep_with_next = section.id == "appeal"
        if not same:
            self.control("endif")
        for number, text in enumerate(section.points, 1):
            made = self.paragraph(f"{number}. {text}")
            made.paragraph_format.keep_with_next = section.id == "attachments"
            made.paragraph_format.left_indent, made.paragraph_format.first_line_indent = Mm(9), Mm(-6)
        getattr(self, f"_{section.id}", lambda: None)()

    def _app(self) -> None:
        rows: list[Any] = [
            ("app", "{{ app.label }}"), ("package", "{{ app.package }}"), ("version", "{{ app.version }}"),
            ("apk", "{{ app.apk_sha256 }}"), ("signer", "{{ app.signer }}"), ("channel", "{{ app.channel }}"),
            ("url", "{{ app.url }}"), ("filing", "{{ app.filing_number }}"), ("type", "{{ app.type }}"),
        ]  # fmt: skip
        if self.kind == "reply-form":
            rows += [("developer", "{{ recipient.developer }}")]
            rows += [(name, "{{ blank }}") for name in ("fixed_version", "responsible", "phone", "email")]
        self.fields(rows)

    def _inspection(self) -> None:
        join = "；" if self.zh else "; "
        self.fields(
            [
                ("inspected", "{{ inspection.began }} – {{ inspection.ended }}"), ("device", "{{ inspection.device }}"),
                ("system", "{{ inspection.system }}"), ("network", "{{ inspection.network }}"),
                ("obtained", "{{ inspection.obtained }}"), ("scenarios", "{{ inspection.scenarios|join('" + join + "') }}"),
                ("basis_documents", "{{ inspection.basis|join('" + join + "') }}"), ("case", "{{ inspection.case }}"),
                ("record", "{{ inspection.record_sha256 }}"), ("decisions", "{{ inspection.decisions_sha256 }}"),
                ("key", "{{ inspection.key }}"), ("tool", "{{ inspection.tool }}"),
            ]
        )  # fmt: skip

    def _history(self) -> None:
        widths = (27, 32, 26, 27, 26, 26)
        table = self.table(widths, self._named("sent_on", "number", "sent_kind", "sent_channel", "received", "due"))
        names = ("date", "number", "kind", "channel", "received", "due")
        self.loop(table, widths, "for row in history", [f"{{{{ row.{name} }}}}" for name in names])

    def _named(self, *names: str) -> list[str]:
        return [self.labels[name] for name in names]

    def _problems(self) -> None:
        retested = self.kind in ("reminder", "takedown", "closing")
        widths: tuple[float, ...] = (12, 36, 50, 20, 46) if not retested else (12, 34, 44, 18, 28, 28)
        heads = self._named("no", "item", "rule", "severity", "evidence", *(["retest"] if retested else []))
        values = ["{{ problem.number }}", "{{ problem.item }}", "{{ problem.rule }} · {{ problem.scenario }}"]
        values += ["{{ problem.severity }}", "{{ problem.evidence }}", *(["{{ problem.retest }}"] if retested else [])]
        self.loop(self.table(widths, heads), widths, "for problem in problems", values)
        self.control("for problem in problems")
        self.heading(f"{self.labels['problem']} {{{{ problem.number }}}}　{{{{ problem.title }}}}", 2)
        space = "" if self.zh else " "
        self.fields(
            [
                ("item", "{{ problem.item }}"), ("rule", "{{ problem.rule }} · {{ problem.scenario }}"),
                ("description", "{{ problem.statement }}" + space + "{{ problem.conclusion }}"),
                ("basis", "{{ problem.basis_text }}"), ("evidence", "{{ problem.evidence }}"),
                ("severity", "{{ problem.severity }}"), ("mend", "{{ problem.mend }}"),
                ("reviewed", "{{ problem.reviewed }}", "problem.reviewed"), ("retest", "{{ problem.retest }}", "problem.retest"),
            ]
        )  # fmt: skip
        self.control("if problem.count > 1")
        self.gap()
        widths = (44, 48, 42, 30)
        table = self.table(widths, self._named("occurrences", "phase", "scenario", "evidence"))
        names = ("time", "phase", "scenario", "evidence")
        self.loop(table, widths, "for one in problem.occurrences", [f"{{{{ one.{name} }}}}" for name in names])
        self.control("endif")
        self.control("endfor")

    def _scope(self) -> None:
        widths = (20, 94, 50)
        table = self.table(widths, self._named("no", "title", "result"))
        self.loop(table, widths, "for row in scope", ["{{ row.rule }}", "{{ row.title }}", "{{ row.result }}"])

    def _table(self) -> None:
        widths = (12, 30, 36, 26, 20, 40)
        table = self.table(widths, self._named("no", "app", "app_developer", "source", "app_version", "concerned"))
        names = ("number", "app", "developer", "source", "version", "problems")
        self.loop(table, widths, "for row in apps", [f"{{{{ row.{name} }}}}" for name in names])

    def _reply(self) -> None:
        asked = ("cause", "measures", "sdks", "before_after", "self_test")
        self.control("for problem in problems")
        self.heading(
            f"{self.labels['problem']} {{{{ problem.number }}}}　{{{{ problem.item }}}} · {{{{ problem.title }}}}", 2
        )
        self.fields([("description", "{{ problem.statement }}")])
        self.gap()
        self.blanks(asked)
        self.control("else")
        for _ in range(3):
            self.heading(f"{self.labels['problem']} {{{{ blank }}}}", 2)
            self.blanks(("item", "description", *asked))
        self.control("endfor")

    def _reply_sdks(self) -> None:
        row = self.row(self.table((WIDTH,)), (WIDTH,), [""])
        row.height = Mm(40)

    def _signature(self) -> None:
        labels, colon = self.labels, self.colon
        if self.kind == "reply-form":
            lines = [f"{labels[name]}{colon}{{{{ blank }}}}" for name in ("stamp", "responsible", "day")]
        else:
            lines = ["{{ store.name }}　{{ store.department }}"]
            signed = f"{{{{ officer.name }}}}{self.open}{{{{ officer.title }}}}{self.close}"
            lines += [f"{labels['signature']}{colon}{signed}", "{{ issued }}"]
        for number, text in enumerate(lines):
            made = self.paragraph(text, align=WD_ALIGN_PARAGRAPH.RIGHT)
            made.paragraph_format.keep_with_next = number < len(lines) - 1
            made.paragraph_format.space_before = Pt(24 if number == 0 else 2)

    def _exhibits(self) -> None:
        labels = self.labels
        title = f"{labels['problem']} {{{{ problem.number }}}}　{{{{ problem.title }}}}"
        title += f"{self.open}{{{{ problem.rule }}}}{self.close}"
        self.control("for problem in problems")
        self.control("if loop.first")
        self.heading(title, 2)
        self.control("else")
        self.heading(title, 2).paragraph_format.page_break_before = True
        self.control("endif")
        self.paragraph("{{ problem.statement }}", size=10)
        self.control("if problem.timeline")
        self.heading(labels["timeline"], 3)
        widths: tuple[float, ...] = (46, 24, 66, 28)
        table = self.table(widths, self._named("time", "second", "what", "evidence"))
        names = ("time", "second", "what", "evidence")
        self.loop(table, widths, "for one in problem.timeline", [f"{{{{ one.{name} }}}}" for name in names], size=9)
        self.control("endif")
        self.control("if problem.pictures")
        self.heading(labels["pictures"], 3)
        self._pictures()
        self.control("endif")
        self.control("for request in problem.requests")
        self.heading(f"{labels['requests']}{self.open}{labels['evidence']} {{{{ request.evidence }}}}{self.close}", 3)
        shown = "{{ request.line }}"
        for name in ("headers", "body"):
            shown += f"{{% if request.{name} %}}\n{{{{ request.{name} }}}}{{% endif %}}"
        self.row(self.table((WIDTH,)), (WIDTH,), [shown], size=8)
        self.gap()
        self.fields(
            [
                ("matches", "{{ request.matches|join('\\n') }}"),
                ("body_length", "{{ request.body_length }}", "request.body_length"),
                ("body_sha256", "{{ request.body_sha256 }}", "request.body_length"),
            ]
        )
        self.control("endfor")
        self.control("endfor")

    def _pictures(self) -> None:
        widths = (54, 55, 55)
        table = self.table(widths, lines=False)
        self.row(table, widths, ["{%tr for row in problem.pictures|batch(3, '') %}", "", ""])
        row = self.row(table, widths, ["", "", ""], size=7.5)
        for number, cell in enumerate(row.cells):
            at = f"row[{number}]"
            put(cell, "{% if " + at + " %}{{ " + at + ".image }}{% endif %}", size=7.5)
            caption = f"{{% if {at} %}}{{{{ {at}.evidence }}}}　{{{{ {at}.caption }}}}\n{{{{ {at}.time }}}}"
            caption += f"{{% if {at}.phase %}} · {{{{ {at}.phase }}}}{{% endif %}}\n"
            caption += f"{self.labels['screenshot']}{self.colon}{{{{ {at}.sha256 }}}}{{% endif %}}"
            put(cell, caption, size=7.5, more=True)
        self.row(table, widths, ["{%tr endfor %}", "", ""])

    def _evidence(self) -> None:
        widths = (16, 30, 27, 41, 50)
        place = " / ".join(self._named("session", "lane", "line"))
        table = self.table(widths, [*self._named("evidence", "what", "time"), place, self.labels["digest"]])
        values = ["{{ row.number }}", "{{ row.what }}", "{{ row.time }}"]
        values += ["{{ row.session }} / {{ row.lane }} / {{ row.seq }}", "{{ row.digest }}"]
        self.loop(table, widths, "for row in evidence", values, size=7.5)


def main(folder: Path) -> None:
    for language in LANGUAGES:
        for kind in KINDS:
            (folder / f"{kind}.{language}.docx").write_bytes(Writer(kind, load_wording(language)).write())


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
