"""Which things of a layer are its controls: touchable or label-like, apart from titles, list rows and running text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from screenshots.elements import Element, Layer, centre, height, paragraph_lines, width
from screenshots.evidence import matches
from screenshots.handling import leaning
from screenshots.labels import Meaning, without_countdown
from screenshots.lexicon import has_han, has_kana
from screenshots.plain_answers import plain_answers

__all__ = ["Candidate", "Duo", "Pair", "best_pair", "find_candidates", "find_duo", "is_link", "is_long", "partner_of"]

_FULL_STOPS = ("。", ".")
"""A text with links in it can be touched, and stays a sentence."""
_SENTENCE_ENDS = (",", "、", ";", ":", "。")
_MOST_CANDIDATES = 60
_LONGEST_LABEL = 60
_OFF_AXIS, _WIDE_BUTTON = 0.04, 0.5
_MOST_ON_A_PAGE = 16
"""A page that says more has other things in line with its buttons than answers."""
_BESIDE_DRAWN, _BESIDE_WORDS = (0.6, 1.34), (0.75, 1.34)
"""How high letters may be beside the other answer's: a refusal is often set smaller than the button above it."""
_SHORTEST_AGREEMENT = 8
_NO_LABEL = re.compile(r"[。;:]\S|[,、;:。]$|^[\d\W_]+$")
"""What a fragment of running text, or a bare number, has and a label has not."""
_CLOSING_NAMES = ("close", "dismiss", "cancel_icon", "btn_x", "iv_x", "guanbi")
_CLOSING_GLYPHS = frozenset({"✕", "×", "x", "╳", "✖", "✗", "⨯"})
_POSITIVE = frozenset({"accept", "proceed", "confirm", "acknowledge", "allow"})
_ACTIONS = frozenset(
    {"pay", "destroy", "update", "install", "rate", "receive", "send", "retry", "mode", "login", "link"}
)
_YES = _POSITIVE | {"login", "pay", "update", "install", "send"}
_NEGATIVE = frozenset(
    {"refuse", "exit", "later", "skip", "cancel", "close", "browse", "basic_mode", "settings", "deny"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A possible control and what its own words say."""

    element: Element
    meaning: Meaning
    below_body: bool
    """It stands under the last long text of its layer, where dialogs keep their buttons."""
    beside_answer: bool = False
    """Drawn as plain words, but on a card and exactly where the other answer has to stand."""

    @property
    def name(self) -> str:
        return self.meaning.name

    @property
    def positive(self) -> bool:
        return self.name in _POSITIVE

    @property
    def negative(self) -> bool:
        return self.name in _NEGATIVE

    @property
    def button_like(self) -> bool:
        return (
            self.beside_answer
            or bool(self.element.clickable)
            or self.element.style in ("filled", "outline")
            or self.element.kind == "button"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two controls that stand together as alternatives."""

    positive: Candidate
    negative: Candidate
    strength: int
    """2: side by side; 1: one above the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Duo:
    """Two buttons, and only two, that stand together as alternatives, whatever their words."""

    first: Candidate
    second: Candidate
    opposed: bool = False
    """One of them leans to no, the other does not."""

    @property
    def known(self) -> bool:
        """At least one of them says something that could be an answer."""
        return self.opposed or any(one.positive or one.negative for one in (self.first, self.second))

    @property
    def unheard(self) -> bool:
        """One of them is worded as nobody has worded it yet, unlike a bare "cancel" beside "done"."""
        return not (self.first.meaning.clear and self.second.meaning.clear)


def find_candidates(layer: Layer) -> tuple[Candidate, ...]:
    """In reading order. A text that can be touched is one even when nobody knows its words."""
    japanese = layer.is_japanese
    end = _body_end(layer)
    touchable = sum(bool(element.clickable and element.text) for element in layer.elements)
    running = paragraph_lines(layer.elements)
    found: list[Candidate] = []
    for element in layer.elements:
        if element.kind in ("check", "input", "surface"):
            continue
        if element.kind == "icon":
            if _closes(element):
                found.append(Candidate(element=element, meaning=Meaning(name="close", clear=True), below_body=False))
            continue
        meaning = element.meaning(kana_around=japanese)
        below = centre(element.box)[1] > end
        candidate = Candidate(element=element, meaning=meaning, below_body=below)
        drawn = element.style in ("filled", "outline")
        if (drawn or id(element) not in running) and _is_control(candidate, layer, touchable=touchable):
            found.append(candidate)
    shown = [one for one in found if layer.source == "hierarchy" or not _stands_over_a_button(one, found, layer)]
    return _with_neighbours(shown[-_MOST_CANDIDATES:], layer)


def _stands_over_a_button(candidate: Candidate, found: Sequence[Candidate], layer: Layer) -> bool:
    """Pixels alone: plain words that agree, off the axis of a drawn button below them, stand beside a box to tick."""
    element = candidate.element
    if not candidate.positive or element.style in ("filled", "outline") or element.clickable:
        return False
    middle, low = centre(element.box)[0], element.box[3]
    return any(
        other.element.style == "filled"
        and other.element.touch_box[1] >= low
        and abs(centre(other.element.touch_box)[0] - middle) > _OFF_AXIS * width(layer.box)
        and width(other.element.touch_box) >= _WIDE_BUTTON * width(layer.box)
        for other in found
    )


def _with_neighbours(found: Sequence[Candidate], layer: Layer) -> tuple[Candidate, ...]:
    """Pixels alone: short words that stand in line with an answer on a card are the other answer, whatever they say."""
    if layer.source == "hierarchy" or not (layer.floating or len(layer.texts) <= _MOST_ON_A_PAGE):
        return tuple(found)
    taken = {id(candidate.element) for candidate in found}
    end, running = _body_end(layer), paragraph_lines(layer.elements)
    answers = [one for one in found if one.element.text and (_answers_clearly(one, layer) or _is_drawn_below(one))]
    free = [one for one in layer.texts if id(one) not in running and _could_answer(one, end)]
    beside = [
        one for one in free if id(one) not in taken and any(_in_line(one, answer.element, layer) for answer in answers)
    ]
    worded = _in_plain_words(found, end, layer) if not beside else ()
    added = [_answer_in_words(one, layer) for one in (*beside, *worded) if id(one) not in taken]
    if not added and not worded:
        return tuple(found)
    answering = {id(one) for one in answers} if beside else set()
    answering |= {id(one) for one in found if any(one.element is other for other in worded)}
    known = [replace(one, beside_answer=one.beside_answer or id(one) in answering) for one in found]
    places = {id(element): at for at, element in enumerate(layer.elements)}
    return tuple(sorted([*known, *added], key=lambda one: places[id(one.element)]))


def _in_plain_words(found: Sequence[Candidate], end: int, layer: Layer) -> tuple[Element, ...]:
    """Nothing on the layer is drawn as a button."""
    if any(one.element.style in ("filled", "outline") or one.element.kind == "button" for one in found):
        return ()
    lines = [one for one in layer.texts if _could_answer(one, end)]
    return plain_answers(lines, [one for one in layer.texts if is_long(one.text)], layer)


def _answer_in_words(element: Element, layer: Layer) -> Candidate:
    meaning = element.meaning(kana_around=layer.is_japanese)
    return Candidate(element=element, meaning=meaning, below_body=True, beside_answer=True)


def _answers_clearly(candidate: Candidate, layer: Layer) -> bool:
    return layer.floating and candidate.meaning.clear and (candidate.positive or candidate.negative)


def _is_drawn_below(candidate: Candidate) -> bool:
    """A button under the text, whatever it says: what stands in line with it is the other answer."""
    return candidate.below_body and candidate.element.style in ("filled", "outline")


def _could_answer(element: Element, end: int) -> bool:
    below = centre(element.box)[1] > end and element.source != "hierarchy"
    label = len(element.text) >= 2 and not is_long(element.text) and not is_link(element)
    return below and label and _NO_LABEL.search(element.text) is None and element.kind == "text"


def _in_line(one: Element, answer: Element, layer: Layer) -> bool:
    """In the answer's row, or above or below it about the same axis; letters of the same size."""
    smallest, largest = _BESIDE_DRAWN if answer.style in ("filled", "outline") else _BESIDE_WORDS
    if not smallest <= height(one.box) / max(1, height(answer.box)) <= largest:
        return False
    standing = _standing(one, answer, layer)
    axis = abs(centre(one.box)[0] - centre(answer.box)[0]) <= 0.02 * width(layer.screen)
    row = abs(centre(one.box)[1] - centre(answer.box)[1]) <= height(answer.box) // 4
    return (standing == 2 and row) or (standing == 1 and axis)


def best_pair(candidates: Sequence[Candidate], layer: Layer) -> Pair | None:
    """The strongest pair of a positive and a negative control; the lowest on the screen among equals."""
    pairs = [
        Pair(positive=one, negative=other, strength=strength)
        for one in candidates
        if one.positive
        for other in candidates
        if other.negative and (strength := _standing_with(one, other, candidates, layer))
    ]
    order = {"accept": 3, "allow": 2, "proceed": 2, "confirm": 2, "acknowledge": 1}
    return max(
        pairs, key=lambda pair: (pair.strength, order[pair.positive.name], pair.positive.element.box[3]), default=None
    )


def find_duo(candidates: Sequence[Candidate], layer: Layer) -> Duo | None:
    """The layer's two buttons, unless one of them does something that has nothing to do with answering.

    A third one may offer choices.
    """
    buttons = [one for one in candidates if one.button_like and one.element.text and one.below_body]
    if len(buttons) == 3:
        buttons = [one for one in buttons if not (one.name == "settings" and one.meaning.clear)]
    if len(buttons) != 2 or any(one.name in _ACTIONS for one in buttons):
        return None
    first, second = buttons
    if not _standing(first.element, second.element, layer):
        return None
    japanese = layer.is_japanese
    leans = {leaning(one.element.text, kana_around=japanese) for one in buttons}
    return Duo(first=first, second=second, opposed=len(leans) == 2 and -1 in leans)


def partner_of(candidate: Candidate, candidates: Sequence[Candidate], layer: Layer) -> Candidate | None:
    """The only other button standing with this one, whatever it says."""
    others = [
        other
        for other in candidates
        if other is not candidate and other.button_like and _standing(candidate.element, other.element, layer)
    ]
    return others[0] if len(others) == 1 else None


def is_long(text: str) -> bool:
    """Running text rather than a label."""
    return len(text) >= (14 if has_han(text) or has_kana(text) else 30)


def is_link(element: Element) -> bool:
    """The title of a legal document, standing alone as a thing to touch or to read."""
    meaning = element.meaning()
    if meaning.name != "other" and meaning.name != "link" and meaning.clear:
        return False
    return not is_long(element.text.strip("《》〈〉")) and (
        meaning.name == "link" or matches("link_title", element.plain)
    )


def _body_end(layer: Layer) -> int:
    bottoms = [
        element.box[3]
        for element in layer.texts
        if is_long(element.text) and element.kind not in ("button", "check") and not _is_agreement_line(element)
    ]
    return max(bottoms, default=layer.box[1] + (layer.box[3] - layer.box[1]) * 3 // 10) - 4


def _is_agreement_line(element: Element) -> bool:
    return matches("agreement_line", element.plain)


def _is_control(candidate: Candidate, layer: Layer, *, touchable: int) -> bool:
    """`touchable`: how many texts of the layer the system calls touchable; with two of them, others are only text."""
    element, meaning = candidate.element, candidate.meaning
    labelled = meaning.clear or (element.kind == "button" and len(element.text) <= _LONGEST_LABEL)
    titled = is_link(element) and element.style != "filled"
    if not element.text or (is_long(without_countdown(element.text)) and not labelled) or titled:
        return False
    if is_long(element.text) and element.text.endswith(_FULL_STOPS) and element.kind != "button":
        return False
    drawn = element.style in ("filled", "outline")
    if not drawn and element.kind != "button" and _labels_a_box(element, layer):
        return False
    if element.clickable or element.kind == "button" or (drawn and _NO_LABEL.search(element.text) is None):
        return not _is_list_row(element, layer)
    if meaning.name in ("other", "link") or not meaning.clear or element.text.endswith(_SENTENCE_ENDS):
        return False
    if element.clickable is False and touchable >= 2:
        return False
    if element.text.strip().lower() in _CLOSING_GLYPHS:
        return True
    if meaning.name in _ACTIONS and len(element.text) > (8 if has_han(element.text) else 20):
        return False
    named = meaning.name in ("skip", "close")
    title = (
        not named
        and centre(element.box)[1] - layer.box[1] < 0.18 * height(layer.box)
        and element.style in ("plain", "unknown")
    )
    heading = layer.texts[0] is element and element.style in ("plain", "unknown") and not named
    if (title or heading) and len(layer.texts) > 3:
        return False
    return candidate.below_body or drawn or not touchable


def _labels_a_box(element: Element, layer: Layer) -> bool:
    """The words of an agreement box: they say "agree" and can be touched, for their links, but answer nothing."""
    if len(element.text) >= _SHORTEST_AGREEMENT and matches("agreement_start", element.plain):
        if matches("box_label", element.plain) and not _is_the_only_yes(element, layer):
            return True
    elif element.meaning().name not in ("accept", "acknowledge"):
        return False
    boxes = (one for one in layer.elements if one.kind in ("check", "icon"))
    tall = height(element.box)
    return any(
        abs(centre(box.box)[1] - centre(element.box)[1]) < tall and 0 <= element.box[0] - box.box[2] < 2 * tall
        for box in boxes
    )


def _is_the_only_yes(element: Element, layer: Layer) -> bool:
    """A line that can be touched and agrees, where nothing else does: "すべてに同意する" is a button then."""
    others = (
        one for one in layer.elements if one is not element and one.text and (one.clickable or one.kind == "button")
    )
    said = (one.meaning() for one in others)
    return bool(element.clickable) and not any(one.name in _YES and one.clear for one in said)


def _is_list_row(element: Element, layer: Layer) -> bool:
    """A full-width touchable row whose text starts at the left is a list entry, unless it is drawn as a button."""
    box = element.touch_box
    wide = width(box) >= 0.97 * width(layer.screen) and not layer.floating
    at_left = element.box[0] - box[0] < 0.25 * width(box) and centre(element.box)[0] < box[0] + 0.4 * width(box)
    return wide and at_left and element.kind != "button"


def _closes(element: Element) -> bool:
    if not element.clickable:
        return False
    name = element.resource_id.rsplit("/", 1)[-1].lower()
    return any(word in name for word in _CLOSING_NAMES)


def _standing_with(one: Candidate, other: Candidate, candidates: Sequence[Candidate], layer: Layer) -> int:
    """As `_standing`, also where a third button of the same width stands between the two."""
    strength = _standing(one.element, other.element, layer)
    if strength or not (one.button_like and other.button_like):
        return strength
    wide = width(one.element.touch_box)
    alike = [
        each for each in candidates if each.button_like and abs(width(each.element.touch_box) - wide) <= wide // 50
    ]
    between = [each for each in alike if each is not one and each is not other]
    stacked = any(
        _standing(one.element, each.element, layer) == _standing(each.element, other.element, layer) == 1
        for each in between
    )
    return int(stacked and any(each is other for each in alike))


def _standing(one: Element, other: Element, layer: Layer) -> int:
    """How two controls stand: 2 side by side, 1 stacked, 0 apart."""
    first, second = one.touch_box, other.touch_box
    (ax, ay), (bx, by) = centre(one.box), centre(other.box)
    tall, wide = height(layer.screen), width(layer.screen)
    if abs(ay - by) < max(0.015 * tall, min(height(first), height(second)) / 2) and abs(ax - bx) > 0.1 * wide:
        return 2
    if abs(ax - bx) < 0.25 * wide and 0 < abs(ay - by) < 0.13 * max(tall, wide):
        return 1
    return 0
