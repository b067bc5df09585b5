"""A letter from a judged case, its decisions and the settings: every field filled in, nothing drawn yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace

from crawler.report.notice.document import Document, OfficerPart, RecipientPart, Section
from crawler.report.notice.fitness import check_cases, check_problems, retest_results
from crawler.report.notice.letter import SENDING, Judged, LetterRequest
from crawler.report.notice.parts import (
    app_part,
    blanked,
    circular_rows,
    deadline_of,
    history_rows,
    inspection_part,
    scope_rows,
    store_part,
)
from crawler.report.notice.plain import plain, spelled
from crawler.report.notice.problems import Problems, problems_of
from crawler.report.notice.settings import AppSettings, NoticeSettings, Sent
from crawler.report.notice.wording import Wording, load_wording, rendered

__all__ = ["Composed", "compose"]

_WITH_EXHIBITS = frozenset({"rectification", "takedown"})
_AFTER_A_NOTICE = ("reminder", "takedown")
"""Letters that say of every problem what a retest showed, also when there was none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """A letter ready to be drawn."""

    document: Document
    pictures: Mapping[str, bytes]
    """JPEG by the file names that the document uses."""
    notes: tuple[str, ...]
    """What was left out and why; for whoever writes the letter."""


def compose(
    request: LetterRequest, cases: Sequence[Judged], settings: NoticeSettings, retest: Judged | None = None
) -> Composed:
    """Fill in a letter. Raises NotFit where the case or its decisions do not carry it, CalendarEnds.

    One case, except for a circular. `retest` is a later case of the same app; a closing letter needs one.
    """
    words = load_wording(request.language)
    check_cases(request, cases, retest)
    letters = [
        problems_of(
            judged.case,
            judged.standing,
            words,
            draft=request.draft,
            issued=request.issued,
            retest=retest_results(retest, words) if retest is not None or request.kind in _AFTER_A_NOTICE else None,
            exhibits=request.kind in _WITH_EXHIBITS,
        )
        for judged in cases
    ]
    check_problems(request, cases, letters, retest)
    document = _document(request, cases, letters, settings, retest, words)
    notes = [note for letter in letters for note in letter.notes]
    if not all(judged.keys_checked for judged in cases) and request.kind in SENDING and not request.draft:
        notes.append("nobody vouches for the keys of the reviewers: name them in casework.toml")
    return Composed(document=document, pictures=letters[0].pictures, notes=tuple(dict.fromkeys(notes)))


def _document(
    request: LetterRequest,
    cases: Sequence[Judged],
    letters: Sequence[Problems],
    settings: NoticeSettings,
    retest: Judged | None,
    words: Wording,
) -> Document:
    first, letter = cases[0], letters[0]
    about = retest if request.kind == "closing" and retest is not None else first
    known = _known(first, settings)
    document = Document(
        kind=request.kind,
        language=request.language,
        draft=request.draft,
        draft_mark=str(words.data["draft_mark"]) if request.draft else "",
        title="",
        number=plain(known.number) or words.blank,
        issued=spelled(request.issued, request.language),
        blank=words.blank,
        footer="",
        store=store_part(settings, request, words),
        officer=blanked(OfficerPart, settings.officer, words),
        recipient=blanked(RecipientPart, known, words),
        app=app_part(about.case, first.case, known, request, words),
        inspection=inspection_part(first, letter, known, words),
        problems=tuple(letter.problems),
        scope=tuple(scope_rows(first, letter, words)),
        evidence=tuple(letter.evidence),
        history=tuple(history_rows(known, words)),
        deadline=deadline_of(request, settings, known, words),
        apps=tuple(circular_rows(cases, letters, settings, words)),
        sections=(),
        labels=words.labels,
    )
    return _worded(document, words)


def _known(judged: Judged, settings: NoticeSettings) -> AppSettings:
    """What the settings say of the app; of earlier letters, else what the case's signed moves say."""
    known = settings.of_app(judged.case.package)
    if known.sent:
        return known
    return replace(known, sent=tuple(Sent(number="", date=on, due=due) for on, due in judged.noticed))


def _worded(document: Document, words: Wording) -> Document:
    """The document with its texts, in which the fields are filled in."""
    values = {entry.name: getattr(document, entry.name) for entry in fields(document)}
    title = rendered(words.title(document.kind), values)
    values["title"] = title
    sections = tuple(
        Section(
            id=section.id,
            heading=section.heading,
            paragraphs=tuple(rendered(text, values) for text in section.paragraphs),
            points=tuple(rendered(text, values) for text in section.points),
        )
        for section in words.sections(document.kind, draft=document.draft)
    )
    footer = rendered(str(words.data["footer"]), values)
    return replace(document, title=title, footer=footer, sections=sections)
