"""How much a layer looks like one that asks for consent: words open the gate, structure carries the score.

A page that merely talks about privacy has no pair of answers; a dialog that asks has. The figures were set on labelled
screens; docs/screens.md says which, and what they measured.
"""

from __future__ import annotations

import re

from screenshots.candidates import Candidate, is_link, is_long
from screenshots.conversation import ends_in_sending, is_conversation, texts_below
from screenshots.elements import Element, centre, paragraph_lines
from screenshots.evidence import matches, read_wording
from screenshots.facts import Facts
from screenshots.lexicon import has_han, has_kana

__all__ = ["THRESHOLD", "announces", "consent_score", "could_ask", "may_ask"]

THRESHOLD = 4.5
_TAKES_NO_NOTE = frozenset({"cancel", "later", "refuse", "exit", "skip", "settings"})
_BUSY = 5
_CREDENTIALS = 3
"""Words of a log-in form: its title, what to enter, and what to enter it with."""
_FEW_TEXTS, _FEW_ANSWERS = 8, 3
_OPENING = 400
"""An announcement says in its first words what it announces."""
_MOST_BELOW, _MOST_UNKNOWN_WORDS = 40, 4
_REFUSALS = frozenset(
    {"refuse", "exit", "later", "skip", "cancel", "browse", "close", "basic_mode", "settings", "deny"}
)
_OFFERED_BESIDES = 2
"""Other things that a page which asks may well offer: a language, a help line."""
_NOTED = frozenset({"acknowledge", "confirm", "close", "proceed", "accept"})
_VOTES = re.compile(r"\d[\d,.]*\s*[%票]?\)?$")
_LETTERED, _FEWEST_LETTERED = re.compile(r"[A-Da-d]\s?[.、):)]\s?\S"), 3
_ACTS = frozenset({"pay", "destroy", "update", "install", "rate", "receive", "send", "retry", "mode"})


def may_ask(facts: Facts) -> bool:
    wording = facts.wording
    accepts = facts.has("accept")
    among_people = facts.wording["social"] and not (facts.topics or facts.documents)
    if among_people or _is_something_else(facts):
        return False
    return bool(
        (facts.topics and _answers_or_asks(facts))
        or (wording["topic_weak"] and wording["ask"])
        or (wording["processing"] and facts.documents and accepts)
        or (wording["topic_weak"] >= 2 and accepts)
        or _refusal_leaves(facts)
        or (wording["topic_weak"] and accepts and facts.has("refuse") and facts.card)
        or _needs_consent(facts)
        or _takes_note_of_data(facts)
        or _box_before_going_on(facts)
    )


def could_ask(facts: Facts) -> bool:
    """Whether the structure of a request for consent is there, whatever its words: something to answer, and little else."""
    answers = [one for one in facts.candidates if one.element.text and (one.button_like or one.below_body)]
    if not answers or facts.inputs or _is_something_else(facts):
        return False
    if facts.card or _is_article(facts):
        return facts.card
    asks = facts.pair is not None and bool(facts.topics or facts.documents)
    return asks or not (_is_busy(facts) or _ways_elsewhere(facts) > _OFFERED_BESIDES + 1)


def _is_something_else(facts: Facts) -> bool:
    if (facts.inputs and not facts.card and facts.pair is None) or _asks_how_it_was(facts):
        return True
    if facts.has("undo"):
        return True
    return (
        ends_in_sending(facts)
        or is_conversation(facts)
        or _logs_in(facts)
        or _is_quiz(facts)
        or _reports_failure(facts)
    )


def _logs_in(facts: Facts) -> bool:
    """A page whose only way on is to log in: its agreement line belongs to the account."""
    answered = facts.has("accept", "refuse", "exit", "basic_mode", "browse")
    if facts.wording.kind("login") >= _CREDENTIALS and not answered and facts.pair is None and facts.has("proceed"):
        return True
    return not facts.card and facts.has("login") and not facts.has("refuse", "exit", "basic_mode", "browse", "accept")


