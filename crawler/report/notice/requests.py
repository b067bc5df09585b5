"""A request as a letter shows it: the line, the headers and the body around what matched, every value masked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from crawler.judge.model import Finding
from crawler.report.notice.plain import paragraph, plain
from crawler.report.notice.quoted import SessionInfo
from traffic.detect import request_roots
from traffic.record import CapturedRequest

__all__ = ["MaskedRequest", "masked_request"]

_AROUND = {"url": 160, "header": 90, "body": 90}
"""Bytes shown before and after each masked stretch."""
_MOST_MATCHES = 8
_LONGEST = 1200

_Span = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskedRequest:
    """A request without the values it carried."""

    line: str
    headers: str
    body: str
    body_length: int
    body_sha256: str
    matches: tuple[str, ...]


def masked_request(finding: Finding, session: SessionInfo, language: str) -> MaskedRequest | None:
    """The request a finding is about; None for a finding about something else."""
    request = _request(finding, session)
    if request is None:
        return None
    hits = list(_hits(finding))
    shown = {
        root.where: _masked(root.data, _spans(hits, root.where), _AROUND.get(root.where, 90), language)
        for root in request_roots(request)
    }
    headers = shown.get("header", "") if _spans(hits, "header") else ""
    return MaskedRequest(
        line=plain(f"{request.method[:20]} {shown.get('url', '')}", 600),
        headers=paragraph(headers, _LONGEST),
        body=paragraph(shown.get("body", ""), _LONGEST),
        body_length=request.body_length,
        body_sha256=request.body_sha256 or "",
        matches=tuple(_match(hit, language) for hit in hits[:_MOST_MATCHES]),
    )


def _request(finding: Finding, session: SessionInfo) -> CapturedRequest | None:
    flow = finding.details.get("flow")
    if flow is None:
        return None
    return next(
        (one for one in session.requests if one.flow == flow and one.started.mono_ns == finding.at_mono_ns), None
    )


def _hits(finding: Finding) -> Iterable[Mapping[str, object]]:
    hits = finding.details.get("hits")
    return [hit for hit in hits if isinstance(hit, dict)] if isinstance(hits, list) else []


def _match(hit: Mapping[str, object], language: str) -> str:
    """One line: the way from the stored bytes to the value, what it is, and the value masked."""
    path = hit.get("path")
    way = " → ".join(str(step) for step in path[:12]) if isinstance(path, list) else ""
    form = hit.get("form_zh" if language == "zh" else "form", "")
    return plain(
        f"{way}：{form}：{hit.get('excerpt', '')}" if language == "zh" else f"{way}: {form}: {hit.get('excerpt', '')}"
    )


def _spans(hits: Iterable[Mapping[str, object]], where: str) -> list[_Span]:
    """What to mask, in order, overlapping stretches joined."""
    spans = []
    for hit in hits:
        start, length = hit.get("stored_offset"), hit.get("stored_length")
        if hit.get("where") == where and type(start) is int and type(length) is int and start >= 0 and length > 0:
            spans.append((start, start + length))
    joined: list[_Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def _masked(content: bytes, spans: list[_Span], around: int, language: str) -> str:
    """The content near the spans, the spans themselves masked; what is left out is said in bytes."""
    if not spans:
        return _text(content[: 2 * around]) + _left_out(len(content) - 2 * around)
    told, at = "", 0
    for (start, end), (following, _) in zip(spans, [*spans[1:], (len(content), 0)], strict=True):
        left, right = max(at, start - around), min(following, end + around)
        told += _left_out(left - at) + _text(content[left:start]) + _mask(content[start:end], language)
        told += _text(content[end:right])
        at = max(at, right)
    return told + _left_out(len(content) - at)


def _mask(stretch: bytes, language: str) -> str:
    """The first and last signs of what matched, and how many bytes are hidden between."""
    keep = min(4, len(stretch) // 8)
    hidden = len(stretch) - 2 * keep
    words = f"（遮盖{hidden}字节）" if language == "zh" else f"({hidden} bytes masked)"
    return f"⟦{_text(stretch[:keep])}***{words}***{_text(stretch[len(stretch) - keep :])}⟧"


def _left_out(count: int) -> str:
    return f" … {count} B … " if count > 0 else ""


def _text(piece: bytes) -> str:
    decoded = piece.decode("utf-8", "replace").replace("\r\n", "\n")
    return "".join(c if c.isprintable() or c == "\n" else "·" for c in decoded.replace("�", "·"))
