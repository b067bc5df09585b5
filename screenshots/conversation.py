"""Pages on which people speak to each other: words about consent, and "answers" that answer somebody."""

from __future__ import annotations

from itertools import pairwise

from screenshots.candidates import is_link
from screenshots.elements import centre, continuation_lines
from screenshots.evidence import matches
from screenshots.facts import Facts

__all__ = ["ends_in_sending", "is_conversation", "texts_below"]

_CLOCK, _SIDE, _LINES_OF_EACH, _TURNS = 16, 0.15, 2, 3
"""Of a conversation: the share of the screen that the clock has, how near to an edge a line is, and how often sides change."""
_CONVERSATION, _AXIS, _FEW_ANSWERS = 3, 0.04, 3


def is_conversation(facts: Facts) -> bool:
    """A page on which others speak: its "answers" stand apart, on no common axis, or talk goes on below them."""
    if facts.card or facts.layer.source == "hierarchy":
        return False
    if _speak_in_turn(facts):
        return True
    if facts.pair is None:
        return facts.has("accept") and facts.has("refuse")
    pair = facts.pair
    one, other = (centre(each.element.touch_box)[0] for each in (pair.positive, pair.negative))
    wide = facts.layer.screen[2] - facts.layer.screen[0]
    ends = [each.element.box[2] for each in (pair.positive, pair.negative) if each.beside_answer]
    flush = len(ends) == _LINES_OF_EACH and max(ends) - min(ends) <= _AXIS * wide
    crooked = pair.strength == 1 and abs(one - other) > _AXIS * wide and not flush
    return crooked or texts_below(facts) >= _CONVERSATION


def _speak_in_turn(facts: Facts) -> bool:
    """Lines at the left edge and lines at the right edge, several of each and mingled: what people say to each other."""
    left, top, right, bottom = facts.layer.screen
    wide, below_the_clock = right - left, top + (bottom - top) // _CLOCK
    sides: list[str] = []
    for text in facts.layer.texts:
        begins, ends = (text.box[0] - left) / wide, (text.box[2] - left) / wide
        if text.box[1] < below_the_clock:
            continue
        if begins < _SIDE and ends < 1 - _SIDE:
            sides.append("left")
        elif begins > _SIDE and ends > 1 - _SIDE:
            sides.append("right")
    turns = sum(one != other for one, other in pairwise(sides))
    return min(sides.count("left"), sides.count("right")) >= _LINES_OF_EACH and turns >= _TURNS


def ends_in_sending(facts: Facts) -> bool:
    """A conversation: what stands lowest on the page sends what was written."""
    if facts.card or facts.checks or not facts.candidates:
        return False
    lowest = max(facts.candidates, key=lambda one: one.element.box[3])
    return lowest.name == "send" and (facts.pair is None or len(facts.candidates) > _FEW_ANSWERS)


def texts_below(facts: Facts) -> int:
    """Words below the answers that are neither answers nor links: a page that asks ends in its question."""
    if facts.pair is None or facts.layer.source == "hierarchy":
        return 0
    low = max(facts.pair.positive.element.touch_box[3], facts.pair.negative.element.touch_box[3])
    known = {id(one.element) for one in facts.candidates if one.positive or one.negative}
    known |= continuation_lines(facts.layer.elements)
    below = (one for one in facts.layer.texts if one.box[1] >= low and id(one) not in known)
    return sum(not is_link(one) and not matches("agreement_line", one.plain) for one in below)
