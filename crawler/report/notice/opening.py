"""A case on its way into a letter: checked against its seals, with what people decided about it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from crawler.report.casework.review import open_review
from crawler.report.casework.settings import CaseworkSettings
from crawler.report.casework.states import CaseStanding, fold_case
from crawler.report.notice.errors import NotFit
from crawler.report.notice.letter import Judged
from crawler.report.notice.quoted import read_quoted
from crawler.report.notice.standing import standing_of
from crawler.report.text import listed_faults
from evidence.files import digest_file
from evidence.record import RECORD, SEAL_FILE
from evidence.verify import Trust, verify_for

__all__ = ["open_judged"]

_ANYBODY = Trust()


def open_judged(directory: Path, settings: CaseworkSettings, trust: Trust = _ANYBODY) -> Judged:
    """A sealed, judged case and its decisions. `trust`: whose word on removals counts besides the record's own key.

    Raises NotFit where anything is not as it was sealed, DecisionRefused, DecisionsDamaged, FindingsUnreadable,
    RecordUnreadable.
    """
    checked = verify_for(directory, trust)
    if checked.faults:
        told = listed_faults(checked.faults, directory)
        raise NotFit(f"{directory} is not as it was sealed, so no letter may quote it{told}", checked.faults[0].mend)
    review = open_review(directory, settings)
    standing = fold_case(review.reading.decisions)
    case = read_quoted(directory)
    return Judged(
        case=case,
        standing=standing_of(case.ids, review),
        record_sha256=digest_file(directory / RECORD / SEAL_FILE)[0],
        key=checked.key or "",
        decisions_sha256=review.reading.head.digest if review.reading.head.count else "",
        noticed=tuple(_noticed(standing)),
        state=standing.state,
        keys_checked=review.keys_checked,
    )


def _noticed(standing: CaseStanding) -> Iterator[tuple[date, date]]:
    for move in standing.moves:
        if move.data.get("to") == "noticed":
            yield date.fromisoformat(str(move.data["on"])), date.fromisoformat(str(move.data["deadline"]))
