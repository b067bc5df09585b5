"""Text from an app on its way into a document: nothing invisible, nothing endless. Escaping comes after this."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from markupsafe import Markup

from evidence.errors import Fault

__all__ = ["listed_faults", "short", "visible"]

_LONGEST = 4000
_MOST_FAULTS = 12
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


def listed_faults(faults: Sequence[Fault], case: Path) -> str:
    """What is wrong with a case, a line each; beyond a dozen, where to read the rest."""
    told = [f"\n{fault}" for fault in faults[:_MOST_FAULTS]]
    if len(faults) > _MOST_FAULTS:
        told.append(f"\nand {len(faults) - _MOST_FAULTS} more: appwitness verify {case}")
    return "".join(told)
