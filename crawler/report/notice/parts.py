"""The parts of a letter that are known from the settings, the record and the calendar; blank where nothing is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import date
from typing import Any

from crawler.judge.catalogue import load_rules
from crawler.judge.model import Finding, Verdict
from crawler.report.deadlines import CalendarEnds, working_days_after, working_days_late
from crawler.report.notice.document import (
    AppPart,
    CircularRow,
    Deadline,
    HistoryRow,
    InspectionPart,
    ScopeRow,
    StorePart,
)
from crawler.report.notice.errors import NotFit
from crawler.report.notice.law import store_basis
from crawler.report.notice.letter import Judged, LetterRequest
from crawler.report.notice.plain import moment, plain, spelled
from crawler.report.notice.problems import Problems
from crawler.report.notice.quoted import QuotedCase
from crawler.report.notice.settings import AppSettings, NoticeSettings
from crawler.report.notice.wording import Wording
from evidence.lanes import Entry

__all__ = [
    "app_part",
    "blanked",
    "circular_rows",
    "deadline_of",
    "history_rows",
    "inspection_part",
    "scope_rows",
    "store_part",
]

_LABEL = 60


def blanked(part: type[Any], source: object, words: Wording) -> Any:
    """A part of the letter whose fields have the names of the settings; blank where those say nothing."""
    return part(**{entry.name: plain(getattr(source, entry.name)) or words.blank for entry in fields(part)})


def store_part(settings: NoticeSettings, request: LetterRequest, words: Wording) -> StorePart:
    store, contact = settings.store, settings.contact
    basis = store_basis(request.language, request.issued)
    opening, closing = ("（", "）") if request.language == "zh" else (" (", ")")
    return StorePart(
        name=plain(store.name) or words.blank,
        department=plain(store.department),
        address=plain(store.address) or words.blank,
        rules=plain(store.rules) or words.blank,
        basis=f"{basis}{opening}{plain(store.rules)}{closing}" if store.rules else basis,
        email=plain(contact.email) or words.blank,
        phone=plain(contact.phone) or words.blank,
        url=plain(contact.url) or words.blank,
    )


def app_part(
    case: QuotedCase, first: QuotedCase, known: AppSettings, request: LetterRequest, words: Wording
) -> AppPart:
    """The app as one case knows it; what people call it also from the case that the letters began with."""
    info = case.record.info

    def said(name: str, length: int) -> str:
        value = info.get(name)
        return plain(value, length).strip() if value not in (None, "") else ""

    named = plain(first.record.info.get("label") or "", _LABEL).strip()
    name, code = said("version_name", 60), said("version_code", 20)
    return AppPart(
        label=said("label", _LABEL) or named or said("package", 120) or words.blank,
        package=said("package", 120) or words.blank,
        version=f"{name or words.blank} / {code or words.blank}",
        version_name=name or words.blank,
        version_code=code or words.blank,
        apk_sha256=said("apk_sha256", 64) or words.blank,
        signer=plain(known.signer) or words.blank,
        type=plain(known.type) or words.blank,
        filing_number=plain(known.filing_number) or words.blank,
        channel=plain(known.channel) or words.blank,
        url=plain(known.url) or words.blank,
        effective=spelled(known.effective or request.issued, request.language),
    )


def inspection_part(judged: Judged, letter: Problems, known: AppSettings, words: Wording) -> InspectionPart:
    case = judged.case
    sessions = list(case.sessions.values())
    facts = [fact for session in sessions for fact in (*session.facts[:1], *session.facts[-1:])]
    opening = next((fact.data for fact in facts if fact.kind == "SessionOpened"), {})
    device = opening.get("device")
    about: Mapping[str, object] = device if isinstance(device, dict) else {}
    scenarios = dict.fromkeys(session.scenario for session in sessions)
    readable = all(any(_trusted(fact) for fact in session.facts) for session in sessions) and bool(sessions)
    walls = [fact.at.wall_ns for fact in facts]
    model = " ".join(plain(about.get(name, ""), 40) for name in ("manufacturer", "model")).strip()
    return InspectionPart(
        began=moment(min(walls, default=None))[:19] or words.blank,
        ended=moment(max(walls, default=None))[:19] or words.blank,
        device=model or words.blank,
        system=f"Android {plain(about.get('android', ''), 20)} (API {plain(about.get('sdk', ''), 6)})",
        network=words.say("network", readable=words.say("readable" if readable else "unreadable")),
        obtained=plain(known.obtained) or words.blank,
        scenarios=tuple(f"{plain(one, 20)} {words.word('scenarios', plain(one, 20))}" for one in scenarios),
        basis=tuple(one.zh if words.language == "zh" else f"{one.en} / {one.zh}" for one in letter.documents),
        case=plain(case.record.info.get("case") or case.directory.name, 120),
        record_sha256=judged.record_sha256,
        decisions_sha256=judged.decisions_sha256 or words.blank,
        key=judged.key,
        tool=plain(f"AppWitness {case.tools.get('appwitness', '')}", 60).strip(),
    )


def _trusted(fact: Entry) -> bool:
    return bool(fact.kind == "TrustChecked" and fact.data.get("ok") is True)


def scope_rows(judged: Judged, letter: Problems, words: Wording) -> list[ScopeRow]:
    rules = load_rules()
    rows = []
    for rule, verdict in judged.case.verdicts.items():
        if rule not in rules:
            continue
        text = rules[rule]
        title = text.zh if words.language == "zh" else text.en
        rows.append(ScopeRow(rule=rule, title=title, result=_result(judged, letter, rule, verdict, words)))
    return rows


def _result(judged: Judged, letter: Problems, rule: str, verdict: Verdict, words: Wording) -> str:
    results = words.data["scope_results"]
    if rule in letter.rules:
        numbers = words.say("evidence_join").join(map(str, letter.rules[rule]))
        return str(results["problem"]).format(numbers=numbers)
    if verdict is Verdict.NOT_OBSERVED:
        return str(results["not_observed"])
    if verdict is Verdict.NOT_TESTABLE:
        found: Finding | None = next((one for one in judged.case.findings if one.rule == rule), None)
        reason = (found.summary_zh if words.language == "zh" else found.summary_en) if found is not None else ""
        return str(results["not_testable"]).format(reason=plain(reason, 80))
    return str(results["open"])


def history_rows(known: AppSettings, words: Wording) -> list[HistoryRow]:
    """Earlier letters; one row of blanks where none is known, so that somebody fills it in."""
    rows = [
        HistoryRow(
            date=spelled(sent.date, words.language),
            number=plain(sent.number) or words.blank,
            kind=plain(sent.kind) or words.blank,
            channel=plain(sent.channel) or words.blank,
            received=spelled(sent.received, words.language) or words.blank,
            due=spelled(sent.due, words.language) or words.blank,
        )
        for sent in known.sent
    ]
    names = [entry.name for entry in fields(HistoryRow)]
    return rows or [HistoryRow(**dict.fromkeys(names, words.blank))]


def deadline_of(request: LetterRequest, settings: NoticeSettings, known: AppSettings, words: Wording) -> Deadline:
    letter = settings.letter
    days = letter.reminder_working_days if request.kind == "reminder" else letter.working_days
    needs = request.kind in ("rectification", "reminder", "circular")
    due = request.deadline or (working_days_after(request.issued, days) if needs else None)
    if due is not None and due <= request.issued:
        raise NotFit(f"the last day {due} is not after the day of the letter {request.issued}", "Name a later day.")
    return Deadline(
        days=days,
        date=spelled(due, request.language) or words.blank,
        appeal_days=letter.appeal_working_days,
        appeal_date=_appeal_day(request, letter.appeal_working_days, due, words),
        counted_from=spelled(request.issued, request.language),
        late=_late(request, known) or words.blank,
    )


def _appeal_day(request: LetterRequest, days: int, due: date | None, words: Wording) -> str:
    """Where the calendar ends, but a person named the last day for correction, the appeal's day is left to a person too."""
    if request.kind not in ("rectification", "reminder", "takedown"):
        return words.blank
    try:
        return spelled(working_days_after(request.issued, days), request.language)
    except CalendarEnds:
        if request.deadline is None or due is None:
            raise
        return words.blank


def _late(request: LetterRequest, known: AppSettings) -> str:
    due = next((sent.due for sent in reversed(known.sent) if sent.due is not None), None)
    if due is None or request.kind != "reminder":
        return ""
    late = working_days_late(due, request.issued)
    if late < 1:
        raise NotFit(
            f"the earlier period runs until {due}: nothing is overdue on {request.issued}", "Wait until it has passed."
        )
    return str(late)


def circular_rows(
    cases: Sequence[Judged], letters: Sequence[Problems], settings: NoticeSettings, words: Wording
) -> list[CircularRow]:
    rows = []
    for number, (judged, letter) in enumerate(zip(cases, letters, strict=True), 1):
        known, info = settings.of_app(judged.case.package), judged.case.record.info
        problems = dict.fromkeys(problem.item for problem in letter.problems)
        rows.append(
            CircularRow(
                number=number,
                app=plain(info.get("label") or judged.case.package, _LABEL) or words.blank,
                developer=plain(known.developer) or words.blank,
                source=plain(known.channel) or words.blank,
                version=plain(info.get("version_name") or "", 60) or words.blank,
                problems=("；" if words.language == "zh" else "; ").join(problems),
            )
        )
    return rows
