"""Shows a match to a person without repeating the personal data: a little around it, its middle hidden."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["masked_excerpt"]

_AROUND = 28
_MASK = "*"
_LONGEST = 48


def masked_excerpt(
    data: bytes, start: int, end: int, others: Sequence[tuple[int, int]] = (), *, text: bool = True
) -> str:
    """The match stands between ⟦ and ⟧ with its first and last signs; `others` are hidden wholly."""
    left, right = max(0, start - _AROUND), min(len(data), end + _AROUND)
    before = _around(data, left, start, others, text)
    after = _around(data, end, right, others, text)
    value = _shown(data[start:end], text)
    keep = 3 if len(value) >= 10 else 1
    tail = value[-keep:] if len(value) >= 6 else ""
    hidden = min(max(1, len(value) - keep - len(tail)), _LONGEST)
    middle = value[:keep] + _MASK * hidden + tail
    return f"{'…' if left else ''}{before}⟦{middle}⟧{after}{'…' if right < len(data) else ''}"


def _around(data: bytes, left: int, right: int, others: Sequence[tuple[int, int]], text: bool) -> str:
    """The bytes between, other values hidden; a value that is cut off at the edge as well."""
    inside = [span for span in others if span[1] > left and span[0] < right]
    if not inside:
        return _shown(data[left:right], text)
    shown, at = "", left
    for start, end in sorted(inside):
        if end > at:
            shown += _shown(data[at : max(at, start)], text) + _MASK * 3
            at = min(end, right)
    return shown + _shown(data[at:right], text)


def _shown(raw: bytes, text: bool) -> str:
    if not text:
        return "".join(chr(byte) if 32 <= byte < 127 else f"\\x{byte:02x}" for byte in raw)
    decoded = raw.decode("utf-8", "replace").strip("\ufffd")
    if decoded.isprintable():
        return decoded
    return "".join(sign if sign.isprintable() else "·" for sign in decoded)
