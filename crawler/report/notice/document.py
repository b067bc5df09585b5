"""What a letter says, as plain values: the fields that every template may use, in every format.

Every text in it is fit to be printed (see `crawler.report.notice.plain`): nothing invisible, nothing endless, nothing that
XML forbids. Escaping is the template's affair. Add a field here ⇒ describe it in docs/notices.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = [
    "AppPart",
    "CircularRow",
    "Deadline",
    "Document",
    "EvidenceRow",
    "HistoryRow",
    "InspectionPart",
    "Moment",
    "Occurrence",
    "OfficerPart",
    "PicturePart",
    "Problem",
    "RecipientPart",
    "RequestPart",
    "ScopeRow",
    "Section",
    "StorePart",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class StorePart:
    """Who writes, and where to ask."""

    name: str
    department: str
    address: str
    rules: str
    """The store's own rules, as the letter calls them."""
    basis: str
    """What the store's power rests on, on the day of the letter."""
    email: str
    phone: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficerPart:
    """Who signs."""

    name: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientPart:
    """Who is written to."""

    developer: str
    account: str
    credit_code: str
    contact: str
    email: str
    phone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AppPart:
    """The app in the version that was inspected."""

    label: str
    package: str
    version: str
    """Name and code of the version, for people."""
    version_name: str
    version_code: str
    apk_sha256: str
    signer: str
    type: str
    filing_number: str
    channel: str
    url: str
    effective: str
    """From when a takedown takes effect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionPart:
    """How the record came about."""

    began: str
    ended: str
    device: str
    system: str
    network: str
    obtained: str
    scenarios: tuple[str, ...]
    basis: tuple[str, ...]
    """The documents that the quoted clauses belong to."""
    case: str
    record_sha256: str
    """Digest of the record's seal."""
    decisions_sha256: str
    """Digest of the last decision: with it in somebody else's hands, none before it can be cut off or changed unseen."""
    key: str
    """Fingerprint of the key that sealed it."""
    tool: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One moment at which a problem was recorded."""

    time: str
    phase: str
    scenario: str
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One line of a problem's timeline."""

    time: str
    second: str
    """Counted from the opening of the app."""
    what: str
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PicturePart:
    """A screenshot, what matters outlined."""

    file: str
    """Name of the picture."""
    image: object
    """The picture itself: a data URI in HTML, an inline image in DOCX, the file's name in PDF."""
    width: int
    height: int
    caption: str
    time: str
    phase: str
    evidence: str
    sha256: str
    """Of the screenshot in the record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestPart:
    """A request, the values found in it masked."""

    line: str
    headers: str
    body: str
    body_length: int
    body_sha256: str
    matches: tuple[str, ...]
    """How the stored bytes become each value, and the value with its middle masked."""
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One problem: a rule that was not met, at one or several moments."""

    number: int
    rule: str
    item: str
    """The name of the item of notice 164, or of the rule where it belongs to none."""
    title: str
    scenario: str
    severity: str
    statement: str
    conclusion: str
    basis: tuple[str, ...]
    basis_text: str
    mend: str
    evidence: str
    count: int
    reviewed: str
    """Who accepted it and when; "" in a draft for what nobody has accepted."""
    retest: str
    """What the retest showed; "" without one."""
    occurrences: tuple[Occurrence, ...]
    timeline: tuple[Moment, ...]
    pictures: tuple[PicturePart, ...]
    requests: tuple[RequestPart, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeRow:
    """One rule and what came of it. 未发现 is not "compliant"."""

    rule: str
    title: str
    result: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRow:
    """One piece of evidence and where it stands in the record."""

    number: str
    what: str
    time: str
    session: str
    lane: str
    seq: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRow:
    """An earlier letter."""

    date: str
    number: str
    kind: str
    channel: str
    received: str
    due: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """The periods this letter sets. Both days are the last of their period."""

    days: int
    date: str
    appeal_days: int
    appeal_date: str
    counted_from: str
    late: str
    """Working days since the earlier deadline passed; "" where none is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CircularRow:
    """A row of the circular's table."""

    number: int
    app: str
    developer: str
    source: str
    version: str
    problems: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A section of the letter: its text from the wording of the kind. The template puts the tables at their sections."""

    id: str
    heading: str
    paragraphs: tuple[str, ...]
    points: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A letter. The names of these fields are the names in the templates."""

    kind: str
    language: str
    draft: bool
    draft_mark: str
    """What every page of a draft carries; "" for a letter that may be sent."""
    title: str
    number: str
    issued: str
    blank: str
    footer: str
    store: StorePart
    officer: OfficerPart
    recipient: RecipientPart
    app: AppPart
    inspection: InspectionPart
    problems: tuple[Problem, ...]
    scope: tuple[ScopeRow, ...]
    evidence: tuple[EvidenceRow, ...]
    history: tuple[HistoryRow, ...]
    deadline: Deadline
    apps: tuple[CircularRow, ...]
    sections: tuple[Section, ...]
    labels: Mapping[str, str]
    """Headings of tables and fields."""