def _is_quiz(facts: Facts) -> bool:
    """Answers that are lettered: somebody is examined on consent, not asked for it."""
    return sum(_LETTERED.match(one.element.text) is not None for one in facts.candidates) >= _FEWEST_LETTERED


def _reports_failure(facts: Facts) -> bool:
    """A card whose heading says that the app failed, and which names no document: it may offer to send what went wrong."""
    heading = _title(facts)
    failed = bool(read_wording(heading).kind("crash")) and not matches("topic_strong", heading)
    return facts.card and failed and not facts.documents and not facts.wording["topic_strong"]


def _asks_how_it_was(facts: Facts) -> bool:
    """Answers that rate a page: "helpful", "not helpful"."""
    return any(matches("helped", one.element.plain) for one in facts.candidates) and not facts.has("accept")


def _box_before_going_on(facts: Facts) -> bool:
    """A page with little more than a box to agree by, and one button that goes on."""
    goes_on = facts.buttons == 1 and not facts.has(*_ACTS, "login", "skip", "close", "cancel")
    boxed = facts.checks == 1 and bool(facts.wording["agreement_line"]) and facts.documents
    return bool(boxed and goes_on and facts.short and not facts.inputs and not facts.wording.kind("login"))


def _buttons(facts: Facts) -> int:
    """With the cross in the corner, which has no words."""
    return facts.buttons + sum(one.button_like and not one.element.text for one in facts.candidates)


def _needs_consent(facts: Facts) -> bool:
    """A card says that nothing goes on without consent, and offers to give it or to do without."""
    away = facts.has("refuse", "exit", "basic_mode", "browse", "later") or _opposed(facts)
    gives = facts.has("accept") or facts.duo is not None
    return facts.card and bool(facts.wording["consent_needed"]) and gives and away and not _elsewhere(facts)


def _elsewhere(facts: Facts) -> bool:
    """What is agreed to lies between people, or is an account or a purchase."""
    wording = facts.wording
    return bool(wording["social"] or wording["account"] or wording["commerce"] or wording.kind("permission_rationale"))


def _takes_note_of_data(facts: Facts) -> bool:
    """A card with one button that takes note: its text says what is done with data, and its title names the subject.

    A text that says nothing else needs no such title.
    """
    alone = facts.card and _buttons(facts) == 1
    if (
        not alone
        or facts.wording["social"]
        or facts.wording["account"]
        or not any(one.name in _NOTED for one in facts.candidates)
    ):
        return False
    if matches("notice_title", _title(facts)) and matches("topic_strong", _title(facts)):
        return not matches("fails", facts.layer.plain)
    if not facts.handled:
        return False
    named = any(matches(group, _title(facts)) for group in ("topic_strong", "topic_collect", "topic_weak"))
    only = facts.short and bool(facts.wording["topic_collect"]) and not matches("fails", facts.layer.plain)
    return named or only


def _answers_or_asks(facts: Facts) -> bool:
    """A bare "cancel" beside a bare "done" answers anything: then the text itself has to ask, or to say more."""
    wording = facts.wording
    if facts.has("accept", "refuse", "exit", "basic_mode", "browse", "allow", "deny"):
        return True
    if facts.card and facts.duo is not None and facts.duo.unheard and matches("topic_strong", _title(facts)):
        return True
    if _opposed(facts) and (facts.handled or facts.documents or matches("topic_strong", _title(facts))):
        return True
    return bool(wording["ask"] or facts.documents or facts.topics >= 2 or announces(facts))


def _opposed(facts: Facts) -> bool:
    """Two unheard-of labels on a card, one of which leans to no."""
    return facts.card and facts.duo is not None and facts.duo.opposed and facts.duo.unheard


def _title(facts: Facts) -> str:
    return next((element.plain for element in facts.layer.texts), "")


def _asks_only(facts: Facts) -> bool:
    """A page that holds a few lines and the answers to them, and nothing else."""
    return not facts.card and facts.has("accept") and len(facts.layer.texts) <= _FEW_TEXTS


