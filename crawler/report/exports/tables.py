"""The tables of an export as rows of values. How a cell is written is each format's business."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from crawler.judge.model import Verdict
from crawler.report.casework.review import FindingState, ReviewedFinding
from crawler.report.exports.reading import ExportCase, ExportRequest
from crawler.report.notice.law import item_of, items

__all__ = [
    "CIRCULAR_COLUMNS",
    "FINDING_COLUMNS",
    "REQUEST_COLUMNS",
    "circular_rows",
    "citation_of",
    "finding_rows",
    "moment",
    "request_rows",
    "rule_of",
]

CIRCULAR_COLUMNS = ("序号", "应用名称", "应用开发者", "应用来源", "应用版本", "所涉问题", "包名", "复核情况", "案卷")
"""The columns of the annexes to public circulars, and what a store must know before it uses the table."""
FINDING_COLUMNS = (
    "case", "record_seal", "package", "label", "version_name", "version_code", "apk_sha256", "rule", "rule_zh", "rule_en",
    "severity", "verdict", "review", "accepted_by", "session", "phase", "time_utc", "summary_zh", "summary_en", "basis",
    "mend_zh", "mend_en", "facts", "details", "finding",
)  # fmt: skip
REQUEST_COLUMNS = (
    "case", "record_seal", "session", "flow", "message", "channel", "time_utc", "mono_ns", "phase", "owner", "method",
    "url", "host", "port", "recipient_zh", "recipient_en", "recipient_company", "data_found", "status", "request_bytes",
    "request_sha256", "response_bytes", "complete", "error", "facts",
)  # fmt: skip
_NOT_REVIEWED = "未经人工复核，不得作为通报依据"
_REVIEWED = "已经人工复核"
_UNNAMED_ITEM = "其他问题"


def circular_rows(cases: Iterable[ExportCase]) -> Iterator[tuple[object, ...]]:
    """One row for each app against which something speaks; a dismissed finding never counts."""
    number = 0
    for case in cases:
        if not case.counting:
            continue
        number += 1
        reviewed = all(at.state is FindingState.ACCEPTED for at in case.counting)
        info = case.info
        version = info.get("version_name") or info.get("version_code")
        yield (
            number,
            info.get("label") or info.get("package"),
            info.get("developer"),
            info.get("source"),
            version,
            "；".join(_problems(case)),
            info.get("package"),
            _REVIEWED if reviewed else _NOT_REVIEWED,
            case.name,
        )


def finding_rows(case: ExportCase) -> Iterator[tuple[object, ...]]:
    """Every finding of a case, also those that say that nothing was observed."""
    for at in case.findings:
        finding, row = at.finding, at.finding.row
        rule = rule_of(case, finding.rule)
        info = [case.info.get(name) for name in ("package", "label", "version_name", "version_code", "apk_sha256")]
        yield (
            case.name,
            case.record_seal,
            *info,
            finding.rule,
            rule.get("zh"),
            rule.get("en"),
            finding.severity,
            finding.verdict.value,
            at.state.value,
            ", ".join(f"{person.name} ({person.fingerprint[:16]})" for person in at.accepted_by),
            finding.session,
            row.get("phase"),
            moment(row.get("at_wall_ns")),
            finding.summary_zh,
            finding.summary_en,
            "; ".join(_texts(rule.get("basis"))),
            rule.get("mend_zh"),
            rule.get("mend_en"),
            "; ".join(citation_of(at)),
            row.get("details"),
            finding.id,
        )


def request_rows(case: ExportCase) -> Iterator[tuple[object, ...]]:
    """Every message that left the app, in order of time within its session."""
    for sent in case.requests:
        request, response = sent.request, sent.request.response
        yield (
            case.name,
            case.record_seal,
            sent.session,
            request.flow,
            request.message,
            request.channel,
            moment(request.started.wall_ns),
            request.started.mono_ns,
            sent.phase,
            sent.owner,
            request.method,
            request.url,
            request.host,
            request.port,
            *(sent.recipient.get(name) for name in ("zh", "en", "company")),
            "; ".join(_found(sent)),
            response.status if response else None,
            request.body_length,
            request.body_sha256,
            response.body_length if response else None,
            request.complete,
            request.error,
            "; ".join(sent.facts),
        )


def rule_of(case: ExportCase, rule: str) -> dict[str, object]:
    """The text of a rule as it was judged by."""
    rows = case.judged.document.get("rules")
    listed: Sequence[object] = rows if isinstance(rows, list) else ()
    return next((row for row in listed if isinstance(row, dict) and row.get("rule") == rule), {})


def citation_of(at: ReviewedFinding) -> Iterator[str]:
    """The facts that a finding rests on, the same way in every export: session/lane:seq and the digest of the line."""
    cited = at.finding.row.get("citations")
    for citation in cited if isinstance(cited, list) else ():
        if isinstance(citation, dict):
            session, lane, seq, digest = (citation.get(name) for name in ("session", "lane", "seq", "digest"))
            yield f"{session}/{lane}:{seq} {digest}"


def moment(wall_ns: object) -> str:
    """A moment in ISO 8601, UTC; "" for none, and for one that no calendar knows."""
    if not isinstance(wall_ns, int) or isinstance(wall_ns, bool):
        return ""
    try:
        at = datetime.fromtimestamp(wall_ns // 10**9, UTC)
    except (OverflowError, ValueError, OSError):
        return ""
    return f"{at:%Y-%m-%dT%H:%M:%S}.{wall_ns // 1000 % 10**6:06d}Z"


def _problems(case: ExportCase) -> list[str]:
    """The items of notice 164 that the findings fall under, each once; 涉嫌 where none of an item is confirmed."""
    names = items("zh")
    confirmed: dict[str, bool] = {}
    for at in case.counting:
        number = item_of(_texts(rule_of(case, at.finding.rule).get("basis")))
        name = names.get(number, _UNNAMED_ITEM) if number is not None else _UNNAMED_ITEM
        confirmed[name] = confirmed.get(name, False) or at.finding.verdict is Verdict.CONFIRMED
    return [name if sure else f"涉嫌{name}" for name, sure in confirmed.items()]


def _found(sent: ExportRequest) -> Iterator[str]:
    for hit in sent.found:
        yield f"{hit.get('kind')} ({hit.get('form')}, {hit.get('where')})"


def _texts(value: object) -> list[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []
