"""A case with decisions, as a reviewer leaves it, and the text of the letters that come of it."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from lxml import etree

from crawler.judge.model import Verdict
from crawler.report.casework.judged import read_judged
from crawler.report.casework.review import decision_data
from crawler.report.casework.settings import CaseworkSettings
from crawler.report.notice.compose import Composed, compose
from crawler.report.notice.letter import Judged, LetterRequest
from crawler.report.notice.opening import open_judged
from crawler.report.notice.settings import AppSettings, Contact, NoticeSettings, Officer, Sent, Store
from crawler.report.notice.standing import Standing
from crawler.session.case import judge_again
from evidence.clock import FrozenClock
from evidence.deciding import Signer, append_decision
from evidence.decisions import FINDING_ACCEPTED, FINDING_DISMISSED
from evidence.keys import SigningKey
from tests.crawler.report.made_case import KEY, LABEL, PACKAGE, build_case

__all__ = [
    "DECIDED_NS",
    "ISSUED",
    "REVIEWER",
    "SETTINGS",
    "accept",
    "docx_text",
    "judged_case",
    "letter_of",
    "opened",
    "quiet",
]

REVIEWER = Signer(name="王敏", key=SigningKey(Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))))
DECIDED_NS = 1_764_115_200_000_000_000
ISSUED = date(2025, 11, 27)
SETTINGS = NoticeSettings(
    store=Store(name="示例应用商店", department="合规部", rules="《审核规范》"),
    contact=Contact(email="privacy@store.test", phone="010-12345678", url="https://store.test/appeal"),
    officer=Officer(name="李华", title="主管"),
    app={
        PACKAGE: AppSettings(
            developer="小鱼公司",
            number="〔2025〕37号",
            channel="示例应用商店",
            sent=(Sent(number="〔2025〕12号", date=date(2025, 11, 10), due=date(2025, 11, 17)),),
        )
    },
)


def judged_case(folder: Path, label: str = LABEL) -> Path:
    """A sealed, judged case; nobody has decided anything."""
    case = build_case(folder, label=label)
    judge_again(case, KEY)
    return case


def accept(case: Path, rules: Collection[str] = (), *, dismiss: bool = False) -> None:
    """A person accepts (or dismisses) what accuses; everything, or what certain rules say."""
    clock = FrozenClock(wall_ns=DECIDED_NS)
    for finding in read_judged(case).findings:
        if finding.accuses and (not rules or finding.rule in rules):
            kind = FINDING_DISMISSED if dismiss else FINDING_ACCEPTED
            append_decision(case, kind, decision_data(finding, "看过证据"), REVIEWER, clock=clock)


def opened(case: Path) -> Judged:
    return open_judged(case, CaseworkSettings())


def letter_of(
    case: Path | Judged,
    kind: str = "rectification",
    language: str = "zh",
    *,
    draft: bool = False,
    settings: NoticeSettings = SETTINGS,
    issued: date = ISSUED,
    retest: Judged | None = None,
) -> Composed:
    judged = opened(case) if isinstance(case, Path) else case
    request = LetterRequest(kind=kind, language=language, issued=issued, draft=draft)
    return compose(request, [judged], settings, retest)


def quiet(judged: Judged, **changes: object) -> Judged:
    """The same case, in which nothing was found."""
    findings = tuple(
        replace(one, verdict=Verdict.NOT_OBSERVED, **changes) if one.verdict is Verdict.CONFIRMED else one
        for one in judged.case.findings
    )
    verdicts = dict.fromkeys(judged.case.verdicts, Verdict.NOT_OBSERVED)
    return replace(judged, case=replace(judged.case, findings=findings, verdicts=verdicts), standing=Standing())


def docx_text(content: bytes) -> str:
    """Everything a reader of the document sees: body, headers and footers, a paragraph a line."""
    told = []
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in archive.namelist():
            if re.fullmatch(r"word/(document|header\d*|footer\d*)\.xml", name):
                tree = etree.fromstring(archive.read(name))
                told += ["".join(_runs(paragraph)) for paragraph in tree.iter("{*}p")]
    return "\n".join(told)


def _runs(paragraph: etree._Element) -> Iterator[str]:
    for node in paragraph.iter("{*}t", "{*}br"):
        yield (node.text or "") if str(node.tag).endswith("}t") else "\n"