def announces(facts: Facts) -> bool:
    """A card, or a page that says hardly more, with one button says that a legal document was changed."""
    buttons = [one for one in facts.candidates if one.element.text and (one.button_like or one.below_body)]
    alone = facts.card or facts.short
    takes_note = len(buttons) == 1 and buttons[0].name not in _TAKES_NO_NOTE and not _is_message(buttons[0])
    return alone and takes_note and bool(facts.wording["topic_strong"]) and _says_change(facts)


def _is_message(candidate: Candidate) -> bool:
    """Unknown words at such length were said by somebody; nobody taps them."""
    return candidate.name == "other" and len(candidate.element.text.split()) > _MOST_UNKNOWN_WORDS


def _says_change(facts: Facts) -> bool:
    return matches("announces", facts.layer.plain[:_OPENING])


def _refusal_leaves(facts: Facts) -> bool:
    return any(one.meaning.leaves for one in facts.candidates) or bool(facts.wording["refuse_leaves"])


def consent_score(facts: Facts) -> float:
    wording = facts.wording
    spoken = 0.9 * min(facts.topics, 4) + 0.35 * min(wording["topic_weak"], 3) + 0.8 * min(wording["ask"], 3)
    score = _positive_score(facts)
    if not (_is_article(facts) or _is_busy(facts)):
        score += spoken + 0.6 * min(facts.documents, 2)
    if facts.has("refuse"):
        score += 1.2
    elif facts.has(*_REFUSALS):
        score += 0.4
    if _refusal_leaves(facts):
        score += 1.0
    if _needs_consent(facts):
        score += 1.0
    if _takes_note_of_data(facts):
        score += 1.2
    if _box_before_going_on(facts):
        score += 2.5
    if facts.pair is not None:
        score += 0.5 + 0.4 * facts.pair.strength + 0.8 * _asks_only(facts)
    elif facts.duo is not None and facts.card:
        score += 1.1 + 0.7 * _opposed(facts)
    if facts.card:
        score += 0.8
        buttons = _buttons(facts)
        if buttons == 1 and facts.has("acknowledge", "accept", "confirm", "close") and facts.topics:
            score += 0.6 + 0.5 * bool(facts.wording["topic_strong"] and facts.wording["topic_collect"])
        if announces(facts):
            score += 1.6
        elif buttons == 1 and facts.has("acknowledge") and facts.wording["processing"] and facts.topics:
            score += 1.0
    return score - _doubts(facts)


def _positive_score(facts: Facts) -> float:
    if facts.has("accept"):
        return 2.0
    if facts.pair is not None:
        return 1.2
    if facts.duo is not None and facts.card:
        return 1.0 if facts.duo.known else 0.6
    told = facts.wording["ask"] >= 2 and facts.handled >= 2 and facts.topics >= 3
    states = told or bool(facts.wording["agreement_line"] and facts.wording["ask"])
    if facts.has("acknowledge", "confirm", "proceed", "close") and (facts.card or facts.has("settings") or states):
        return 0.6
    if announces(facts) or _takes_note_of_data(facts) or _box_before_going_on(facts):
        return 0.6
    unknown = sum(one.button_like and one.name == "other" for one in facts.candidates)
    return 0.4 if unknown == 1 and facts.has("refuse", "exit") else -3.0


