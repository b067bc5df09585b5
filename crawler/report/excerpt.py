"""The part of a request that a reader needs: line, headers and body around what matched, everything bounded.

Escaping is the template's affair; here bytes become text in which nothing is invisible.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from crawler.judge.readings import Transmission
from traffic.detect import Hit, request_roots

__all__ = ["Piece", "RequestExcerpt", "Way", "request_excerpt"]

_MAX_WAYS = 12
_MAX_MARK = 600
"""Bytes of one marked stretch that are shown; its end is kept, so that a reader can find it in the record."""
_MARK_END = 60
_AROUND = {"url": 700, "header": 3000, "body": 200}
"""Bytes before and after each marked stretch, and twice that from the beginning where nothing is marked."""

_Span = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A run of text, marked when it is what matched."""

    text: str
    marked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How the stored bytes become the value that matched."""

    path: tuple[str, ...]
    form_zh: str
    form_en: str
    excerpt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestExcerpt:
    """A request as a document shows it."""

    line: tuple[Piece, ...]
    headers: tuple[Piece, ...]
    """One line each."""
    body: tuple[Piece, ...]
    body_length: int
    body_sha256: str
    ways: tuple[Way, ...]
    """One for each matched value."""


def request_excerpt(sent: Transmission) -> RequestExcerpt:
    """Show a request with every matched value marked. Bytes that are no text become dots."""
    request = sent.request
    hits = [hit for hit in sent.detection.hits if hit.standalone] or list(sent.detection.hits)
    shown = {
        root.where: _pieces(root.data, _spans(hits, root.where), _AROUND[root.where]) for root in request_roots(request)
    }
    method = Piece(text=f"{request.method[:20]} ", marked=False)
    return RequestExcerpt(
        line=(method, *shown.get("url", (Piece(text=request.url[:1000], marked=False),))),
        headers=shown.get("header", ()),
        body=shown.get("body", ()),
        body_length=request.body_length,
        body_sha256=request.body_sha256 or "",
        ways=tuple(
            Way(path=hit.path, form_zh=hit.form_zh, form_en=hit.form, excerpt=hit.excerpt) for hit in hits[:_MAX_WAYS]
        ),
    )


def _spans(hits: Iterable[Hit], where: str) -> list[_Span]:
    """What to mark, in order, overlapping stretches joined."""
    joined: list[_Span] = []
    for start, end in sorted(
        (hit.stored_offset, hit.stored_offset + hit.stored_length) for hit in hits if hit.where == where
    ):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def _pieces(content: bytes, spans: Sequence[_Span], around: int) -> tuple[Piece, ...]:
    """The content near the spans, the spans marked; what is left out is said."""
    inside = [(max(0, start), min(end, len(content))) for start, end in spans if start < len(content)][:_MAX_WAYS]
    pieces: list[Piece] = []
    at = 0
    for (start, end), (following, _) in zip(inside, [*inside[1:], (len(content), 0)], strict=False):
        from_, to = max(at, start - around), min(following, end + around)
        pieces += [*_left_out(from_ - at), Piece(text=_text(content[from_:start]), marked=False)]
        pieces += [*_mark(content[start:end]), Piece(text=_text(content[end:to]), marked=False)]
        at = to
    if not inside:
        at = min(len(content), 2 * around)
        pieces.append(Piece(text=_text(content[:at]), marked=False))
    return tuple(piece for piece in (*pieces, *_left_out(len(content) - at)) if piece.text)


def _mark(stretch: bytes) -> list[Piece]:
    if len(stretch) <= _MAX_MARK:
        return [Piece(text=_text(stretch), marked=True)]
    head, tail = stretch[: _MAX_MARK - _MARK_END], stretch[-_MARK_END:]
    left_out = _left_out(len(stretch) - _MAX_MARK)
    return [Piece(text=_text(head), marked=True), *left_out, Piece(text=_text(tail), marked=True)]


def _left_out(count: int) -> list[Piece]:
    return [Piece(text=f" … {count} B … ", marked=False)] if count > 0 else []


def _text(piece: bytes) -> str:
    decoded = piece.decode("utf-8", "replace").replace("\r\n", "\n")
    return "".join(c if c.isprintable() or c in "\n\t" else "·" for c in decoded.replace("�", "·"))
