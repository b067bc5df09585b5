"""Text from an app on its way into a document: nothing invisible, nothing endless. Escaping comes after this."""

from __future__ import annotations

from markupsafe import Markup

__all__ = ["short", "visible"]

_LONGEST = 4000
_KEPT = "\n\t\u200d"
"""Line ends, and the joiner that makes one emoji of several."""


def visible(value: object) -> object:
    """What a template prints: control and direction characters become a visible mark, long texts end in their length.

    Text that is markup of ours already, and what is no text, stays as it is.
    """
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return "".join(c if c.isprintable() or c in _KEPT else "�" for c in short(value, _LONGEST))


def short(text: str, length: int) -> str:
    """The beginning of a text, and how long it is when that is not all."""
    return text if len(text) <= length else f"{text[:length]}… ({len(text)})"
