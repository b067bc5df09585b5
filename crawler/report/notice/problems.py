"""From findings to the problems of a letter: what repeats itself is told once, with every moment and its evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from crawler.judge.catalogue import load_rules
from crawler.judge.model import Citation, Finding, Verdict
from crawler.report.notice.document import EvidenceRow, Occurrence, PicturePart, Problem, RequestPart
from crawler.report.notice.exhibits import Exhibits
from crawler.report.notice.law import Cited, LawDocument, cited_on, item_of, items
from crawler.report.notice.plain import day_of, moment, plain
from crawler.report.notice.quoted import QuotedCase, SessionInfo
from crawler.report.notice.requests import masked_request
from crawler.report.notice.standing import Acceptance, Standing, quotable
from crawler.report.notice.timeline import bears_on_consent, timeline_of
from crawler.report.notice.wording import Wording
from crawler.report.words import CITATIONS
from evidence.lanes import Entry

__all__ = ["Problems", "problems_of"]

_MOST_OCCURRENCES = 20
_MOST_PICTURES = 6
_MOST_REQUESTS = 3
_SUMMARY = 240


@dataclass(slots=True)
class Problems:
    """The problems of a letter, and what belongs to them."""

    problems: list[Problem] = field(default_factory=list)
    evidence: list[EvidenceRow] = field(default_factory=list)
    pictures: dict[str, bytes] = field(default_factory=dict)
    documents: list[LawDocument] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What was left out and why, for whoever writes the letter. English."""
    rules: dict[str, list[int]] = field(default_factory=dict)
    """Numbers of the problems of each rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Alike:
    """Findings that say the same, and who accepted each."""

    findings: tuple[tuple[Finding, tuple[Acceptance, ...]], ...]

    @property
    def first(self) -> Finding:
        return self.findings[0][0]


def problems_of(
    case: QuotedCase,
    standing: Standing,
    wording: Wording,
    *,
    draft: bool,
    issued: date,
    retest: Mapping[str, str] | None = None,
    exhibits: bool = True,
) -> Problems:
    """The problems a letter quotes: what was accepted; in a draft also what nobody has decided about yet.

    `retest`: what it showed, by rule. `exhibits`: with pictures and requests.
    """
    gallery = Exhibits(blobs=case.record.blobs, package=case.package) if exhibits else None
    made = Problems()
    for number, alike in enumerate(_grouped(case, standing, draft), 1):
        writer = _Writer(case=case, wording=wording, made=made, number=number, gallery=gallery)
        made.problems.append(writer.problem(alike, draft=draft, issued=issued, retest=retest or {}))
        made.rules.setdefault(alike.first.rule, []).append(number)
    return made


def _grouped(case: QuotedCase, standing: Standing, draft: bool) -> list[_Alike]:
    groups: dict[tuple[str, str], list[tuple[Finding, tuple[Acceptance, ...]]]] = {}
    for index, finding in enumerate(case.findings):
        acceptances = standing.accepted.get(index, ())
        if not quotable(finding) or index in standing.dismissed or (not acceptances and not draft):
            continue
        groups.setdefault((finding.rule, finding.summary_en), []).append((finding, acceptances))
    ordered = [
        _Alike(findings=tuple(sorted(group, key=lambda pair: pair[0].at_wall_ns or 0))) for group in groups.values()
    ]
    return sorted(ordered, key=lambda alike: (alike.first.rule, alike.first.at_wall_ns or 0))


@dataclass(slots=True)
class _Writer:
    """Writes one problem; numbers its evidence as it goes."""

    case: QuotedCase
    wording: Wording
    made: Problems
    number: int
    gallery: Exhibits | None
    numbers: dict[tuple[str, str, int], str] = field(default_factory=dict)

    def problem(self, alike: _Alike, *, draft: bool, issued: date, retest: Mapping[str, str]) -> Problem:
        finding, count = alike.first, len(alike.findings)
        rule = load_rules()[finding.rule]
        words = self.wording
        zh = words.language == "zh"
        occurrences = tuple(self._occurrence(one) for one, _ in alike.findings[:_MOST_OCCURRENCES])
        cited = self._cited(finding, rule.basis, issued, draft)
        basis_text = words.say("basis_join").join(cited.clauses if zh else cited.named)
        item = item_of(rule.basis)
        reviewed = self._reviewed(alike)
        conclusion = words.say("conclusion" if reviewed else "conclusion_draft", basis=basis_text)
        if reviewed and finding.verdict is Verdict.SUSPECTED:
            conclusion += words.say("suspected")
        session = self.case.sessions.get(finding.session)
        return Problem(
            number=self.number,
            rule=finding.rule,
            item=items(words.language)[item] if item is not None else (rule.zh if zh else rule.en),
            title=rule.zh if zh else rule.en,
            scenario=f"{self._scenario(finding)[0]} {self._scenario(finding)[1]}",
            severity=words.word("severity", rule.severity),
            statement=self._statement(finding, count),
            conclusion=conclusion,
            basis=cited.clauses,
            basis_text=basis_text,
            mend=rule.mend_zh if zh else rule.mend_en,
            evidence=words.numbers(self.numbers.values()),
            count=count,
            reviewed=reviewed,
            retest=retest.get(finding.rule, ""),
            occurrences=occurrences,
            timeline=timeline_of(finding, session, words, self.numbers) if session is not None else (),
            pictures=tuple(self._pictures(alike)),
            requests=tuple(self._requests(alike)),
        )

    def _cited(self, finding: Finding, basis: Sequence[str], issued: date, draft: bool) -> Cited:
        """The clauses that were in force when it happened."""
        cited = cited_on(basis, day_of(finding.at_wall_ns) or issued, unchecked=draft)
        self.made.notes += [f"{finding.rule}: left out {sentence}" for sentence in cited.left_out]
        self.made.documents += [one for one in cited.documents if one not in self.made.documents]
        return cited

    def _reviewed(self, alike: _Alike) -> str:
        """Who accepted it; "" unless every moment of it was accepted by somebody."""
        if any(not acceptances for _, acceptances in alike.findings):
            return ""
        latest: dict[str, int] = {}
        for _, acceptances in alike.findings:
            for one in acceptances:
                latest[one.name] = max(one.wall_ns, latest.get(one.name, 0))
        told = [self.wording.say("reviewed", name=plain(name, 60), time=moment(at)[:19]) for name, at in latest.items()]
        return self.wording.say("basis_join").join(told)

    def _statement(self, finding: Finding, count: int) -> str:
        words = self.wording
        scenario_id, scenario = self._scenario(finding)
        summary = plain(finding.summary_zh if words.language == "zh" else finding.summary_en, _SUMMARY)
        mine = [self.numbers[key] for key in map(_key, finding.citations) if key in self.numbers]
        told = words.say(
            "statement",
            time=moment(finding.at_wall_ns) or words.blank,
            scenario=scenario,
            scenario_id=scenario_id,
            phase=words.word("phases", finding.phase) if finding.phase else words.blank,
            summary=summary.rstrip("。."),
            evidence=words.numbers(mine),
        )
        separator = "" if words.language == "zh" else " "
        return told + (separator + words.say("again", count=count) if count > 1 else "")

    def _scenario(self, finding: Finding) -> tuple[str, str]:
        session = self.case.sessions.get(finding.session)
        scenario = plain(session.scenario if session is not None else "", 20)
        return scenario, self.wording.word("scenarios", scenario)

    def _occurrence(self, finding: Finding) -> Occurrence:
        numbers = [self._numbered(citation) for citation in finding.citations]
        scenario_id, scenario = self._scenario(finding)
        return Occurrence(
            time=moment(finding.at_wall_ns),
            phase=self.wording.word("phases", finding.phase) if finding.phase else "",
            scenario=f"{scenario_id} {scenario}",
            evidence=self.wording.numbers(numbers),
        )

    def _numbered(self, citation: Citation) -> str:
        """The number of a piece of evidence, the same for the same fact within one problem."""
        key = _key(citation)
        if key not in self.numbers:
            self.numbers[key] = f"{self.number}-{len(self.numbers) + 1}"
            entry = self._session(citation.session).fact(citation.lane, citation.seq)
            self.made.evidence.append(
                EvidenceRow(
                    number=self.numbers[key],
                    what=self._what(citation),
                    time=moment(entry.at.wall_ns) if entry is not None else "",
                    session=plain(citation.session, 60),
                    lane=plain(citation.lane, 20),
                    seq=citation.seq,
                    digest=plain(citation.digest, 64),
                )
            )
        return self.numbers[key]

    def _session(self, name: str) -> SessionInfo:
        return self.case.sessions[name]

    def _what(self, citation: Citation) -> str:
        head, _, count = citation.what.partition(", time ")
        if head == "asked again":
            return self.wording.say("asked_again", count=plain(count, 10))
        return plain(
            CITATIONS.get(citation.what, citation.what) if self.wording.language == "zh" else citation.what, 120
        )

    def _pictures(self, alike: _Alike) -> list[PicturePart]:
        """A screen that did not change from session to session, in the same part, is shown once."""
        shown: dict[tuple[str, str], PicturePart] = {}
        for finding, _ in alike.findings if self.gallery is not None else ():
            for citation in finding.citations:
                number, entry = self.numbers.get(_key(citation), ""), self._cited_screen(citation)
                if not number or entry is None or len(shown) >= _MOST_PICTURES:
                    continue
                same = (str(entry.data.get("shot")), self._what(citation))
                picture = self._picture(finding, citation, entry, number) if same not in shown else None
                if picture is not None:
                    shown[same] = picture
        return list(shown.values())

    def _cited_screen(self, citation: Citation) -> Entry | None:
        entry = self._session(citation.session).fact(citation.lane, citation.seq)
        return entry if entry is not None and entry.kind == "ScreenSeen" else None

    def _picture(self, finding: Finding, citation: Citation, entry: Entry, number: str) -> PicturePart | None:
        exhibit = self.gallery.show(entry, finding) if self.gallery is not None else None
        if exhibit is None:
            return None
        file = f"picture-{number}.jpg"
        self.made.pictures[file] = exhibit.content
        return PicturePart(
            file=file,
            image=file,
            width=exhibit.width,
            height=exhibit.height,
            caption=self._what(citation),
            time=moment(entry.at.wall_ns),
            phase=self._phase_at(entry, finding),
            evidence=number,
            sha256=exhibit.sha256,
        )

    def _phase_at(self, entry: Entry, finding: Finding) -> str:
        """The finding's phase where no answer lies between it and the screen; "" where one does."""
        if not finding.phase or finding.at_mono_ns is None:
            return ""
        first, last = sorted((finding.at_mono_ns, entry.at.mono_ns))
        facts = self._session(finding.session).facts
        answered = any(first <= fact.at.mono_ns <= last and bears_on_consent(fact) for fact in facts)
        return "" if answered else self.wording.word("phases", finding.phase)

    def _requests(self, alike: _Alike) -> list[RequestPart]:
        shown: list[RequestPart] = []
        for finding, _ in alike.findings if self.gallery is not None else ():
            session = self.case.sessions.get(finding.session)
            masked = masked_request(finding, session, self.wording.language) if session is not None else None
            if masked is None or len(shown) >= _MOST_REQUESTS:
                continue
            numbers = [
                self.numbers[_key(one)]
                for one in finding.citations
                if one.lane == "traffic" and _key(one) in self.numbers
            ]
            shown.append(
                RequestPart(
                    line=masked.line,
                    headers=masked.headers,
                    body=masked.body,
                    body_length=masked.body_length,
                    body_sha256=masked.body_sha256,
                    matches=masked.matches,
                    evidence=self.wording.numbers(numbers),
                )
            )
        return shown


def _key(citation: Citation) -> tuple[str, str, int]:
    return citation.session, citation.lane, citation.seq