def _doubts(facts: Facts) -> float:
    """What speaks for another kind of screen."""
    wording = facts.wording
    answered = facts.pair is not None and facts.has("accept") and facts.has(*_REFUSALS)
    doubts = 4.0 * _counts_votes(facts)
    if facts.has("login") or facts.inputs or (wording.kind("login") >= 3 and not facts.has("accept")):
        doubts += 1.0 if answered and facts.card else 3.0 + 0.8 * min(wording.kind("login"), 3)
    if wording["social"]:
        doubts += 3.0 if facts.topics < 2 else 1.0
    if wording["account"] and not facts.has("accept") and (facts.topics < 2 or matches("account", _title(facts))):
        doubts += 2.5
    if facts.has(*_ACTS) and not facts.has("refuse"):
        doubts += 2.5
    if wording.kind("purchase") and facts.topics < 3:
        doubts += 2.0
    if wording.kind("update") >= 2 and facts.has("update", "install"):
        doubts += 3.0
    if wording.kind("rules") and not (wording["ask"] and facts.topics):
        doubts += 1.5 if facts.topics else 3.0
    if facts.has("allow", "deny") and not facts.has("accept") and not (wording["processing"] or facts.topics):
        doubts += 2.0
    if facts.has("skip") and not facts.has("accept"):
        doubts += 2.0
    if wording["article"] and not facts.has("accept", "refuse"):
        doubts += 2.0
    if wording["article"] and not facts.card and not facts.documents:
        doubts += 6.0
    if not facts.card and facts.pair is None and not announces(facts):
        states = facts.has("accept") or (facts.has("proceed") and wording["agreement_line"])
        doubts += 1.0 if wording["ask"] and states else 2.5
    if not facts.card:
        doubts += (
            1.5 * (len(facts.layer.texts) > 45)
            + 2.0 * _text_follows(facts)
            + 1.5 * (_is_article(facts) or _is_busy(facts))
        )
        doubts += 1.25 * max(0, texts_below(facts) - _OFFERED_BESIDES + 1)
        doubts += 1.5 * min(max(0, _ways_elsewhere(facts) - _OFFERED_BESIDES), 3)
    return doubts


def _counts_votes(facts: Facts) -> bool:
    """Both answers carry a number: they are counted, not waited for."""
    pair = facts.pair
    return pair is not None and all(_VOTES.search(one.element.text) for one in (pair.positive, pair.negative))


def _is_article(facts: Facts) -> bool:
    """A page of prose with a reporter's marks: what it says about privacy, it says about others."""
    if facts.card or not facts.wording["article"]:
        return False
    running = paragraph_lines(facts.layer.elements)
    prose = sum(_letters(one.text) for one in facts.layer.texts if _letters(one.text) >= 40 or id(one) in running)
    return prose >= 120


def _letters(text: str) -> int:
    """How long a text is, counted in Latin letters: a Han or kana character says as much as two and a half."""
    return 5 * len(text) // 2 if has_han(text) or has_kana(text) else len(text)


def _ways_elsewhere(facts: Facts) -> int:
    """Things to tap that answer nothing: tabs, headlines, a navigation bar. A page that asks leads nowhere else."""
    return sum(one.name == "other" and not one.meaning.clear for one in facts.candidates)


def _is_busy(facts: Facts) -> bool:
    """A page with many other things to touch, tabs and rows and a bar below: what it says is content, not a question."""
    if facts.card:
        return False
    touchable = [element for element in facts.layer.texts if element.clickable or _is_drawn(element)]
    answers = {id(one.element) for one in facts.candidates if one.positive or one.negative or one.name == "link"}
    others = [element for element in touchable if id(element) not in answers and not is_link(element)]
    return len(others) >= _BUSY or _bar_below(facts)


def _is_drawn(element: Element) -> bool:
    return element.style in ("filled", "outline")


def _bar_below(facts: Facts) -> bool:
    """Three or more short texts in one row under the answers: the page's own navigation."""
    if facts.pair is None:
        return False
    low = max(facts.pair.positive.element.touch_box[3], facts.pair.negative.element.touch_box[3])
    below = [element for element in facts.layer.texts if element.box[1] >= low and not is_long(element.text)]
    below = below[:_MOST_BELOW]
    rows = ([one for one in below if abs(centre(one.box)[1] - centre(first.box)[1]) < 20] for first in below)
    return any(len(row) >= 3 for row in rows)


def _text_follows(facts: Facts) -> bool:
    """Running text below the answers: a poll or a comment in an article, not a page that ends in its question."""
    if facts.pair is None:
        return False
    low = max(facts.pair.positive.element.touch_box[3], facts.pair.negative.element.touch_box[3])
    return (
        sum(len(element.text) for element in facts.layer.texts if element.box[1] >= low and is_long(element.text)) >= 30
    )
