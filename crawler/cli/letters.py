"""`notice`: reads the words of the command line, opens the cases, writes the letter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import typer

from crawler.cli.output import home_directory, print_json, say, show
from crawler.cli.verification import home_trust
from crawler.report.casework.settings import SETTINGS_FILE, load_settings
from crawler.report.notice.compose import compose
from crawler.report.notice.drawing import FORMATS, draw, write_letter
from crawler.report.notice.letter import LetterRequest
from crawler.report.notice.opening import open_judged
from crawler.report.notice.plain import day_of
from crawler.report.notice.settings import NoticeSettings, read_settings
from crawler.report.notice.wording import KINDS, LANGUAGES
from evidence.clock import SystemClock

__all__ = ["NOTICES_FILE", "LetterWords", "bench_notice_command", "chosen", "day", "notice_command"]

_A_WEEK = timedelta(days=7)
NOTICES_FILE = "notices.toml"
"""In AppWitness's home folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterWords:
    """What was typed."""

    kind: str
    language: str
    form: str
    date: str
    deadline: str
    draft: bool
    settings: Path | None
    template: Path | None
    fonts: Path | None


def notice_command(cases: tuple[Path, ...], retest: Path | None, out: Path, words: LetterWords, as_json: bool) -> None:
    """Write a letter; exit 0, else the code of the error.

    Raises NoticeRefused, CalendarEnds, EvidenceError, typer.BadParameter.
    """
    request = LetterRequest(
        kind=chosen(words.kind, KINDS, "--kind"),
        language=chosen(words.language, LANGUAGES, "--lang"),
        issued=day(words.date, "--date") or _today(),
        deadline=day(words.deadline, "--deadline"),
        draft=words.draft,
    )
    form = chosen(words.form, FORMATS, "--format")
    casework = load_settings(home_directory() / SETTINGS_FILE)
    judged = [open_judged(case, casework, home_trust()) for case in cases]
    again = open_judged(retest, casework, home_trust()) if retest is not None else None
    letter = compose(request, judged, _settings(words.settings), again)
    write_letter(letter, form, out, template=words.template, fonts=words.fonts)
    for note in letter.notes:
        say(f"note: {note}", "yellow")
    if as_json:
        document = letter.document
        told = {"kind": document.kind, "title": document.title, "draft": document.draft, "number": document.number}
        counted = {"problems": len(document.problems), "pictures": len(letter.pictures)}
        print_json(
            {"out": str(out), "notes": list(letter.notes), "deadline": document.deadline.date, **told, **counted}
        )
        return
    show(f"{'draft' if request.draft else 'letter'}: {out}")


def bench_notice_command(case: Path, as_json: bool) -> None:
    """Measure a draft notice about a case: opening, composing, each format. Milliseconds of one run in this process."""
    clock, told = SystemClock(), {}
    began = clock.monotonic_ns()

    def lap(name: str) -> None:
        nonlocal began
        now = clock.monotonic_ns()
        told[name], began = (now - began) // 1_000_000, now

    judged = open_judged(case, load_settings(home_directory() / SETTINGS_FILE), home_trust())
    lap("open_ms")
    today = _today()
    request = LetterRequest(kind="rectification", language="zh", issued=today, deadline=today + _A_WEEK, draft=True)
    letter = compose(request, [judged], NoticeSettings())
    lap("compose_ms")
    for form in FORMATS:
        draw(letter, form)
        lap(f"{form}_ms")
    told |= {"problems": len(letter.document.problems), "pictures": len(letter.pictures)}
    if as_json:
        print_json(told)
    else:
        show(", ".join(f"{name} {value}" for name, value in told.items()))


def chosen(word: str, among: tuple[str, ...], option: str) -> str:
    """A word that has to be one of several. Raises typer.BadParameter."""
    if word not in among:
        raise typer.BadParameter(f"{option} is one of {', '.join(among)}, not '{word[:60]}'")
    return word


def day(text: str, option: str) -> date | None:
    """A day as it is typed; None for none. Raises typer.BadParameter."""
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{option} wants a day like 2026-03-09, not '{text[:60]}'") from error


def _today() -> date:
    """Today in Beijing."""
    today = day_of(SystemClock().now().wall_ns)
    if today is None:
        raise typer.BadParameter("the clock of this machine shows no day: name it with --date")
    return today


def _settings(path: Path | None) -> NoticeSettings:
    """The settings named, those of the home folder, or blanks."""
    if path is not None:
        return read_settings(path)
    usual = home_directory() / NOTICES_FILE
    return read_settings(usual) if usual.is_file() else NoticeSettings()
