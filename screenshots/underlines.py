"""Whether a line is drawn under words, from their first letter to their last: that is how a page says they can be touched."""

from __future__ import annotations

import numpy as np

from screenshots.lines import Image, commonest_colour
from screenshots.values import Box

__all__ = ["is_underlined"]

_INK = 40
_DRAWN = 0.7
"""So much of the words' width a line is drawn under; it leaves out the tails of letters."""
_ABOVE, _BELOW = 0.3, 0.25
"""Where it may run: from so far above the foot of the words' box to so far below it, in heights of the box."""
_THICKEST = 0.16
_BEYOND = 0.5
"""A rule that goes on beyond the words by this much of their height parts what is above from what is below."""


def is_underlined(image: Image, box: Box) -> bool:
    left, top, right, bottom = box
    tall = bottom - top
    reach = int(_BEYOND * tall) + 2
    first, last = int(bottom - _ABOVE * tall), int(bottom + _BELOW * tall) + 1
    rows = image[max(0, first) : last, max(0, left - reach) : right + reach]
    words = image[max(0, top) : bottom, max(0, left) : right]
    if tall < 8 or right - left < 2 * tall or not rows.size or not words.size:
        return False
    ink = np.abs(rows.astype(np.int16) - commonest_colour(words).astype(np.int16)).max(axis=2) > _INK
    start = left - max(0, left - reach)
    under = ink[:, start : start + right - left]
    drawn = under.mean(axis=1) >= _DRAWN
    if not 1 <= int(drawn.sum()) <= max(2, int(_THICKEST * tall)):
        return False
    line = ink[drawn].any(axis=0)
    beyond = (line[:start], line[start + right - left :])
    return all(not side.size or float(side.mean()) < _DRAWN for side in beyond)
