"""The part of a request that a reader needs: its first lines, the matched bytes marked, everything bounded and escaped later."""

from __future__ import annotations

from dataclasses import dataclass

from crawler.judge.readings import Transmission

__all__ = ["Piece", "RequestExcerpt", "request_excerpt"]

_AROUND = 160
_MAX_HEADERS = 24
_MAX_LINE = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A run of text, marked when it is what matched."""

    text: str
    marked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestExcerpt:
    """A request as a document shows it."""

    line: str
    headers: tuple[str, ...]
    body: tuple[Piece, ...]
    body_length: int
    body_sha256: str
    steps: tuple[tuple[str, ...], ...]
    """For each matched value: the way from the stored bytes to the value, in words."""


def request_excerpt(sent: Transmission) -> RequestExcerpt:
    """Show a request around its first standalone match. Bytes that are no text become dots."""
    request = sent.request
    hit = next((hit for hit in sent.detection.hits if hit.standalone), None)
    headers = tuple(f"{name}: {value}"[:_MAX_LINE] for name, value in request.headers[:_MAX_HEADERS])
    body: tuple[Piece, ...] = ()
    if request.body:
        in_body = hit is not None and hit.where == "body"
        start = hit.stored_offset if hit is not None and in_body else 0
        length = hit.stored_length if hit is not None and in_body else 0
        body = _pieces(request.body, start, length)
    return RequestExcerpt(
        line=f"{request.method} {request.url}"[:600],
        headers=headers,
        body=body,
        body_length=request.body_length,
        body_sha256=request.body_sha256 or "",
        steps=tuple((*hit.path, f"{hit.form} — {hit.excerpt}") for hit in sent.detection.hits[:12] if hit.standalone),
    )


def _pieces(body: bytes, start: int, length: int) -> tuple[Piece, ...]:
    """The body around [start, start + length), that stretch marked."""
    from_, to = max(0, start - _AROUND), min(len(body), start + min(length, 400) + _AROUND)
    end = min(start + length, to)
    pieces = [
        Piece(text=("… " if from_ else "") + _text(body[from_:start]), marked=False),
        Piece(text=_text(body[start:end]), marked=True),
        Piece(text=_text(body[end:to]) + (" …" if to < len(body) else ""), marked=False),
    ]
    return tuple(piece for piece in pieces if piece.text)


def _text(piece: bytes) -> str:
    decoded = piece.decode("utf-8", "replace")
    return "".join(c if c.isprintable() or c in "\n\t" else "·" for c in decoded.replace("�", "·"))
