"""Shows a match to a person without repeating the personal data: a little around it, its middle hidden."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["masked_excerpt"]

_AROUND = 28
_MASK = "*"
_HIDDEN = _MASK * 3
_LONGEST = 48


def masked_excerpt(
    data: bytes, start: int, end: int, others: Sequence[tuple[int, int]] = (), *, text: bool = True
) -> str:
    """The match stands between ⟦ and ⟧ with its first and last signs; `others`, in order, are hidden wholly."""
    left, right = max(0, start - _AROUND), min(len(data), end + _AROUND)
    others = [span for span in others if span[1] > left and span[0] < right]
    before, value, after = _pieces(data, (left, start, end, right), others, text)
    keep = 3 if len(value) >= 10 else 1
    tail = value[-keep:] if len(value) >= 6 else ""
    hidden = min(max(1, len(value) - keep - len(tail)), _LONGEST)
    opening, closing = "…" if left else "", "…" if right < len(data) else ""
    return f"{opening}{before}⟦{value[:keep]}{_MASK * hidden}{tail}⟧{after}{closing}"


def _pieces(
    data: bytes, edges: tuple[int, int, int, int], others: Sequence[tuple[int, int]], text: bool
) -> tuple[str, str, str]:
    """What stands before, in and behind the match; a value that is cut off at the edge is hidden as well."""
    left, start, end, right = edges
    window = data[left:right]
    if text and window.isascii():
        shown = window.decode("ascii")
        if shown.isprintable():
            # One sign for each byte: offsets stay what they are.
            before = _hidden(shown, left, left, start, others)
            return before, shown[start - left : end - left], _hidden(shown, left, end, right, others)
    return (
        _around(data, left, start, others, text),
        _shown(data[start:end], text),
        _around(data, end, right, others, text),
    )


def _hidden(shown: str, base: int, left: int, right: int, others: Sequence[tuple[int, int]]) -> str:
    """The signs from `left` to `right` without the other values among them."""
    result, at = "", left
    for first, last in others:
        if first >= right:
            break
        if last > at:
            result += shown[at - base : max(at, first) - base] + _HIDDEN
            at = min(last, right)
    return result + shown[at - base : right - base]


def _around(data: bytes, left: int, right: int, others: Sequence[tuple[int, int]], text: bool) -> str:
    result, at = "", left
    for first, last in others:
        if first >= right:
            break
        if last > at:
            result += _shown(data[at : max(at, first)], text) + _HIDDEN
            at = min(last, right)
    return result + _shown(data[at:right], text)


def _shown(raw: bytes, text: bool) -> str:
    if not text:
        return "".join(chr(byte) if 32 <= byte < 127 else f"\\x{byte:02x}" for byte in raw)
    decoded = raw.decode("utf-8", "replace").strip("\ufffd")
    if decoded.isprintable():
        return decoded
    return "".join(sign if sign.isprintable() else "·" for sign in decoded)
